"""The gap report as text and as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from collector.cli.tables import table
from collector.evidence.record import printable
from collector.report.gap import GapReport, GapRow, Totals
from collector.report.render.common import (
    basis_rows,
    defined,
    filled,
    heading,
    rests_on,
    safe,
    said,
)
from collector.report.render.csv import table as csv_table

COLUMNS = (
    "row", "id", "title", "group", "implementation", "mode", "by", "strength", "state", "reach",
    "shared_controls", "rank", "rank_reason", "why", "close_by", "commands", "account", "detail",
)  # fmt: skip
"""`row` says what a row is: `requirement`, `figure`, or of what the report rests on."""


def text(report: GapReport) -> Iterator[str]:
    """The figure first, then every row, then what remains in the order to close it."""
    return safe(_text(report))


def csv(report: GapReport) -> Iterator[str]:
    """Every row once, in the order of the catalog, then the figures and what it rests on."""
    yield from csv_table(COLUMNS, _rows(report))


def _text(report: GapReport) -> Iterator[str]:
    share, totals = report.share, report.totals
    yield f"{report.want_name}: what the evidence for {report.have_name} covers, and what remains"
    yield from heading(report.basis)
    yield ""
    yield from filled(
        f"{report.have_name} evidence carries {share.carried} of the {share.applicable} rows that "
        f"apply ({share.carried_percent}%), reaches {share.in_part} more in part, and does not "
        f"reach {share.not_reached}. {report.live_controls} of the {report.linked_controls} "
        f"controls that {report.have_name} links have live evidence here."
    )
    yield _totals(f"{report.want_name}, {totals.rows} rows", totals)
    if report.related.rows:
        yield _totals(f"Related, {report.related.rows} rows", report.related)
    yield ""
    heads = ["ROW", "TITLE", "SPEC", "MODE", "STRENGTH", "STATE", "REACH"]
    yield table(heads, [_cells(row) for row in report.rows])
    yield ""
    yield f"Steps, each once ({len(report.todo)}), the most enforced first:"
    for todo in report.todo:
        yield from filled(f"{todo.step.what} ({', '.join(todo.rows)})", first="- ", then="  ")
    yield ""
    yield f"What remains ({len(report.remaining)}), the most enforced first:"
    for number, row in enumerate(report.remaining, start=1):
        yield from _remaining(number, row)
    yield from rests_on(report.basis)
    yield from said("What the figures mean", report.definitions)
    yield from defined("What the strengths mean", report.strengths)
    yield from defined("What the states mean, the worst first", report.states)


def spec(row: GapRow) -> str:
    """Whether a row is a required or addressable one; empty where the catalog does not say."""
    if not row.assessment.in_security_rule:
        return ""
    return "addressable" if row.assessment.is_addressable else "required"


def _totals(title: str, totals: Totals) -> str:
    states = ", ".join(f"{count} {state}" for state, count in totals.by_state)
    return (
        f"{title} ({totals.addressable} addressable): {totals.answered} answered, "
        f"{totals.remaining} remain, {totals.not_applicable} not applicable. {states}"
    )


def _cells(row: GapRow) -> list[str]:
    one = row.assessment
    return [one.id, one.title, spec(row) or "-", one.mode, one.strength, one.state, row.reach]


def _remaining(number: int, row: GapRow) -> Iterator[str]:
    one = row.assessment
    yield ""
    reason = f" ({row.rank_reason})" if row.rank_reason else ""
    yield from filled(f"{number}. {one.id} {one.title}: {one.state}{reason}", then="   ")
    yield from filled(f"   {printable(one.why)}", then="   ")
    for step in row.steps:
        yield from filled(printable(step.what), first="   - ", then="     ")
        if step.command is not None:
            yield f"       {printable(step.command)}"


def _rows(report: GapReport) -> Iterator[Mapping[str, object]]:
    for row in report.rows:
        one = row.assessment
        yield {
            "row": "requirement",
            "id": one.id,
            "title": one.title,
            "group": one.group,
            "implementation": spec(row),
            "mode": one.mode,
            "by": "; ".join(one.by),
            "strength": one.strength,
            "state": one.state,
            "reach": row.reach,
            "shared_controls": " ".join(row.shared),
            "rank": row.rank,
            "rank_reason": row.rank_reason,
            "why": one.why,
            "close_by": "; ".join(step.what for step in row.steps),
            "commands": "; ".join(step.command for step in row.steps if step.command is not None),
        }
    for name, value in (
        ("applicable", report.share.applicable),
        ("carried", report.share.carried),
        ("in part", report.share.in_part),
        ("not reached", report.share.not_reached),
    ):
        yield {"row": "figure", "id": name, "detail": value}
    yield from basis_rows(report.basis)
