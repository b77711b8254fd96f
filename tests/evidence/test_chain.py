"""Snapshots are put one after the other, whoever puts them, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from collector.errors import LockerError, ObjectMissing
from collector.evidence import chain as chain_module
from collector.evidence.canonical import sha256
from collector.evidence.chain import ChainError, Head, append, head, put_object, read, read_snapshot
from collector.evidence.keys import Signer
from collector.evidence.locker import Locker
from collector.evidence.record import EvidenceError
from collector.evidence.seal import open_seal, seal
from collector.evidence.snapshot import object_key, public_key_key
from collector.evidence.verify import verify
from tests.evidence.lockers import NOON, PROD, MemoryLocker, seal_key, sealed_run, snapshot_key


def test_a_new_chain_has_no_head() -> None:
    assert head(MemoryLocker({}), PROD) is None


def test_snapshots_are_numbered_and_linked(locker: Locker, signer: Signer) -> None:
    appended = [sealed_run(locker, signer, day=day) for day in (1, 2, 3)]

    seals = [locker.get(seal_key("prod", number)) for number in (1, 2, 3)]
    assert [a.number for a in appended] == [1, 2, 3]
    assert [a.seal_sha256 for a in appended] == [sha256(s) for s in seals]
    assert [open_seal(s).statement.previous_sha256 for s in seals] == [
        None,
        sha256(seals[0]),
        sha256(seals[1]),
    ]
    assert head(locker, PROD) == appended[-1].head == Head(3, sha256(seals[2]))


def test_each_account_has_its_own_chain(signer: Signer) -> None:
    locker = MemoryLocker({})
    sealed_run(locker, signer, account="prod")

    appended = sealed_run(locker, signer, account="dev")

    assert appended.number == 1


def test_what_was_appended_is_read_back(signer: Signer) -> None:
    locker = MemoryLocker({})
    appended = sealed_run(locker, signer)

    sealed, snapshot = read_snapshot(locker, "prod", 1)

    assert sealed.sha256 == appended.seal_sha256
    assert snapshot.account.name == "prod"
    assert sha256(snapshot.to_bytes()) == appended.document_sha256
    with pytest.raises(ObjectMissing):
        read(locker, PROD, 2)


def test_the_public_key_lies_beside(signer: Signer) -> None:
    locker = MemoryLocker({})
    sealed_run(locker, signer)

    assert locker.get(public_key_key(signer.fingerprint)) == signer.public_pem


def test_an_object_is_stored_once_under_its_digest(locker: Locker) -> None:
    first, again = put_object(locker, b"data"), put_object(locker, b"data")

    assert first == again == sha256(b"data")
    assert list(locker.keys("")) == [object_key(first)]


def test_an_object_that_was_changed_is_not_referred_to_again() -> None:
    locker = MemoryLocker({object_key(sha256(b"data")): b"date"})

    with pytest.raises(ChainError, match=f"{object_key(sha256(b'data'))} .*verify"):
        put_object(locker, b"data")


def test_runs_at_once_take_numbers_without_gap(locker: Locker, signer: Signer) -> None:
    def one(worker: int) -> int:
        return sealed_run(locker, signer, at=NOON, buckets={f"b{worker}": "pass"}).number

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(one, range(8)))

    assert sorted(numbers) == list(range(1, 9))
    assert verify(locker).problems == ()


def test_a_seal_whose_answer_was_lost_is_not_sealed_again(
    signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is sent again by the SDK, and then says that the file is there already."""
    files: dict[str, bytes] = {}
    locker = MemoryLocker(files)
    put = locker.put
    monkeypatch.setattr(locker, "put", lambda *file: put(*file) and "/log/" not in file[0])

    appended = sealed_run(locker, signer)

    assert appended.number == 1
    assert [key for key in files if "/log/" in key] == [seal_key("prod", 1)]


def test_a_run_that_never_gets_a_number_gives_up(
    signer: Signer, other_signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain_module, "ATTEMPTS", 5)
    files: dict[str, bytes] = {}
    locker = MemoryLocker(files)

    def always_second(key: str, data: bytes) -> bool:
        if "/log/" in key:
            files[key] = seal(open_seal(data).statement, other_signer)
            return False
        return files.setdefault(key, data) is data

    monkeypatch.setattr(locker, "put", always_second)

    with pytest.raises(ChainError, match="5 other runs"):
        sealed_run(locker, signer)


def test_a_clock_far_behind_the_last_seal_is_refused_with_both_times(signer: Signer) -> None:
    locker = MemoryLocker({})
    sealed_run(locker, signer, at=NOON)

    with pytest.raises(ChainError) as refused:
        sealed_run(locker, signer, at=NOON - timedelta(minutes=2))

    assert "2026-11-22T11:58:00Z" in str(refused.value)
    assert "2026-11-22T12:00:00Z" in str(refused.value)
    assert refused.value.exit_code == 1
    assert list(locker.keys("v1/accounts/prod/log/")) == [seal_key("prod", 1)]


def test_a_clock_a_little_behind_the_last_seal_takes_its_time(signer: Signer) -> None:
    locker = MemoryLocker({})
    sealed_run(locker, signer, at=NOON)

    sealed_run(locker, signer, at=NOON - timedelta(seconds=30))

    assert read(locker, PROD, 2)[0].statement.created_at == NOON
    assert verify(locker).problems == ()


def test_the_clock_is_read_after_the_head(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run may seal while this one waits; its time must not be after this one's."""
    files: dict[str, bytes] = {}
    locker = MemoryLocker(files)
    document = locker.get(snapshot_key("prod", sealed_run(locker, signer, day=1).document_sha256))
    times = iter([NOON + timedelta(days=2), NOON + timedelta(days=4)])
    put = locker.put

    def overtaken(key: str, data: bytes) -> bool:
        if key == seal_key("prod", 2) and key not in files:
            monkeypatch.setattr(locker, "put", put)
            sealed_run(locker, signer, day=3)
        return put(key, data)

    monkeypatch.setattr(locker, "put", overtaken)

    appended = append(locker, PROD, document, signer, lambda: next(times))

    assert appended.number == 3
    assert verify(locker).problems == ()


@pytest.mark.parametrize("broken", [b"", b"{}", b"\xff"])
def test_a_broken_head_is_not_built_on(
    files: dict[str, bytes], signer: Signer, broken: bytes
) -> None:
    files[seal_key("prod", 3)] = broken

    with pytest.raises(ChainError, match=f"{seal_key('prod', 3)}.*verify"):
        sealed_run(MemoryLocker(files), signer, day=9)


def test_a_head_that_was_moved_is_not_built_on(files: dict[str, bytes], signer: Signer) -> None:
    files[seal_key("prod", 4)] = files[seal_key("prod", 3)]

    with pytest.raises(ChainError, match="it is number 3 of prod"):
        sealed_run(MemoryLocker(files), signer, day=9)


def test_a_document_of_another_account_or_none_is_not_sealed(
    files: dict[str, bytes], signer: Signer
) -> None:
    locker = MemoryLocker(files)
    document = next(data for key, data in files.items() if key.startswith("v1/accounts/dev/snap"))

    with pytest.raises(EvidenceError, match="it is of account dev"):
        append(locker, PROD, document, signer, lambda: NOON)
    with pytest.raises(EvidenceError):
        append(locker, PROD, b"{}", signer, lambda: NOON)

    assert seal_key("prod", 4) not in files


def test_a_document_that_was_changed_is_not_read(files: dict[str, bytes]) -> None:
    locker = MemoryLocker(files)
    key = snapshot_key("prod", read(locker, PROD, 1)[0].statement.document_sha256)
    files[key] = files[key].replace(b'"fail":1', b'"fail":0')

    with pytest.raises(EvidenceError, match=f"{key}.*changed"):
        read(locker, PROD, 1)


class CountingLocker(MemoryLocker):
    """Counts how often files are listed, and how many."""

    listings = 0
    listed = 0

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        self.listings += 1
        for key in super().keys(prefix, after):
            self.listed += 1
            yield key


@pytest.mark.parametrize(
    "numbers",
    [
        range(1, 2),
        range(1, 1001),
        range(1, 1002),
        range(1, 50_001),
        [1, 2, 40_000],
        [7, 10**12 - 1],
    ],
)
def test_the_head_of_a_long_log_is_found_by_few_listings(numbers: Sequence[int]) -> None:
    locker = CountingLocker({seal_key("prod", number): b"" for number in numbers})

    found = head(locker, PROD)

    assert found == Head(numbers[-1], sha256(b""))
    assert locker.listings < 100
    assert locker.listed < 2100


def test_files_that_are_no_seals_do_not_keep_a_run_from_sealing(
    files: dict[str, bytes], signer: Signer
) -> None:
    for name in ("README", "000000000000.sigstore.json", "99999.sigstore.json", "zzz"):
        files[f"v1/accounts/prod/log/{name}"] = b""

    assert sealed_run(MemoryLocker(files), signer, day=9).number == 4


def test_a_locker_that_fails_is_not_hidden(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    locker = MemoryLocker({})

    def fail(key: str, data: bytes) -> bool:
        raise LockerError("no space left")

    monkeypatch.setattr(locker, "put", fail)

    with pytest.raises(LockerError, match="no space left"):
        sealed_run(locker, signer)
