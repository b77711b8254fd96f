"""The log of attestations is verified as the others are, its kept files too; `ledger` reads no less
strictly, because what it reads turns how a failing result is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from collector.attestation.ledger import read_standing, write
from collector.attestation.record import Attachment, Entry
from collector.attestation.state import LogEntry
from collector.evidence.canonical import sha256
from collector.evidence.keys import PublicKey, Signer, load_public_key
from collector.evidence.log import ANCHORS, ATTESTATIONS, KEY_LOG, account_log
from collector.evidence.record import EvidenceError
from collector.evidence.seal import Statement, seal
from collector.evidence.snapshot import object_key
from collector.evidence.verify import verify
from tests.attestation.entries import (
    CHECK,
    LOGS,
    attestation,
    decision,
    exception,
    noon,
    placed,
    withdrawal,
)
from tests.evidence.lockers import MemoryLocker, sealed_run

KEPT = b"the signed agreement"
NAMED = b"terms that stay outside"


def entries() -> list[Entry]:
    files = tuple(
        Attachment(name=name, sha256=sha256(data), size_bytes=len(data), is_kept=is_kept)
        for name, data, is_kept in (("a.pdf", KEPT, True), ("terms.pdf", NAMED, False))
    )
    first = attestation().model_copy(update={"documents": files})
    accepted = exception(LOGS, made=noon(2))
    return [first, accepted, decision(made=noon(3)), withdrawal(placed(2, accepted), made=noon(4))]


@pytest.fixture
def signed(signer: Signer) -> dict[str, bytes]:
    """A locker with four entries, and with nothing else."""
    locker = MemoryLocker({})
    for entry in entries():
        content = {sha256(KEPT): KEPT} if entry == entries()[0] else {}
        write(locker, entry, content, signer, lambda made=entry.made: made)  # type: ignore[misc]
    return locker.files


@pytest.fixture
def trusted(signer: Signer) -> list[PublicKey]:
    return [load_public_key(signer.public_pem, "key")]


def named(files: dict[str, bytes], trusted: list[PublicKey]) -> set[str]:
    return {problem.key for problem in verify(MemoryLocker(files), trusted=trusted).problems}


def document_key(entry: Entry) -> str:
    return ATTESTATIONS.document_key(sha256(entry.to_bytes()))


def test_a_sound_log_is_verified_and_read(
    signed: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    report = verify(MemoryLocker(signed), trusted=trusted)
    standing = read_standing(MemoryLocker(signed), trusted)

    assert (report.problems, report.warnings) == ((), ("there is no snapshot of any account",))
    assert [(c.log, c.seals) for c in report.chains] == [(ATTESTATIONS, 4)]
    assert [(t.number, t.entry) for t in standing.terms] == list(enumerate(entries()[:3], 1))
    assert [w.number for w in standing.withdrawals] == [4]
    seal_1 = signed[ATTESTATIONS.seal_key(1)]
    assert (standing.terms[0].seal_sha256, standing.terms[0].document_sha256) == (
        sha256(seal_1),
        sha256(entries()[0].to_bytes()),
    )
    assert standing.accepted("prod", noon(3)).exception(CHECK, LOGS) is not None
    assert standing.accepted("prod", noon(4)).exception(CHECK, LOGS) is None
    assert read_standing(MemoryLocker(signed)) == standing


def test_a_locker_without_attestations_has_an_empty_standing(files: dict[str, bytes]) -> None:
    assert read_standing(MemoryLocker(files)).terms == ()


def test_each_flipped_byte_is_found_and_its_file_alone_named(
    signer: Signer, trusted: list[PublicKey], record_property: Callable[[str, object], None]
) -> None:
    locker = MemoryLocker({})
    write(locker, entries()[0], {sha256(KEPT): KEPT}, signer, lambda: noon(1))
    missed = []
    for key, data in locker.files.items():
        for position in range(len(data)):
            flipped = data[:position] + bytes([data[position] ^ 0x01]) + data[position + 1 :]
            if named({**locker.files, key: flipped}, trusted) != {key}:
                missed.append((key, position))

    assert missed == []
    flips = {"flipped": sum(map(len, locker.files.values())), "missed": len(missed)}
    record_property("tried", {"every byte of an attestation": flips})


def test_a_flipped_byte_of_a_seal_or_entry_is_never_read_as_an_exception(
    signer: Signer, trusted: list[PublicKey]
) -> None:
    locker = MemoryLocker({})
    write(locker, exception(LOGS), {}, signer, lambda: noon(1))
    files = {k: v for k, v in locker.files.items() if k.startswith(ATTESTATIONS.prefix)}
    for key, data in files.items():
        for position in range(len(data)):
            flipped = data[:position] + bytes([data[position] ^ 0x01]) + data[position + 1 :]
            with pytest.raises(EvidenceError):
                read_standing(MemoryLocker({**files, key: flipped}), trusted)


def test_each_deleted_file_is_named_but_the_end_of_the_log_and_the_key(
    signed: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    unnamed = {
        key
        for key in signed
        if key not in named({k: v for k, v in signed.items() if k != key}, trusted)
    }

    assert unnamed == {ATTESTATIONS.seal_key(4), *(k for k in signed if k.startswith("v1/keys/"))}


def test_a_missing_document_is_named_with_the_entry_that_keeps_it(
    signed: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    del signed[object_key(sha256(KEPT))]

    report = verify(MemoryLocker(signed), trusted=trusted)

    assert [str(problem) for problem in report.problems] == [
        f"{object_key(sha256(KEPT))}: it is missing; {document_key(entries()[0])} refers to it"
    ]


def test_what_is_named_by_its_digest_alone_is_not_asked_for(
    signed: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    assert object_key(sha256(NAMED)) not in signed
    assert named(signed, trusted) == set()


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 4), (3, 4)])
def test_swapped_seals_are_named_and_not_read(
    signed: dict[str, bytes], trusted: list[PublicKey], one: int, other: int
) -> None:
    a, b = ATTESTATIONS.seal_key(one), ATTESTATIONS.seal_key(other)
    signed[a], signed[b] = signed[b], signed[a]

    assert named(signed, trusted) == {a, b}
    with pytest.raises(EvidenceError, match=r"it was moved.*run collector verify"):
        read_standing(MemoryLocker(signed), trusted)


def test_swapped_documents_are_named(signed: dict[str, bytes], trusted: list[PublicKey]) -> None:
    a, b = document_key(entries()[0]), document_key(entries()[1])
    signed[a], signed[b] = signed[b], signed[a]

    assert named(signed, trusted) == {a, b}


@pytest.mark.parametrize(
    "log", [ANCHORS, KEY_LOG, account_log("prod"), account_log("attestations")]
)
def test_an_entry_that_is_moved_to_another_log_is_named(
    signed: dict[str, bytes], trusted: list[PublicKey], log: object
) -> None:
    assert isinstance(log, type(ANCHORS))
    for name in list(signed):
        if name.startswith(ATTESTATIONS.seals_prefix):
            signed[name.replace(ATTESTATIONS.prefix, log.prefix)] = signed.pop(name)
        elif name.startswith(ATTESTATIONS.prefix):
            digest = name.rpartition("/")[2].removesuffix(".json")
            signed[log.document_key(digest)] = signed.pop(name)

    assert named(signed, trusted) >= {log.seal_key(number) for number in (1, 2, 3, 4)}


def test_a_snapshot_that_is_sealed_among_the_attestations_is_named(
    signed: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    """Even by who has the key."""
    other = MemoryLocker({})
    digest = sealed_run(other, signer).document_sha256
    signed[ATTESTATIONS.document_key(digest)] = other.files[
        account_log("prod").document_key(digest)
    ]
    previous = sha256(signed[ATTESTATIONS.seal_key(4)])
    statement = Statement(ATTESTATIONS, 5, digest, previous, noon(300))
    signed[ATTESTATIONS.seal_key(5)] = seal(statement, signer)

    assert named(signed, trusted) == {ATTESTATIONS.document_key(digest)}
    with pytest.raises(EvidenceError, match="schema is not one of"):
        read_standing(MemoryLocker(signed), trusted)


def test_an_acceptance_by_a_stranger_is_not_read(
    signed: dict[str, bytes], other_signer: Signer, trusted: list[PublicKey]
) -> None:
    """Whoever can write to the locker can bring a key of their own along."""
    write(MemoryLocker(signed), exception("x", made=noon(5)), {}, other_signer, lambda: noon(5))

    assert named(signed, trusted) == {ATTESTATIONS.seal_key(5)}
    with pytest.raises(EvidenceError, match="not one of the trusted keys"):
        read_standing(MemoryLocker(signed), trusted)
    with pytest.raises(EvidenceError, match="the key changed from"):
        read_standing(MemoryLocker(signed))


def test_a_gap_is_not_read_over(signed: dict[str, bytes], trusted: list[PublicKey]) -> None:
    del signed[ATTESTATIONS.seal_key(2)]

    with pytest.raises(EvidenceError, match="it is missing, but the log goes on with number 3"):
        read_standing(MemoryLocker(signed), trusted)


def test_what_is_read_is_what_the_state_is_made_of(
    signed: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    (withdrawn,) = read_standing(MemoryLocker(signed), trusted).withdrawals

    assert withdrawn == LogEntry(
        number=4,
        seal_sha256=sha256(signed[ATTESTATIONS.seal_key(4)]),
        document_sha256=sha256(entries()[3].to_bytes()),
        sealed_at=noon(4),
        entry=entries()[3],
    )
