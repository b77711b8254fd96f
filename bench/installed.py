"""What is measured is installed as its users install it, in an environment of its own."""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "deploy" / "requirements.txt"
LONGEST_INSTALL_SECONDS = 900


def environment_with(name: str, *installs: Sequence[str]) -> Path | None:
    """The folder of a virtual environment that holds the packages, made if need be.

    Args:
        name: its name in the cache; other packages, another name.
        installs: arguments of `pip install`, one call after the other.

    Returns:
        None where they cannot be installed; the reason is printed.
    """
    folder = _cache() / name
    done = folder / "installed"
    if done.exists():
        return folder
    print(f"Installing {name} into {folder}; this may take minutes", file=sys.stderr)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-qq"]
    commands = [
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        *([*pip, "--disable-pip-version-check", *packages] for packages in installs),
    ]
    try:
        for command in commands:
            subprocess.run(command, check=True, timeout=LONGEST_INSTALL_SECONDS, env=_plain())
    except (OSError, subprocess.SubprocessError) as error:
        print(f"{name} could not be installed: {error}", file=sys.stderr)
        return None
    done.touch()
    return folder


@functools.cache
def collector() -> tuple[str, ...]:
    """The command `collector` of this tree, with what it needs for AWS and nothing else.

    Development tools beside it change what is measured: structlog, for one, loads rich where it is.
    """
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    folder = environment_with(
        f"collector-{lock}", ("--require-hashes", "-r", str(LOCK)), ("--no-deps", str(ROOT))
    )
    python = sys.executable if folder is None else str(folder / "bin" / "python")
    return (python, "-c", "from collector.cli import main; main()")


def _cache() -> Path:
    """BENCH_CACHE, or a folder of the user's cache."""
    own = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("BENCH_CACHE") or Path(own) / "compliance-evidence-collector")


def _plain() -> dict[str, str]:
    """The environment, without what would lead a package's build or start astray."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PYTHON"))}
