"""Reports as CSV, for spreadsheets: one table a report, one finding a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from collector.evidence.canonical import timestamp
from collector.evidence.record import printable
from collector.report.days import Gap, Seen
from collector.report.failing import Failing
from collector.report.period import CheckPeriod, PeriodReport
from collector.report.sample import Sample

PERIOD_COLUMNS = (
    "row", "account", "control", "check", "soc2", "hipaa", "severity", "resource", "region",
    "first_number", "first_time", "last_number", "last_time", "end_number", "end_time",
    "days", "seconds", "what", "detail", "exceptions", "covered_seconds",
    "seal_sha256",
)  # fmt: skip
"""`row` says what a row is:

- `check`: a check, with the days it is covered of those in the period in `what`;
- `missing`: days that are not covered, with their cause in `what`;
- `gap`: a stretch without a run (of a check: without one in which it was covered);
- `failing`: a failing interval, ended by what `what` says;
- `unread`: a resource that could not be read;
- `joined`, `left`: a resource that joined or left the population;
- `change`: a change of scope; `kept back`: a snapshot on which nothing rests;
- `exception`: one that was in force; `snapshot`: what the report rests on; `note`.
"""

SAMPLE_COLUMNS = (
    "order", "check", "resource", "region", "type", "outcome", "reason", "first_number",
    "first_time", "first_seal_sha256", "last_number", "last_time", "last_seal_sha256",
    "snapshots", "evidence", "digest", "population", "population_sha256", "seed", "rule",
)  # fmt: skip


def period(report: PeriodReport) -> Iterator[str]:
    """The report as rows of one table."""
    yield from table(PERIOD_COLUMNS, _period_rows(report))


def sample(report: Sample) -> Iterator[str]:
    """The sample, a row for each thing that was said of each of its members."""
    yield from table(SAMPLE_COLUMNS, _sample_rows(report))


def table(columns: tuple[str, ...], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Lines of CSV; what a row does not say is empty."""
    yield _line(columns)
    for row in rows:
        yield _line([inert(printable(str(row.get(column, "")))) for column in columns])


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; names in the cloud are other people's."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def _at(prefix: str, seen: Seen | None) -> dict[str, object]:
    if seen is None:
        return {}
    return {f"{prefix}_number": seen.number, f"{prefix}_time": timestamp(seen.at)}


def _gap(gap: Gap) -> dict[str, object]:
    return {
        "row": "gap",
        "first_number": "" if gap.after is None else gap.after.number,
        "first_time": timestamp(gap.begins),
        "end_number": "" if gap.until is None else gap.until.number,
        "end_time": timestamp(gap.ends),
        "seconds": gap.seconds,
    }


def _period_rows(report: PeriodReport) -> Iterator[dict[str, object]]:
    account: dict[str, object] = {"account": report.account}
    for row in _account_rows(report):
        yield account | row
    for control in report.controls:
        for check in control.checks:
            facts = account | {
                "control": check.control,
                "check": check.check,
                "soc2": " ".join(check.soc2),
                "hipaa": " ".join(check.hipaa),
                "severity": check.severity,
            }
            for row in _check_rows(check):
                yield facts | row
    for one in report.exceptions:
        yield account | {
            "row": "exception",
            "check": one.check,
            "first_time": timestamp(one.begins),
            "end_time": timestamp(one.ends),
            "what": f"approved by {one.approved_by}",
            "detail": f"{one.reason}; instead: {one.compensating}",
            "exceptions": one.id,
            "seal_sha256": one.seal_sha256,
        }


def _account_rows(report: PeriodReport) -> Iterator[dict[str, object]]:
    yield {
        "row": "period",
        "first_time": timestamp(report.begins),
        "end_time": timestamp(report.ends),
        "days": report.days,
        "what": f"{report.cadence}, at most {report.longest_gap_seconds} seconds apart",
    }
    for note in report.notes:
        yield {"row": "note", "detail": note}
    for seen in (*report.before, *report.snapshots):
        yield {"row": "snapshot", **_at("first", seen), "seal_sha256": seen.seal_sha256}
    for gap in report.gaps:
        yield _gap(gap)
    for kept in report.kept_back:
        detail = f"last read at {timestamp(kept.finished)}"
        yield {"row": "kept back", **_at("first", kept.snapshot), "detail": detail}
    for change in report.changes:
        yield {
            "row": "change",
            "check": change.subject,
            **_at("first", change.when),
            "what": change.what,
            "detail": f"from {change.before or 'nothing'} to {change.after or 'nothing'}",
        }


def _check_rows(check: CheckPeriod) -> Iterator[dict[str, object]]:
    population, days = check.population, check.resource_days
    yield {
        "row": "check",
        "days": check.days,
        "what": f"covered on {check.days_covered} of {check.days} days",
        "detail": (
            f"population {population.start} at the start, {population.end} at the end, "
            f"{population.distinct} in all; resource days: {days.passed} passed, "
            f"{days.failed} failed, {days.unknown} unknown"
        ),
    }
    for missing in check.missing:
        yield {
            "row": "missing",
            "first_time": missing.first.isoformat(),
            "last_time": missing.last.isoformat(),
            "days": missing.days,
            "what": missing.cause,
            "detail": missing.detail,
        }
    for gap in check.gaps:
        yield _gap(gap)
    for failing in check.failing:
        yield _failing(failing)
    for unread in check.unread:
        yield {
            "row": "unread",
            "resource": unread.resource,
            "region": unread.region,
            **_at("first", unread.first),
            **_at("last", unread.last),
            **_at("end", unread.end),
            "detail": unread.reason,
        }
    for row, moved in (("joined", population.joiners), ("left", population.leavers)):
        for one in moved:
            yield {
                "row": row,
                "resource": one.resource,
                "region": one.region,
                **_at("first", one.when),
            }


def _failing(failing: Failing) -> dict[str, object]:
    return {
        "row": "failing",
        "resource": failing.resource,
        "region": failing.region,
        **_at("first", failing.first_fail),
        **_at("last", failing.last_fail),
        **_at("end", failing.end),
        "seconds": failing.seconds,
        "what": f"{failing.ended_by}{', began before' if failing.began_before else ''}",
        "detail": failing.reason,
        "exceptions": " ".join(dict.fromkeys(part.exception for part in failing.covered)),
        "covered_seconds": failing.covered_seconds,
    }


def _sample_rows(report: Sample) -> Iterator[dict[str, object]]:
    facts = {
        name: getattr(report, name)
        for name in ("check", "population", "population_sha256", "seed", "rule")
    }
    for item in report.items:
        about = {name: getattr(item, name) for name in _ITEM}
        for judged in item.history:
            yield (
                facts
                | about
                | {
                    "outcome": judged.outcome,
                    "reason": judged.reason,
                    "evidence": " ".join(judged.evidence),
                    **_at("first", judged.first),
                    **_at("last", judged.last),
                    "first_seal_sha256": judged.first.seal_sha256,
                    "last_seal_sha256": judged.last.seal_sha256,
                    "snapshots": judged.snapshots,
                }
            )


_ITEM = ("order", "resource", "region", "type", "digest")
