"""`collector report point-in-time`, `gap` and `questionnaire`, as a user types them."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from collector.attestation.ledger import write
from collector.attestation.record import AcceptedFailure, Attestation
from collector.evidence.canonical import sha256
from collector.evidence.folder import FolderLocker
from collector.evidence.keys import Signer
from collector.evidence.log import ATTESTATIONS, account_log
from tests.command import Command, command
from tests.report.histories import CHECK, OTHER, Run, run, seal_all

COMMANDS = (("report", "point-in-time"), ("gap",), ("questionnaire",))
PROD = ("evidence", "--account", "prod", "--key", "key.pem")
DOCUMENT = sha256(b"done")
LAST_RUN = datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def collector_(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], evidence: Path
) -> Command:
    """Runs the command line in the folder of the evidence."""
    monkeypatch.chdir(evidence.parent)

    return command(monkeypatch, capsys)


@pytest.fixture
def evidence(tmp_path: Path, signer: Signer) -> Path:
    """A locker with three runs, an attestation with its document, and an exception; its key beside.

    The second run is of the same day as the third, and fails nothing.
    """
    folder = tmp_path / "evidence"
    locker = FolderLocker(folder)
    runs = [
        run(0, {"a": "pass", "b": "fail:it is public"}),
        Run(2.25, {CHECK: {"a": "pass"}}),
        Run(2.5, {CHECK: {"a": "pass", "<b>": "fail:=1+1", "c": "fail"}, OTHER: {"a": "pass"}}),
    ]
    seal_all(runs, signer, locker)
    made = LAST_RUN - timedelta(days=1)
    stated = Attestation(
        made=made,
        author="ada",
        effective=made.date(),
        expires=date(2026, 3, 10),
        owner="Security",
        approver="CTO",
        kind="risk-analysis",
        control="risk-analysis",
        statement="It was done.",
        documents=({"name": "a.pdf", "sha256": DOCUMENT, "size_bytes": 4, "is_kept": True},),  # type: ignore[arg-type]
    )
    write(locker, stated, {DOCUMENT: b"done"}, signer, lambda: made)
    accepted = AcceptedFailure(
        made=made,
        author="ada",
        effective=made.date(),
        expires=date(2026, 3, 10),
        owner="Web",
        approver="CTO",
        account="prod",
        check=CHECK,
        resources=("<b>",),
        reason="Public by design.",
        compensating_control="Nothing else is there.",
    )
    write(locker, accepted, {}, signer, lambda: made)
    (tmp_path / "key.pem").write_bytes(signer.public_pem)
    return folder


def test_a_report_as_of_a_day_uses_the_last_snapshot_of_it(collector_: Command) -> None:
    said = collector_("report", "point-in-time", *PROD, "--as-of", "2026-03-03", "--format", "json")

    told = json.loads(said.out)
    (used,) = told["basis"]["snapshots"]
    assert (said.code, used["number"], used["passed"], used["failed"]) == (0, 3, 2, 2)
    assert used["is_stale"] is False
    assert used["accepted"] == 1
    assert [entry["what"] for entry in told["basis"]["entries"]] == ["attestation", "exception"]


def test_a_report_as_of_a_time_knows_nothing_of_later(collector_: Command) -> None:
    at = "2026-03-03T06:00:00Z"

    told = json.loads(collector_("gap", *PROD, "--as-of", at, "--format", "json").out)

    assert told["basis"]["snapshots"][0]["number"] == 2
    assert told["basis"]["snapshots"][0]["followed_by"] == 3


def test_a_fail_that_is_accepted_stays_a_fail_and_is_counted_apart(collector_: Command) -> None:
    said = collector_("report", "point-in-time", *PROD, "--as-of", "2026-03-03", "--format", "csv")

    rows = list(csv.DictReader(said.out.splitlines()))
    control = next(r for r in rows if r["row"] == "control" and r["id"] == "encryption-at-rest")
    fails = {r["resource"]: r["exception"] for r in rows if r["row"] == "fail"}
    assert (control["state"], control["fail"], control["accepted"]) == ("failing", "2", "1")
    assert fails["<b>"].startswith("accepted by exception 2 of CTO to 2026-03-10")
    assert fails["c"] == ""
    assert {r["detail"] for r in rows if r["row"] == "fail"} == {"'=1+1", "it is fail"}


def test_after_its_last_day_nothing_is_accepted_any_more(collector_: Command) -> None:
    said = collector_("report", "point-in-time", *PROD, "--as-of", "2026-03-11", "--format", "json")

    told = json.loads(said.out)
    assert told["basis"]["snapshots"][0]["accepted"] == 0
    risk = next(r for r in told["requirements"] if r["id"] == "164.308(a)(1)(ii)(A)")
    assert (risk["state"], "1 day ago" in risk["why"]) == ("attestation expired", True)


def test_old_evidence_is_said_loudly(collector_: Command) -> None:
    late = collector_("gap", *PROD, "--as-of", "2026-03-06").out
    weekly = collector_("gap", *PROD, "--as-of", "2026-03-06", "--cadence", "weekly").out

    assert "! Old evidence: what the newest snapshot of prod at this moment, number 3" in late
    assert "Old evidence" not in weekly


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("form", ["text", "json", "csv", "html"])
def test_every_report_comes_in_every_form_and_names_what_it_rests_on(
    collector_: Command, evidence: Path, command: tuple[str, ...], form: str
) -> None:
    words = (*command, *PROD, "--as-of", "2026-03-03", "--format", form)

    said = collector_(*words)
    written = collector_(*words, "--output", "report")

    seal = (evidence / account_log("prod").seal_key(3)).read_bytes()
    assert said.code == 0
    assert sha256(seal) in said.out
    assert "<b></" not in said.out
    assert (written.code, written.out) == (0, "")
    assert (evidence.parent / "report").read_text(encoding="utf-8") == said.out


@pytest.mark.parametrize("command", COMMANDS)
def test_evidence_that_does_not_hold_is_not_reported_on(
    collector_: Command, evidence: Path, command: tuple[str, ...]
) -> None:
    broken = {
        "seal": evidence / account_log("prod").seal_key(2),
        "entry": evidence / ATTESTATIONS.seal_key(1),
    }
    for name, file in broken.items():
        whole = file.read_bytes()
        file.write_bytes(whole.replace(b"1", b"2", 1))

        said = collector_(*command, *PROD)

        file.write_bytes(whole)
        assert (said.code, said.out) == (5, ""), name
        assert file.relative_to(evidence).as_posix() in said.err


def test_a_document_that_is_gone_is_named(collector_: Command, evidence: Path) -> None:
    (kept,) = (evidence / "v1/objects/sha256").rglob(DOCUMENT)
    kept.unlink()

    said = collector_("gap", *PROD)

    assert (said.code, said.out) == (5, "")
    assert DOCUMENT in said.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gap", "evidence"), "Missing option '--account'"),
        (("gap", "evidence", "--account", "dev"), "has no snapshot of account dev"),
        (("gap", "nowhere", "--account", "prod"), "nowhere: no such folder"),
        (("gap", *PROD, "--as-of", "yesterday"), "--as-of: found 'yesterday'; expected a day"),
        (("gap", *PROD, "--as-of", "2026-02-30"), "--as-of: found '2026-02-30'"),
        (("gap", *PROD, "--as-of", "2999-01-01"), "is in the future"),
        (("gap", *PROD, "--as-of", "2026-02-28"), "there is no snapshot yet; the first, number 1,"),
        (("gap", *PROD, "--want", "soc2"), "expected the other framework"),
        (("gap", *PROD, "--output", "evidence/gap"), "is inside the locker"),
        (("gap", *PROD, "--output", "no/gap"), "writing no/gap: No such file or directory"),
        (("report", "point-in-time", *PROD, "--control", "nope"), "control nope: there is none"),
        (("questionnaire", *PROD, "--questions", "no.csv"), "no.csv: No such file"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_one_clear_line(
    collector_: Command, words: tuple[str, ...], said: str
) -> None:
    left = collector_(*words)

    assert (left.code, left.out) == (2, "")
    assert said in left.err


@pytest.fixture
def marked(evidence: Path, signer: Signer) -> None:
    """A fourth run, which read tags: one bucket is marked as PHI, one otherwise, one not at all."""
    judged = {CHECK: {"a": "fail", "b": "fail", "c": "fail", "@": "pass"}, OTHER: {"c": "fail"}}
    tags = {"aws.tagging.resources_classified": {"a": "pass", "b": "pass"}}
    one = Run(3.5, judged | tags, phi={"a": True, "b": False})
    seal_all([one], signer, FolderLocker(evidence))


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("form", ["text", "csv", "html"])
def test_a_report_that_is_limited_to_phi_says_what_was_left_out(
    collector_: Command, command: tuple[str, ...], form: str
) -> None:
    said = collector_(*command, *PROD, "--as-of", "2026-03-04", "--phi-only", "--format", form)

    text = " ".join(said.out.split())
    assert said.code == 0
    assert "marked as PHI in prod: 1 resource. Left out: 1 resource with no" in text
    assert "and 1 resource marked otherwise" in text


@pytest.mark.usefixtures("marked")
def test_limited_to_phi_only_what_is_marked_is_told_of_and_of_hipaa_alone(
    collector_: Command,
) -> None:
    words = (*PROD, "--as-of", "2026-03-04", "--phi-only", "--format", "json")

    told = json.loads(collector_("report", "point-in-time", *words).out)

    rows = {row["control"]: row for row in told["controls"]}
    fails = {
        name: [one["resource"] for each in rows[name]["checks"] for one in each["found"]["failing"]]
        for name in ("encryption-at-rest", "encryption-in-transit")
    }
    assert fails == {"encryption-at-rest": ["a"], "encryption-in-transit": ["c"]}
    assert {one["framework"] for one in told["requirements"]} == {"hipaa"}
    (limit,) = told["basis"]["phi"]
    assert (limit["marked"], limit["otherwise"], limit["unclassified"]) == (1, 1, 1)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_snapshot_that_tells_of_no_phi_cannot_be_limited(
    collector_: Command, command: tuple[str, ...]
) -> None:
    said = collector_(*command, *PROD, "--as-of", "2026-03-03", "--phi-only")

    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "configure [accounts.prod] phi" in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("report", "point-in-time", *PROD, "--framework", "both"),
        ("report", "point-in-time", *PROD, "--framework", "soc2"),
        ("gap", *PROD, "--have", "hipaa", "--want", "soc2"),
    ],
)
def test_phi_is_a_matter_of_hipaa(collector_: Command, words: tuple[str, ...]) -> None:
    said = collector_(*words, "--phi-only")

    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "--phi-only is of HIPAA; expected hipaa" in said.err


def test_only_the_controls_and_the_framework_that_are_asked_for(collector_: Command) -> None:
    words = ("--control", "encryption-at-rest", "--framework", "hipaa", "--format", "json")

    told = json.loads(collector_("report", "point-in-time", *PROD, *words).out)

    assert [one["control"] for one in told["controls"]] == ["encryption-at-rest"]
    assert {one["framework"] for one in told["requirements"]} == {"hipaa"}


def test_own_questions_are_answered_in_their_order(collector_: Command, evidence: Path) -> None:
    (evidence.parent / "own.csv").write_text(
        "question,controls\nIs MFA on?,mfa\nIs traffic encrypted?,encryption-in-transit\n"
    )

    said = collector_("questionnaire", *PROD, "--questions", "own.csv", "--format", "json")

    told = json.loads(said.out)
    assert [one["status"] for one in told["answers"]] == ["not evidenced", "in part"]
