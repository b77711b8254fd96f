"""The period report: what an auditor of operating effectiveness asks. Pure.

For each control and check: on which days of the period it was judged and why not on the others,
over which population, which resources failed from when to when, and what of that was accepted. It
says what was found and gives no opinion. What the words mean, as the report itself prints it:

- Times are those that the seals claim, by the clock of whoever signed. A day is a calendar day in
  UTC; a snapshot belongs to the day on which it was sealed.
- A check is covered on a day if a snapshot of that day ran it and nothing that it needs was unread.
  A control is covered on a day if each of its checks is.
- A day is missing because there was no run, because the run did not include the check (not run),
  because something could not be read (unknown), or because it is before the account's first
  snapshot (not yet known).
- A resource that could not be read is not covered by that snapshot. It never counts as a pass. If
  another snapshot of the day could read it, that one counts; a fail counts before a pass.
- A resource is told by the cloud's full name (Azure's without regard to case), the account by its
  region, too. A check's population is every resource that it judged or could not read. One that is
  no longer listed has left; one that cannot be seen because a listing was not read has not.
- A failing interval goes from the first snapshot that saw a resource fail to the first later one
  that saw it pass, or gone: deleted, or no longer of a kind that the check judges. What is unread,
  and a snapshot without the check, do not end it. The real beginning lies after the last snapshot
  that saw it pass, and the real end after the last one that saw it fail.
- An interval that was open in the last snapshots before the period began before it: its length is
  the least that it can be. One that is not seen to end is open: its length is up to the end of the
  period.
- An exception covers the part of an interval in which it was in force. The interval stays a fail.
  One by tag covers a resource from a run that read the tag on it to the next run of the check.
- Two runs may be 1.5 times the cadence apart. That lies half-way between a run that is on time and
  one that is missing: a missing run is always found, and one that is late by less than half the
  cadence is not. A longer stretch, also from the last run before the period or to its end, is an
  exception of operation. For a check those runs count in which it was covered.
- A snapshot that was sealed more than a day after its last read is named, and nothing rests on it.
- The checks' tags are those of the last snapshot of the period that ran them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from collector.config import Cadence
from collector.evidence.canonical import JSON, timestamp
from collector.report.accepted import Cited, cited
from collector.report.days import (
    Gap,
    Missing,
    Period,
    ResourceDays,
    Seen,
    gaps,
    is_kept_back,
    longest,
    missing_days,
    resource_days,
    seen,
)
from collector.report.failing import (
    Accepted,
    Failing,
    Unread,
    failing_intervals,
    unread_resources,
)
from collector.report.history import History
from collector.report.phi import PhiLimit
from collector.report.plain import plain_fields
from collector.report.population import Population, population
from collector.report.scope import ScopeChange, scope_changes
from collector.report.timeline import Step, checks_of, steps_of

DEFINITIONS: Final = tuple(
    " ".join(item.split()) for item in (__doc__ or "").partition("\n- ")[2].split("\n- ")
)
"""What the words of the report mean, a sentence or a few each."""

FrameworkName = Literal["soc2", "hipaa"]


@dataclass(frozen=True)
class ControlText:
    """What a control is, by the mappings of today."""

    title: str
    statement: str


@dataclass(frozen=True)
class KeptBack:
    """A snapshot that was sealed so late that nothing rests on it: an exception of operation."""

    snapshot: Seen
    finished: datetime
    """When its last read was."""


@dataclass(frozen=True)
class CheckPeriod:
    """One check over the period."""

    check: str
    control: str
    severity: str
    soc2: tuple[str, ...]
    hipaa: tuple[str, ...]
    days: int
    days_covered: int
    missing: tuple[Missing, ...]
    """The days that are not covered, in order."""
    gaps: tuple[Gap, ...]
    """Stretches between the runs in which the check was covered."""
    population: Population
    resource_days: ResourceDays
    failing: tuple[Failing, ...]
    unread: tuple[Unread, ...]


@dataclass(frozen=True)
class ControlPeriod:
    """One control over the period, by all checks of it that the account's snapshots ran."""

    control: str
    title: str
    statement: str
    """Both empty where today's mappings do not have the control."""
    soc2: tuple[str, ...]
    hipaa: tuple[str, ...]
    days: int
    days_covered: int
    """On which every check is covered."""
    intervals: int
    """Failing intervals of all its checks."""
    intervals_open: int
    intervals_uncovered: int
    """Of which no exception, or not one for all of the time within the period, is known."""
    checks: tuple[CheckPeriod, ...]


@dataclass(frozen=True)
class PeriodReport:
    """One account over one period."""

    schema: str
    account: str
    provider: str
    account_id: str
    first: date
    last: date
    days: int
    begins: datetime
    ends: datetime
    """The first moment behind the period, or the present if the last day is not over."""
    cadence: Cadence
    longest_gap_seconds: int
    """How far apart two runs may be."""
    days_with_run: int
    snapshots: tuple[Seen, ...]
    """What the report rests on, in the period."""
    before: tuple[Seen, ...]
    """What it rests on before the period."""
    known_since: Seen
    """The account's first snapshot."""
    followed_by: Seen | None
    """The first snapshot behind the period."""
    keys: tuple[str, ...]
    """Fingerprints of the keys that signed what the report rests on, sorted."""
    is_trusted: bool
    """Whether somebody vouched for the keys; otherwise they are the locker's own."""
    gaps: tuple[Gap, ...]
    """Stretches without any run."""
    kept_back: tuple[KeptBack, ...]
    changes: tuple[ScopeChange, ...]
    controls: tuple[ControlPeriod, ...]
    """By name."""
    exceptions: tuple[Cited, ...]
    """By check and beginning."""
    notes: tuple[str, ...]
    """What a reader should know of this report in particular."""
    definitions: tuple[str, ...]
    """What its words mean."""
    phi: PhiLimit | None = None
    """How it is limited to what is marked as PHI; None: it is not."""

    def to_json(self) -> dict[str, JSON]:
        """The report as JSON: days as 2026-01-31, times as 2026-01-31T00:00:00Z."""
        return plain_fields(self)


def bounds(period: Period) -> tuple[datetime, datetime]:
    """Where a period begins, and the first moment behind it."""
    first, last = (datetime.combine(day, time(), UTC) for day in (period.first, period.last))
    return first, last + timedelta(days=1)


def report_period(
    history: History,
    period: Period,
    *,
    cadence: Cadence,
    now: datetime,
    texts: Mapping[str, ControlText],
    exceptions: Sequence[Accepted] = (),
    controls: Collection[str] = (),
    frameworks: Collection[FrameworkName] = (),
    unresolved: Iterable[str] = (),
    phi: PhiLimit | None = None,
) -> PeriodReport:
    """The report of an account over a period.

    Args:
        history: of exactly this period, with at least one snapshot in it.
        period: the days, none of them behind `now`.
        cadence: how far apart runs are meant to be.
        now: the present, aware; matters only if the last day is not over.
        texts: what the controls are, by id.
        exceptions: what was accepted, in force at any time in the period.
        controls: only these; empty: all.
        frameworks: only checks that one of these has a use for; empty: all.
        unresolved: ids of exceptions by tag, of which no run read whose they are.
        phi: how the history was limited to what is marked as PHI, if it was.
    """
    begins, behind = bounds(period)
    ends = min(behind, now.replace(microsecond=0))
    counted = [one for one in history.snapshots if not is_kept_back(one)]
    earlier = [one for one in history.before if not is_kept_back(one)]
    history = replace(history, before=tuple(earlier))
    runs = tuple(map(seen, counted))
    latest = history.snapshots[-1].snapshot
    found = []
    for check in checks_of(history):
        entry = next(e for s in reversed(history.snapshots) if (e := s.entries.get(check)))
        if controls and entry.control not in controls:
            continue
        if frameworks and not any(getattr(entry, name) for name in frameworks):
            continue
        steps = tuple(steps_of(history, counted, check))
        missing = missing_days(history, counted, steps, period)
        found.append(
            CheckPeriod(
                check=check,
                control=entry.control,
                severity=entry.severity,
                soc2=entry.soc2,
                hipaa=entry.hipaa,
                days=period.days,
                days_covered=period.days - sum(each.days for each in missing),
                missing=missing,
                gaps=_check_gaps(steps, begins, ends, cadence),
                population=population(steps),
                resource_days=resource_days(steps),
                failing=failing_intervals(steps, begins=begins, ends=ends, exceptions=exceptions),
                unread=unread_resources(steps),
            )
        )
    rests_on = (*history.before, *history.snapshots)
    return PeriodReport(
        schema="collector/report/period/v1",
        account=history.account,
        provider=latest.account.provider,
        account_id=latest.account.id,
        first=period.first,
        last=period.last,
        days=period.days,
        begins=begins,
        ends=ends,
        cadence=cadence,
        longest_gap_seconds=int(longest(cadence).total_seconds()),
        days_with_run=len({run.at.date() for run in runs}),
        snapshots=tuple(map(seen, history.snapshots)),
        before=tuple(map(seen, history.before)),
        known_since=seen(history.first),
        followed_by=seen(history.followed_by) if history.followed_by is not None else None,
        keys=tuple(sorted({one.keyid for one in rests_on})),
        is_trusted=history.is_trusted,
        gaps=gaps(
            runs,
            before=seen(earlier[-1]) if earlier else None,
            begins=begins,
            ends=ends,
            cadence=cadence,
        ),
        kept_back=tuple(
            KeptBack(seen(one), one.snapshot.finished)
            for one in history.snapshots
            if is_kept_back(one)
        ),
        changes=scope_changes((*history.before[-1:], *history.snapshots)),
        controls=_by_control(found, texts),
        exceptions=cited(found, exceptions, begins, ends),
        notes=tuple(_notes(history, period, now, unresolved)),
        definitions=DEFINITIONS,
        phi=phi,
    )


def _check_gaps(
    steps: Sequence[Step], begins: datetime, ends: datetime, cadence: Cadence
) -> tuple[Gap, ...]:
    covering = [step for step in steps if step.unknown is None]
    before = [seen(step.snapshot) for step in covering if step.is_before]
    runs = [seen(step.snapshot) for step in covering if not step.is_before]
    last = before[-1] if before else None
    return gaps(runs, before=last, begins=begins, ends=ends, cadence=cadence)


def _by_control(
    checks: Sequence[CheckPeriod], texts: Mapping[str, ControlText]
) -> tuple[ControlPeriod, ...]:
    found = []
    for name in sorted({each.control for each in checks}):
        own = tuple(each for each in checks if each.control == name)
        lost = {day for each in own for missing in each.missing for day in _days(missing)}
        intervals = [one for each in own for one in each.failing]
        text = texts.get(name, ControlText("", ""))
        found.append(
            ControlPeriod(
                control=name,
                title=text.title,
                statement=text.statement,
                soc2=tuple(dict.fromkeys(tag for each in own for tag in each.soc2)),
                hipaa=tuple(dict.fromkeys(tag for each in own for tag in each.hipaa)),
                days=own[0].days,
                days_covered=own[0].days - len(lost),
                intervals=len(intervals),
                intervals_open=sum(one.end is None for one in intervals),
                intervals_uncovered=sum(
                    one.covered_seconds < one.seconds_in_period or not one.covered
                    for one in intervals
                ),
                checks=own,
            )
        )
    return tuple(found)


def _days(missing: Missing) -> Iterable[date]:
    return Period(missing.first, missing.last).each()


def _notes(
    history: History, period: Period, now: datetime, unresolved: Iterable[str]
) -> Iterable[str]:
    if not history.is_trusted:
        yield (
            "The public keys are the locker's own, and whoever can write all of it could have "
            "replaced them: give a key that you have from elsewhere."
        )
    last = history.snapshots[-1]
    if history.followed_by is None:
        yield (
            f"No snapshot follows number {last.number}: should the chain have been cut off behind "
            f"it, this report could not tell. Compare with a head that was kept elsewhere."
        )
    without = sum(one.shown_at is None for one in history.snapshots)
    if without:
        yield (
            f"{without} of {len(history.snapshots)} snapshots carry no timestamp of an authority: "
            f"their times are the signer's word."
        )
    if period.last == now.date():
        yield f"The last day is not over: the report says what was known at {timestamp(now)}."
    for exception in unresolved:
        yield (
            f"Exception {exception} names its resources by a tag, which no run of the period read "
            f"on a resource that failed: it covers nothing here."
        )
