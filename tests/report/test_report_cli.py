"""`collector report period` and `collector sample`, as a user types them."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.attestation.ledger import write
from collector.attestation.record import AcceptedFailure, Attachment
from collector.evidence.canonical import sha256
from collector.evidence.folder import FolderLocker
from collector.evidence.keys import Signer
from collector.evidence.log import account_log
from tests.command import Command, command
from tests.report.histories import CHECK, OTHER, Run, day, moment, run, seal_all

DAYS = ("--account", "prod", "--from", "2026-03-01", "--to", "2026-03-04")
SAMPLE = (*DAYS, "--check", CHECK, "--seed", "x")
TODAY = datetime.now(UTC).date()


@pytest.fixture
def collector_(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """Runs the command line in a folder."""
    monkeypatch.chdir(tmp_path)

    return command(monkeypatch, capsys)


@pytest.fixture
def evidence(tmp_path: Path, signer: Signer) -> Path:
    """A locker with a run on three of four days, and its key beside."""
    runs = [
        run(0, {"a": "pass", "b": "fail"}),
        Run(1.5, {CHECK: {"a": "pass", "b": "fail"}, OTHER: {"a": "pass"}}),
        run(3, {"a": "pass", "b": "pass"}),
    ]
    seal_all(runs, signer, FolderLocker(tmp_path / "evidence"))
    (tmp_path / "key.pem").write_bytes(signer.public_pem)
    return tmp_path / "evidence"


def test_a_period_report_tells_what_was_found(collector_: Command, evidence: Path) -> None:
    said = collector_("report", "period", "evidence", *DAYS, "--key", "key.pem")

    assert (said.code, said.err) == (0, "")
    assert "aws.s3.default_encryption (high): covered on 3 of 4 days" in said.out
    assert "missing 2026-03-03: no run" in said.out
    assert "failing b from number 1 of 2026-03-01T12:00:00Z, passed in number 3" in said.out
    assert "locker's own" not in said.out


@pytest.fixture
def accepted(evidence: Path, signer: Signer) -> None:
    """Two exceptions: of `b`, dated back and sealed on the second day, and by a tag."""
    entry = exception()
    tagged = entry.model_copy(update={"resources": (), "tag": ("stage", "old")})
    write(FolderLocker(evidence), entry, {}, signer, lambda: moment(1.25))
    write(FolderLocker(evidence), tagged, {}, signer, lambda: moment(1.5))


def exception(documents: tuple[Attachment, ...] = ()) -> AcceptedFailure:
    """An exception of `b`, dated back."""
    return AcceptedFailure(
        made=moment(1.25),
        author="Ada",
        effective=day(0),
        expires=day(1),
        owner="Ada",
        approver="Grace",
        account="prod",
        check=CHECK,
        resources=("b",),
        reason="being moved",
        compensating_control="no data in it",
        documents=documents,
    )


def test_a_period_is_not_reported_on_with_an_attachment_that_was_changed(
    collector_: Command, evidence: Path, signer: Signer
) -> None:
    locker, digest = FolderLocker(evidence), sha256(b"approved")
    attached = Attachment(name="a.pdf", sha256=digest, size_bytes=8, is_kept=True)
    entry = exception(documents=(attached,))
    write(locker, entry, {digest: b"approved"}, signer, lambda: moment(1.25))
    (kept,) = (evidence / "v1/objects/sha256").rglob(digest)
    kept.write_bytes(b"rejected")

    said = collector_("report", "period", "evidence", *DAYS)

    assert (said.code, said.out) == (5, "")
    assert digest in said.err


@pytest.mark.usefixtures("accepted")
def test_an_exception_covers_a_failing_interval_from_the_moment_at_which_it_was_sealed(
    collector_: Command,
) -> None:
    report = json.loads(collector_("report", "period", *DAYS, "--format", "json").out)

    (failing,) = report["controls"][0]["checks"][0]["failing"]
    assert failing["ended_by"] == "pass"
    assert failing["covered"] == [
        {
            "exception": "1",
            "begins": "2026-03-02T06:00:00Z",
            "ends": "2026-03-03T00:00:00Z",
            "seconds": 18 * 3600,
        }
    ]
    assert [(e["id"], e["approved_by"], e["intervals"]) for e in report["exceptions"]] == [
        ("1", "Grace", 1),
        ("2", "Grace", 0),
    ]
    assert "Exception 2 names its resources by a tag" in " ".join(report["notes"])


@pytest.mark.usefixtures("accepted")
def test_an_exception_that_was_changed_is_named_and_no_period_is_reported(
    collector_: Command, evidence: Path
) -> None:
    key = "v1/attestations/log/000000000001.sigstore.json"
    _spoil(evidence / key)

    said = collector_("report", "period", *DAYS)

    assert (said.code, said.out) == (5, "")
    assert key in said.err
    assert collector_("sample", *SAMPLE).code == 0


def _spoil(seal: Path) -> None:
    data = seal.read_bytes()
    seal.chmod(0o600)
    seal.write_bytes(data.replace(b'"sig":"M', b'"sig":"N'))


def test_the_locker_may_come_from_the_configuration(collector_: Command, evidence: Path) -> None:
    assert collector_("report", "period", *DAYS).code == 0
    assert "locker's own" in collector_("report", "period", *DAYS).out


def test_a_report_of_a_past_period_is_the_same_each_time(
    collector_: Command, evidence: Path
) -> None:
    for form in ("text", "json", "csv"):
        words = ("report", "period", *DAYS, "--format", form)
        assert collector_(*words).out == collector_(*words).out


def test_json_goes_to_a_file(collector_: Command, evidence: Path) -> None:
    said = collector_("report", "period", *DAYS, "--format", "json", "--output", "report.json")

    report = json.loads((evidence.parent / "report.json").read_text())
    assert (said.code, said.out) == (0, "")
    assert report["account"] == "prod"
    assert [seen["number"] for seen in report["snapshots"]] == [1, 2, 3]


def test_csv_has_a_header_and_rows(collector_: Command, evidence: Path) -> None:
    said = collector_("report", "period", *DAYS, "--format", "csv")

    assert {row["account"] for row in csv.DictReader(said.out.splitlines())} == {"prod"}


def test_the_cadence_is_that_of_the_account_or_of_the_command(
    collector_: Command, evidence: Path
) -> None:
    config = evidence.parent / "collector.toml"
    config.write_text('[accounts.prod]\nprovider = "aws"\ncadence = "weekly"\n')

    assert "No exceptions of operation" in collector_("report", "period", *DAYS).out
    assert "no run from" in collector_("report", "period", *DAYS, "--cadence", "daily").out
    config.write_text('cadence = "weekly"\n')
    assert "No exceptions of operation" in collector_("report", "period", *DAYS).out
    config.write_text('cadence = "yearly"\n')
    said = collector_("report", "period", *DAYS)
    assert said.code == 2
    assert "found 'yearly'; expected 'hourly', 'daily', 'weekly' or 'monthly'" in said.err


def test_a_report_of_one_control_or_framework_leaves_the_others_out(
    collector_: Command, evidence: Path
) -> None:
    one = collector_("report", "period", *DAYS, "--control", "encryption-in-transit")
    soc2 = collector_("report", "period", *DAYS, "--framework", "soc2")

    assert CHECK not in one.out
    assert OTHER in one.out
    assert OTHER not in soc2.out.partition("Changes of scope")[0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--from", "2026-03-04", "--to", "2026-03-01"), "--to 2026-03-01: is before --from"),
        (("--from", "March", "--to", "2026-03-01"), "--from: found 'March'; expected a day as in"),
        (("--from", "20260301", "--to", "2026-03-01"), "--from: found '20260301'"),
        (("--from", "2026-03-01", "--to", "2026-02-30"), "--to: found '2026-02-30'"),
        (("--from", "2026-03-01T00:00:00Z", "--to", "2026-03-02"), "--from: found"),
        (
            ("--from", "2026-03-01", "--to", str(TODAY + timedelta(days=1))),
            f"is not over; expected {TODAY}, which is today in UTC, or an earlier day",
        ),
        (("--from", "2026-01-01", "--to", "2026-02-01"), "its first is of 2026-03-01"),
        (("--from", "2026-03-05", "--to", "2026-03-06"), "before is number 3 of 2026-03-04"),
        (("--from", "2026-03-01", "--to", "2026-03-04", "--control", "x"), "control x: there is"),
        (
            ("--from", "2026-03-01", "--to", "2026-03-04", "--control", "mfa"),
            "control mfa: no snapshot of the period ran a check of it",
        ),
        (
            ("--from", "2026-03-03", "--to", "2026-03-04", "--control", "encryption-in-transit"),
            "no snapshot of the period ran a check of it",
        ),
        (
            ("--from", "2026-03-01", "--to", "2026-03-04", "--key", "none.pem"),
            "public key none.pem",
        ),
        (
            ("--from", "2026-03-01", "--to", "2026-03-04", "--tsa-roots", "none.pem"),
            "certificates none.pem",
        ),
        (
            ("--from", "2026-03-01", "--to", "2026-03-04", "--output", "evidence/r.txt"),
            "is inside the locker",
        ),
        (
            ("--from", "2026-03-01", "--to", "2026-03-04", "--output", "none/r.txt"),
            "writing none/r.txt: No such file",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_2(
    collector_: Command, evidence: Path, words: tuple[str, ...], message: str
) -> None:
    said = collector_("report", "period", "evidence", "--account", "prod", *words)

    assert (said.code, said.out) == (2, "")
    assert message in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("words", [("report", "period", *DAYS[2:]), ("sample", *SAMPLE[2:])])
def test_an_unknown_account_is_one_line_and_2(
    collector_: Command, evidence: Path, words: tuple[str, ...]
) -> None:
    said = collector_(*words, "--account", "dev")

    assert (said.code, said.out) == (2, "")
    assert "has no snapshot of account dev" in said.err


def test_a_folder_that_is_not_there_is_a_mistyped_locker(collector_: Command) -> None:
    said = collector_("report", "period", "nowhere", *DAYS)

    assert said.code == 2
    assert "no such folder" in said.err


@pytest.mark.parametrize("words", [("report", "period", *DAYS), ("sample", *SAMPLE)])
def test_a_snapshot_that_was_changed_is_named_and_nothing_is_reported(
    collector_: Command, evidence: Path, words: tuple[str, ...]
) -> None:
    key = account_log("prod").seal_key(2)
    _spoil(evidence / key)

    said = collector_(*words)

    assert (said.code, said.out) == (5, "")
    assert key in said.err
    assert said.err.count("\n") == 1


def test_a_sample_is_the_same_each_time_and_in_every_form(
    collector_: Command, evidence: Path
) -> None:
    table = collector_("sample", *SAMPLE, "--size", "1", "--key", "key.pem")
    rows = collector_("sample", "evidence", *SAMPLE, "--size", "1", "--format", "csv")
    found = json.loads(collector_("sample", *SAMPLE, "--size", "1", "--format", "json").out)

    (item,) = found["items"]
    assert (table.code, rows.code) == (0, 0)
    assert "1 of the 2 resources" in table.out
    assert item["digest"] in table.out
    assert item["digest"] in rows.out
    assert table.out == collector_("sample", *SAMPLE, "--size", "1", "--key", "key.pem").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--check", "aws.s3.none", "--seed", "x"), "check aws.s3.none: no snapshot of the period"),
        (("--check", CHECK, "--seed", ""), "seed '' cannot be used"),
    ],
)
def test_bad_input_of_a_sample_is_one_line_and_2(
    collector_: Command, evidence: Path, words: tuple[str, ...], message: str
) -> None:
    said = collector_("sample", *DAYS, *words)

    assert (said.code, said.out) == (2, "")
    assert message in said.err


@pytest.mark.parametrize("size", ["0", "-1", "many"])
def test_a_size_is_at_least_one(collector_: Command, evidence: Path, size: str) -> None:
    assert collector_("sample", *SAMPLE, "--size", size).code == 2


@pytest.mark.parametrize("form", ["text", "csv", "html"])
def test_a_period_report_that_is_limited_to_phi_says_what_was_left_out(
    collector_: Command, evidence: Path, signer: Signer, form: str
) -> None:
    tags = {"aws.tagging.resources_classified": {"a": "pass", "b": "pass"}}
    one = Run(3.75, {CHECK: {"a": "fail", "b": "fail", "c": "fail"}} | tags, phi={"a": True})
    seal_all([one], signer, FolderLocker(evidence))

    said = collector_("report", "period", "evidence", *DAYS, "--phi-only", "--format", form)

    text = " ".join(said.out.split())
    assert said.code == 0
    assert "marked as PHI in prod: 1 resource. Left out: 2 resources with no" in text
    assert "3 of the 4 snapshots read no tags" in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "configure [accounts.prod] phi"),
        (("--framework", "soc2"), "--framework soc2: --phi-only is of HIPAA; expected hipaa"),
    ],
)
@pytest.mark.usefixtures("evidence")
def test_a_period_cannot_be_limited_to_phi_without_marks_nor_for_soc2(
    collector_: Command, words: tuple[str, ...], told: str
) -> None:
    said = collector_("report", "period", "evidence", *DAYS, "--phi-only", *words)

    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert told in said.err
