"""What timestamps show of a chain; what contradicts them, is altered or is taken away is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from collector.evidence.canonical import sha256
from collector.evidence.chain import Stamp, Stamper
from collector.evidence.keys import PublicKey, Signer, load_public_key
from collector.evidence.report import Late, Report
from collector.evidence.seal import open_seal, seal
from collector.evidence.snapshot import authority_key, timestamp_key
from collector.evidence.times import require_times
from collector.evidence.token import normal_form
from collector.evidence.verify import verify
from tests.evidence.authority import Authority, answer, make_authority, refusing, stamping
from tests.evidence.lockers import NOON, MemoryLocker, seal_key, sealed_run

VALID = (NOON - timedelta(days=1), NOON + timedelta(days=30))
"""When the certificate is valid that signs times here. That it is or will be over takes nothing
away from what it signed then."""


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority(valid=VALID)


@pytest.fixture
def trusted(signer: Signer) -> list[PublicKey]:
    return [load_public_key(signer.public_pem, "key")]


@pytest.fixture(scope="module")
def _timed_files(signer: Signer, authority: Authority) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for day in (1, 2, 3):
        stamper = stamping(authority, lambda at: at + timedelta(seconds=3))
        sealed_run(MemoryLocker(files), signer, day=day, stamper=stamper)
    return files


@pytest.fixture
def timed(_timed_files: dict[str, bytes]) -> dict[str, bytes]:
    """A sound locker: three snapshots of `prod`, each with a timestamp."""
    return dict(_timed_files)


def named(report: Report) -> set[str]:
    return {problem.key for problem in report.problems}


def beside(files: dict[str, bytes], authority: Authority, number: int, time: datetime) -> str:
    """Add a timestamp to a seal later; its key."""
    sealed = open_seal(files[seal_key("prod", number)])
    token = normal_form(answer(authority, sealed.signature, time))
    key = timestamp_key(sealed.sha256, sha256(token))
    files[key] = token
    return key


def forged(
    files: dict[str, bytes], signer: Signer, created_at: datetime, stamper: Stamper | None
) -> None:
    """Write the last seal anew, with the real key, as of another time."""
    key = seal_key("prod", 3)
    statement = replace(open_seal(files[key]).statement, created_at=created_at)

    def stamp(signature: bytes) -> bytes | None:
        return None if stamper is None else stamper(signature, created_at).token

    files[key] = seal(statement, signer, stamp)


def test_sound_timestamps_are_counted(
    timed: dict[str, bytes], trusted: list[PublicKey], authority: Authority
) -> None:
    report = verify(MemoryLocker(timed), trusted=trusted, roots=[authority.root])

    times = report.chains[0].times
    assert (report.problems, report.warnings) == ((), ())
    assert (times.trusted, times.first_without, times.late) == (3, None, ())
    assert times.shown == (3, NOON + timedelta(days=3, seconds=3))
    assert require_times(report).ok


def test_without_certificates_from_elsewhere_the_lockers_own_are_warned_of(
    timed: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    report = verify(MemoryLocker(timed), trusted=trusted)

    assert report.ok
    assert len(report.warnings) == 1
    assert "timestamp authorities are the locker's own" in report.warnings[0]


def test_the_first_seal_without_a_timestamp_is_told(
    signer: Signer, trusted: list[PublicKey], authority: Authority
) -> None:
    files: dict[str, bytes] = {}
    sealed_run(MemoryLocker(files), signer, day=1, stamper=stamping(authority))
    sealed_run(MemoryLocker(files), signer, day=2, stamper=refusing)
    sealed_run(MemoryLocker(files), signer, day=3)
    sealed_run(MemoryLocker(files), signer, day=4, stamper=stamping(authority))

    report = verify(MemoryLocker(files), trusted=trusted, roots=[authority.root])

    times = report.chains[0].times
    assert report.ok
    assert (times.trusted, times.first_without) == (2, 2)
    assert times.shown == (4, NOON + timedelta(days=4))
    assert [str(p) for p in require_times(report).problems] == [
        f"{seal_key('prod', 2)}: it carries no timestamp that holds; of 4 seals, 2 carry none"
    ]


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("number", [2, 3])
def test_a_flipped_byte_of_a_timed_seal_is_found_and_its_file_alone_named(
    timed: dict[str, bytes], trusted: list[PublicKey], authority: Authority, number: int
) -> None:
    key = seal_key("prod", number)
    data = timed[key]
    missed = []
    for position in range(number, len(data), 16):
        timed[key] = data[:position] + bytes([data[position] ^ 0x01]) + data[position + 1 :]
        report = verify(MemoryLocker(timed), trusted=trusted, roots=[authority.root])
        if named(report) != {key}:
            missed.append((position, report.problems))

    assert missed == []


def test_a_back_dated_seal_is_found_by_its_timestamp(
    timed: dict[str, bytes], signer: Signer, trusted: list[PublicKey], authority: Authority
) -> None:
    """The key was stolen, and the chain is sound in itself; only the authority knows the time."""
    today = NOON + timedelta(days=20)
    forged(timed, signer, NOON + timedelta(days=3), stamping(authority, lambda at: today))

    report = verify(MemoryLocker(timed), trusted=trusted, roots=[authority.root])

    assert named(report) == {seal_key("prod", 3)}
    assert "was seen at 2026-12-12T12:00:00Z only, but says it was made at 2026-11-25" in (
        report.problems[0].message
    )


def test_a_seal_that_was_made_before_the_one_it_follows_was_seen_is_back_dated(
    timed: dict[str, bytes], signer: Signer, trusted: list[PublicKey], authority: Authority
) -> None:
    """Its own time is behind the last one's, as it should be, but that one was not there yet."""
    files: dict[str, bytes] = {}
    late = stamping(authority, lambda at: at + timedelta(minutes=4))
    sealed_run(MemoryLocker(files), signer, at=NOON, stamper=late)
    sealed_run(MemoryLocker(files), signer, at=NOON + timedelta(minutes=1))
    sealed_run(MemoryLocker(files), signer, at=NOON + timedelta(minutes=3))

    report = verify(MemoryLocker(files), trusted=trusted, roots=[authority.root])

    assert [str(p) for p in report.problems] == [
        f"{seal_key('prod', 2)}: it is back-dated: it says it was made at 2026-11-22T12:01:00Z, "
        f"but it follows number 1, which was seen at 2026-11-22T12:04:00Z"
    ]


def test_a_back_dated_seal_without_a_timestamp_is_the_first_without(
    timed: dict[str, bytes], signer: Signer, trusted: list[PublicKey], authority: Authority
) -> None:
    forged(timed, signer, NOON + timedelta(days=3), None)

    report = verify(MemoryLocker(timed), trusted=trusted, roots=[authority.root])

    assert report.ok
    assert report.chains[0].times.first_without == 3
    assert named(require_times(report)) == {seal_key("prod", 3)}


def test_a_seal_from_the_future_is_named(
    timed: dict[str, bytes], signer: Signer, trusted: list[PublicKey], authority: Authority
) -> None:
    forged(
        timed,
        signer,
        NOON + timedelta(days=9),
        stamping(authority, lambda at: NOON + timedelta(days=3)),
    )

    report = verify(MemoryLocker(timed), trusted=trusted, roots=[authority.root])

    assert named(report) == {seal_key("prod", 3)}
    assert "before the seal was made by its own account" in report.problems[0].message


def test_a_token_of_another_seal_is_named(
    timed: dict[str, bytes], signer: Signer, trusted: list[PublicKey], authority: Authority
) -> None:
    theirs = open_seal(timed[seal_key("prod", 2)]).token or b""

    def stamp(signature: bytes, created_at: datetime) -> Stamp:
        return Stamp(theirs, created_at, "", b"")

    forged(timed, signer, NOON + timedelta(days=3), stamp)

    report = verify(MemoryLocker(timed), trusted=trusted, roots=[authority.root])

    assert [str(p) for p in report.problems] == [
        f"{seal_key('prod', 3)}: its timestamp: it is for another signature"
    ]


def test_a_token_of_an_unknown_authority_is_named(
    timed: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    other = make_authority()

    report = verify(MemoryLocker(timed), trusted=trusted, roots=[other.root])

    assert named(report) == {seal_key("prod", number) for number in (1, 2, 3)}
    assert "certificate verify error" in report.problems[0].message
    assert report.chains[0].times.trusted == 0


def test_a_token_of_an_authority_that_had_expired_is_named(
    signer: Signer, trusted: list[PublicKey]
) -> None:
    """What counts is the time of the token: one that expires later is none, and is elsewhere."""
    expired = make_authority(valid=(NOON - timedelta(days=9), NOON))
    files: dict[str, bytes] = {}
    sealed_run(MemoryLocker(files), signer, day=1, stamper=stamping(expired))

    report = verify(MemoryLocker(files), trusted=trusted, roots=[expired.root])

    assert named(report) == {seal_key("prod", 1)}
    assert "certificate has expired" in report.problems[0].message


def test_a_timestamp_that_came_later_counts_from_then_on(
    signer: Signer, trusted: list[PublicKey], authority: Authority
) -> None:
    files: dict[str, bytes] = {}
    sealed_run(MemoryLocker(files), signer, day=1, stamper=refusing)
    sealed_run(MemoryLocker(files), signer, day=2)
    later = NOON + timedelta(days=12)
    beside(files, authority, 1, later)
    beside(files, authority, 1, later + timedelta(days=1))

    report = verify(MemoryLocker(files), trusted=trusted, roots=[authority.root])

    times = report.chains[0].times
    assert report.ok
    assert (times.trusted, times.first_without, times.shown) == (1, 2, (1, later))
    assert times.late == (Late(1, NOON + timedelta(days=1), later),)


def test_a_timestamp_beside_a_seal_is_judged_like_one_in_it(
    timed: dict[str, bytes], trusted: list[PublicKey], authority: Authority
) -> None:
    wrong = {
        beside(timed, make_authority("Other", valid=VALID), 1, NOON + timedelta(days=5)),
        beside(timed, authority, 2, NOON),
        beside(timed, authority, 3, VALID[1] + timedelta(days=1)),
    }
    sealed = open_seal(timed[seal_key("prod", 3)])
    elsewhere = normal_form(answer(authority, b"other", NOON + timedelta(days=5)))
    for token in (elsewhere, b"garbage"):
        key = timestamp_key(sealed.sha256, sha256(token))
        timed[key] = token
        wrong.add(key)
    altered = beside(timed, authority, 3, NOON + timedelta(days=6))
    timed[altered] = timed[altered][:-1] + b"x"

    report = verify(MemoryLocker(timed), trusted=trusted, roots=[authority.root])

    assert named(report) == {*wrong, altered}
    assert report.chains[0].times.trusted == 3


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_a_flipped_byte_of_a_timestamp_beside_a_seal_is_found_and_its_file_alone_named(
    timed: dict[str, bytes], trusted: list[PublicKey], authority: Authority
) -> None:
    key = beside(timed, authority, 3, NOON + timedelta(days=5))
    data = timed[key]
    missed = []
    for position in range(0, len(data), 30):
        timed[key] = data[:position] + bytes([data[position] ^ 0x01]) + data[position + 1 :]
        if named(verify(MemoryLocker(timed), trusted=trusted, roots=[authority.root])) != {key}:
            missed.append(position)

    assert missed == []


def test_a_timestamp_whose_seal_is_gone_is_named(
    timed: dict[str, bytes], trusted: list[PublicKey], authority: Authority
) -> None:
    """A chain whose end was cut off shows it by what was left behind."""
    key = beside(timed, authority, 3, NOON + timedelta(days=5))
    del timed[seal_key("prod", 3)]

    report = verify(MemoryLocker(timed), trusted=trusted, roots=[authority.root])

    assert named(report) == {key}
    assert "it was removed or written anew" in report.problems[0].message


def test_a_timestamp_is_not_blamed_on_a_seal_that_does_not_hold(
    timed: dict[str, bytes], trusted: list[PublicKey], authority: Authority
) -> None:
    beside(timed, authority, 3, NOON + timedelta(days=5))
    timed[seal_key("prod", 3)] = b"broken"

    report = verify(MemoryLocker(timed), trusted=trusted, roots=[authority.root])

    assert named(report) == {seal_key("prod", 3)}


def test_a_certificate_in_the_locker_is_what_its_name_says(
    timed: dict[str, bytes], trusted: list[PublicKey], authority: Authority
) -> None:
    key = authority_key(sha256(authority.root.public_bytes(Encoding.DER)))
    pem = timed[key]
    between = authority.between.public_bytes(Encoding.PEM)
    found = []
    for data in (b"", make_authority().root_pem, pem.replace(b"\n", b"\r\n"), pem + between):
        timed[key] = data
        found.append(named(verify(MemoryLocker(timed), trusted=trusted, roots=[authority.root])))
    timed[key] = pem
    stray = authority_key(sha256(authority.between.public_bytes(Encoding.DER)))
    timed[stray] = between
    found.append(named(verify(MemoryLocker(timed), trusted=trusted, roots=[authority.root])))

    assert found == [{key}, {key}, {key}, {key}, {stray}]


def test_one_account_alone_is_verified_with_its_timestamps(
    timed: dict[str, bytes], signer: Signer, trusted: list[PublicKey], authority: Authority
) -> None:
    sealed_run(MemoryLocker(timed), signer, account="dev", day=1)
    beside(timed, authority, 3, NOON + timedelta(days=5))

    dev = verify(MemoryLocker(timed), account="dev", trusted=trusted, roots=[authority.root])
    prod = verify(MemoryLocker(timed), account="prod", trusted=trusted, roots=[authority.root])

    assert dev.ok
    assert prod.ok
    assert prod.chains[0].times.trusted == 3
