"""Manual evidence on the command line: what is refused writes nothing, what is sealed is told."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import collector.cli
from collector.evidence.canonical import JSON, canonical, sha256
from collector.evidence.chain import append, put_object
from collector.evidence.keys import open_signer
from collector.evidence.locker import open_locker
from collector.evidence.log import account_log
from collector.evidence.snapshot import Account, CheckEntry, Collector, Scope, Snapshot, Summary
from tests.command import Command, Said, command

NOW = datetime.now(UTC)
TODAY = NOW.date()
CHECK = "aws.s3.default_encryption"
LOGS = "arn:aws:s3:::logs"


def days(number: int) -> str:
    return (TODAY + timedelta(days=number)).isoformat()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a document, and a locker with two snapshots; copy it before changing it."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "paper.pdf").write_bytes(b"a paper")
    seal_snapshot(folder, {LOGS: "pass", "arn:aws:s3:::gone": "fail"}, days_ago=9)
    seal_snapshot(folder, {LOGS: "fail", "arn:aws:s3:::data": "fail", "arn:aws:s3:::fine": "pass"})
    return folder


@pytest.fixture
def collector_(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    made: Path,
) -> Command:
    """Runs the command line in a copy of that folder."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLLECTOR_KEY", f"file:{tmp_path / 'key.pem'}")
    monkeypatch.setenv("LOGNAME", "ada")

    return command(monkeypatch, capsys)


def seal_snapshot(folder: Path, outcomes: dict[str, str], days_ago: int = 1) -> None:
    """Seal results of one check, as a run does."""
    locker, at = open_locker(str(folder / "evidence")), NOW - timedelta(days=days_ago)
    results: list[JSON] = [
        {"check": CHECK, "outcome": outcome, "reason": "as found", "evidence": [],
         "resource": {"account": "1", "id": name, "region": "us-east-1", "type": "aws.s3.bucket"}}
        for name, outcome in outcomes.items()
    ]  # fmt: skip
    counts = {o: list(outcomes.values()).count(o) for o in ("pass", "fail")}
    document = Snapshot(
        account=Account(name="prod", provider="aws", id="123456789012"),
        started=at,
        finished=at,
        collector=Collector(version="1", checks_sha256="a" * 64, mappings_sha256="b" * 64),
        identity="arn:aws:iam::123456789012:role/reader",
        scope=Scope(regions=("us-east-1",), checks=(CHECK,), settings={}),
        summary=Summary(
            passed=counts["pass"], failed=counts["fail"], unknown=0, not_applicable=0, calls=0
        ),
        complete=True,
        checks=(
            CheckEntry(
                id=CHECK,
                control="encryption-at-rest",
                severity="high",
                soc2=("CC6.1",),
                hipaa=("164.312(a)(2)(iv)",),
                summary={"pass": counts["pass"], "fail": counts["fail"]},
                results_sha256=put_object(locker, b"".join(canonical(r) + b"\n" for r in results)),
            ),
        ),
        calls_sha256=put_object(locker, b""),
    )
    key = open_signer(f"file:{folder / 'key.pem'}", create=True)
    append(locker, account_log("prod"), document.to_bytes(), key, lambda: at)


def statement(*more: str, expires: str = days(200)) -> list[str]:
    return ["--owner", "Security", "--approver", "CTO", "--expires", expires, *more]


ANALYSIS = [
    "attest", "add", "risk-analysis", "--statement", "All risks were looked at.",
    "--fact", f"performed={days(-3)}", *statement(),
]  # fmt: skip
VENDOR = [
    "attest", "add", "subcontractor-baa", "--statement", "Signed by both.", "--party", "Mail Inc",
    "--fact", "signed=2026-01-05", "--fact", "flow-down=yes", "--fact", "breach-notice-days=10",
    *statement(),
]  # fmt: skip
ACCEPT = [
    "exception", "add", "--account", "prod", "--check", CHECK, "--reason", "Test data",
    "--compensating", "Nothing else is there", *statement(),
]  # fmt: skip
DECIDE = ["decision", "add", "164.312(a)(2)(iii)", "--reason", "No terminal is left", *statement()]


def files(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def listed(said: Said) -> list[dict[str, str]]:
    assert said.code == 0, said.err
    return list(csv.DictReader(io.StringIO(said.out)))


def test_an_attestation_is_sealed_with_its_documents_and_verifies(
    collector_: Command, tmp_path: Path
) -> None:
    (tmp_path / "terms.pdf").write_bytes(b"terms")
    said = collector_(*VENDOR, "--document", "paper.pdf", "--document-digest-only", "terms.pdf")

    assert (said.code, said.err) == (0, "")
    assert re.fullmatch(
        r"Business associate agreement with a vendor is sealed as number 1 in evidence,"
        r" signed by SHA256:\S{43}\n",
        said.out,
    )
    kept = [sha256(b"a paper"), sha256(b"terms")]
    found = [(tmp_path / f"evidence/v1/objects/sha256/{d[:2]}/{d}").exists() for d in kept]
    assert found == [True, False]
    shown = collector_("attest", "show", "1")
    assert re.search(r"^author: +ada$", shown.out, re.MULTILINE)
    assert f"terms.pdf (5 bytes, sha256 {kept[1]}, not kept)" in shown.out
    assert "breach-notice-days=10, flow-down=yes, signed=2026-01-05" in shown.out
    assert collector_("verify").code == 0


def test_what_goes_without_a_document_or_a_second_person_is_warned_of(collector_: Command) -> None:
    said = collector_(*ANALYSIS, "--owner", "CTO")

    assert said.code == 0
    assert said.err.splitlines() == [
        "collector: warning: owner and approver are the same, CTO; auditors expect two people",
        "collector: warning: no document is named; expected: The analysis with its date and"
        " authors, The list of risks with their ratings",
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["attest", "add", "risk-analyses", *ANALYSIS[3:]],
         "kind: found risk-analyses, which is not one that collector attest kinds lists; nearest:"
         " risk-analysis"),
        ([*ANALYSIS, "--document", "no.pdf"], "--document: no.pdf: No such file or directory"),
        ([*ANALYSIS, "--document", "."], "--document: . is no file"),
        ([*ANALYSIS, "--document", "empty"], "--document: empty is empty; expected a document"),
        ([*ANALYSIS, "--document", "key.pem"], "--document key.pem: found a private key or token"),
        ([*ANALYSIS, "--document", "paper.pdf", "--document-digest-only", "paper.pdf"],
         "--document-digest-only: paper.pdf is given twice"),
        ([*ANALYSIS, "--expires", days(-1)], f"; expected today, {days(0)}, or later"),
        ([*ANALYSIS, "--expires", days(400)], f"; expected {days(363)} at the latest"),
        ([*ANALYSIS, "--expires", "soon"], "--expires: found 'soon'; expected a day such as"),
        ([*ANALYSIS, "--control", "cc6.1"], "--control: found cc6.1; expected one that"),
        ([*ANALYSIS, "--statement", " "], "--statement: found nothing; expected a text"),
        ([*ANALYSIS, "--fact", "performed"], "--fact: found 'performed'; expected name=value"),
        ([*ANALYSIS, "--locker", "other", "evidence"], "expected one of them"),
        ([*ANALYSIS, "--key", "file:evidence/key.pem"], "is inside the locker evidence"),
        ([*ACCEPT, "--resource", "arn:aws:s3:::log"],
         f"--resource: found arn:aws:s3:::log, which is not one that {CHECK} ever judged in account"
         f" prod; nearest: {LOGS}"),
        ([*ACCEPT], "--resource, --tag: expected resources or a tag, and not both"),
        ([*ACCEPT, "--tag", "public"], "--tag: found 'public'; expected key=value"),
        ([*ACCEPT, "--resource", LOGS, "--account", "dev"], "has no snapshot of it"),
        ([*ACCEPT, "--resource", LOGS, "--check", "aws.s3.default_encrypt"],
         "--check: found aws.s3.default_encrypt, which is not one that account prod has results of;"
         f" nearest: {CHECK}"),
        ([*ACCEPT, "--resource", LOGS, "--locker", "nowhere"], "no such folder"),
        ([*ANALYSIS, "--locker", "nowhere"], "sealing into locker"),
        ([*DECIDE, "--no-measure", "--locker", "nowhere"], "no such folder; expected one with"),
        ([*DECIDE], "--measure, --no-measure: expected one of them"),
        (["decision", "add", "164.312(b)", *DECIDE[3:], "--no-measure"],
         "citation 164.312(b): is required; expected one of the 22 addressable"),
        (["attest", "withdraw", "1", "--reason", "x"], "number 1: there is no attestation with"),
        (["exception", "revoke", "7", "--reason", "x"], "number 7: there is no exception with"),
        (["decision", "withdraw", "7", "--reason", "x"], "number 7: there is no decision with"),
        (["attest", "renew", "1", "--approver", "x", "--expires", days(9)], "there is no att"),
        (["attest", "show", "1"], "number 1: there is no attestation with that number"),
        (["attest", "list", "--at", "today"], "--at: found 'today'; expected a day such as"),
        (["attest", "list", "--at", "2026-01-01T00:00"], "--at: found '2026-01-01T00:00'; expe"),
        (["attest", "template", "baa"], "kind: found baa, which is not one that"),
        (["attest", "list", "--kind", "baa"], "kind: found baa, which is not one that"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_writes_nothing(
    collector_: Command, tmp_path: Path, words: Sequence[str], message: str
) -> None:
    (tmp_path / "empty").touch()
    before = files(tmp_path)

    said = collector_(*words)

    assert (said.code, said.out) == (2, "")
    assert message in said.err
    assert said.err.startswith("collector: ")
    assert len(said.err.splitlines()) == 1
    assert files(tmp_path) == before


def test_attestations_are_listed_renewed_and_withdrawn(collector_: Command) -> None:
    collector_(*ANALYSIS, "--expires", days(20))
    collector_(*VENDOR)
    expiring = collector_("attest", "list", "--state", "expiring", "--format", "csv")
    renewed = collector_(
        "attest", "renew", "1", "--approver", "CEO", "--expires", days(300),
        "--fact", f"performed={days(0)}", "--document", "paper.pdf",
    )  # fmt: skip
    withdrawn = collector_("attest", "withdraw", "2", "--reason", "The vendor left")

    assert [row["number"] for row in listed(expiring)] == ["1"]
    assert "Risk analysis, which renews 1, is sealed as number 3" in renewed.out
    assert "Withdrawal of number 2 is sealed as number 4" in withdrawn.out
    rows = listed(collector_("attest", "list", "--format", "csv"))
    assert [(r["number"], r["state"], r["days_left"], r["approver"], r["party"]) for r in rows] == [
        ("1", "superseded", "", "CTO", ""),
        ("2", "withdrawn", "", "CTO", "Mail Inc"),
        ("3", "in-force", "300", "CEO", ""),
    ]
    found = json.loads(collector_("attest", "list", "--state", "in-force", "--format", "json").out)
    assert [(a["number"], a["statement"], a["facts"]) for a in found] == [
        (3, "All risks were looked at.", {"performed": days(0)})
    ]
    later = listed(collector_("attest", "list", "--at", days(301), "--format", "csv"))
    assert [r["state"] for r in later] == ["superseded", "withdrawn", "expired"]
    assert listed(collector_("attest", "list", "--at", days(-1), "--format", "csv")) == []
    register = collector_("attest", "list", "--kind", "subcontractor-baa")
    assert "Mail Inc" in register.out
    assert "risk-analysis" not in register.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["attest", "withdraw", "1", "--reason", "x"], "number 1: is withdrawn already"),
        (["attest", "renew", "1", "--approver", "x", "--expires", days(9)], "is withdrawn; expec"),
        (["exception", "revoke", "1", "--reason", "x"], "number 1: is of the kind attestation"),
        (["attest", "withdraw", "2", "--reason", "x"], "number 2: there is no attestation"),
    ],
)
def test_what_was_withdrawn_stays_so(
    collector_: Command, words: Sequence[str], message: str
) -> None:
    collector_(*ANALYSIS)
    collector_("attest", "withdraw", "1", "--reason", "It was wrong")

    said = collector_(*words)

    assert said.code == 2
    assert message in said.err


def test_a_failing_result_says_its_exception_and_stays_failing(collector_: Command) -> None:
    said = collector_(*ACCEPT, "--resource", LOGS)

    assert (said.code, said.err) == (0, "")
    assert "Exception is sealed as number 1" in said.out
    lines = [
        json.loads(line)
        for line in collector_("results", "--account", "prod", "--format", "jsonl").out.splitlines()
    ]
    assert {r["resource"]["id"]: (r["outcome"], r.get("exception")) for r in lines} == {
        LOGS: (
            "fail",
            {"id": "1", "reason": "Test data", "approved_by": "CTO", "expires": days(200)},
        ),
        "arn:aws:s3:::data": ("fail", None),
        "arn:aws:s3:::fine": ("pass", None),
    }
    rows = listed(collector_("results", "--account", "prod", "--format", "csv"))
    assert [(r["outcome"], r["exception_id"], r["exception_expires"]) for r in rows] == [
        ("fail", "1", days(200)),
        ("fail", "", ""),
        ("pass", "", ""),
    ]
    table = collector_("results", "--account", "prod").out
    assert re.search(rf"^fail .* logs .* 1, to {days(200)}$", table, re.MULTILINE)
    assert table.endswith("2 fail, 1 of them accepted by an exception\n")


def test_an_exception_is_gone_behind_its_last_day_and_before_its_seal(collector_: Command) -> None:
    collector_(*ACCEPT, "--resource", LOGS, "--effective", days(-30))

    told = {
        number: "exception"
        in collector_("results", "--account", "prod", "--format", "jsonl", "--at", days(number)).out
        for number in (-1, 0, 200, 201)
    }

    assert told == {-1: False, 0: True, 200: True, 201: False}


def test_an_exception_is_of_what_was_ever_judged_and_told_if_it_does_not_fail(
    collector_: Command,
) -> None:
    said = collector_(*ACCEPT, "--resource", "arn:aws:s3:::gone", "--resource", LOGS)

    assert said.code == 0
    assert said.err == (f"collector: warning: arn:aws:s3:::gone does not fail {CHECK} now\n")


def test_a_revoked_exception_covers_nothing(collector_: Command) -> None:
    collector_(*ACCEPT, "--resource", LOGS)

    said = collector_("exception", "revoke", "1", "--reason", "Data came in")

    assert "Withdrawal of number 1 is sealed as number 2" in said.out
    assert "exception" not in collector_("results", "--account", "prod").out
    (row,) = listed(collector_("exception", "list", "--format", "csv"))
    assert (row["state"], row["resources"], row["account"]) == ("withdrawn", LOGS, "prod")


def test_a_decision_is_sealed_and_listed(collector_: Command) -> None:
    said = collector_(*DECIDE, "--measure", "Badges lock the screen")

    assert "Decision on 164.312(a)(2)(iii) is sealed as number 1" in said.out
    (row,) = listed(collector_("decision", "list", "--format", "csv"))
    assert (row["citation"], row["equivalent_measure"]) == (
        "164.312(a)(2)(iii)",
        "Badges lock the screen",
    )
    assert "equivalent_measure:  Badges" in collector_("decision", "show", "1").out
    assert collector_("decision", "withdraw", "1", "--reason", "It is implemented now").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["results", "--account", "prod"],
        ["exception", "list"],
        ["attest", "list"],
        ["attest", "withdraw", "1", "--reason", "x"],
    ],
)
def test_a_log_that_was_tampered_with_is_not_read(
    collector_: Command, tmp_path: Path, words: Sequence[str]
) -> None:
    collector_(*ACCEPT, "--resource", LOGS)
    (document,) = (tmp_path / "evidence/v1/attestations/documents").iterdir()
    document.chmod(0o600)
    document.write_bytes(document.read_bytes().replace(b"Test data", b"Real data"))

    said = collector_(*words)

    assert (said.code, said.out) == (5, "")
    assert document.name in said.err
    assert "run collector verify" in said.err
    assert document.name in collector_("verify").out


def test_who_trusts_another_key_reads_no_exception(collector_: Command, tmp_path: Path) -> None:
    collector_(*ACCEPT, "--resource", LOGS)
    own = collector_("keys", "show").out
    other = collector_("keys", "new", "--key", f"file:{tmp_path / 'other.pem'}").out
    (tmp_path / "own.pub").write_text(own)
    (tmp_path / "other.pub").write_text(other)

    assert collector_("results", "--account", "prod", "--key", "own.pub").code == 0
    assert collector_("results", "--account", "prod", "--key", "other.pub").code == 5


def test_an_exception_by_a_key_that_nothing_connects_with_the_account_is_warned_of(
    collector_: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can write the locker could have begun the log of exceptions."""
    (tmp_path / "own.pub").write_text(collector_("keys", "show").out)
    (tmp_path / "other.pub").write_text(
        collector_("keys", "new", "--key", f"file:{tmp_path / 'other.pem'}").out
    )
    collector_(*ACCEPT, "--resource", LOGS, "--key", f"file:{tmp_path / 'other.pem'}")

    told = collector_("results", "--account", "prod")
    today = datetime.now(UTC).date()
    begin = (today - timedelta(days=9)).isoformat()
    reports = [
        collector_(*words, "--account", "prod")
        for words in (
            ("report", "point-in-time"),
            ("report", "period", "--from", begin, "--to", today.isoformat()),
            ("gap",),
            ("questionnaire",),
        )
    ]
    both = collector_("results", "--account", "prod", "--key", "own.pub", "--key", "other.pub")
    admitted = collector_("keys", "admit", "other.pub", "--reason", "of who accepts")
    after = collector_("results", "--account", "prod")

    assert "exceptions and decisions are believed by key SHA256:" in told.err
    assert "which nothing connects with prod" in told.err
    for report in reports:
        assert report.code == 0, report.err
        assert "nothing connects with prod" in " ".join(report.out.split())
    assert (both.code, both.err) == (0, "")
    assert (admitted.code, after.code, after.err) == (0, 0, "")


def test_kinds_and_templates_are_printed(collector_: Command) -> None:
    kinds = json.loads(collector_("attest", "kinds", "--format", "json").out)

    assert "workforce-training" in collector_("attest", "kinds").out
    assert {"risk-analysis", "customer-baa"} <= {kind["id"] for kind in kinds}
    text = collector_("attest", "template", "breach-notification-procedure").out
    assert text.startswith("# Breach notification procedure\n")
    assert "164.410" in text
    assert "--fact notify-within-days=NUMBER" in text


def test_each_command_has_a_help_that_fits_a_screen(collector_: Command) -> None:
    for group in ("attest", "exception", "decision"):
        for name in collector.cli.cli.commands[group].commands:  # type: ignore[attr-defined]
            said = collector_(group, name, "--help")
            assert said.code == 0
            assert len(said.out.splitlines()) <= 40, (group, name)
