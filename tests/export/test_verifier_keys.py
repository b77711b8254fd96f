"""Whom the single file believes to have signed is whom `collector verify` believes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from collector.evidence.keys import FileSigner, Signer, load_public_key
from collector.evidence.verify import verify
from collector.export import verifier
from tests.evidence.lockers import MemoryLocker, sealed_run
from tests.export.conftest import Files, state, written
from tests.export.test_verifier import SCRIPT, Held, run

Step = Callable[[MemoryLocker, dict[str, Signer], int], object]
"""One thing done to a locker, with three keys, on a day."""


def runs(by: str) -> Step:
    return lambda locker, keys, day: sealed_run(locker, keys[by], day=day)


def begins(by: str) -> Step:
    """Seal in a log of one's own."""
    return lambda locker, keys, day: sealed_run(locker, keys[by], account=by, day=day)


def says(by: str, action: str, of: str, limits: dict[str, int] | None = None) -> Step:
    more = {} if limits is None else {"first_untrusted": limits}
    return lambda locker, keys, day: state(locker, keys[by], action, keys[of], day=day, **more)


CASES: dict[str, tuple[bool, list[Step]]] = {
    "rotated": (True, [says("a", "rotate", "b"), runs("b")]),
    "the old key goes on until the new one has signed": (
        True, [says("a", "rotate", "b"), runs("a"), runs("b")]),
    "the old key goes on after the new one has signed": (
        False, [says("a", "rotate", "b"), runs("b"), runs("a")]),
    "rotated twice": (True, [says("a", "rotate", "b"), says("b", "rotate", "c"), runs("c")]),
    "rotated twice, and the first key goes on": (
        False, [says("a", "rotate", "b"), says("b", "rotate", "c"), runs("c"), runs("a")]),
    "admitted": (True, [says("a", "admit", "b"), runs("b"), runs("a")]),
    "no statement": (False, [runs("b")]),
    "a stranger's statement": (False, [says("b", "admit", "c"), runs("c")]),
    "revoked from later on": (
        True, [says("a", "admit", "b"), runs("b"), says("a", "revoke", "b", {"accounts/prod": 4})]),
    "revoked from before": (
        False, [says("a", "admit", "b"), runs("b"),
                says("a", "revoke", "b", {"accounts/prod": 3})]),
    "revoked everywhere": (
        False, [says("a", "admit", "b"), runs("b"), says("a", "revoke", "b", {})]),
    "revokes what it rests on": (
        False, [says("a", "admit", "b"), says("b", "revoke", "a", {"accounts/prod": 3})]),
    "revokes the first key from later on": (
        True, [says("a", "admit", "b"),
               says("b", "revoke", "a", {"accounts/prod": 3, "keys": 2})]),
    "a rotated key states more": (False, [says("a", "rotate", "b"), says("a", "admit", "c")]),
    "a rotated key comes back": (False, [says("a", "rotate", "b"), says("b", "admit", "a")]),
    "a revoked key comes back": (
        False, [says("a", "admit", "b"), says("a", "revoke", "b", {}), says("a", "admit", "b")]),
    "a key revokes itself": (False, [says("a", "revoke", "a", {})]),
    "revoked with what it admitted": (
        False, [says("a", "admit", "b"), says("b", "admit", "c"), runs("c"),
                says("a", "revoke", "b", {})]),
    "a stranger with a log of his own seals in another": (False, [begins("b"), runs("b")]),
    "a stranger with a log of his own admits one who seals in another": (
        False, [begins("b"), says("b", "admit", "c"), runs("c")]),
    "revoked twice, the second time from before": (
        False, [says("a", "admit", "b"), runs("b"),
                says("a", "revoke", "b", {"accounts/prod": 9, "keys": 9}),
                says("a", "revoke", "b", {"accounts/prod": 3, "keys": 9})]),
}  # fmt: skip


def made(case: str) -> tuple[Files, dict[str, Signer]]:
    """A locker in which two runs were sealed with the first key, and then the steps were taken."""
    keys: dict[str, Signer] = {
        name: FileSigner(ec.generate_private_key(ec.SECP256R1())) for name in "abc"
    }
    files: Files = {}
    locker = MemoryLocker(files)
    for day, step in enumerate([runs("a"), runs("a"), *CASES[case][1]], start=1):
        step(locker, keys, day)
    return files, keys


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("is_trusted", [True, False], ids=["given", "own"])
def test_both_judge_statements_on_keys_alike(case: str, is_trusted: bool) -> None:
    holds, _ = CASES[case]
    files, keys = made(case)
    pem = keys["a"].public_pem

    trusted = [load_public_key(pem, "a")] if is_trusted else []
    report = verify(MemoryLocker(files), trusted=trusted)
    given = [verifier.Key(pem)] if is_trusted else []
    bad = verifier.Verification(Held(files), given).run().bad

    assert (report.ok, not bad) == (holds, holds), (report.problems, bad)


def test_the_script_finds_by_whom_a_key_was_replaced_and_judges_no_revocation(
    tmp_path: Path,
) -> None:
    chosen = {
        "rotated twice": 0,
        "rotated twice, and the first key goes on": 5,
        "a stranger's statement": 5,
        "a rotated key states more": 5,
        "revoked from later on": 5,
    }

    def ended(number: int, case: str) -> int:
        files, keys = made(case)
        folder = written(tmp_path / str(number), files)
        (folder / "a.pem").write_bytes(keys["a"].public_pem)
        return run("sh", SCRIPT, "-k", folder / "a.pem", folder).returncode

    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(ended, range(len(chosen)), chosen))

    assert dict(zip(chosen, codes, strict=True)) == chosen
