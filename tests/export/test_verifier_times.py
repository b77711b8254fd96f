"""Times by other parties are known to both verifiers, and judged by the script with openssl."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from collector.cli import cli
from collector.evidence.canonical import sha256
from collector.evidence.keys import Signer
from collector.evidence.log import seal_place
from collector.evidence.seal import open_seal
from collector.evidence.snapshot import TIMESTAMPS, timestamp_key
from collector.evidence.token import normal_form
from collector.evidence.verify import verify
from tests.evidence.authority import Authority, answer, make_authority, stamping
from tests.evidence.lockers import NOON, MemoryLocker, seal_key, sealed_run
from tests.export.conftest import Files, written
from tests.export.test_package import unpacked
from tests.export.test_verifier import SCRIPT, SOURCE, faults, run


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority(valid=(NOON - timedelta(days=9999), NOON + timedelta(days=9999)))


@pytest.fixture
def timed(signer: Signer, authority: Authority) -> Files:
    """Three snapshots with a time in their seals, and one that was added later to the second."""
    files: Files = {}
    for day in (1, 2, 3):
        sealed_run(MemoryLocker(files), signer, day=day, stamper=stamping(authority))
    sealed = open_seal(files[seal_key("prod", 2)])
    token = normal_form(answer(authority, sealed.signature, NOON + timedelta(days=5)))
    files[timestamp_key(sealed.sha256, sha256(token))] = token
    return files


def test_seals_with_times_are_sound_and_openssl_says_so_too(
    timed: Files, signer: Signer, authority: Authority, key_file: Path, tmp_path: Path
) -> None:
    folder = written(tmp_path / "locker", timed)
    (tmp_path / "roots.pem").write_bytes(authority.root_pem)
    (tmp_path / "other.pem").write_bytes(make_authority("Other").root_pem)

    by_file = run(sys.executable, SOURCE, folder, "--key", key_file)
    without = run("sh", SCRIPT, "-k", key_file, folder)
    sound = run("sh", SCRIPT, "-k", key_file, "-t", tmp_path / "roots.pem", folder)
    other = run("sh", SCRIPT, "-k", key_file, "-t", tmp_path / "other.pem", folder)

    assert verify(MemoryLocker(timed)).ok
    assert (by_file.returncode, "note: time stamps are there" in by_file.stdout) == (0, True)
    assert (without.returncode, "4 time stamps are not verified" in without.stdout) == (0, True)
    assert (sound.returncode, sound.stderr) == (0, "")
    assert other.returncode == 5
    assert other.stdout.count("its time stamp does not hold") == 4


def test_what_is_wrong_with_files_of_times_is_found(timed: Files, signer: Signer) -> None:
    missed = []
    names = [name for name in timed if name.startswith(TIMESTAMPS)]
    for name in names:
        for position in range(0, len(timed[name]), 41):
            data = bytearray(timed[name])
            data[position] ^= 0x01
            found = {n for n, _ in faults({**timed, name: bytes(data)}, signer)}
            if found != {name}:
                missed.append((name, position, found))
    late = next(name for name in names if name.endswith(".tsr"))
    elsewhere = late.replace(late.split("/")[2], "0" * 64)

    assert missed == []
    assert len(names) == 2
    assert {n for n, _ in faults({**timed, elsewhere: timed[late]}, signer)} == {elsewhere}


def test_a_package_has_the_times_of_its_seals(
    timed: Files, signer: Signer, authority: Authority, key_file: Path, tmp_path: Path
) -> None:
    sealed_run(MemoryLocker(timed), signer, day=9, stamper=stamping(authority))
    newest = open_seal(timed[seal_key("prod", 4)])
    token = normal_form(answer(authority, newest.signature, NOON + timedelta(days=9)))
    timed[timestamp_key(newest.sha256, sha256(token))] = token
    locker = written(tmp_path / "locker", timed)
    period = ("--from", "2026-11-23", "--to", "2026-11-25")

    made = CliRunner().invoke(
        cli,
        ["export", "package", str(locker), "--account", "prod", *period, "--output",
         str(tmp_path / "p.zip"), "--key", str(key_file)],
    )  # fmt: skip

    folder = unpacked(tmp_path / "p.zip")
    stamped = {p.parent.name for p in folder.rglob("*.tsr")}
    seals = {sha256(d) for k, d in timed.items() if (s := seal_place(k)) and s[1] == 2}
    assert made.exit_code == 0, made.output
    assert stamped == seals
    assert run(sys.executable, folder / "verify.py", "--key", key_file).returncode == 0
