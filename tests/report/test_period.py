"""The period report as a whole."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from collector.evidence.canonical import JSON
from collector.report import period as report_module
from collector.report.period import ControlText, PeriodReport, report_period
from collector.report.render import csv as csv_form
from collector.report.render import json as json_form
from collector.report.render import text as text_form
from tests.report.histories import CHECK, OTHER, Run, history, moment, period, run
from tests.report.test_failing import Acceptance

NOW = datetime(2030, 1, 1, tzinfo=UTC)
TEXTS = {"encryption-at-rest": ControlText("Encryption at rest", "Stored data is encrypted.")}
LISTING = "unknown:s3:ListBuckets in global: AccessDenied"


def report(
    runs: list[Run], days: int = 3, first: int = 0, now: datetime = NOW, **others: object
) -> PeriodReport:
    of = period(days, first)
    found = history(runs, of, is_trusted=bool(others.pop("is_trusted", True)))
    return report_period(found, of, cadence="daily", now=now, texts=TEXTS, **others)  # type: ignore[arg-type]


def both(day: float, first: str, second: str) -> Run:
    return Run(day + 0.5, {CHECK: {"a": first}, OTHER: {"a": second}})


def test_a_report_names_the_snapshots_that_it_rests_on_and_what_follows() -> None:
    found = report([run(n, {"a": "pass"}) for n in range(5)], days=2, first=2)

    assert [seen.number for seen in found.snapshots] == [3, 4]
    assert [seen.number for seen in found.before] == [2]
    assert found.known_since.number == 1
    assert found.followed_by is not None
    assert found.followed_by.number == 5
    assert all(len(seen.seal_sha256) == 64 for seen in (*found.snapshots, *found.before))


def test_a_control_is_covered_on_the_days_on_which_each_of_its_checks_is() -> None:
    runs = [both(0, "pass", "pass"), both(1, LISTING[:7], "pass"), both(2, "pass", "pass")]

    at_rest, in_transit = report(runs).controls

    assert (at_rest.control, at_rest.days_covered, at_rest.title) == (
        "encryption-at-rest", 2, "Encryption at rest",
    )  # fmt: skip
    assert (in_transit.control, in_transit.days_covered, in_transit.title) == (
        "encryption-in-transit", 3, "",
    )  # fmt: skip


def test_a_control_counts_intervals_that_are_open_or_not_accepted_all_of_the_time() -> None:
    runs = [run(0, {"a": "fail", "b": "fail"}), run(1, {"a": "pass", "b": "fail"})]
    accepted = [
        Acceptance("7", moment(0), moment(3), ("a",)),
        Acceptance("8", moment(1), moment(3), ("b",)),
    ]

    found = report(runs, exceptions=accepted)

    (control,) = found.controls
    assert (control.intervals, control.intervals_open, control.intervals_uncovered) == (2, 1, 1)
    assert [(one.id, one.intervals) for one in found.exceptions] == [("7", 1), ("8", 1)]


def test_exceptions_that_were_not_in_force_in_the_period_are_not_listed() -> None:
    accepted = [
        Acceptance("1", moment(-2), moment(0)),
        Acceptance("2", moment(3), moment(4)),
        Acceptance("3", moment(0), moment(1), check="aws.iam.root_mfa"),
        Acceptance("4", moment(2), moment(9)),
    ]

    found = report([run(0, {"a": "pass"})], exceptions=accepted)

    assert [one.id for one in found.exceptions] == ["4"]


def test_a_report_can_be_of_some_controls_and_of_one_framework() -> None:
    runs = [both(0, "pass", "pass")]

    assert [c.control for c in report(runs, frameworks=["soc2"]).controls] == ["encryption-at-rest"]
    assert len(report(runs, frameworks=["soc2", "hipaa"]).controls) == 2
    assert [c.control for c in report(runs, controls=["encryption-in-transit"]).controls] == [
        "encryption-in-transit"
    ]


def test_nothing_rests_on_a_snapshot_that_was_sealed_long_after_it_was_read() -> None:
    late = replace(run(1, {"a": "pass"}), sealed_later=timedelta(days=1, seconds=1))
    runs = [run(0, {"a": "fail"}), late, run(2, {"a": "fail"})]

    found = report(runs)

    (check,) = found.controls[0].checks
    assert [kept.snapshot.number for kept in found.kept_back] == [2]
    assert [(m.cause, m.days) for m in check.missing] == [("no run", 1)]
    assert [one.ended_by for one in check.failing] == ["open"]
    assert [gap.seconds for gap in found.gaps] == [2 * 86_400]


def test_a_snapshot_that_was_sealed_a_day_after_it_was_read_counts() -> None:
    found = report([replace(run(0, {"a": "pass"}), sealed_later=timedelta(days=1))])

    assert (found.kept_back, found.days_with_run) == ((), 1)


def test_while_the_last_day_is_not_over_the_report_is_up_to_now() -> None:
    found = report([run(n, {"a": "fail"}) for n in range(3)], now=moment(2.75))

    (one,) = found.controls[0].checks[0].failing
    assert found.ends == moment(2.75)
    assert one.seconds == int(2.25 * 86_400)
    assert any(note.startswith("The last day is not over") for note in found.notes)


def test_a_gap_of_a_check_is_between_runs_in_which_it_was_covered() -> None:
    runs = [run(0, {"a": "pass"}), run(1, {"@": LISTING}), run(2, {"a": "pass"})]

    found = report(runs)

    (check,) = found.controls[0].checks
    assert found.gaps == ()
    assert [(gap.after, gap.until) for gap in check.gaps] == [
        (found.snapshots[0], found.snapshots[2])
    ]


def test_a_report_says_what_it_could_not_tell() -> None:
    found = report([run(0, {"a": "pass"})], is_trusted=False, unresolved=["12"])

    assert [note.split()[0:2] for note in found.notes] == [
        ["The", "public"], ["No", "snapshot"], ["1", "of"], ["Exception", "12"],
    ]  # fmt: skip


def test_the_definitions_of_the_module_are_printed_in_the_report() -> None:
    found = report([run(0, {"a": "pass"})])

    assert len(found.definitions) == (report_module.__doc__ or "").count("\n- ")
    text = " ".join("\n".join(text_form.period(found)).split())
    assert all(sentence in text for sentence in found.definitions)


def rich() -> PeriodReport:
    runs = [
        run(0, {"a": "pass", "x": "fail"}),
        run(2, {"a": "fail:=cmd()", "b": "pass", "@": LISTING}, version="2"),
        run(3, {"a": "pass", "b": "unknown"}),
        replace(run(4, {"a": "pass"}), sealed_later=timedelta(days=2)),
    ]
    return report(runs, days=6, exceptions=[Acceptance("7", moment(0), moment(9))])


def test_json_holds_the_whole_report_in_plain_values() -> None:
    found = rich()

    loaded: dict[str, JSON] = json.loads("\n".join(json_form.period(found)))

    assert loaded == found.to_json()
    assert loaded["schema"] == "collector/report/period/v1"
    assert loaded["first"] == "2026-03-01"
    assert loaded["begins"] == "2026-03-01T00:00:00Z"


def test_csv_has_a_row_for_every_finding_and_no_formula() -> None:
    import csv as csv_module

    rows = list(csv_module.DictReader(csv_form.period(rich())))

    assert {row["row"] for row in rows} == {
        "period", "note", "snapshot", "gap", "kept back", "change", "check", "missing", "failing",
        "unread", "joined", "left", "exception",
    }  # fmt: skip
    assert "it is fail" in {row["detail"] for row in rows if row["row"] == "failing"}
    assert not any(cell[:1] in "=+-@" for row in rows for cell in row.values() if cell)


def test_text_tells_gaps_intervals_and_exceptions() -> None:
    text = "\n".join(text_form.period(rich()))

    assert "no run from number 1 of 2026-03-01T12:00:00Z to number 2 of" in text
    assert "failing a from number 2 of 2026-03-03T12:00:00Z, passed in number 3 of" in text
    assert "accepted by 7 for 1 d of 1 d" in text
    assert "number 4 was sealed at 2026-03-05T12:00:00Z, but its last read was at" in text


def test_what_is_said_of_the_cloud_cannot_deceive_a_terminal() -> None:
    found = report([run(0, {"a\x1b[2J": "fail:\x1b[31m", "b": "unknown:\x07"})])

    for form in (text_form, csv_form):
        assert all(c.isprintable() for line in form.period(found) for c in line if c != "\n")
