"""Whatever is done to a locker is found and named; whatever is sound is left in peace."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.errors import ConfigError, LockerError
from collector.evidence import reading
from collector.evidence.canonical import JSON, canonical, sha256
from collector.evidence.chain import append, put_object
from collector.evidence.keys import PublicKey, Signer, load_public_key
from collector.evidence.locker import Locker, open_locker
from collector.evidence.log import account_log
from collector.evidence.report import Problem, Report
from collector.evidence.seal import Statement, seal
from collector.evidence.snapshot import (
    Snapshot,
    object_key,
    parse_snapshot,
    public_key_key,
)
from collector.evidence.verify import verify
from tests.evidence.lockers import NOON, PROD, MemoryLocker, seal_key, sealed_run, snapshot_key


@pytest.fixture
def trusted(signer: Signer) -> list[PublicKey]:
    return [load_public_key(signer.public_pem, "key")]


def named(report: Report) -> set[str]:
    return {problem.key for problem in report.problems}


def documents(files: Mapping[str, bytes], account: str = "prod") -> dict[str, Snapshot]:
    return {
        key: parse_snapshot(data, key)
        for key, data in files.items()
        if key.startswith(f"v1/accounts/{account}/snapshots/")
    }


def test_a_sound_locker_has_no_problem(
    locker: Locker, signer: Signer, trusted: list[PublicKey]
) -> None:
    for day in (1, 2, 3):
        sealed_run(locker, signer, day=day)
    last = sealed_run(locker, signer, account="dev")

    report = verify(locker, trusted=trusted)

    objects = list(locker.keys("v1/objects/"))
    assert report.ok
    assert (report.problems, report.warnings) == ((), ())
    assert [(c.log.account, c.seals, c.first.number, c.last.number) for c in report.chains] == [
        ("dev", 1, 1, 1),
        ("prod", 3, 1, 3),
    ]
    assert report.chains[0].head == last.head
    assert report.chains[1].first.created_at == NOON + timedelta(days=1)
    assert report.chains[1].last.created_at == NOON + timedelta(days=3)
    assert report.chains[1].keys == (signer.fingerprint,)
    assert report.objects == len(objects)
    assert report.size_bytes == sum(len(locker.get(key)) for key in objects)


def test_keys_from_the_locker_itself_are_warned_of(files: dict[str, bytes]) -> None:
    report = verify(MemoryLocker(files))

    assert report.ok
    assert len(report.warnings) == 1
    assert "key that you have from elsewhere" in report.warnings[0]


def test_each_flipped_byte_is_found_and_its_file_alone_named(
    signer: Signer, trusted: list[PublicKey], record_property: Callable[[str, object], None]
) -> None:
    files: dict[str, bytes] = {}
    sealed_run(MemoryLocker(files), signer, buckets={"logs": "pass"})
    missed = []
    for key, data in files.items():
        for position in range(len(data)):
            flipped = data[:position] + bytes([data[position] ^ 0x01]) + data[position + 1 :]
            report = verify(MemoryLocker({**files, key: flipped}), trusted=trusted)
            if named(report) != {key}:
                missed.append((key, position, report.problems))

    assert missed == []
    flips = {"flipped": sum(map(len, files.values())), "missed": len(missed)}
    record_property("tried", {"every byte of a snapshot": flips})


def test_a_flipped_byte_of_a_seal_is_not_blamed_on_its_neighbours(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    key = seal_key("prod", 2)
    data = files[key]
    blamed = set()
    for position in range(0, len(data), 3):
        files[key] = data[:position] + bytes([data[position] ^ 0x01]) + data[position + 1 :]
        blamed |= named(verify(MemoryLocker(files), trusted=trusted))

    assert blamed == {key}


def test_a_flipped_byte_is_found_without_a_trusted_key_and_in_a_folder(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    for key, data in files.items():
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(data)
    locker = open_locker(str(tmp_path))

    missed = []
    for key, data in files.items():
        (tmp_path / key).write_bytes(data[:-1] + bytes([data[-1] ^ 0x80]))
        if key not in named(verify(locker)):
            missed.append(key)
        (tmp_path / key).write_bytes(data)

    assert missed == []
    assert verify(locker).ok


def test_each_deleted_file_is_named_but_the_last_seal_of_a_chain(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    """A key lies in the locker for convenience only; a chain's end is seen by a head alone."""
    ends = {seal_key("prod", 3), seal_key("dev", 1)}

    unnamed = {
        key
        for key in files
        if key
        not in named(
            verify(MemoryLocker({k: v for k, v in files.items() if k != key}), trusted=trusted)
        )
    }

    assert unnamed == ends | {k for k in files if k.startswith("v1/keys/")}


def test_a_missing_seal_is_one_problem_however_many_are_missing(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    files[seal_key("prod", 10**12 - 1)] = files[seal_key("prod", 3)]

    report = verify(MemoryLocker(files), trusted=trusted)

    assert [str(p) for p in report.problems if "missing" in p.message] == [
        f"{seal_key('prod', 4)}: numbers 4 to 999999999998 are missing, "
        f"but the log goes on with number 999999999999"
    ]


@pytest.mark.parametrize(("one", "other"), [(1, 2), (1, 3), (2, 3)])
def test_swapped_seals_are_named(
    files: dict[str, bytes], trusted: list[PublicKey], one: int, other: int
) -> None:
    a, b = seal_key("prod", one), seal_key("prod", other)
    files[a], files[b] = files[b], files[a]

    assert named(verify(MemoryLocker(files), trusted=trusted)) == {a, b}


def test_a_snapshot_copied_to_another_account_is_named(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    copies = {
        key.replace("/prod/", "/test/"): data
        for key, data in files.items()
        if key.startswith("v1/accounts/prod/")
    }

    report = verify(MemoryLocker({**files, **copies}), trusted=trusted)

    assert named(report) == {seal_key("test", number) for number in (1, 2, 3)}


def test_a_cut_off_end_is_found_by_a_remembered_head_only(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    head = sha256(files.pop(seal_key("prod", 3)))

    without = verify(MemoryLocker(files), trusted=trusted)
    report = verify(MemoryLocker(files), trusted=trusted, heads=[(PROD, 3, head)])

    assert without.ok
    assert "no seal leads to 1 documents" in without.warnings[0]
    assert named(report) == {seal_key("prod", 3)}
    assert "truncated" in report.problems[0].message


def test_a_chain_written_anew_is_found_by_a_remembered_head(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    heads = [(PROD, 3, sha256(files[seal_key("prod", 3)]))]
    again: dict[str, bytes] = {}
    for day in (1, 2, 4):
        sealed_run(MemoryLocker(again), signer, day=day)

    report = verify(MemoryLocker(again), trusted=trusted, heads=heads)

    assert named(report) == {seal_key("prod", 3)}
    assert "rewritten" in report.problems[0].message


def test_a_chain_that_is_gone_altogether_is_found_by_a_remembered_head(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    heads = [(account_log("dev"), 1, sha256(files[seal_key("dev", 1)]))]
    rest = {k: v for k, v in files.items() if not k.startswith("v1/accounts/dev/")}

    assert named(verify(MemoryLocker(rest), trusted=trusted, heads=heads)) == {seal_key("dev", 1)}


def test_heads_that_are_still_there_are_no_problem(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    heads = [
        (PROD, 2, sha256(files[seal_key("prod", 2)])),
        (None, 1, sha256(files[seal_key("dev", 1)]).upper()),
    ]

    assert verify(MemoryLocker(files), trusted=trusted, heads=heads).ok


def test_a_head_of_an_unnamed_account_must_be_in_some_chain(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    report = verify(MemoryLocker(files), trusted=trusted, heads=[(None, 9, "0" * 64)])

    assert named(report) == {"v1/accounts/"}


def test_a_seal_signed_by_a_stranger_is_named(
    files: dict[str, bytes], other_signer: Signer, trusted: list[PublicKey]
) -> None:
    sealed_run(MemoryLocker(files), other_signer, day=4)

    report = verify(MemoryLocker(files), trusted=trusted)

    assert named(report) == {seal_key("prod", 4)}
    assert other_signer.fingerprint in report.problems[0].message


def test_a_new_key_is_an_alarm_unless_both_are_trusted(
    files: dict[str, bytes], signer: Signer, other_signer: Signer, trusted: list[PublicKey]
) -> None:
    sealed_run(MemoryLocker(files), other_signer, day=4)
    both = [*trusted, load_public_key(other_signer.public_pem, "other")]

    by_locker = verify(MemoryLocker(files))
    by_both = verify(MemoryLocker(files), trusted=both)

    assert named(by_locker) == {seal_key("prod", 4)}
    assert "the key changed" in by_locker.problems[0].message
    assert by_both.ok
    assert by_both.chains[1].keys == tuple(sorted([signer.fingerprint, other_signer.fingerprint]))


def test_a_replaced_key_is_named(
    files: dict[str, bytes], signer: Signer, other_signer: Signer
) -> None:
    key = public_key_key(signer.fingerprint)
    files[key] = other_signer.public_pem

    report = verify(MemoryLocker(files))

    assert named(report) == {key, *(k for k in files if "/log/" in k)}
    assert other_signer.fingerprint in next(p.message for p in report.problems if p.key == key)


def test_a_key_file_that_says_the_same_in_another_way_is_named(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    key = public_key_key(signer.fingerprint)
    files[key] = files[key].replace(b"\n", b"\r\n")

    assert named(verify(MemoryLocker(files), trusted=trusted)) == {key}


def forged(
    files: dict[str, bytes], signer: Signer, account: str, number: int, **parts: object
) -> None:
    """Replace a seal by one that says something else, signed with the real key."""
    old = files[seal_key(account, number - 1)] if number > 1 else None
    document = next(k for k in files if k.startswith(f"v1/accounts/{account}/snapshots/"))
    statement: dict[str, Any] = {
        "log": account_log(account),
        "number": number,
        "document_sha256": document[-69:-5],
        "previous_sha256": sha256(old) if old else None,
        "created_at": NOON + timedelta(days=10),
        **parts,
    }
    files[seal_key(account, number)] = seal(Statement(**statement), signer)


def test_a_back_dated_seal_is_named(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    forged(files, signer, "prod", 4, created_at=NOON + timedelta(days=2))

    report = verify(MemoryLocker(files), trusted=trusted)

    assert named(report) == {seal_key("prod", 4)}
    assert "back-dated" in report.problems[0].message


def test_a_seal_that_follows_another_past_is_named(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    forged(files, signer, "prod", 4, previous_sha256="0" * 64)

    report = verify(MemoryLocker(files), trusted=trusted)

    assert named(report) == {seal_key("prod", 4)}
    assert "it follows a seal with digest 0000" in report.problems[0].message


def test_a_document_finished_after_it_was_sealed_is_named(
    signer: Signer, trusted: list[PublicKey]
) -> None:
    files: dict[str, bytes] = {}
    sealed_run(MemoryLocker(files), signer, day=1)
    forged(files, signer, "prod", 1, created_at=NOON)

    report = verify(MemoryLocker(files), trusted=trusted)

    assert named(report) == set(documents(files))
    assert "after it was sealed" in report.problems[0].message


def test_a_document_of_another_account_is_named(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    key = next(iter(documents(files)))
    files[key.replace("/prod/", "/dev/")] = files[key]
    forged(files, signer, "dev", 2, document_sha256=key[-69:-5])

    report = verify(MemoryLocker(files), trusted=trusted)

    assert [str(p) for p in report.problems] == [
        f"{key.replace('/prod/', '/dev/')}: document: it is of account prod"
    ]


def sealed_with(files: dict[str, bytes], signer: Signer, **update: object) -> str:
    """Seal a document like the first, but saying something else; its key."""
    document = next(iter(documents(files).values())).model_copy(update=update)
    at = document.finished + timedelta(days=30)
    appended = append(MemoryLocker(files), PROD, document.to_bytes(), signer, lambda: at)
    return snapshot_key("prod", appended.document_sha256)


def test_a_summary_that_its_checks_do_not_bear_out_is_named(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    old = next(iter(documents(files).values())).summary
    better = old.model_copy(update={"failed": 0, "passed": old.passed + old.failed})
    key = sealed_with(files, signer, summary=better)

    report = verify(MemoryLocker(files), trusted=trusted)

    assert [str(p) for p in report.problems] == [
        f"{key}: its summary says pass 2, but its checks fail 1, pass 1"
    ]


@pytest.mark.parametrize(
    "update", [{"summary": {"pass": 2}}, {"summary": {"fail": 1, "pass": 1}, "id": "another"}]
)
def test_a_check_that_its_results_do_not_bear_out_is_named(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey], update: dict[str, Any]
) -> None:
    old = next(iter(documents(files).values()))
    entry = old.checks[0].model_copy(update=update)
    counts = {"passed": update["summary"]["pass"], "failed": update["summary"].get("fail", 0)}
    summary = old.summary.model_copy(update=counts)
    key = sealed_with(files, signer, checks=(entry,), summary=summary)

    report = verify(MemoryLocker(files), trusted=trusted)

    assert named(report) == {key}
    assert "holds aws.s3.default_encryption fail 1, aws.s3.default_encryption pass 1" in (
        report.problems[0].message
    )


LINE: dict[str, JSON] = {
    "check": "aws.s3.default_encryption",
    "outcome": "pass",
    "resource": {},
    "reason": "",
    "evidence": [],
}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff", "line 1: not readable as JSON"),
        (b"{}", "line 1: check: Field required"),
        (b"\n\n", "line 1: not readable as JSON"),
        (canonical(LINE).replace(b":", b": ", 1), "line 1: not in canonical form"),
        (b'{"outcome":"fail",' + canonical(LINE)[1:], "line 1: not in canonical form"),
        (canonical({**LINE, "outcome": "skip"}), "line 1: outcome: Input should be 'pass'"),
        (canonical({**LINE, "evidence": ["../x"]}), "line 1: evidence.0: String should match"),
        (canonical(LINE) + b"\n" + b"[" * 5000, "line 2: not readable as JSON"),
    ],
)
def test_results_that_cannot_be_read_are_named(
    files: dict[str, bytes],
    signer: Signer,
    trusted: list[PublicKey],
    content: bytes,
    message: str,
) -> None:
    entry = next(iter(documents(files).values())).checks[0]
    digest = put_object(MemoryLocker(files), content)
    sealed_with(files, signer, checks=(entry.model_copy(update={"results_sha256": digest}),))

    report = verify(MemoryLocker(files), trusted=trusted)

    assert named(report) == {object_key(digest)}
    assert message in report.problems[0].message


def test_calls_that_cannot_be_read_are_named(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    digest = put_object(MemoryLocker(files), b'{"operation":"ListBuckets"}\n')
    sealed_with(files, signer, calls_sha256=digest)

    report = verify(MemoryLocker(files), trusted=trusted)

    assert [str(p) for p in report.problems] == [
        f"{object_key(digest)}: as calls, line 1: answer_sha256: Field required"
    ]


def test_an_answer_that_only_a_result_names_must_be_there(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    old = next(iter(documents(files).values()))
    results = put_object(MemoryLocker(files), canonical({**LINE, "evidence": ["0" * 64]}))
    entry = old.checks[0].model_copy(update={"summary": {"pass": 1}, "results_sha256": results})
    summary = old.summary.model_copy(update={"passed": 1, "failed": 0})
    key = sealed_with(files, signer, checks=(entry,), summary=summary)

    report = verify(MemoryLocker(files), trusted=trusted)

    assert [str(p) for p in report.problems] == [
        f"{key}: {object_key(results)} rests on answer {'0' * 64}, which no call in"
        f" {object_key(old.calls_sha256)} brought",
        f"{object_key('0' * 64)}: it is missing; {object_key(results)} refers to it",
    ]


def test_an_answer_that_only_a_call_names_must_be_there(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    old = next(iter(documents(files).values()))
    lost = canonical({"answer_sha256": "0" * 64})
    lines = files[object_key(old.calls_sha256)] + lost
    calls = put_object(MemoryLocker(files), lines)
    summary = old.summary.model_copy(update={"calls": old.summary.calls + 1})
    sealed_with(files, signer, calls_sha256=calls, summary=summary)

    report = verify(MemoryLocker(files), trusted=trusted)

    assert [str(p) for p in report.problems] == [
        f"{object_key('0' * 64)}: it is missing; {object_key(calls)} refers to it"
    ]


def test_an_answer_of_another_run_is_no_evidence(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    """It is in the locker, and a call brought it, but not one of this snapshot."""
    first, *_, last = sorted(documents(files).values(), key=lambda d: d.finished)
    key = sealed_with(files, signer, checks=last.checks)

    report = verify(MemoryLocker(files), trusted=trusted)

    assert first.checks != last.checks
    assert named(report) == {key}
    assert "which no call in" in report.problems[0].message


def test_the_number_of_calls_is_that_of_the_calls(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    old = next(iter(documents(files).values()))
    key = sealed_with(files, signer, summary=old.summary.model_copy(update={"calls": 9}))

    report = verify(MemoryLocker(files), trusted=trusted)

    assert [str(p) for p in report.problems] == [
        f"{key}: its summary says 9 calls, but {object_key(old.calls_sha256)} holds 3"
    ]


def test_no_check_is_there_twice(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    old = next(iter(documents(files).values()))
    twice = old.summary.model_copy(update={"passed": 2, "failed": 2})
    key = sealed_with(files, signer, checks=old.checks * 2, summary=twice)

    report = verify(MemoryLocker(files), trusted=trusted)

    assert [str(p) for p in report.problems] == [
        f"{key}: it has the check aws.s3.default_encryption more than once"
    ]


def test_a_run_without_any_result_or_call_is_sound(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey]
) -> None:
    """The two objects are then the same, and empty."""
    old = next(iter(documents(files).values()))
    empty = put_object(MemoryLocker(files), b"")
    entry = old.checks[0].model_copy(update={"summary": {}, "results_sha256": empty})
    nothing = {"passed": 0, "failed": 0, "calls": 0}
    sealed_with(
        files,
        signer,
        checks=(entry,),
        calls_sha256=empty,
        summary=old.summary.model_copy(update=nothing),
    )

    assert verify(MemoryLocker(files), trusted=trusted).ok


def test_what_an_interrupted_run_left_is_warned_of_only(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    stray = b'{"stray":true}'
    put_object(MemoryLocker(files), stray)
    files[snapshot_key("prod", sha256(stray))] = stray

    report = verify(MemoryLocker(files), trusted=trusted)

    assert report.ok
    assert "1 documents and 1 objects" in report.warnings[0]


def test_what_an_interrupted_run_left_must_still_be_what_its_name_says(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    strays = {object_key("0" * 64), snapshot_key("prod", "0" * 64)}
    files.update(dict.fromkeys(strays, b"data"))

    assert named(verify(MemoryLocker(files), trusted=trusted)) == strays


@pytest.mark.parametrize(
    "key",
    [
        "v1/README",
        "v1/objects/sha256/00/" + "1" * 64,
        "v1/accounts/prod/log/000000000000.sigstore.json",
        "v1/accounts/prod/log/4.sigstore.json",
        "v1/accounts/.hidden/log/000000000001.sigstore.json",
        "v1/keys/key.pem",
        "v1/accounts/prod/log/000000000004.sigstore.json\n",
    ],
)
def test_a_file_that_has_no_place_in_a_locker_is_named(
    files: dict[str, bytes], trusted: list[PublicKey], key: str
) -> None:
    files[key] = b""

    assert named(verify(MemoryLocker(files), trusted=trusted)) == {key.replace("\n", "\\n")}


def test_a_name_that_could_deceive_a_terminal_is_escaped(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    files["v1/\x1b[2J\u202e\udcff"] = b""

    report = verify(MemoryLocker(files), trusted=trusted)

    assert [p.key for p in report.problems] == ["v1/\\x1b[2J\\u202e\\udcff"]


@pytest.mark.parametrize("files", [{}, {"v1/objects/sha256/00/" + "0" * 64: b""}])
def test_a_locker_without_a_snapshot_is_not_sound(files: dict[str, bytes]) -> None:
    report = verify(MemoryLocker(files))

    assert not report.ok
    assert Problem("v1/", "there is no snapshot") in report.problems


def test_one_account_can_be_verified_alone(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    alone = verify(MemoryLocker(files), account="dev", trusted=trusted)
    for key in list(files):
        if key.startswith("v1/accounts/prod/"):
            files[key] = b"broken"
    broken_elsewhere = verify(
        MemoryLocker(files), account="dev", trusted=trusted, heads=[(PROD, 9, "0" * 64)]
    )

    assert alone.ok
    assert alone == broken_elsewhere
    assert [chain.log.account for chain in alone.chains] == ["dev"]
    assert alone.objects == 4


def test_one_account_alone_is_verified_down_to_the_answers(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    answer = object_key(sha256(canonical({"bucket": "data-1"})))
    files[answer] = b"{}"
    changed = verify(MemoryLocker(files), account="dev", trusted=trusted)
    del files[answer]
    missing = verify(MemoryLocker(files), account="dev", trusted=trusted)

    assert named(changed) == named(missing) == {answer}
    assert "it is missing; v1/objects/" in missing.problems[0].message


def test_an_account_that_is_not_there_is_not_sound(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    report = verify(MemoryLocker(files), account="other", trusted=trusted)

    assert named(report) == {"v1/accounts/other/"}
    with pytest.raises(ConfigError):
        verify(MemoryLocker(files), account="../prod")


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(), content=st.binary(max_size=64) | st.text().map(lambda t: json.dumps(t).encode())
)
def test_any_bytes_in_any_file_are_a_problem_and_never_an_error(
    files: dict[str, bytes], data: st.DataObject, content: bytes
) -> None:
    key = data.draw(st.sampled_from(sorted(files)))

    report = verify(MemoryLocker({**files, key: content}))

    assert key in named(report)


@given(st.dictionaries(st.text(max_size=30).map("v1/".__add__), st.binary(max_size=8), max_size=5))
def test_any_files_are_a_problem_and_never_an_error(files: dict[str, bytes]) -> None:
    assert not verify(MemoryLocker(files)).ok


def test_a_locker_that_cannot_be_read_is_an_error_and_no_verdict(
    files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    locker = MemoryLocker(files)

    def fail(key: str) -> bytes:
        raise LockerError("no route to host")

    monkeypatch.setattr(locker, "get", fail)

    with pytest.raises(LockerError, match="no route to host"):
        verify(locker)


def test_many_files_are_read_at_once_with_the_same_outcome(
    files: dict[str, bytes],
    trusted: list[PublicKey],
    signer: Signer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for day in range(4, 90):
        sealed_run(MemoryLocker(files), signer, day=day)
    files[seal_key("prod", 50)] = b"broken"
    files[object_key("0" * 64)] = b"broken"
    one_by_one = verify(MemoryLocker(files), trusted=trusted, readers=1)
    monkeypatch.setattr(reading, "WAIT_SECONDS", -1)  # as if each had been waited for

    at_once = verify(MemoryLocker(files), trusted=trusted)

    assert at_once == one_by_one
    assert named(at_once) == {seal_key("prod", 50), object_key("0" * 64)}


def test_each_object_is_read_once_however_often_it_is_referred_to(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    reads: Counter[str] = Counter()

    class CountingLocker(MemoryLocker):
        def get(self, key: str) -> bytes:
            reads[key] += 1
            return super().get(key)

    verify(CountingLocker(files), trusted=trusted)

    objects = {key for key in files if key.startswith("v1/objects/")}
    assert {key: count for key, count in reads.items() if key in objects} == dict.fromkeys(
        objects, 1
    )


def test_progress_comes_to_its_end(files: dict[str, bytes]) -> None:
    told: list[tuple[int, int]] = []

    verify(MemoryLocker(files), progress=lambda done, total: told.append((done, total)))

    assert [done for done, _ in told] == list(range(1, len(told) + 1))
    assert told[-1] == (len(told), len(told))
    assert len({total for _, total in told}) == 1
