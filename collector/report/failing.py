"""Failing: from when to when each resource failed, and what of it was accepted. Pure.

An interval of failing begins with the first snapshot in which a resource fails. It ends with the
first later one in which it passes, or is not judged any more although the listing was read: it is
gone, or what the check asks does not apply to it any more. Nothing else ends it. What could not be
read, and a snapshot that did not run the check, interrupt it, and are no remedy; an interval that
is not seen to end is open. So the true end lies between the last snapshot that saw it fail and the
one that saw it end, and the true beginning between the last that saw it well and the first that saw
it fail. An interval that the last snapshots before the period leave open is said to have begun
before: then its length is what is known of it at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from collector.evidence.record import printable
from collector.report.days import Seen, seen
from collector.report.timeline import Change, Member, State, Step

EndedBy: TypeAlias = Literal["pass", "gone", "open"]


class Accepted(Protocol):
    """An exception: failing results that somebody approved for a time. They stay failing."""

    @property
    def id(self) -> str:
        """What the exception is called."""
        ...

    @property
    def seal_sha256(self) -> str:
        """Digest of the seal of the entry that it is."""
        ...

    @property
    def check(self) -> str:
        """Id of the check."""
        ...

    @property
    def begins(self) -> datetime:
        """From when on it counts, aware."""
        ...

    @property
    def ends(self) -> datetime:
        """The first moment at which it counts no more: behind its last day, or withdrawn."""
        ...

    @property
    def reason(self) -> str:
        """Why."""
        ...

    @property
    def approved_by(self) -> str:
        """Who approved it."""
        ...

    @property
    def compensating(self) -> str:
        """What is done instead."""
        ...

    def spans(self, resource: str) -> Sequence[tuple[datetime, datetime]]:
        """When it covers a resource with this full name: from a moment to before another."""
        ...


@dataclass(frozen=True)
class Covered:
    """The part of an interval that an exception covers."""

    exception: str
    begins: datetime
    ends: datetime
    seconds: int


@dataclass(frozen=True)
class Stretch:
    """Snapshots of a check one after the other, both included."""

    first: Seen
    last: Seen


@dataclass(frozen=True)
class Failing:
    """One resource failing one check, from when to when."""

    check: str
    resource: str
    """The cloud's full name, or the account's id."""
    region: str
    type: str
    reason: str
    """Of the first fail."""
    began_before: bool
    """It already failed in one of the last snapshots before the period."""
    last_good: Seen | None
    """The last snapshot before it in which the resource passed; None: it was never seen before, or
    never to pass, or it began before the period."""
    first_fail: Seen
    last_fail: Seen
    """The last snapshot of the interval in which the resource was seen to fail."""
    end: Seen | None
    """The snapshot that saw it end; None: it is open."""
    ended_by: EndedBy
    seconds: int
    """From the first fail to the end, or, if it is open, to the end of the period. Of one that
    began before the period it is the least that it can be."""
    seconds_in_period: int
    """How much of that is within the period."""
    interruptions: tuple[Stretch, ...]
    """Snapshots between the first fail and the end in which the resource could not be read."""
    covered: tuple[Covered, ...]
    """What exceptions cover, in order of their beginning. They may overlap."""
    covered_seconds: int
    """How much of `seconds_in_period` at least one exception covers."""


@dataclass(frozen=True)
class Unread:
    """One resource that could not be read, from when to when. Of a listing that could not be read
    the missing days tell."""

    check: str
    resource: str
    region: str
    type: str
    reason: str
    """Of the first unknown."""
    first: Seen
    last: Seen
    """The last snapshot in which it was unread."""
    end: Seen | None
    """The first in which it was judged or gone; None: it is unread at the end of the period."""


@dataclass
class _Open:
    """An interval under way."""

    began: Change
    began_before: bool
    last_good: Seen | None
    first: Seen
    last: Seen
    is_failing: bool = True
    unread_since: Seen | None = None
    interruptions: list[Stretch] = field(default_factory=list)


def failing_intervals(
    steps: Iterable[Step],
    *,
    begins: datetime,
    ends: datetime,
    exceptions: Iterable[Accepted] = (),
) -> tuple[Failing, ...]:
    """The intervals in which resources failed a check, sorted by first fail and resource.

    Args:
        steps: the check's timeline.
        begins: where the period does.
        ends: where the period does, or the present if that is earlier.
        exceptions: what was accepted; only what is accepted of this check counts.
    """
    accepted = list(exceptions)
    under_way: dict[Member, _Open] = {}
    last_good: dict[Member, Seen] = {}
    done: list[Failing] = []
    here = before = None
    for step in steps:
        before, here = here, seen(step.snapshot)
        for change in step.changes:
            member = change.member
            if change.was == "pass" and before is not None:
                last_good[member] = before
            interval = under_way.get(member)
            if interval is None:
                if change.now == "fail":
                    good = last_good.get(member)
                    under_way[member] = _Open(change, step.is_before, good, here, here)
            elif before is not None:
                _leave(interval, before)
                if change.now in ("pass", None):
                    del under_way[member]
                    span = (begins, here.at)
                    if not step.is_before:
                        done.append(_closed(interval, here, change.now, span, accepted))
                else:
                    interval.is_failing = change.now == "fail"
                    interval.unread_since = None if interval.is_failing else here
            if change.now is None:
                last_good.pop(member, None)
    if here is not None:
        for interval in under_way.values():
            _leave(interval, here)
            done.append(_closed(interval, None, None, (begins, ends), accepted))
    return tuple(sorted(done, key=lambda one: (one.first_fail.number, one.resource, one.region)))


def _leave(interval: _Open, before: Seen) -> None:
    """End the state that the interval was in up to a snapshot."""
    if interval.is_failing:
        interval.last = before
    elif interval.unread_since is not None:
        interval.interruptions.append(Stretch(interval.unread_since, before))


def _closed(
    interval: _Open,
    end: Seen | None,
    state: State | None,
    span: tuple[datetime, datetime],
    accepted: Iterable[Accepted],
) -> Failing:
    failed = next(r for r in interval.began.results if r.outcome == "fail")
    until = span[1] if end is None else end.at
    begins = max(interval.first.at, span[0])
    covered = _covered(failed.check, failed.resource.id, begins, max(begins, span[1]), accepted)
    ended_by: EndedBy = "open" if end is None else "pass" if state == "pass" else "gone"
    return Failing(
        check=failed.check,
        resource=printable(failed.resource.id),
        region=failed.resource.region,
        type=failed.resource.type,
        reason=printable(failed.reason),
        began_before=interval.began_before,
        last_good=interval.last_good,
        first_fail=interval.first,
        last_fail=interval.last,
        end=end,
        ended_by=ended_by,
        seconds=_seconds(interval.first.at, until),
        seconds_in_period=_seconds(begins, span[1]),
        interruptions=tuple(interval.interruptions),
        covered=covered,
        covered_seconds=_union(covered),
    )


def _covered(
    check: str, resource: str, begins: datetime, ends: datetime, accepted: Iterable[Accepted]
) -> tuple[Covered, ...]:
    """What exceptions cover of a stretch of time."""
    found = []
    for one in accepted:
        for span in one.spans(resource) if one.check == check else ():
            first, last = max(begins, span[0]), min(ends, span[1])
            if first < last:
                found.append(Covered(one.id, first, last, _seconds(first, last)))
    return tuple(sorted(found, key=lambda each: (each.begins, each.ends, each.exception)))


def _union(parts: Sequence[Covered]) -> int:
    """Seconds that at least one of the parts covers; they are sorted by their beginning."""
    total = 0
    reached: datetime | None = None
    for part in parts:
        start = part.begins if reached is None else max(part.begins, reached)
        if part.ends > start:
            total += _seconds(start, part.ends)
            reached = part.ends
    return total


def _seconds(begins: datetime, ends: datetime) -> int:
    return max(0, int((ends - begins).total_seconds()))


def unread_resources(steps: Iterable[Step]) -> tuple[Unread, ...]:
    """The resources that could not be read, sorted by first snapshot and resource."""
    under_way: dict[Member, tuple[Change, Seen]] = {}
    done: list[Unread] = []
    here = before = None
    for step in steps:
        before, here = here, seen(step.snapshot)
        for change in step.changes:
            begun = under_way.pop(change.member, None)
            if before is not None and begun is not None and not step.is_before:
                done.append(_unread(*begun, before, here))
            if change.now == "unknown":
                under_way[change.member] = (change, here)
    if here is not None:
        done += [_unread(*begun, here, None) for begun in under_way.values()]
    return tuple(sorted(done, key=lambda one: (one.first.number, one.resource, one.region)))


def _unread(began: Change, first: Seen, last: Seen, end: Seen | None) -> Unread:
    result = next(r for r in began.results if r.outcome == "unknown")
    about = result.resource
    return Unread(
        result.check, printable(about.id), about.region, about.type, printable(result.reason),
        first, last, end,
    )  # fmt: skip
