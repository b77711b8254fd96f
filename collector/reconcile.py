"""Reconcile: two sources that tell of the same things must agree.

A listing may be complete by its own account, every page read, and still lack something. Where
another operation counts the same things, or lists them too, a resource class says so, and here the
two are compared before anything is judged. What contradicts is no population: nothing is concluded
from it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import assert_never

from collector.check import lineage
from collector.collect import CONTRADICTORY
from collector.reads import Observed, Population, Reads, Unread
from collector.resource import Figure, Resource, Roll
from collector.source import HOME


def reconciled(reads: Reads, now: datetime) -> Reads:
    """The reads without the populations that another source contradicts.

    Such a population is one `Unread` that gives both figures. Where either side could not be read
    as a whole there is nothing to compare: what is known stays, and what the other side lacks, or
    is itself doubted for, is said to be unread here, too.

    Args:
        reads: what was collected.
        now: the time of the run, which tells what is too new for both sides to know of.
    """
    compared = _Compared(reads, now)
    changed = {}
    for resource in reads.resources:
        above = [r for r in lineage(resource) if r.reconciled]
        if not above:
            continue
        population = reads[resource]
        doubts = [doubt for r in above for doubt in compared.doubts(r)]
        is_contradicted = not compared.contradicted.isdisjoint(above)
        peers = [reads[peer.of].listed for r in above for peer in r.reconciled]
        changed[resource] = Population(
            observed=() if is_contradicted else population.observed,
            unread=tuple(dict.fromkeys((*population.unread, *doubts))),
            # That there is nothing rests on the other source, too.
            listed=population.listed.union(*peers),
            regions=population.regions,
        )
    return reads.replacing(changed)


class _Compared:
    """What is to be said of each population for the sake of the sources it must agree with."""

    def __init__(self, reads: Reads, now: datetime) -> None:
        self._reads = reads
        self._now = now
        self._doubts: dict[type[Resource], list[Unread]] = {}
        self.contradicted: set[type[Resource]] = set()

    def doubts(self, resource: type[Resource]) -> list[Unread]:
        """What could not be read of the other sources, is doubted of them, or contradicts them."""
        if resource not in self._doubts:
            found = self._doubts[resource] = []
            for peer in resource.reconciled:
                found += [*self._reads[peer.of].unread, *self.doubts(peer.of)]
                contradiction = _contradiction(self._reads, resource, peer, self._now)
                if contradiction is not None:
                    found.append(contradiction)
                    self.contradicted.add(resource)
        return self._doubts[resource]


def _contradiction(
    reads: Reads, resource: type[Resource], peer: Figure | Roll, now: datetime
) -> Unread | None:
    """How the other source contradicts a population; None where it does not."""
    own, other = reads[resource], reads[peer.of]
    if own.unread or other.unread:
        return None
    match peer:
        case Figure():
            phrase = _counted(own.observed, other.observed, peer, now)
        case Roll():
            phrase = _listed(own.observed, other.observed, peer, now)
        case _:
            assert_never(peer)
    if phrase is None:
        return None
    evidence = own.evidence_in(None) | other.evidence_in(None)
    return Unread(
        operation=resource.source.name,
        region=HOME,
        code=f"{CONTRADICTORY} ({phrase})",
        evidence=tuple(sorted(evidence)),
    )


def _counted(
    own: Sequence[Observed[Resource]],
    other: Sequence[Observed[Resource]],
    figure: Figure,
    now: datetime,
) -> str | None:
    """How a listing differs from a figure; None where it does not."""
    (counted,) = (getattr(one.resource, figure.field) for one in other)
    held = [one.resource for one in own]
    kinds, told = [held], f"lists {len(held)}"
    if figure.may_leave_out is not None:
        kinds.append([one for one in held if not getattr(one, figure.may_leave_out)])
        kind = figure.may_leave_out.removeprefix("is_").replace("_", "-")
        told += f", {len(kinds[1])} of them not {kind}"
    if any(_settled(each, figure, now) <= counted <= len(each) for each in kinds):
        return None
    return f"{told}; {figure.of.source.name} counts {counted}"


def _listed(
    own: Sequence[Observed[Resource]],
    other: Sequence[Observed[Resource]],
    roll: Roll,
    now: datetime,
) -> str | None:
    """How many things of the other listing this one lacks; None where it lacks none."""
    here = {one.resource.id for one in own}
    expected = {one.resource.id for one in other if _is_settled(one.resource, roll, now)}
    if not expected - here:
        return None
    name = roll.of.source.name
    return f"lists {len(here & expected)} of the {len(expected)} that {name} lists"


def _settled(held: Iterable[Resource], figure: Figure, now: datetime) -> int:
    return sum(_is_settled(one, figure, now) for one in held)


def _is_settled(resource: Resource, peer: Figure | Roll, now: datetime) -> bool:
    """Whether both sides must know of it: it was made long enough ago."""
    created: datetime = getattr(resource, peer.created)
    return now - created > peer.settles_in
