"""The report as of a moment as text and as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from collector.cli.tables import table
from collector.evidence.record import printable
from collector.report.evidence import Finding
from collector.report.point_in_time import AccountCheck, ControlRow, PointInTime, Tag
from collector.report.render.common import basis_rows, defined, filled, heading, rests_on, safe
from collector.report.render.csv import table as csv_table
from collector.report.requirement import Assessment

MOST_LISTED = 20
"""How many findings of one check are listed before they are only counted."""

COLUMNS = (
    "row", "id", "title", "account", "control", "check", "severity", "mode", "by", "strength",
    "state", "soc2", "hipaa", "population", "pass", "fail", "accepted", "unknown", "not_applicable",
    "resource", "region", "exception", "detail",
)  # fmt: skip
"""`row` says what a row is: `requirement`, `control`, `check`, `fail`, `unread`, `statement`, or of
what the report rests on."""


def text(report: PointInTime) -> Iterator[str]:
    """What holds and what does not, by requirement and by control, then all that is wrong."""
    return safe(_text(report))


def csv(report: PointInTime) -> Iterator[str]:
    """Requirements, controls, checks and findings, then what it rests on."""
    yield from csv_table(COLUMNS, _rows(report))


def _text(report: PointInTime) -> Iterator[str]:
    yield "Controls in place as of a moment (Type 1)"
    yield from heading(report.basis)
    for one in report.counted:
        yield ""
        states = ", ".join(f"{count} {state}" for state, count in one.by_state)
        yield from filled(
            f"{one.name}: {one.answered} of {one.applicable} requirements that apply are answered. "
            f"{states}"
        )
    if report.controls_asked:
        yield f"Only these controls: {', '.join(report.controls_asked)}"
    yield ""
    yield _controls(report.controls)
    for name in report.frameworks:
        yield ""
        yield _requirements([row for row in report.requirements if row.framework == name])
    for control in report.controls:
        yield from _control(control)
    yield from rests_on(report.basis)
    yield from defined("Outcomes", report.outcomes)
    yield from defined("What the strengths mean", report.strengths)
    yield from defined("What the states mean, the worst first", report.definitions)


def tags(links: Sequence[Tag]) -> str:
    """The requirements of a control, those that its checks prove first."""
    return ", ".join(link.id for link in links) or "-"


def _controls(controls: Sequence[ControlRow]) -> str:
    rows = [
        [
            one.control,
            tags(one.soc2),
            tags(one.hipaa),
            *(_numbers(one) if one.evidence == "checks" else ("-",) * 5),
            one.state,
        ]
        for one in controls
    ]
    heads = ["CONTROL", "SOC 2", "HIPAA", "POPULATION", "PASS", "FAIL", "ACCEPTED", "UNKNOWN"]
    return table([*heads, "STATE"], rows)


def _numbers(one: ControlRow) -> tuple[str, ...]:
    return tuple(map(str, (one.population, one.passed, one.failed, one.accepted, one.unknown)))


def _requirements(rows: Sequence[Assessment]) -> str:
    cells = [
        [one.id, one.title, one.mode, one.strength, one.state, printable(one.why)] for one in rows
    ]
    return table(["REQUIREMENT", "TITLE", "MODE", "STRENGTH", "STATE", "WHY"], cells, widest=60)


def _control(control: ControlRow) -> Iterator[str]:
    yield ""
    yield f"{control.control}: {control.title} - {control.state}"
    yield from filled(control.statement)
    for one in control.statements:
        yield from filled(
            printable(f"{one.kind}: {one.state}, {one.detail}; counts {one.max_days} days at most"),
            first="  ",
            then="    ",
        )
    for check in control.checks:
        yield from (f"  {line}" for line in _check(check))


def _check(one: AccountCheck) -> Iterator[str]:
    found = one.found
    yield (
        f"{found.check} in {one.account} ({found.severity}): population {found.population}; "
        f"{found.passed} pass, {found.failed} fail, {found.accepted} of them accepted, "
        f"{found.unknown} unknown, {found.not_applicable} not applicable"
    )
    for word, findings in (("fail", found.failing), ("unread", found.unread)):
        yield from (f"  {word} {_finding(each)}" for each in findings[:MOST_LISTED])
        if len(findings) > MOST_LISTED:
            yield f"  and {len(findings) - MOST_LISTED} more; all with --format json"


def _finding(found: Finding) -> str:
    accepted = found.accepted
    note = "" if accepted is None else f"; {_accepted(found)}"
    return printable(f"{found.resource}: {found.reason}{note}")


def _accepted(found: Finding) -> str:
    accepted = found.accepted
    if accepted is None:
        return ""
    return (
        f"accepted by exception {accepted.number} of {accepted.approver} to {accepted.expires}: "
        f"{accepted.reason}; instead: {accepted.compensating_control}"
    )


def _rows(report: PointInTime) -> Iterator[Mapping[str, object]]:
    for row in report.requirements:
        yield {
            "row": "requirement",
            "id": row.id,
            "title": row.title,
            "mode": row.mode,
            "by": "; ".join(row.by),
            "strength": row.strength,
            "state": row.state,
            "detail": row.why,
        }
    for control in report.controls:
        facts: dict[str, object] = {
            "control": control.control,
            "soc2": " ".join(link.id for link in control.soc2),
            "hipaa": " ".join(link.id for link in control.hipaa),
        }
        yield facts | {
            "row": "control",
            "id": control.control,
            "title": control.title,
            "state": control.state,
            "population": control.population,
            "pass": control.passed,
            "fail": control.failed,
            "accepted": control.accepted,
            "unknown": control.unknown,
            "not_applicable": control.not_applicable,
            "detail": control.statement,
        }
        for one in control.statements:
            yield facts | {
                "row": "statement",
                "id": one.kind,
                "title": one.title,
                "state": one.state,
                "detail": one.detail,
            }
        for check in control.checks:
            yield from (facts | each for each in _check_rows(check))
    yield from basis_rows(report.basis)


def _check_rows(one: AccountCheck) -> Iterator[dict[str, object]]:
    found = one.found
    facts: dict[str, object] = {
        "account": one.account,
        "check": found.check,
        "severity": found.severity,
    }
    yield facts | {
        "row": "check",
        "id": found.check,
        "title": found.title,
        "population": found.population,
        "pass": found.passed,
        "fail": found.failed,
        "accepted": found.accepted,
        "unknown": found.unknown,
        "not_applicable": found.not_applicable,
    }
    for word, findings in (("fail", found.failing), ("unread", found.unread)):
        for each in findings:
            yield facts | {
                "row": word,
                "resource": each.resource,
                "region": each.region,
                "detail": each.reason,
                "exception": _accepted(each),
            }
