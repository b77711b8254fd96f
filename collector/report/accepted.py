"""Exceptions for a report over a period: the terms of the log of attestations, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from collector.attestation.state import Standing
from collector.classification import same


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
    """Full names, as `collector.classification.same` has them. Empty where it names a tag: it
    covers nothing then, as results carry no tags."""

    def is_of(self, resource: str) -> bool:
        """Whether it names the resource."""
        return same(resource) in self.resources


def exemptions(standing: Standing, account: str, ends: datetime) -> tuple[Exemption, ...]:
    """The exceptions of an account that counted at any time before a moment.

    Args:
        standing: the log of attestations, verified.
        account: its name.
        ends: where the period does.
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
        )
        for term in standing.exceptions(ends)
        if term.entry.account == account and term.begins < min(term.ends, ends)
    )
