"""The project as a whole: what it installs, what its files may name, what its command loads."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = MANIFEST["project"]
PACKAGES = ["collector", "checks", "mappings"]

BASE = frozenset[str](PROJECT["dependencies"])
EXTRAS = {extra: frozenset[str](asked) for extra, asked in PROJECT["optional-dependencies"].items()}
BUILD = frozenset[str](MANIFEST["build-system"]["requires"])

# Each lock file under deploy/, and what it has to hold.
LOCKS = {
    "requirements.txt": BASE,
    "requirements-gcp.txt": BASE | EXTRAS["gcp"],
    "requirements-azure.txt": BASE | EXTRAS["azure"],
    "requirements-demo.txt": BASE | EXTRAS["demo"] | BUILD,
    "requirements-dev.txt": BASE.union(*EXTRAS.values()) | BUILD,
}
LOCKED_LINE = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?: ; [^#]+?)?(?: --hash=sha256:[0-9a-f]{64})+"
)
each_lock = pytest.mark.parametrize("lock", LOCKS)


def locked_lines(lock: str) -> list[str]:
    """The entries of a lock file, each as one line, without comments."""
    text = (ROOT / "deploy" / lock).read_text()
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return re.sub(r" \\\n\s*", " ", "\n".join(lines)).splitlines()


def pins(lock: str) -> dict[str, str]:
    """The version of each package in a lock file."""
    found = (LOCKED_LINE.fullmatch(line) for line in locked_lines(lock))
    return {entry["name"]: entry["version"] for entry in found if entry}


def output_of(*command: str) -> str:
    """What a command, run in the checkout, prints."""
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def checkout_files() -> list[Path]:
    """All files that are tracked, or would be with `git add .`"""
    # The checkout may belong to another user than the one who tests, as in a container.
    git = ("git", "-c", f"safe.directory={ROOT}")
    listed = output_of(*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file()]


@each_lock
def test_every_entry_of_a_lock_is_one_version_with_hashes(lock: str) -> None:
    lines = locked_lines(lock)

    assert lines
    assert [line for line in lines if not LOCKED_LINE.fullmatch(line)] == []


@each_lock
def test_a_lock_names_no_host_and_no_folder(lock: str) -> None:
    text = (ROOT / "deploy" / lock).read_text()

    assert re.findall(r"\w+://\S*|file:\S*|--(?:extra-)?index\S*|--find\S*", text) == []


@each_lock
def test_a_lock_meets_every_bound_of_pyproject(lock: str) -> None:
    locked = pins(lock)

    unmet = [
        str(asked)
        for asked in map(Requirement, LOCKS[lock])
        for version in [locked.get(canonicalize_name(asked.name))]
        if version is None or version not in asked.specifier
    ]

    assert unmet == []


@each_lock
def test_locks_agree_so_that_any_two_can_be_installed_together(lock: str) -> None:
    assert pins(lock).items() <= pins("requirements-dev.txt").items()


def test_a_checkout_installs_itself_with_the_locked_build_backend() -> None:
    assert frozenset(MANIFEST["dependency-groups"]["build"]) == BUILD


def test_the_distribution_has_a_name_of_its_own() -> None:
    assert PROJECT["name"] not in PACKAGES


def test_no_file_names_a_package_registry_or_a_mirror() -> None:
    # In pieces, so that this file is no exception.
    needles = [
        "".join(pieces).encode()
        for pieces in [
            ("pypi", ".org"),
            ("files.python", "hosted"),
            ("npm", "js.org"),
            ("npm", "js.com"),
            ("index", "-url"),
            ("/opt", "/pypi"),
        ]
    ]

    named = [
        f"{path.relative_to(ROOT)}: {needle.decode()}"
        for path in checkout_files()
        for content in [path.read_bytes().lower()]
        for needle in needles
        if needle in content
    ]

    assert named == []


def test_the_wheel_holds_the_three_packages_with_their_data_and_the_command(tmp_path: Path) -> None:
    build = ("-m", "hatchling", "build", "--target", "wheel", "--directory")
    output_of(sys.executable, *build, str(tmp_path))
    (built,) = tmp_path.glob("*.whl")
    source = {
        path.relative_to(ROOT).as_posix()
        for path in checkout_files()
        if path.relative_to(ROOT).parts[0] in PACKAGES
    }

    with zipfile.ZipFile(built) as wheel:
        names = set(wheel.namelist())
        scripts = next(name for name in names if name.endswith("/entry_points.txt"))
        assert "collector = collector.cli:main" in wheel.read(scripts).decode()
    assert {name for name in names if ".dist-info/" not in name} == source
    assert {"collector/py.typed", "mappings/controls.yaml"} <= source


def test_help_loads_no_cloud_library_and_nothing_else_that_is_slow() -> None:
    script = """
import json, sys
from collector.cli import main
sys.argv = ["collector", "--help"]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

    *help_text, modules = output_of(sys.executable, "-c", script).splitlines()

    slow = {"azure", "boto3", "botocore", "cryptography", "googleapiclient", "moto"}
    assert "Usage: collector" in "\n".join(help_text)
    assert set(json.loads(modules)) & (slow | {"pydantic", "rich"}) == set()
