"""Reads: what a run brought back, by resource type, and what could not be read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Literal, TypeVar

from collector.answer import Answer, Scope
from collector.resource import Resource, at
from collector.source import HOME, Aws, Source

R = TypeVar("R", bound=Resource)


class Region(Resource):
    """A region of an AWS account, asked for where the configuration names none."""

    source = Aws(
        service="ec2",
        operation="DescribeRegions",
        permission="ec2:DescribeRegions",
        items="Regions",
        regions="home",
    )
    id: str = at("RegionName")
    opt_in: Literal["opt-in-not-required", "opted-in", "not-opted-in"] = at(
        "OptInStatus", default="opt-in-not-required"
    )


@dataclass(frozen=True)
class Observed(Generic[R]):
    """A resource that was read."""

    resource: R
    name: str
    """The cloud's full name."""
    region: str
    evidence: tuple[str, ...]
    """Digests of the answers it rests on, its ancestors' included, sorted."""


@dataclass(frozen=True)
class Unread:
    """Something that could not be read. Never a pass, never a fail, never an empty list."""

    operation: str
    region: str
    code: str
    missing: tuple[str, ...] = ()
    """Permissions that were refused."""
    of: str | None = None
    """Full name of the resource whose read failed; None: the listing itself is not known."""
    type: str | None = None
    id: str | None = None
    evidence: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """One line, the same in every run in which the same thing fails."""
        text = f"{self.operation} in {self.region}: {self.code}"
        return f"{text}; missing permission {', '.join(self.missing)}" if self.missing else text


@dataclass(frozen=True)
class Population(Generic[R]):
    """All resources of a type: those read, and what could not be."""

    observed: tuple[Observed[R], ...] = ()
    unread: tuple[Unread, ...] = ()
    listed: frozenset[tuple[str, str]] = frozenset()
    """Region and digest of each complete listing, empty ones included."""
    regions: tuple[str, ...] = ()
    """Regions in which it was asked for, without those that do not have its service."""

    def __iter__(self) -> Iterator[Observed[R]]:
        return iter(self.observed)

    @cached_property
    def by_name(self) -> Mapping[tuple[str, str], Observed[R]]:
        """What was read, by full name and region."""
        return {(one.name, one.region): one for one in self.observed}

    def evidence_in(self, region: str | None) -> set[str]:
        """Digests of the listings in a region and in none; None: of all."""
        return {d for where, d in self.listed if region is None or where in (region, HOME)}


class Reads:
    """What was read for a run, by resource type; and the calls it took."""

    def __init__(
        self,
        scope: Scope,
        populations: Mapping[type[Resource], Population[Resource]],
        answers: Sequence[tuple[Source, Answer]],
        not_offered: Collection[tuple[Source, str]] = (),
    ) -> None:
        """Hold the populations by resource type and each answer with its source.

        `not_offered` names the reads that failed because the region does not have the service,
        which hides nothing, by source and region.
        """
        self.scope = scope
        self.answers = answers
        self.not_offered = not_offered
        self._populations = populations

    def __getitem__(self, resource: type[R]) -> Population[R]:
        return self._populations[resource]  # type: ignore[return-value]  # keyed by its own type

    @property
    def resources(self) -> tuple[type[Resource], ...]:
        """The resource types that were asked for."""
        return tuple(self._populations)

    def replacing(self, changed: Mapping[type[Resource], Population[Resource]]) -> Reads:
        """The same reads with some populations in the place of those that were read."""
        populations = {**self._populations, **changed}
        return Reads(self.scope, populations, self.answers, self.not_offered)

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions in which regional sources were asked."""
        if self.scope.regions is not None:
            return self.scope.regions
        found = self._populations.get(Region, Population()).observed
        return tuple(sorted(o.resource.id for o in found if is_enabled(o.resource)))


def is_enabled(region: Resource) -> bool:
    """Whether the account may use the region."""
    return isinstance(region, Region) and region.opt_in != "not-opted-in"


def is_regional(resource: type[Resource]) -> bool:
    """Whether it is listed once in every region in scope."""
    source = resource.source
    return source.per is None and isinstance(source, Aws) and source.regions == "enabled"
