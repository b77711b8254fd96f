"""Evaluate: from reads to results. Pure.

Whatever a check needs and was not read makes its result `unknown`; the check itself is not called
then, so it cannot pass by accident. "Nothing there" is said only where the listing is complete.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import structlog

from collector.check import Check, Parameter, SettingValue, Verdict, lineage
from collector.evidence.canonical import JSON
from collector.reads import Observed, Reads, Unread, is_regional
from collector.reconcile import reconciled
from collector.resource import Resource
from collector.source import HOME

Outcome = Literal["pass", "fail", "unknown", "not_applicable"]

MOST_REASONS = 5
"""How many unread things the reason of one result names before it only counts them."""

log = structlog.get_logger()


@dataclass(frozen=True, order=True)
class Subject:
    """What a result is about. `id` is the cloud's own full name, or the account's id."""

    account: str
    id: str
    region: str
    type: str


@dataclass(frozen=True, order=True)
class Result:
    """Outcome of one check on one resource, or on the account."""

    check: str
    resource: Subject
    outcome: Outcome
    reason: str
    evidence: tuple[str, ...]
    phi: bool | Literal["unclassified"] | None = field(default=None, compare=False)
    """Whether the resource's tags mark it as holding health information; None: nobody asked."""

    def to_json(self) -> dict[str, JSON]:
        """As a line of a results object holds it; `phi` is null where no tag classifies."""
        phi: JSON = None if self.phi == "unclassified" else self.phi
        return {
            "check": self.check,
            "outcome": self.outcome,
            "resource": {
                "account": self.resource.account,
                "id": self.resource.id,
                "region": self.resource.region,
                "type": self.resource.type,
            },
            "reason": self.reason,
            "evidence": list(self.evidence),
            **({} if self.phi is None else {"phi": phi}),
        }


Settings = Mapping[str, Mapping[str, SettingValue]]
"""Check id → setting → value, for the settings that differ from a check's defaults."""


def evaluate(
    checks: Iterable[Check[...]], reads: Reads, *, settings: Settings, now: datetime
) -> list[Result]:
    """Judge what was read; sorted by check and resource.

    Args:
        checks: those to judge; `reads` must have been collected for them.
        reads: what was read, and what could not be.
        settings: values for checks' settings.
        now: the time of the run, by which ages are judged; aware.
    """
    reads = reconciled(reads, now)
    results: list[Result] = []
    for check in checks:
        results += _Judge(check, reads, settings.get(check.id, {}), now).results()
    # A listing that two members of a union share is said to be unread once.
    return sorted(set(results))


@dataclass
class _Judge:
    """One check over one account."""

    check: Check[...]
    reads: Reads
    settings: Mapping[str, SettingValue]
    now: datetime

    def results(self) -> list[Result]:
        found = list(itertools.chain.from_iterable(map(self._over, self._bindings())))
        judged = [r for r in found if r.outcome != "not_applicable"]
        # One "not applicable" a check and account, and only where nothing else was to be said.
        return judged or [self._nothing(found)]

    def _bindings(self) -> Iterator[tuple[tuple[Parameter, tuple[type[Resource], ...]], ...]]:
        """Each way to bind the parameters: a union of single resources is one way a member."""
        choices = []
        for parameter in self.check.parameters:
            if parameter.many:
                choices.append([(parameter, parameter.resources)])
            else:
                choices.append([(parameter, (r,)) for r in parameter.resources])
        return itertools.product(*choices)

    def _over(
        self, binding: tuple[tuple[Parameter, tuple[type[Resource], ...]], ...]
    ) -> Iterator[Result]:
        single = [rs[0] for p, rs in binding if not p.many and not _is_context(rs[0])]
        if not single:
            yield from self._accounts(binding)
            return
        populations = [self.reads[r] for r in single]
        listings = (u for p in populations for u in p.unread if u.of is None)
        yield from self._unread_regions(listings)
        subjects: dict[tuple[str, str | None], Subject] = {}
        for population, resource in zip(populations, single, strict=True):
            for one in population.observed:
                subjects[one.name, one.region] = self._subject(resource, one)
        by_name = {name: subject for (name, _), subject in subjects.items()}
        stray: dict[str, list[Unread]] = {}
        for unread in (u for p in populations for u in p.unread if u.of is not None):
            stray.setdefault(str(unread.of), []).append(unread)
        for (name, region), subject in subjects.items():
            if name not in stray:
                yield self._judge(subject, binding, name, str(region))
        for name, unreads in stray.items():
            about = Subject(
                self.reads.scope.account, name, unreads[0].region, unreads[0].type or ""
            )
            yield self._unknown(by_name.get(name, about), unreads)

    def _unread_regions(self, unread: Iterable[Unread]) -> Iterator[Result]:
        """One unknown for each region of which something is not known as a whole."""
        by_region: dict[str, list[Unread]] = {}
        for one in unread:
            by_region.setdefault(one.region, []).append(one)
        for region, ones in by_region.items():
            yield self._unknown(self._account(region), ones)

    def _accounts(
        self, binding: tuple[tuple[Parameter, tuple[type[Resource], ...]], ...]
    ) -> Iterator[Result]:
        """Judge the account as a whole, or each of its regions."""
        resources = [r for _, rs in binding for r in rs]
        regional = self.check.scope == "region" or all(_is_context(r) for r in resources)
        if not regional:
            yield self._judge(self._account(HOME), binding, None, None)
            return
        placed = [r for r in resources if _is_regional(r)] or resources
        populations = [self.reads[r] for r in placed]
        regions = sorted({region for p in populations for region in p.regions})
        # What is not known of any of these, such as which regions there are.
        yield from self._unread_regions(
            u for p in populations for u in p.unread if u.of is None and u.region not in regions
        )
        for region in regions:
            yield self._judge(self._account(region), binding, None, region)

    def _judge(
        self,
        subject: Subject,
        binding: tuple[tuple[Parameter, tuple[type[Resource], ...]], ...],
        name: str | None,
        region: str | None,
    ) -> Result:
        given: list[object] = []
        unread: list[Unread] = []
        evidence: set[str] = set()
        for parameter, resources in binding:
            taken: list[Observed[Resource]] = []
            for resource in resources:
                population = self.reads[resource]
                here = _context_region(resource, region)
                if parameter.many or _is_context(resource):
                    taken += [o for o in population.observed if here in (None, o.region)]
                    unread += [u for u in population.unread if here in (None, u.region)]
                    evidence |= population.evidence_in(here)
                elif (one := population.by_name.get((str(name), str(region)))) is not None:
                    taken.append(one)
            evidence |= {digest for one in taken for digest in one.evidence}
            if parameter.many:
                given.append([one.resource for one in taken])
            elif taken:
                given.append(taken[0].resource)
            elif not unread:
                unread.append(_not_found(resources[0], region))
        if unread:
            return self._unknown(subject, unread)
        return self._call(subject, given, evidence)

    def _call(self, subject: Subject, given: Sequence[object], evidence: set[str]) -> Result:
        keywords: dict[str, object] = {n: s.default for n, s in self.check.settings.items()}
        keywords |= self.settings
        if self.check.wants_now:
            keywords["now"] = self.now
        reason = "the check broke: it returned no verdict"
        verdict: object = None
        try:
            verdict = self.check(*given, **keywords)
        except Exception as error:  # a check's bug makes that check unknown and loses no other
            log.exception("check_broke", check=self.check.id, resource=subject.id)
            reason = f"the check broke: {type(error).__name__}"
        digests = tuple(sorted(evidence))
        if not isinstance(verdict, Verdict):
            return Result(self.check.id, subject, "unknown", reason, digests)
        return Result(self.check.id, subject, verdict.outcome, verdict.reason, digests)

    def _unknown(self, subject: Subject, unread: Sequence[Unread]) -> Result:
        reasons = sorted({u.reason for u in unread})
        more = len(reasons) - MOST_REASONS
        text = "; ".join(reasons[:MOST_REASONS]) + (f"; and {more} more" if more > 0 else "")
        digests = tuple(sorted({d for u in unread for d in u.evidence}))
        return Result(self.check.id, subject, "unknown", f"not read: {text}", digests)

    def _nothing(self, found: Sequence[Result]) -> Result:
        """The one result where nothing was to be judged."""
        judged = [p for p in self.check.parameters if not all(map(_is_context, p.resources))]
        about = judged or self.check.parameters
        names = " or ".join(dict.fromkeys(r.type_name() for p in about for r in p.resources))
        if found:
            reasons = sorted({r.reason for r in found})
            reason = f"nothing to judge: {'; '.join(reasons[:MOST_REASONS])}"
        else:
            reason = f"no {names} in the account"
        evidence = {d for r in found for d in r.evidence}
        for parameter in self.check.parameters:
            for resource in parameter.resources:
                evidence |= self.reads[resource].evidence_in(None)
        return Result(
            self.check.id, self._account(HOME), "not_applicable", reason, tuple(sorted(evidence))
        )

    def _subject(self, resource: type[Resource], one: Observed[Resource]) -> Subject:
        return Subject(self.reads.scope.account, one.name, one.region, resource.type_name())

    def _account(self, region: str) -> Subject:
        scope = self.reads.scope
        return Subject(scope.account, scope.account, region, f"{scope.provider}.account")


def _is_context(resource: type[Resource]) -> bool:
    """Whether it tells of the account (or a region of it) and so goes with every resource."""
    return resource.is_aspect() and resource.source.per is None


def _context_region(resource: type[Resource], region: str | None) -> str | None:
    """The region to which a context is narrowed for a resource; None: the whole account."""
    return region if region != HOME and _is_regional(resource) else None


def _is_regional(resource: type[Resource]) -> bool:
    """Whether it comes from a listing that is made in every region."""
    return is_regional(lineage(resource)[-1])


def _not_found(resource: type[Resource], region: str | None) -> Unread:
    return Unread(resource.source.name, region or HOME, "NoAnswer")
