"""Reports as text for a terminal: first what an auditor asks, then what it rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from collector.cli.tables import table
from collector.evidence.canonical import timestamp
from collector.evidence.record import printable
from collector.report.days import Gap, Missing, Seen
from collector.report.failing import Failing
from collector.report.period import CheckPeriod, ControlPeriod, PeriodReport
from collector.report.sample import Sample

MOST_LISTED = 20
"""How many of one kind of finding are listed of a check before they are only counted."""

WIDTH = 100


def period(report: PeriodReport) -> Iterator[str]:
    """The report, by control, with all that it rests on at its end."""
    return _inert(_period(report))


def sample(report: Sample) -> Iterator[str]:
    """The sample, with the rule by which it was drawn."""
    return _inert(_sample(report))


def _inert(texts: Iterable[str]) -> Iterator[str]:
    """The lines of texts, safe to print: names in a locker are other people's."""
    return (printable(line) for text in texts for line in text.split("\n"))


def _period(report: PeriodReport) -> Iterator[str]:
    yield (
        f"Account {report.account} ({report.provider} {report.account_id}), "
        f"{report.first} to {report.last}: {report.days} days in UTC"
    )
    yield (
        f"Runs on {report.days_with_run} of {report.days} days, meant to be {report.cadence}, at "
        f"most {length(report.longest_gap_seconds)} apart"
    )
    yield ""
    yield _overview(report.controls)
    yield from _operation(report)
    for control in report.controls:
        yield from _control(control, report.gaps)
    yield from _exceptions(report)
    yield from _changes(report)
    yield from _rests_on(report)
    yield from _said("Notes", report.notes)
    yield from _said("What the words mean", report.definitions)


def _sample(report: Sample) -> Iterator[str]:
    yield (
        f"{len(report.items)} of the {report.population} resources that {report.check} judged in "
        f"account {report.account}, {report.first} to {report.last}"
    )
    yield f"Seed: {report.seed}"
    yield f"Population: SHA-256 {report.population_sha256}"
    for item in report.items:
        yield ""
        place = f" in {item.region}" if item.region else ""
        yield f"{item.order}. {item.resource}{place}  {item.digest}"
        for judged in item.history:
            yield (
                f"   {judged.outcome} in {_range(judged.first, judged.last, judged.snapshots)}: "
                f"{judged.reason}"
            )
            for digest in judged.evidence:
                yield f"     evidence {digest}"
    yield ""
    count = len(report.snapshots)
    yield f"Snapshots of the check ({count}), by number, time and digest of the seal:"
    for seen in report.snapshots:
        yield f"  {seen.number}  {timestamp(seen.at)}  {seen.seal_sha256}"
    notes = [report.rule, report.population_rule]
    if not report.is_trusted:
        notes.append(
            "The public keys are the locker's own, and whoever can write all of it could have "
            "replaced them: give a key that you have from elsewhere."
        )
    yield from _said("Notes", notes)


def _overview(controls: Sequence[ControlPeriod]) -> str:
    rows = [
        [
            control.control,
            ", ".join(control.soc2) or "-",
            ", ".join(control.hipaa) or "-",
            f"{control.days_covered} of {control.days}",
            str(control.intervals),
            str(control.intervals_open),
            str(control.intervals_uncovered),
        ]
        for control in controls
    ]
    heads = ["CONTROL", "SOC 2", "HIPAA", "DAYS COVERED", "FAILING", "OPEN", "NOT ACCEPTED"]
    return table(heads, rows)


def _operation(report: PeriodReport) -> Iterator[str]:
    found = [f"{_no_run(gap, report)} {_gap(gap)}" for gap in report.gaps]
    found += [
        f"number {kept.snapshot.number} was sealed at {timestamp(kept.snapshot.at)}, but its last "
        f"read was at {timestamp(kept.finished)}: nothing rests on it"
        for kept in report.kept_back
    ]
    yield ""
    yield f"Exceptions of operation ({len(found)}):" if found else "No exceptions of operation"
    yield from (f"  {line}" for line in found)


def _no_run(gap: Gap, report: PeriodReport) -> str:
    return "not yet known" if gap.until == report.known_since else "no run"


def _control(control: ControlPeriod, known: Sequence[Gap]) -> Iterator[str]:
    yield ""
    yield f"{control.control}: {control.title}" if control.title else control.control
    if control.statement:
        yield textwrap.fill(" ".join(control.statement.split()), WIDTH)
    for check in control.checks:
        yield from (f"  {line}" for line in _check(check, known))


def _check(check: CheckPeriod, known: Sequence[Gap]) -> Iterator[str]:
    people, days = check.population, check.resource_days
    yield (
        f"{check.check} ({check.severity}): covered on {check.days_covered} of {check.days} days"
    )
    yield (
        f"  population {people.start} at the start, {people.end} at the end, "
        f"{len(people.joiners)} joined, {len(people.leavers)} left"
    )
    yield (f"  resource days: {days.passed} passed, {days.failed} failed, {days.unknown} unknown")
    stretches = {(gap.begins, gap.ends) for gap in known}
    gaps = [gap for gap in check.gaps if (gap.begins, gap.ends) not in stretches]
    findings = {
        "days": [f"missing {_missing(missing)}" for missing in check.missing],
        "stretches": [f"not covered {_gap(gap)}" for gap in gaps],
        "intervals": [_failing(failing) for failing in check.failing],
        "resources": [
            f"unread {unread.resource} in {_range(unread.first, unread.last)}: {unread.reason}"
            for unread in check.unread
        ],
        "joiners": [f"joined {m.resource} in {_place(m.when)}" for m in people.joiners],
        "leavers": [f"left {m.resource} by {_place(m.when)}" for m in people.leavers],
    }
    for kind, lines in findings.items():
        yield from (f"  {line}" for line in lines[:MOST_LISTED])
        if len(lines) > MOST_LISTED:
            yield f"  and {len(lines) - MOST_LISTED} more {kind}; all with --format json"


def _failing(failing: Failing) -> str:
    began = "before the period, in " if failing.began_before else ""
    match failing.ended_by:
        case "open":
            ended = (
                f"open after {length(failing.seconds)}, last seen in {_place(failing.last_fail)}"
            )
        case "pass" | "gone" if failing.end is not None:
            word = "passed" if failing.ended_by == "pass" else "gone"
            ended = f"{word} in {_place(failing.end)} after {length(failing.seconds)}"
        case _:
            ended = ""
    parts = [f"failing {failing.resource} from {began}{_place(failing.first_fail)}, {ended}"]
    if failing.began_before:
        parts.append("at least")
    parts += [f"unread in {_range(cut.first, cut.last)}" for cut in failing.interruptions]
    if failing.covered:
        names = ", ".join(dict.fromkeys(part.exception for part in failing.covered))
        parts.append(
            f"accepted by {names} for {length(failing.covered_seconds)} of "
            f"{length(failing.seconds_in_period)}"
        )
    return f"{'; '.join(parts)}: {failing.reason}"


def _exceptions(report: PeriodReport) -> Iterator[str]:
    if not report.exceptions:
        return
    yield ""
    yield f"Exceptions in force ({len(report.exceptions)}):"
    for one in report.exceptions:
        yield (
            f"  {one.id} of {one.check}, {timestamp(one.begins)} to {timestamp(one.ends)}, "
            f"approved by {one.approved_by}, covers part of {one.intervals} intervals: "
            f"{one.reason}; instead: {one.compensating}; seal {one.seal_sha256}"
        )


def _changes(report: PeriodReport) -> Iterator[str]:
    yield ""
    if not report.changes:
        yield "No changes of scope"
        return
    yield f"Changes of scope ({len(report.changes)}):"
    for change in report.changes[:MOST_LISTED]:
        what = f"{change.what} of {change.subject}" if change.subject else change.what
        was, is_now = change.before or "nothing", change.after or "nothing"
        if change.what in ("regions", "checks"):
            text = f"without {was}, with {is_now}"
        else:
            text = f"from {was} to {is_now}"
        yield f"  {what} in {_place(change.when)}: {text}"
    if len(report.changes) > MOST_LISTED:
        yield f"  and {len(report.changes) - MOST_LISTED} more; all with --format json"


def _rests_on(report: PeriodReport) -> Iterator[str]:
    yield ""
    yield (
        f"Rests on {len(report.snapshots)} snapshots of the period and {len(report.before)} before "
        f"it, signed by {', '.join(report.keys)}; by number, time and digest of the seal:"
    )
    for seen in (*report.before, *report.snapshots):
        shown = "" if seen.shown_at is None else f"  shown at {timestamp(seen.shown_at)}"
        yield f"  {seen.number}  {timestamp(seen.at)}  {seen.seal_sha256}{shown}"
    yield f"The account is known since {_place(report.known_since)}"
    if report.followed_by is not None:
        yield f"The chain goes on with {_place(report.followed_by)}"


def _said(title: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield ""
        yield f"{title}:"
    for text in texts:
        yield textwrap.fill(text, WIDTH, initial_indent="- ", subsequent_indent="  ")


def _missing(missing: Missing) -> str:
    days = f"{missing.first}"
    if missing.days > 1:
        days += f" to {missing.last} ({missing.days} days)"
    return f"{days}: {missing.cause}{f', {missing.detail}' if missing.detail else ''}"


def _gap(gap: Gap) -> str:
    begins = timestamp(gap.begins) if gap.after is None else _place(gap.after)
    ends = timestamp(gap.ends) if gap.until is None else _place(gap.until)
    return f"from {begins} to {ends}: {length(gap.seconds)}"


def _place(seen: Seen) -> str:
    return f"number {seen.number} of {timestamp(seen.at)}"


def _range(first: Seen, last: Seen, count: int | None = None) -> str:
    if first.number == last.number:
        return _place(first)
    counted = "" if count is None else f" ({count} snapshots)"
    return f"{_place(first)} to {_place(last)}{counted}"


def length(seconds: int) -> str:
    """A length of time in its two largest units."""
    units = {"d": seconds // 86_400, "h": seconds // 3600 % 24, "min": seconds // 60 % 60}
    units["s"] = seconds % 60
    shown = [f"{count} {unit}" for unit, count in units.items() if count]
    return " ".join(shown[:2]) or "0 s"
