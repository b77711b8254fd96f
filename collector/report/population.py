"""Population: which resources a check judged, and which joined and left. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from collector.evidence.record import printable
from collector.report.days import Seen, seen
from collector.report.timeline import Member, Step


@dataclass(frozen=True)
class Moved:
    """A resource that joined or left a population."""

    resource: str
    region: str
    """Of the account in one of its regions only; else empty."""
    when: Seen
    """The first snapshot that had it, or that had it no longer."""


@dataclass(frozen=True)
class Population:
    """The distinct resources that a check judged, or should have judged and could not read.

    Those at the start, with the joiners and without the leavers, are those at the end. A resource
    that cannot be seen, because a listing was not read, has not left.
    """

    start: int
    end: int
    distinct: int
    """How many there were at any time from the start on."""
    start_of: Seen | None
    """The snapshot that says what was at the start: the last one before the period that ran the
    check, or else the first one in it. None: no snapshot ran it."""
    end_of: Seen | None
    """The last snapshot that ran the check."""
    joiners: tuple[Moved, ...]
    leavers: tuple[Moved, ...]
    """Both in order of time, and of name. A resource may leave and join again."""


def population(steps: Iterable[Step]) -> Population:
    """The population of a check, by its timeline."""
    members: set[Member] = set()
    distinct: set[Member] = set()
    joiners: list[Moved] = []
    leavers: list[Moved] = []
    start = 0
    first: Seen | None = None
    last: Seen | None = None
    for step in steps:
        last = seen(step.snapshot)
        is_start = step.is_before or first is None
        for change in step.changes:
            member = change.member
            moved = Moved(printable(member.id), member.region, last)
            if change.was is None:
                members.add(member)
                joiners += [] if is_start else [moved]
            elif change.now is None:
                members.remove(member)
                leavers += [] if is_start else [moved]
        if is_start:
            first, start, distinct = last, len(members), set(members)
        distinct |= {change.member for change in step.changes if change.was is None}
    return Population(
        start=start,
        end=len(members),
        distinct=len(distinct),
        start_of=first,
        end_of=last,
        joiners=tuple(joiners),
        leavers=tuple(leavers),
    )
