"""Exceptions for a report over a period: the terms of the log of attestations, as values. Pure.

An exception by tag covers a resource from each snapshot whose run read the tag on it to the next
one that ran the check. What a run did not read covers nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from collector.attestation.record import AcceptedFailure
from collector.attestation.state import Standing, Tags, Term, has_tag
from collector.classification import same
from collector.evidence.record import printable
from collector.report.failing import Accepted
from collector.report.history import History, SealedSnapshot

if TYPE_CHECKING:
    from collector.report.period import CheckPeriod

ReadTags: TypeAlias = Callable[[SealedSnapshot, Collection[str]], Tags]
"""Brings the tags that resources had when a snapshot was made, by the resources' full names."""

Span: TypeAlias = tuple[datetime, datetime]
"""From a moment to before another."""


@dataclass(frozen=True)
class Exemption:
    """An exception, and the time for which it counts; as `collector.report.failing.Accepted`."""

    id: str
    """Its number in the log."""
    seal_sha256: str
    check: str
    begins: datetime
    ends: datetime
    reason: str
    approved_by: str
    compensating: str
    resources: frozenset[str]
    """Full names, as `collector.classification.same` has them; empty where it names a tag."""
    tagged: tuple[tuple[Span, frozenset[str]], ...] = ()
    """Where it names a tag: which resources were seen to have it, and for how long that counts."""

    @property
    def is_resolved(self) -> bool:
        """Whether it is known of any resource that it is of it."""
        return bool(self.resources or self.tagged)

    def spans(self, resource: str) -> Sequence[Span]:
        """When it covers a resource."""
        name = same(resource)
        if name in self.resources:
            return [(self.begins, self.ends)]
        return [span for span, names in self.tagged if name in names]


@dataclass(frozen=True)
class Cited:
    """An exception that was in force in the period, of a check of the report."""

    id: str
    """Its number in the log of attestations."""
    seal_sha256: str
    check: str
    begins: datetime
    ends: datetime
    """The first moment at which it counts no more."""
    reason: str
    approved_by: str
    compensating: str
    intervals: int
    """Failing intervals of which it covers a part."""


def exemptions(
    standing: Standing, history: History, ends: datetime, read_tags: ReadTags
) -> tuple[Exemption, ...]:
    """The exceptions of an account that counted at any time before a moment.

    Args:
        standing: the log of attestations, verified.
        history: of the account, in the period.
        ends: where the period does.
        read_tags: asked only for exceptions by tag, and only for what failed or was not read.
    """
    return tuple(
        Exemption(
            id=str(term.number),
            seal_sha256=term.seal_sha256,
            check=term.entry.check,
            begins=term.begins,
            ends=term.ends,
            reason=term.entry.reason,
            approved_by=term.entry.approver,
            compensating=term.entry.compensating_control,
            resources=frozenset(map(same, term.entry.resources)),
            tagged=tuple(_tagged(term, history, ends, read_tags)) if term.entry.tag else (),
        )
        for term in standing.exceptions(ends)
        if term.entry.account == history.account and term.begins < min(term.ends, ends)
    )


def cited(
    checks: Sequence[CheckPeriod], exceptions: Iterable[Accepted], begins: datetime, ends: datetime
) -> tuple[Cited, ...]:
    """The exceptions that were in force in a period, of the checks of its report."""
    of_checks = {each.check: each for each in checks}
    found = []
    for one in exceptions:
        if one.check not in of_checks or one.begins >= ends or one.ends <= begins:
            continue
        intervals = of_checks[one.check].failing
        count = sum(any(part.exception == one.id for part in i.covered) for i in intervals)
        found.append(
            Cited(
                id=one.id,
                seal_sha256=one.seal_sha256,
                check=one.check,
                begins=one.begins,
                ends=one.ends,
                reason=printable(one.reason),
                approved_by=printable(one.approved_by),
                compensating=printable(one.compensating),
                intervals=count,
            )
        )
    return tuple(sorted(found, key=lambda each: (each.check, each.begins, each.id)))


def _tagged(
    term: Term[AcceptedFailure], history: History, ends: datetime, read_tags: ReadTags
) -> Iterator[tuple[Span, frozenset[str]]]:
    check = term.entry.check
    run = [one for one in (*history.before, *history.snapshots) if check in one.entries]
    moments = [*(one.created_at for one in run), ends]
    for one, span in zip(run, pairwise(moments), strict=True):
        within = term.within(*span)
        if within is None:
            continue
        judged = history.judged(one.entries[check])
        names = {j.resource.id for j in judged if j.outcome in ("fail", "unknown")}
        tags = read_tags(one, names) if names else {}
        found = frozenset(same(name) for name, own in tags.items() if has_tag(term.entry, own))
        if found:
            yield within, found
