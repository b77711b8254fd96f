"""Whatever goes wrong in the middle of a run, what was sealed before stays whole."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.errors import LockerError
from collector.evidence.chain import ChainError
from collector.evidence.folder import FolderLocker
from collector.evidence.keys import PublicKey, Signer, load_public_key
from collector.evidence.verify import verify
from tests.evidence.crashing import one_run
from tests.evidence.lockers import NOON, sealed_run

ROOT = Path(__file__).parents[2]

Record = Callable[[str, object], None]


def program(*words: object) -> dict[str, Any]:
    """What one of the programs of `crashing` prints."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.evidence.crashing", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert said.returncode == 0, said.stderr
    found: dict[str, Any] = json.loads(said.stdout)
    return found


@pytest.fixture
def fast_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a process that is killed takes nothing from the
    kernel, so that it makes no difference but in time."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def test_a_killed_run_breaks_nothing_and_the_next_one_succeeds(
    fast_path: Path, record_property: Record
) -> None:
    found = program("kill", fast_path / "evidence", fast_path / "key.pem", "november", 50)

    assert found["faults"] == []
    assert found["killed"] == 50
    assert found["points"] > 20
    assert found["snapshots"] == found["last"] >= 52  # killed before the seal or after it
    tried = {"runs killed": found["killed"], "lockers broken": 0}
    record_property("tried", {"SIGKILL in a run": tried})


def test_processes_at_once_number_their_seals_without_gap_or_loss(
    fast_path: Path, record_property: Record
) -> None:
    folder, key = fast_path / "evidence", fast_path / "key.pem"

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(program, "append", folder, key, 25) for _ in range(8)]
        numbers = [number for job in jobs for number in job.result()["numbers"]]

    assert sorted(numbers) == list(range(1, 201))
    report = verify(FolderLocker(folder))
    assert report.problems == ()
    assert report.chains[0].seals == 200
    assert report.objects == len(list(FolderLocker(folder).keys("v1/objects/")))
    assert not any("no seal leads" in warning for warning in report.warnings)
    record_property("tried", {"8 processes, one chain": {"seals": 200, "gaps": 0, "lost": 0}})


@pytest.fixture
def folder(tmp_path: Path, signer: Signer) -> FolderLocker:
    """A folder with one run in it."""
    one_run(tmp_path / "evidence", signer, 0)
    return FolderLocker(tmp_path / "evidence")


@pytest.fixture
def trusted(signer: Signer) -> list[PublicKey]:
    return [load_public_key(signer.public_pem, "key")]


def failing_after(original: Callable[..., Any], calls: int, code: int) -> Callable[..., Any]:
    """The function, which fails from a call on with an error of the operating system."""
    left: Iterator[int] = iter(range(calls))

    def call(*given: object, **named: object) -> Any:
        if next(left, None) is None:
            raise OSError(code, os.strerror(code))
        return original(*given, **named)

    return call


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("name", ["fsync", "link", "open"])
def test_a_disk_that_fails_seals_nothing_and_harms_nothing(
    folder: FolderLocker,
    signer: Signer,
    trusted: list[PublicKey],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    code: int,
) -> None:
    for calls in range(6):
        with monkeypatch.context() as disk:
            disk.setattr(os, name, failing_after(getattr(os, name), calls, code))
            with pytest.raises(LockerError, match=os.strerror(code)):
                one_run(Path(folder.url), signer, 1 + calls)

    report = verify(folder, trusted=trusted)
    assert report.problems == ()
    assert report.chains[0].seals == 1
    assert not list(Path(folder.url).rglob(".unfinished-*"))


def test_a_clock_that_jumps_back_seals_nothing_until_it_is_right_again(
    folder: FolderLocker, signer: Signer, trusted: list[PublicKey]
) -> None:
    sealed_run(folder, signer, account="prod", at=NOON)

    with pytest.raises(ChainError, match="set the clock right"):
        sealed_run(folder, signer, account="prod", at=NOON - timedelta(days=1))

    again = sealed_run(folder, signer, account="prod", at=NOON + timedelta(hours=1))
    assert again.number == 2
    assert verify(folder, trusted=trusted).problems == ()
