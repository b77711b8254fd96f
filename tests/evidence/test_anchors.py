"""An anchor names every head; what it names must be there for good."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from collector.errors import ConfigError
from collector.evidence.anchors import logs, seal_anchor
from collector.evidence.canonical import sha256
from collector.evidence.chain import append
from collector.evidence.documents import Anchor, NamedHead
from collector.evidence.keys import PublicKey, Signer, load_public_key
from collector.evidence.locker import Locker
from collector.evidence.log import ANCHORS, ATTESTATIONS, KEY_LOG, account_log
from collector.evidence.record import EvidenceError
from collector.evidence.report import Report
from collector.evidence.verify import verify
from tests.evidence.authority import make_authority, stamping
from tests.evidence.lockers import NOON, PROD, MemoryLocker, seal_key, sealed_run


@pytest.fixture
def trusted(signer: Signer) -> list[PublicKey]:
    return [load_public_key(signer.public_pem, "key")]


def named(report: Report) -> set[str]:
    return {problem.key for problem in report.problems}


def anchored(locker: Locker, signer: Signer, day: int) -> Anchor:
    return seal_anchor(locker, signer, lambda: NOON + timedelta(days=day))[1]


def test_an_anchor_names_the_head_of_every_log_but_its_own(
    locker: Locker, signer: Signer, trusted: list[PublicKey]
) -> None:
    for account, day in (("prod", 1), ("prod", 2), ("prod-b", 1), ("p", 1), ("prod0", 1)):
        sealed_run(locker, signer, account=account, day=day)
    anchored(locker, signer, 3)

    second = anchored(locker, signer, 4)

    assert [(h.log, h.number) for h in second.heads] == [
        ("accounts/p", 1),
        ("accounts/prod-b", 1),
        ("accounts/prod", 2),
        ("accounts/prod0", 1),
    ]
    assert {h.sha256 for h in second.heads} == {
        sha256(locker.get(seal_key(h.log[9:], h.number))) for h in second.heads
    }
    report = verify(locker, trusted=trusted)
    assert report.ok
    assert [c.seals for c in report.chains if c.log == ANCHORS] == [2]


def test_the_logs_of_a_locker_are_found_without_reading_all_of_it(
    files: dict[str, bytes],
) -> None:
    listed = 0

    class Counting(MemoryLocker):
        def keys(self, prefix: str, after: str = ""):  # type: ignore[no-untyped-def]
            nonlocal listed
            for key in super().keys(prefix, after):
                listed += 1
                yield key

    found = list(logs(Counting({**files, "v1/accounts/.hidden/x": b"", "v1/accounts/x": b""})))

    assert found == [account_log("dev"), PROD, account_log("x"), ATTESTATIONS, ANCHORS, KEY_LOG]
    assert listed == 4


def test_a_log_that_was_cut_off_is_found_by_an_anchor(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    anchored(MemoryLocker(files), signer, 5)
    del files[seal_key("prod", 3)]

    report = verify(MemoryLocker(files), trusted=trusted)

    assert named(report) == {seal_key("prod", 3)}
    assert "anchor 1 names it with digest" in report.problems[0].message
    assert "the chain was truncated" in report.problems[0].message


def test_a_log_that_was_written_anew_is_found_by_an_anchor(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    anchored(MemoryLocker(files), signer, 5)
    del files[seal_key("prod", 3)]
    sealed_run(MemoryLocker(files), signer, day=4)

    report = verify(MemoryLocker(files), trusted=trusted)

    assert named(report) == {seal_key("prod", 3)}
    assert "the chain was rewritten" in report.problems[0].message


def test_a_log_that_is_gone_is_found_by_an_anchor(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    anchored(MemoryLocker(files), signer, 5)
    rest = {k: v for k, v in files.items() if not k.startswith("v1/accounts/dev/")}

    assert named(verify(MemoryLocker(rest), trusted=trusted)) == {seal_key("dev", 1)}


@pytest.mark.parametrize("left", [("dev", "prod"), ("prod",)])
def test_an_anchor_that_takes_something_back_is_named(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey], left: tuple[str, ...]
) -> None:
    """With a stolen key, an anchor can be made that fits a chain which was cut off."""
    anchored(MemoryLocker(files), signer, 5)
    heads = {"dev": 1, "prod": 2}
    shorter = Anchor(
        made=NOON + timedelta(days=6),
        heads=tuple(
            NamedHead(
                log=f"accounts/{name}",
                number=heads[name],
                sha256=sha256(files[seal_key(name, heads[name])]),
            )
            for name in left
        ),
    )
    at = NOON + timedelta(days=6)
    append(MemoryLocker(files), ANCHORS, shorter.to_bytes(), signer, lambda: at)

    report = verify(MemoryLocker(files), trusted=trusted)

    assert named(report) == {ANCHORS.seal_key(2)}
    assert all("seals were removed between" in p.message for p in report.problems)
    assert len(report.problems) == 3 - len(left)


def test_nothing_is_anchored_where_the_last_anchor_is_not_borne_out(
    files: dict[str, bytes], signer: Signer
) -> None:
    anchored(MemoryLocker(files), signer, 5)
    del files[seal_key("prod", 3)]
    before = dict(files)

    with pytest.raises(EvidenceError, match=r"000000000003.*truncated; nothing is anchored"):
        anchored(MemoryLocker(files), signer, 6)

    assert files == before


def test_an_empty_locker_has_nothing_to_anchor(signer: Signer) -> None:
    files: dict[str, bytes] = {}

    with pytest.raises(ConfigError, match="it has no seal yet"):
        anchored(MemoryLocker(files), signer, 1)

    assert files == {}


def test_an_anchor_carries_a_timestamp(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    authority = make_authority(valid=(NOON, NOON + timedelta(days=9)))
    at: datetime = NOON + timedelta(days=5)

    sealed, _ = seal_anchor(MemoryLocker(files), signer, lambda: at, stamping(authority))

    report = verify(MemoryLocker(files), trusted=trusted, roots=[authority.root])
    assert sealed.timestamp == at
    assert report.ok
    assert [c.times.trusted for c in report.chains if c.log == ANCHORS] == [1]


def test_a_timestamp_of_an_anchor_shows_when_all_that_it_names_existed(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    authority = make_authority(valid=(NOON, NOON + timedelta(days=9)))
    for day in (5, 6):
        at = NOON + timedelta(days=day)
        seal_anchor(MemoryLocker(files), signer, lambda: at, stamping(authority))  # noqa: B023
    sealed_run(MemoryLocker(files), signer, day=7)

    report = verify(MemoryLocker(files), trusted=trusted, roots=[authority.root])

    times = {c.log.title: c.times for c in report.chains}
    assert times["prod"].shown == (3, NOON + timedelta(days=5))
    assert (times["prod"].trusted, times["prod"].first_without) == (0, 1)
    assert times["anchors"].shown == (2, NOON + timedelta(days=6))


def test_a_seal_that_does_not_hold_is_named_once_by_its_own_key(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    anchored(MemoryLocker(files), signer, 5)
    files[seal_key("prod", 3)] += b" "

    assert named(verify(MemoryLocker(files), trusted=trusted)) == {seal_key("prod", 3)}


@pytest.mark.parametrize("log", ["nothing", "accounts/../keys", "accounts/prod"])
def test_an_anchor_names_logs_and_each_once(log: str) -> None:
    heads = (
        NamedHead(log="accounts/prod", number=1, sha256="0" * 64),
        NamedHead(log=log, number=2, sha256="1" * 64),
    )

    with pytest.raises(ValidationError, match=r"is not one that a locker has|more than once"):
        Anchor(made=NOON, heads=heads)
