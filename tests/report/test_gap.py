"""The gap report: every row once, figures that add up, and what closes what remains."""

from __future__ import annotations

import csv as csv_module
import json

from collector.report.gap import GapReport, report_gap
from collector.report.parts import Grounds
from collector.report.render import renderer
from collector.report.requirement import assess
from tests.attestation.entries import attestation, decision, placed
from tests.report.grounds import account, based, found, grounds, kinds, mappings

ALL_WELL = account(
    *(
        found(control.id, passed=2)
        for control in mappings().controls.values()
        if control.evidence == "checks" and control.pending is None
    )
)


def gap(on: Grounds, have: str = "soc2", want: str = "hipaa") -> GapReport:
    return report_gap(
        on,
        based(on),
        have=have,  # type: ignore[arg-type]
        want=want,  # type: ignore[arg-type]
        assessed=assess(on, want),  # type: ignore[arg-type]
    )


def everything_signed() -> Grounds:
    entries = []
    for number, kind in enumerate(kinds().values(), 1):
        party = None if kind.party is None else "Amazon Web Services"
        entry = attestation(kind.id, control=kind.control, party=party)
        facts = {"report": "SOC 2 Type 2, 2025"} if kind.id == "vendor-assessment" else {}
        entries.append(placed(number, entry.model_copy(update={"facts": facts})))
    return grounds(ALL_WELL, entries=entries)


def test_every_row_is_there_once_and_the_figures_add_up() -> None:
    found_ = gap(grounds(account(found("mfa", passed=1))))

    assert [row.assessment.id for row in found_.rows] == list(mappings().hipaa.catalog)
    assert (found_.totals.rows, found_.totals.addressable) == (75, 22)
    assert found_.totals.not_applicable == 9
    assert found_.related.rows == 5
    assert found_.share.applicable == 66
    assert sum(n for _, n in found_.totals.by_mode) == 75
    assert sum(n for _, n in found_.totals.by_strength) == 75


def test_without_evidence_nothing_is_covered() -> None:
    found_ = gap(grounds(account()))

    assert (found_.share.carried, found_.share.in_part, found_.live_controls) == (0, 0, 0)
    assert found_.totals.answered == 0
    assert len(found_.remaining) == 71


def test_the_figure_is_that_of_the_evidence_and_not_of_the_catalog() -> None:
    only_mfa = gap(grounds(account(found("mfa", passed=1))))
    failing = gap(grounds(account(found("mfa", passed=1, failed=1))))

    assert (only_mfa.share.carried, only_mfa.share.in_part) == (1, 0)
    assert (failing.share.carried, failing.share.in_part) == (0, 1)
    assert only_mfa.share.carried_percent == 1


def test_even_with_everything_signed_and_passing_some_of_hipaa_remains() -> None:
    """What is only supported, and integrity, that nothing is evidence of; emergency access is of no
    use for SOC 2, so its evidence does not count as carried."""
    found_ = gap(everything_signed())

    assert [(row.assessment.id, row.assessment.state) for row in found_.remaining] == [
        ("164.312(b)", "supported"),
        ("164.312(c)(2)", "gap"),
        ("164.312(e)(2)(i)", "gap"),
        ("164.312(a)(2)(iii)", "supported"),
    ]
    emergency = next(r for r in found_.rows if r.assessment.id == "164.312(a)(2)(ii)")
    assert (emergency.assessment.state, emergency.reach) == ("met", "not reached")
    assert found_.share.carried == 61


def test_a_decision_is_no_evidence_of_soc_2() -> None:
    found_ = gap(grounds(account(), entries=[placed(1, decision("164.312(c)(2)"))]))

    row = next(r for r in found_.rows if r.assessment.id == "164.312(c)(2)")
    assert (row.assessment.state, row.reach) == ("decided", "not reached")


def test_what_remains_begins_with_what_is_enforced_most_and_says_what_closes_it() -> None:
    found_ = gap(grounds(account(found("mfa", passed=1, failed=2))))

    assert [row.assessment.id for row in found_.remaining][:2] == [
        "164.308(a)(1)(ii)(A)",
        "164.308(a)(1)(i)",
    ]
    assert [row.rank for row in found_.remaining] == sorted(row.rank for row in found_.remaining)
    assert all(row.steps for row in found_.remaining)
    commands = {row.assessment.id: [s.command for s in row.steps] for row in found_.remaining}
    assert commands["164.308(a)(1)(ii)(A)"] == [
        "collector attest add risk-analysis evidence --statement TEXT --owner NAME --approver NAME"
        " --expires DAY --fact performed=DATE"
    ]
    assert commands["164.312(d)"] == [
        "collector report point-in-time evidence --account prod --control mfa"
    ]
    assert commands["164.312(c)(2)"] == [
        "collector decision add '164.312(c)(2)' evidence --reason TEXT --measure TEXT --owner NAME"
        " --approver NAME --expires DAY"
    ]
    assert commands["164.310(a)(1)"] == [
        "collector attest add vendor-assessment evidence --statement TEXT --owner NAME --approver"
        " NAME --expires DAY --party 'Amazon Web Services' --fact performed=DATE --fact"
        " 'report=SOC 2 Type 2, PERIOD'",
        "collector attest add subcontractor-baa evidence --statement TEXT --owner NAME --approver"
        " NAME --expires DAY --party 'Amazon Web Services' --fact signed=DATE --fact"
        " flow-down=CHOICE --fact breach-notice-days=NUMBER",
    ]


def test_what_ran_out_is_renewed() -> None:
    expired = [placed(1, attestation(expires=10))]

    row = gap(grounds(account(), entries=expired)).remaining[0]

    assert (row.assessment.id, row.assessment.state) == (
        "164.308(a)(1)(ii)(A)",
        "attestation expired",
    )
    assert [step.command for step in row.steps] == [
        "collector attest renew 1 evidence --approver NAME --expires DAY"
    ]


def test_the_other_way_round_counts_all_criteria() -> None:
    found_ = gap(everything_signed(), have="hipaa", want="soc2")

    assert (found_.totals.rows, found_.related.rows) == (38, 0)
    assert {row.assessment.id for row in found_.remaining} == {"A1.1", "CC6.6", "CC6.8"}


def test_the_forms_tell_the_same() -> None:
    report = gap(grounds(account(found("mfa", passed=1, failed=2))))

    rows = [
        row
        for row in csv_module.DictReader(renderer("gap", "csv")(report))
        if row["row"] == "requirement"
    ]
    told = json.loads("\n".join(renderer("gap", "json")(report)))
    text = "\n".join(renderer("gap", "text")(report))

    assert [row["id"] for row in rows] == list(mappings().hipaa.catalog)
    assert [row["assessment"]["state"] for row in told["rows"]] == [row["state"] for row in rows]
    assert told["share"]["applicable"] == 66
    assert "SOC 2 evidence carries 0 of the 66 rows that apply (0%), reaches 1 more in part" in text
    assert "no attestation report by a CPA" in text


def test_a_step_that_closes_several_rows_is_told_once() -> None:
    found_ = gap(grounds(account()))

    steps = [todo.step for todo in found_.todo]
    device = next(t for t in found_.todo if "device-and-media-policy" in (t.step.command or ""))
    assert len(set(steps)) == len(steps)
    assert "164.310(b)" in device.rows
    assert {id_ for t in found_.todo for id_ in t.rows} == {
        row.assessment.id
        for row in found_.remaining
        if any(step.command is not None for step in row.steps)
    }
