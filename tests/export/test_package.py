"""A package verifies by itself, in each way it says, and is the same each time it is made."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from collector.cli import cli
from collector.evidence.keys import Signer
from collector.evidence.locker import open_locker
from collector.evidence.log import ANCHORS, ATTESTATIONS
from collector.evidence.verify import verify
from tests.evidence.lockers import NOON, PROD, MemoryLocker, seal_key, sealed_run
from tests.export.conftest import Files, anchor, sha256, written

ROOT = Path(__file__).resolve().parents[2]


def packed(folder: Path, output: Path, *more: str, accounts: tuple[str, ...] = ("prod",)) -> Result:
    """Package 24 to 25 November: the second and third snapshot of `prod`."""
    chosen = [part for name in accounts for part in ("--account", name)]
    period = ["--from", "2026-11-24", "--to", "2026-11-25", "--output", str(output)]
    arguments = ["export", "package", str(folder), *chosen, *period, *more]
    return CliRunner().invoke(cli, arguments)


def unpacked(package: Path) -> Path:
    folder = package.with_suffix("")
    with zipfile.ZipFile(package) as opened:
        opened.extractall(folder)
    return folder


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_package_verifies_in_every_way_that_it_names(
    files: Files, signer: Signer, key_file: Path, tmp_path: Path
) -> None:
    sealed_run(MemoryLocker(files), signer, day=9)
    locker = written(tmp_path / "locker", files)

    made = packed(locker, tmp_path / "p.zip", "--key", str(key_file))

    folder = unpacked(tmp_path / "p.zip")
    by_file = run(folder, sys.executable, "verify.py", "--key", key_file)
    by_script = run(folder, "sh", "verify.sh", "-k", key_file)
    by_sums = run(folder, "sha256sum", "-c", "--quiet", "MANIFEST.sha256")
    report = verify(open_locker(str(folder)))
    assert made.exit_code == 0, made.output
    assert f"{sha256((tmp_path / 'p.zip').read_bytes())}  " in made.output
    assert (by_file.returncode, by_script.returncode, by_sums.returncode) == (0, 0, 0)
    assert report.ok
    assert [(c.log.name, c.seals) for c in report.chains] == [
        ("accounts/prod", 3),
        ("attestations", 1),
    ]
    assert report.chains[0].head.sha256 in (folder / "README.txt").read_text()
    assert not list(folder.rglob("*dev*"))


def test_all_accounts_together_take_the_anchors_that_name_them(
    files: Files, signer: Signer, tmp_path: Path
) -> None:
    locker = MemoryLocker(files)
    sealed_run(locker, signer, account="dev", day=3)
    sealed_run(locker, signer, day=9)
    anchor(locker, signer, day=9)
    folder = written(tmp_path / "locker", files)

    made = packed(folder, tmp_path / "p.zip", accounts=("prod", "dev"))

    names = set(zipfile.ZipFile(tmp_path / "p.zip").namelist())
    assert made.exit_code == 0, made.output
    assert {ANCHORS.seal_key(1), ATTESTATIONS.seal_key(1), seal_key("dev", 2)} <= names
    assert names.isdisjoint({ANCHORS.seal_key(2), PROD.seal_key(4)})


def test_the_same_period_gives_the_same_bytes(files: Files, signer: Signer, tmp_path: Path) -> None:
    folder = written(tmp_path / "locker", files)
    packed(folder, tmp_path / "one.zip")
    later = dict(files)
    sealed_run(MemoryLocker(later), signer, day=9)
    again = written(tmp_path / "again", dict(reversed(later.items())))
    packed(again, tmp_path / "two.zip")

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_nothing_in_a_package_depends_on_when_or_how_it_was_compressed(
    files: Files, tmp_path: Path
) -> None:
    packed(written(tmp_path / "locker", files), tmp_path / "p.zip")

    infos = zipfile.ZipFile(tmp_path / "p.zip").infolist()

    assert {i.date_time for i in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {i.compress_type for i in infos} == {zipfile.ZIP_STORED}
    assert {i.create_system for i in infos} == {3}


def test_a_package_of_evidence_that_does_not_hold_is_not_made(
    files: Files, key_file: Path, tmp_path: Path
) -> None:
    packed(written(tmp_path / "sound", files), tmp_path / "sound.zip")
    names = zipfile.ZipFile(tmp_path / "sound.zip").namelist()
    objects = [name for name in names if name.startswith("v1/objects/")]
    missed = []
    for number, name in enumerate([*objects, PROD.seal_key(1), PROD.seal_key(2)]):
        for what, data in (("changed", files[name][:-1] + b"?"), ("missing", None)):
            folder = written(tmp_path / f"{number}-{what}", files)
            (folder / name).unlink() if data is None else (folder / name).write_bytes(data)
            made = packed(folder, tmp_path / "p.zip", "--key", str(key_file))
            if (made.exit_code, name in made.output) != (5, True):
                missed.append((what, name, made.exit_code, made.output))

    assert missed == []
    assert len(objects) == 11
    assert not list(tmp_path.glob("*p.zip*"))


def test_a_package_is_not_made_with_another_key(
    files: Files, other_signer: Signer, tmp_path: Path
) -> None:
    (tmp_path / "other.pem").write_bytes(other_signer.public_pem)
    folder = written(tmp_path / "locker", files)

    made = packed(folder, tmp_path / "p.zip", "--key", str(tmp_path / "other.pem"))

    assert made.exit_code == 5
    assert not list(tmp_path.glob("*p.zip*"))


def test_a_file_that_is_there_is_replaced_only_by_force(files: Files, tmp_path: Path) -> None:
    folder, output = written(tmp_path / "locker", files), tmp_path / "p.zip"
    output.write_bytes(b"mine")

    refused = packed(folder, output)
    kept = output.read_bytes()
    forced = packed(folder, output, "--force")

    assert "--force" in str(refused.exception)
    assert kept == b"mine"
    assert forced.exit_code == 0
    assert zipfile.is_zipfile(output)
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == ["p.zip"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("--account", "other"), "account other"),
        (("--from", "2026-12-01"), "is before"),
        (("--from", "2025-01-01", "--to", "2025-02-01"), "has no snapshot that was sealed"),
        (("--output", "/nonexistent/p.zip"), "writing /nonexistent/p.zip"),
        (("--key", "/nonexistent/key.pem"), "reading public key"),
    ],
)
def test_what_cannot_be_packaged_is_said(
    files: Files, tmp_path: Path, change: tuple[str, ...], said: str
) -> None:
    folder = written(tmp_path / "locker", files)

    made = subprocess.run(
        [sys.executable, "-c", "import collector.cli as c; c.main()", "export", "package",
         str(folder), "--account", "prod", "--from", "2026-11-24", "--to", "2026-11-25",
         "--output", "p.zip", *change],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip

    assert made.returncode == 2
    assert said in made.stderr
    assert made.stderr.count("\n") == 1
    assert not list(tmp_path.glob("*p.zip*"))


def test_the_period_has_both_its_days(files: Files, signer: Signer, tmp_path: Path) -> None:
    locker = MemoryLocker(files)
    sealed_run(locker, signer, day=3, at=NOON + timedelta(days=3, hours=11, minutes=59))
    sealed_run(locker, signer, day=4, at=NOON + timedelta(days=3, hours=12))

    made = packed(written(tmp_path / "locker", files), tmp_path / "p.zip")

    assert "numbers 2 to 4, and 1 before" in made.output
