"""Days: on which ones a check was judged, why it was not on the others, and how far apart the
runs were. Pure.

A day is a calendar day in UTC, and a snapshot belongs to the day of its seal. A check is covered
on a day if a snapshot of that day ran it and nothing that it needs was unread. A resource is
covered on a day if a snapshot of that day gave it a pass or a fail; it failed on the day if one of
them was a fail. So where a run was repeated because something could not be read, the repetition
counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import Final, Literal, TypeAlias

from collector.config import Cadence
from collector.evidence.record import printable
from collector.report.history import History, SealedSnapshot
from collector.report.timeline import Member, State, Step

Cause: TypeAlias = Literal["no run", "not run", "unknown", "not yet known"]
"""Why a day is missing:

- `no run`: there is no snapshot of the day;
- `not run`: there is one, but it did not run the check;
- `unknown`: something that the check needs could not be read;
- `not yet known`: the day is before the account's first snapshot.
"""

TOLERANCE: Final = 1.5
"""How many times the cadence two runs may be apart. It lies half-way between a run that is on time
(1) and one that is missing (2): no missing run goes unnoticed, and one that is late by less than
half the cadence is no finding."""

CADENCES: Final[Mapping[Cadence, timedelta]] = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=31),
}
"""How far apart runs are meant to be; for months, the longest."""

KEPT_BACK: Final = timedelta(days=1)
"""A snapshot that was sealed later than this after its last read says nothing of the day of its
seal: somebody may have kept a good day for a bad one."""


@dataclass(frozen=True)
class Period:
    """Calendar days in UTC, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1

    def each(self) -> Iterator[date]:
        """The days, in order."""
        return (self.first + timedelta(days=n) for n in range(self.days))


@dataclass(frozen=True)
class Seen:
    """A snapshot, as a report names it."""

    number: int
    seal_sha256: str
    at: datetime
    """When it was sealed, by the clock of the signer."""
    shown_at: datetime | None = None
    """The earliest time by which a timestamp authority saw the seal; None if none did."""


@dataclass(frozen=True)
class Missing:
    """Days, one after the other, that are missing for the same cause."""

    first: date
    last: date
    days: int
    cause: Cause
    detail: str
    """Of `unknown`, the first thing that was not read on the first of the days; else empty."""


@dataclass(frozen=True)
class Gap:
    """A stretch without a run that is longer than the cadence allows: an exception of operation."""

    begins: datetime
    ends: datetime
    seconds: int
    after: Seen | None
    """The run before; None: there was none before the period."""
    until: Seen | None
    """The next run; None: there was none up to the end of the period."""


@dataclass(frozen=True)
class ResourceDays:
    """Members of a check's population, each counted once for every day."""

    failed: int
    passed: int
    unknown: int
    """Not judged on the day, because something could not be read; covered by no snapshot."""


def seen(snapshot: SealedSnapshot) -> Seen:
    """The snapshot, as a report names it."""
    return Seen(snapshot.number, snapshot.seal_sha256, snapshot.created_at, snapshot.shown_at)


def is_kept_back(snapshot: SealedSnapshot) -> bool:
    """Whether it was sealed so late that its time says nothing."""
    return snapshot.created_at - snapshot.snapshot.finished > KEPT_BACK


def missing_days(
    history: History, snapshots: Sequence[SealedSnapshot], steps: Sequence[Step], period: Period
) -> tuple[Missing, ...]:
    """The days on which a check is not covered.

    Args:
        history: says when the account was first known.
        snapshots: those of the period that count, whether they ran the check or not.
        steps: the check's timeline.
        period: the days that are asked for.
    """
    known_since = history.first.created_at.date()
    with_run = {one.created_at.date() for one in snapshots}
    reasons: dict[date, list[str | None]] = {}
    for step in steps:
        if not step.is_before:
            reasons.setdefault(step.snapshot.created_at.date(), []).append(_unread(step))

    def cause(day: date) -> tuple[Cause, str] | None:
        if day in reasons:
            first, is_covered = reasons[day][0], None in reasons[day]
            return None if is_covered else ("unknown", first or "")
        if day in with_run:
            return "not run", ""
        return ("no run" if day >= known_since else "not yet known"), ""

    found = []
    causes = ((day, cause(day)) for day in period.each())
    for why, group in groupby(causes, key=lambda item: item[1]):
        if why is not None:
            days = [day for day, _ in group]
            found.append(Missing(days[0], days[-1], len(days), *why))
    return tuple(found)


def _unread(step: Step) -> str | None:
    if step.unknown is None:
        return None
    return printable(f"{step.unknown.resource.id}: {step.unknown.reason}")


def gaps(
    runs: Iterable[Seen],
    *,
    before: Seen | None,
    begins: datetime,
    ends: datetime,
    cadence: Cadence,
) -> tuple[Gap, ...]:
    """The stretches without a run that are longer than `TOLERANCE` times the cadence.

    Args:
        runs: those of the period, in order.
        before: the last run before the period; a stretch that reaches into the period is counted
            from there.
        begins: where the period does.
        ends: where the period does, or the present if that is earlier.
        cadence: how far apart runs are meant to be.
    """
    limit = longest(cadence)
    places = [(before, begins if before is None else before.at), *((run, run.at) for run in runs)]
    return tuple(
        Gap(at, until, int((until - at).total_seconds()), one, other)
        for (one, at), (other, until) in pairwise([*places, (None, ends)])
        if until - at > limit
    )


def longest(cadence: Cadence) -> timedelta:
    """How far apart two runs may be."""
    return CADENCES[cadence] * TOLERANCE


def resource_days(steps: Iterable[Step]) -> ResourceDays:
    """How many resources failed, passed, and were not judged, summed over the days of a check's
    timeline that have a snapshot. Of several snapshots in a day a fail counts first, then a pass.
    """
    totals: Counter[State] = Counter()
    states: dict[Member, State] = {}
    counts: Counter[State] = Counter()
    for is_before, group in groupby(
        steps, key=lambda s: s.is_before or s.snapshot.created_at.date()
    ):
        touched: dict[Member, set[State | None]] = {}
        for place, step in enumerate(group):
            for change in step.changes:
                if place:  # of the day's first snapshot only what it leaves behind counts
                    touched.setdefault(change.member, {change.was}).add(change.now)
                _apply(change.member, change.was, change.now, states, counts)
        if is_before is True:
            continue
        totals.update(counts)
        for member, held in touched.items():
            if (last := states.get(member)) is not None:
                totals[last] -= 1
            if (best := _best(held)) is not None:
                totals[best] += 1
    return ResourceDays(totals["fail"], totals["pass"], totals["unknown"] + totals["unseen"])


def _apply(
    member: Member,
    was: State | None,
    now: State | None,
    states: dict[Member, State],
    counts: Counter[State],
) -> None:
    if was is not None:
        counts[was] -= 1
        del states[member]
    if now is not None:
        counts[now] += 1
        states[member] = now


def _best(states: set[State | None]) -> State | None:
    order: tuple[State, ...] = ("fail", "pass", "unknown", "unseen")
    return next((state for state in order if state in states), None)
