"""What is read of a locker for a report: verified first, and each distinct thing once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from collector.errors import ConfigError
from collector.evidence.canonical import canonical, sha256
from collector.evidence.chain import append, put_object, read_snapshot
from collector.evidence.keys import FileSigner, PublicKey, Signer
from collector.evidence.log import KEY_LOG, account_log
from collector.evidence.record import EvidenceError
from collector.evidence.snapshot import Snapshot, object_key
from collector.report.history import History, read_history
from collector.report.period import bounds
from tests.evidence.authority import make_authority, stamping
from tests.evidence.lockers import MemoryLocker
from tests.evidence.statements import NOON, print_of, public, statement
from tests.evidence.statements import signer as signer_of
from tests.report.histories import CHECK, OTHER, Run, moment, period, run, seal_all

LISTING = "unknown:s3:ListBuckets in global: AccessDenied"

RUNS = [
    run(0, {"a": "pass", "b": "pass:at first"}),
    run(1, {"a": "pass", "b": "fail"}),
    run(2, {"a": "pass", "b": "fail:again"}),
    run(3, {"a": "pass", "b": "fail:once more"}),
    run(4, {"a": "pass", "b": "pass"}),
    run(5, {"a": "fail:at last"}),
]
"""Numbers 1 to 6. The period is of 4 and 5; 3 is before it and 6 behind."""

PERIOD = period(2, first=3)


class CountingLocker(MemoryLocker):
    """Counts how often each file is read."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(files)
        self.read: Counter[str] = Counter()

    def get(self, key: str) -> bytes:
        self.read[key] += 1
        return super().get(key)


@pytest.fixture
def files(signer: Signer) -> dict[str, bytes]:
    locker = MemoryLocker({})
    seal_all(RUNS, signer, locker)
    return locker.files


def read(
    files: dict[str, bytes], trusted: Sequence[PublicKey] = (), begins: datetime | None = None
) -> History:
    begin, end = bounds(PERIOD)
    return read_history(
        MemoryLocker(files), "prod", begins=begins or begin, ends=end, trusted=trusted
    )


def needed(files: dict[str, bytes]) -> set[str]:
    """Files without which there is no report: all of the chain, and what 3 to 5 refer to."""
    found = {key for key in files if key.startswith("v1/accounts/")}
    for number in (3, 4, 5):
        snapshot = read_snapshot(MemoryLocker(files), "prod", number)[1]
        digests = {snapshot.calls_sha256, *(entry.results_sha256 for entry in snapshot.checks)}
        for digest in tuple(digests):
            for line in files[object_key(digest)].splitlines():
                said = json.loads(line)
                digests |= {*said.get("evidence", ()), said.get("answer_sha256")} - {None}
        found |= {object_key(digest) for digest in digests}
    return found


def test_a_history_has_the_period_what_was_before_and_what_follows(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    history = read(files, trusted)

    assert [one.number for one in history.snapshots] == [4, 5]
    assert [one.number for one in history.before] == [3]
    assert history.first.number == 1
    assert history.followed_by is not None
    assert history.followed_by.number == 6
    assert history.latest == history.snapshots[-1]
    assert history.is_trusted
    seal = account_log("prod").seal_key(4)
    assert history.snapshots[0].seal_sha256 == sha256(files[seal])
    assert history.snapshots[0].created_at == RUNS[3].at


def test_a_changed_byte_of_any_file_that_is_needed_is_named_and_no_other_matters(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    noticed = set()
    for key, data in files.items():
        changed = {**files, key: data[:-2] + bytes([data[-2] ^ 1]) + data[-1:]}
        try:
            read(changed, trusted)
        except EvidenceError as error:
            assert key in str(error)
            noticed.add(key)

    assert noticed == needed(files)


def test_a_missing_file_that_is_needed_is_named(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    end = account_log("prod").seal_key(6)
    noticed = set()
    for key in files:
        try:
            read({k: v for k, v in files.items() if k != key}, trusted)
        except EvidenceError as error:
            assert key in str(error)
            noticed.add(key)

    document = account_log("prod").document_key(
        read_snapshot(MemoryLocker(files), "prod", 6)[0].statement.document_sha256
    )
    assert noticed == needed(files) - {end}
    assert document in noticed


def test_a_cut_off_end_shows_in_what_follows(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    del files[account_log("prod").seal_key(6)]

    assert read(files, trusted).followed_by is None


def test_a_key_that_nobody_trusts_is_refused_and_the_lockers_own_is_said_to_be_that(
    files: dict[str, bytes],
) -> None:
    stranger = FileSigner(ec.generate_private_key(ec.SECP256R1()))
    from collector.evidence.keys import load_public_key

    with pytest.raises(EvidenceError, match=r"0001\.sigstore\.json: it is signed with key"):
        read(files, [load_public_key(stranger.public_pem, "test")])
    assert not read(files).is_trusted


def test_the_account_as_of_a_moment_is_its_last_snapshot(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    at = RUNS[2].at

    history = read_history(
        MemoryLocker(files), "prod", begins=None, ends=at.replace(second=1), trusted=trusted
    )

    assert ([one.number for one in history.snapshots], history.before) == ([3], ())
    assert history.followed_by is not None
    (entry,) = history.snapshots[0].snapshot.checks
    assert {(r.resource.id, r.outcome, r.reason) for r in history.results(entry)} == {
        ("a", "pass", "it is pass"),
        ("b", "fail", "again"),
    }


def test_before_its_first_snapshot_an_account_has_none(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    history = read_history(
        MemoryLocker(files), "prod", begins=None, ends=moment(0), trusted=trusted
    )

    assert (history.snapshots, history.before, history.latest) == ((), (), None)
    assert history.first == history.followed_by


def test_an_account_without_snapshots_is_a_mistake_of_who_asks(files: dict[str, bytes]) -> None:
    begin, end = bounds(PERIOD)

    with pytest.raises(ConfigError, match="has no snapshot of account dev"):
        read_history(MemoryLocker(files), "dev", begins=begin, ends=end)


def test_before_the_period_counts_what_judged_each_check_last_without_an_unknown(
    signer: Signer, trusted: list[PublicKey]
) -> None:
    runs = [
        Run(0.5, {CHECK: {"a": "pass"}, OTHER: {"a": "pass"}}),
        Run(1.5, {CHECK: {"a": "fail"}}),
        Run(1.6, {CHECK: {"@": LISTING}}),
        Run(1.7, {"aws.s3.versioning": {"a": "pass"}}),
        Run(3.5, {CHECK: {"a": "pass"}}),
    ]
    locker = seal_all(runs, signer, MemoryLocker({}))
    begin, end = bounds(PERIOD)

    history = read_history(locker, "prod", begins=begin, ends=end, trusted=trusted)

    assert [one.number for one in history.before] == [2, 3, 4]


def test_each_file_is_read_once_and_each_judgement_made_once(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    locker = CountingLocker(files)
    begin, end = bounds(PERIOD)

    history = read_history(locker, "prod", begins=begin, ends=end, trusted=trusted)

    assert set(locker.read.values()) == {1}
    assert {key for key in locker.read if not key.startswith("v1/keys/")} == needed(files)
    judged = [j for one in history.snapshots for j in history.judged(one.entries[CHECK])]
    first, second = (one for one in judged if one.resource.id == "a")
    assert first is second


def sealed_as(signer: Signer, files: dict[str, bytes], **changes: object) -> dict[str, bytes]:
    """Another snapshot in the period, signed by the right key, that says something else."""
    locker = MemoryLocker({k: v for k, v in files.items() if "000006.sig" not in k})
    snapshot = read_snapshot(locker, "prod", 5)[1].model_copy(update=changes)
    append(locker, account_log("prod"), snapshot.to_bytes(), signer, lambda: moment(4.75))
    return locker.files


def entry_with(files: dict[str, bytes], data: bytes) -> tuple[object, ...]:
    locker = MemoryLocker(files)
    snapshot: Snapshot = read_snapshot(locker, "prod", 5)[1]
    digest = put_object(locker, data)
    return (snapshot.checks[0].model_copy(update={"results_sha256": digest}),)


@pytest.mark.parametrize(
    ("results", "message"),
    [
        (b"", "holds nothing"),
        (b"{}\n", "as results, line 1: check: Field required"),
        (b"no json\n", "as results, line 1: it: Invalid JSON"),
        (
            canonical(
                {
                    "check": CHECK,
                    "outcome": "pass",
                    "resource": {"account": "1", "id": "a", "region": "", "type": ""},
                    "reason": "",
                    "evidence": ["e" * 63],
                }
            ),
            "as results, line 1: evidence.0: String should match",
        ),
    ],
)
def test_a_signed_snapshot_whose_results_are_not_what_it_says_is_refused(
    files: dict[str, bytes],
    signer: Signer,
    trusted: list[PublicKey],
    results: bytes,
    message: str,
) -> None:
    spoiled = sealed_as(signer, files, checks=entry_with(files, results))

    with pytest.raises(EvidenceError) as refused:
        read(spoiled, trusted)

    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_signed_snapshot_whose_summary_is_not_the_sum_of_its_checks_is_refused(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    snapshot = read_snapshot(MemoryLocker(files), "prod", 5)[1]
    summary = snapshot.summary.model_copy(update={"passed": 99})

    with pytest.raises(EvidenceError, match="its summary says"):
        read(sealed_as(signer, files, summary=summary), trusted)


def test_a_signed_snapshot_that_has_a_check_twice_is_refused(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    checks = read_snapshot(MemoryLocker(files), "prod", 5)[1].checks

    with pytest.raises(EvidenceError, match="it has a check twice"):
        read(sealed_as(signer, files, checks=(*checks, *checks)), trusted)


def test_progress_ends_where_it_said_it_would(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    told: list[tuple[int, int]] = []
    begin, end = bounds(PERIOD)

    read_history(
        MemoryLocker(files),
        "prod",
        begins=begin,
        ends=end,
        trusted=trusted,
        progress=lambda done, known: told.append((done, known)),
    )

    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == list(range(1, len(told) + 1))


def test_timestamps_show_when_a_seal_was_there_and_a_back_dated_one_is_refused(
    signer: Signer, trusted: list[PublicKey]
) -> None:
    authority = make_authority(valid=(moment(-1), moment(30)))
    soon = stamping(authority, lambda at: at + timedelta(seconds=3))
    late = stamping(authority, lambda at: at + timedelta(days=1))

    history = read(seal_all(RUNS, signer, MemoryLocker({}), soon).files, trusted)

    assert [one.shown_at for one in history.snapshots] == [
        RUNS[number].at + timedelta(seconds=3) for number in (3, 4)
    ]
    files = seal_all(RUNS[:5], signer, MemoryLocker({}), late).files
    with pytest.raises(EvidenceError, match=r"0001\.sigstore\.json: its timestamp: it was seen at"):
        read(files, trusted)


def handed_over(*stated: tuple[str, str, str, dict[str, int] | None]) -> MemoryLocker:
    """Three runs signed by A, two by B, and statements between, each with its signer first."""
    locker = MemoryLocker({})
    seal_all(RUNS[:3], signer_of("A"), locker)
    for by, action, key, limits in stated:
        said = statement(action, key, limits)  # type: ignore[arg-type]
        append(locker, KEY_LOG, said.to_bytes(), signer_of(by), lambda: NOON)
    seal_all(RUNS[3:5], signer_of("B"), locker)
    return locker


def test_a_key_that_was_rotated_to_signs_for_who_trusts_the_one_before() -> None:
    history = read(handed_over(("A", "rotate", "B", None)).files, [public("A")])

    assert [one.keyid for one in (*history.before, *history.snapshots)] == [
        print_of("A"), print_of("B"), print_of("B"),
    ]  # fmt: skip


def test_a_key_that_nobody_announced_is_refused() -> None:
    with pytest.raises(EvidenceError, match=account_log("prod").seal_key(4)):
        read(handed_over().files, [public("A")])


def test_a_revoked_key_is_refused_from_the_number_on_that_is_named() -> None:
    revoked = ("B", "revoke", "A", {"accounts/prod": 3})

    with pytest.raises(EvidenceError, match=account_log("prod").seal_key(3)):
        read(handed_over(("A", "rotate", "B", None), revoked).files, [public("A"), public("B")])


def test_a_log_of_keys_that_does_not_hold_is_refused() -> None:
    files = handed_over(("A", "rotate", "B", None), ("B", "admit", "C", None)).files
    key = KEY_LOG.seal_key(2)
    files[key] = files[key].replace(b'"sig":"M', b'"sig":"N')

    with pytest.raises(EvidenceError, match=key):
        read(files, [public("A")])


def test_a_statement_that_was_changed_is_named_and_not_what_it_announced() -> None:
    files = handed_over(("A", "rotate", "B", None)).files
    (key,) = (name for name in files if name.startswith(KEY_LOG.document_key("")[:-5]))
    files[key] = files[key].replace(b"rotate", b"revoke")

    with pytest.raises(EvidenceError, match=key):
        read(files, [public("A")])


def test_a_call_that_names_two_answers_is_refused(signer: Signer) -> None:
    """One reader would see the first, and another the last; also where the key is escaped."""
    for second in ("answer_sha256", "answer_sha25\\u0036"):
        files = MemoryLocker({})
        answer = put_object(files, b"{}")
        line = f'{{"answer_sha256":null,"{second}":"{answer}","source":"s3:Get"}}\n'.encode()
        calls = put_object(files, line)
        seal_all(RUNS[3:4], signer, files)
        _, snapshot = read_snapshot(files, "prod", 1)
        doubled = snapshot.model_copy(update={"calls_sha256": calls})
        append(files, account_log("prod"), doubled.to_bytes(), signer, lambda: RUNS[4].at)

        with pytest.raises(EvidenceError, match=calls):
            read(files.files)
