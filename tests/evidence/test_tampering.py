"""A whole locker, with every kind of log, file and timestamp, tampered with in every way.

That every byte of each kind of file counts is tested where that kind is; here they are together,
and the counts of what was tried are told.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from collector.attestation.ledger import write
from collector.attestation.record import Attachment
from collector.evidence.anchors import seal_anchor
from collector.evidence.canonical import sha256
from collector.evidence.documents import KeyStatement
from collector.evidence.key_log import say
from collector.evidence.keys import FileSigner, PublicKey, Signer, load_public_key
from collector.evidence.log import Log, account_log, seal_place
from collector.evidence.verify import verify
from tests.attestation.entries import attestation
from tests.evidence.authority import make_authority, stamping
from tests.evidence.lockers import NOON, PROD, MemoryLocker, seal_key, sealed_run

Files = dict[str, bytes]
Record = Callable[[str, object], None]

STEP = 17
"""Of the larger files, each seventeenth byte, the first and the last; the smaller ones whole."""

SMALL_BYTES = 100

AUTHORITY = make_authority(valid=(NOON - timedelta(days=1), NOON + timedelta(days=60)))


@pytest.fixture(scope="module")
def whole(signer: Signer) -> Files:
    """Two accounts, an attestation with its file, a second key and an anchor; two timestamps."""
    locker = MemoryLocker({})
    stamper = stamping(AUTHORITY, lambda at: at + timedelta(seconds=2))
    for day in (1, 2, 3):
        sealed_run(locker, signer, day=day, stamper=stamper if day == 2 else None)
    sealed_run(locker, signer, account="dev", day=1)
    kept = b"terms"
    file = Attachment(name="a.pdf", sha256=sha256(kept), size_bytes=len(kept), is_kept=True)
    entry = attestation().model_copy(update={"documents": (file,)})
    write(locker, entry, {file.sha256: kept}, signer, lambda: NOON + timedelta(days=4))
    other = FileSigner(ec.generate_private_key(ec.SECP256R1()))
    admitted = KeyStatement(
        made=NOON + timedelta(days=5),
        action="admit",
        key=other.fingerprint,
        public_key=other.public_pem.decode(),
        reason="a second one",
    )
    say(locker, admitted, signer, lambda: NOON + timedelta(days=5))
    seal_anchor(locker, signer, lambda: NOON + timedelta(days=6), stamper)
    return locker.files


@pytest.fixture(scope="module")
def trusted(signer: Signer) -> list[PublicKey]:
    return [load_public_key(signer.public_pem, "key")]


def named(files: Mapping[str, bytes], trusted: list[PublicKey], **more: object) -> set[str]:
    report = verify(MemoryLocker(dict(files)), trusted=trusted, **more)  # type: ignore[arg-type]
    return {problem.key for problem in report.problems}


def positions(data: bytes) -> Iterable[int]:
    if len(data) <= SMALL_BYTES:
        return range(len(data))
    return sorted({*range(0, len(data), STEP), len(data) - 1})


def seals(files: Files) -> list[tuple[Log, int, str]]:
    found = ((seal_place(key), key) for key in files)
    return sorted((*place, key) for place, key in found if place is not None)


def test_an_untouched_locker_raises_no_alarm(
    whole: Files, trusted: list[PublicKey], record_property: Record
) -> None:
    alarms, tried = 0, 0
    for account, keys in itertools.product((None, "prod", "dev"), (trusted, [])):
        report = verify(MemoryLocker(dict(whole)), account=account, trusted=keys)
        tried += 1
        alarms += not report.ok
    for log, number, key in seals(whole):
        heads = [(log, number, sha256(whole[key]))]
        tried += 1
        alarms += not verify(MemoryLocker(dict(whole)), trusted=trusted, heads=heads).ok

    assert alarms == 0
    record_property("tried", {"untouched lockers": {"verified": tried, "false alarms": alarms}})


def test_every_flipped_byte_is_found_and_its_file_named(
    whole: Files, trusted: list[PublicKey], record_property: Record
) -> None:
    missed, tried = [], 0
    for key, data in whole.items():
        for position in positions(data):
            flipped = data[:position] + bytes([data[position] ^ 0x04]) + data[position + 1 :]
            tried += 1
            if key not in named({**whole, key: flipped}, trusted):
                missed.append((key, position))

    assert missed == []
    found = {"tried": tried, "of files": len(whole), "missed": len(missed)}
    record_property("tried", {"flipped bytes": found})


def test_every_deleted_file_is_found_but_an_end_that_nothing_remembers(
    whole: Files, trusted: list[PublicKey], record_property: Record
) -> None:
    """The anchor remembers the ends of all logs but its own. Keys, timestamps and certificates lie
    there for convenience, or add to a seal that holds without them."""
    found = {key: named({k: d for k, d in whole.items() if k != key}, trusted) for key in whole}

    unnamed = {key for key, keys in found.items() if key not in keys}
    beside = {key for key in whole if key.startswith(("v1/keys/", "v1/timestamps/"))}
    assert unnamed <= beside | {Log("anchors").seal_key(1)}
    heads = [(log, number, sha256(whole[key])) for log, number, key in seals(whole)]
    without_end = {k: d for k, d in whole.items() if k != Log("anchors").seal_key(1)}
    assert Log("anchors").seal_key(1) in named(without_end, trusted, heads=heads)
    record_property("tried", {"deleted files": {"tried": len(found), "missed": 0}})


def test_every_pair_of_seals_that_is_swapped_is_found(
    whole: Files, trusted: list[PublicKey], record_property: Record
) -> None:
    pairs = list(itertools.combinations([key for _, _, key in seals(whole)], 2))

    missed = [
        (a, b)
        for a, b in pairs
        if not named({**whole, a: whole[b], b: whole[a]}, trusted) >= {a, b}
    ]

    assert missed == []
    record_property("tried", {"swapped seals": {"pairs": len(pairs), "missed": len(missed)}})


def test_every_seal_that_is_moved_is_found(
    whole: Files, trusted: list[PublicKey], record_property: Record
) -> None:
    """To another account, to another log, and to another number."""
    targets = [
        *(account_log(name).seal_key(number) for name in ("dev", "new") for number in (1, 2)),
        *(Log(name).seal_key(2) for name in ("attestations", "keys", "anchors")),
        seal_key("prod", 4),
    ]
    moves = [(key, to) for _, _, key in seals(whole) for to in targets if key != to]

    missed = [(key, to) for key, to in moves if to not in named({**whole, to: whole[key]}, trusted)]

    assert missed == []
    record_property("tried", {"moved seals": {"tried": len(moves), "missed": len(missed)}})


def test_a_history_that_is_written_anew_with_a_stolen_key_is_found_by_any_earlier_head(
    whole: Files, signer: Signer, trusted: list[PublicKey], record_property: Record
) -> None:
    again = MemoryLocker({k: d for k, d in whole.items() if not k.startswith(PROD.prefix)})
    for day in (1, 2, 3, 4):
        sealed_run(again, signer, day=day, buckets={"logs": "pass"})
    heads = [(log, number, key) for log, number, key in seals(whole) if log == PROD]

    by_head = [
        named(again.files, trusted, heads=[(log, number, sha256(whole[key]))])
        for log, number, key in heads
    ]

    assert all(key in found for (_, _, key), found in zip(heads, by_head, strict=True))
    # Without any head, the anchor and the timestamp that stands beside a seal tell it, too.
    assert seal_key("prod", 3) in named(again.files, trusted)
    record_property("tried", {"history rewritten": {"heads": len(heads), "missed": 0}})


def test_back_dating_with_a_stolen_key_is_found_by_timestamps(
    whole: Files, signer: Signer, trusted: list[PublicKey], record_property: Record
) -> None:
    """A seal of today that claims to be of last week: the token that it has to carry tells."""
    missed, delays = [], (6, 60, 24 * 60, 7 * 24 * 60)
    for minutes in delays:
        files: Files = {}
        late = stamping(AUTHORITY, lambda at, m=minutes: at + timedelta(minutes=m))  # type: ignore[misc]
        sealed_run(MemoryLocker(files), signer, day=1, stamper=late)
        if seal_key("prod", 1) not in named(files, trusted):
            missed.append(minutes)

    assert missed == []
    record_property("tried", {"back-dated seals": {"tried": len(delays), "missed": len(missed)}})
