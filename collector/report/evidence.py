"""Evidence of one account at one moment: its newest snapshot, check by check. Pure.

A failing result that an exception covers stays a fail and is counted apart. What was in force is
judged at the moment of the report, and what was found is what the newest snapshot up to it found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from collector.attestation.record import AcceptedFailure
from collector.attestation.state import NO_TAGS, Standing, Tags, Term
from collector.check import Severity
from collector.evidence.snapshot import CheckEntry
from collector.report.history import History, SealedSnapshot
from collector.report.results import Judged
from collector.report.timeline import Member, member_of
from collector.source import AnyProvider, Provider

PROVIDERS: Final = MappingProxyType(
    {"aws": "AWS", "gcp": "Google Cloud", "azure": "Azure", "any": "any cloud"}
)
"""What the clouds are called."""


@dataclass(frozen=True)
class Installed:
    """A check that there is today, whether a snapshot has it or not."""

    id: str
    control: str
    title: str
    provider: Provider | AnyProvider
    is_always_run: bool = True
    """Whether every run of its cloud has it, unless it is left out. Those that read the tags by
    which resources are classified run only where the configuration names such tags."""


@dataclass(frozen=True)
class Acceptance:
    """The exception that covers a failing result."""

    number: int
    """Of its entry in the log of attestations."""
    reason: str
    approver: str
    expires: str
    """Its last day."""
    compensating_control: str


@dataclass(frozen=True)
class Finding:
    """A result that is no pass."""

    resource: str
    """The cloud's full name, or the account's id."""
    region: str
    type: str
    reason: str
    accepted: Acceptance | None = None
    """Of a fail only."""


@dataclass(frozen=True)
class CheckFindings:
    """What one check found."""

    check: str
    control: str
    """The check's control of today; where it is no longer installed, that of the snapshot."""
    title: str
    """Empty where the check is no longer installed."""
    severity: Severity
    passed: int
    failed: int
    """All fails, those that are accepted among them."""
    accepted: int
    """The fails that an exception covers."""
    unknown: int
    not_applicable: int
    population: int
    """How many distinct resources it judged, or should have judged and could not read."""
    failing: tuple[Finding, ...]
    unread: tuple[Finding, ...]

    @property
    def is_judged(self) -> bool:
        """Whether it judged anything at all; otherwise it is no evidence."""
        return bool(self.passed or self.failed)


@dataclass(frozen=True)
class AccountEvidence:
    """What is known of one account."""

    account: str
    provider: Provider
    account_id: str
    sealed: SealedSnapshot
    """The newest snapshot at or before the moment."""
    followed_by: int | None
    """Number of the next snapshot, sealed behind the moment. While there is none, a cut-off end of
    the chain would not be seen."""
    is_trusted: bool
    """Whether somebody vouched for the keys; otherwise they are the locker's own."""
    checks: Mapping[str, CheckFindings]
    """By id, in the order of ids."""
    left_out: tuple[Installed, ...]
    """Checks for its cloud that are installed today and that the snapshot did not run."""
    is_same_program: bool
    """Whether the checks that ran are those of today. Only then is a check that did not run known
    to have been left out; otherwise it may not have existed yet."""
    unresolved: tuple[int, ...] = ()
    """Numbers of exceptions by tag that cover nothing, since the run read no tags."""

    def of_control(self, control: str) -> tuple[CheckFindings, ...]:
        """The checks of a control that ran."""
        return tuple(c for c in self.checks.values() if c.control == control)


def account_evidence(
    history: History,
    standing: Standing,
    *,
    at: datetime,
    installed: Mapping[str, Installed],
    checks_sha256: str,
    tags: Tags = NO_TAGS,
) -> AccountEvidence:
    """The evidence of an account at a moment.

    Args:
        history: up to the moment, with at least one snapshot.
        standing: the entries of the log of attestations.
        at: the moment, aware.
        installed: the checks there are today, by id.
        checks_sha256: digest of their code.
        tags: those that the run read, of resources that fail, for exceptions by tag.
    """
    sealed = history.latest
    assert sealed is not None
    snapshot = sealed.snapshot
    accepted = standing.accepted(history.account, at, tags)
    found = {}
    for entry in sorted(snapshot.checks, key=lambda e: e.id):
        known = installed.get(entry.id)
        results = history.judged(entry)
        covering = {
            r.resource.id: term
            for r in results
            if r.outcome == "fail"
            and (term := accepted.exception(r.check, r.resource.id)) is not None
        }
        found[entry.id] = _findings(entry, known, results, covering)
    return AccountEvidence(
        account=history.account,
        provider=snapshot.account.provider,
        account_id=snapshot.account.id,
        sealed=sealed,
        followed_by=None if history.followed_by is None else history.followed_by.number,
        is_trusted=history.is_trusted,
        checks=MappingProxyType(found),
        left_out=tuple(
            one
            for one in installed.values()
            if one.provider == snapshot.account.provider
            and one.is_always_run
            and one.id not in found
        ),
        is_same_program=snapshot.collector.checks_sha256 == checks_sha256,
        unresolved=tuple(
            t.number
            for t in accepted.terms
            if t.entry.tag and not tags and t.entry.check in found and found[t.entry.check].failed
        ),
    )


def _findings(
    entry: CheckEntry,
    known: Installed | None,
    results: Sequence[Judged],
    covering: Mapping[str, Term[AcceptedFailure]],
) -> CheckFindings:
    counts = Counter(r.outcome for r in results)
    failing = tuple(_finding(r, covering) for r in results if r.outcome == "fail")
    return CheckFindings(
        check=entry.id,
        control=entry.control if known is None else known.control,
        title="" if known is None else known.title,
        severity=entry.severity,
        passed=counts["pass"],
        failed=counts["fail"],
        accepted=sum(f.accepted is not None for f in failing),
        unknown=counts["unknown"],
        not_applicable=counts["not_applicable"],
        population=len(_population(results)),
        failing=failing,
        unread=tuple(_finding(r, {}) for r in results if r.outcome == "unknown"),
    )


def _population(results: Sequence[Judged]) -> set[Member]:
    """The resources among the results. The account stands for itself only where it was judged;
    otherwise its results say that a listing was not read, or that there is nothing."""
    judged = {member_of(r) for r in results if r.outcome in ("pass", "fail")}
    unread = {
        member_of(r)
        for r in results
        if r.outcome == "unknown" and r.resource.id != r.resource.account
    }
    return judged | unread


def _finding(result: Judged, covering: Mapping[str, Term[AcceptedFailure]]) -> Finding:
    about, term = result.resource, covering.get(result.resource.id)
    accepted = None
    if term is not None:
        accepted = Acceptance(
            number=term.number,
            reason=one_line(term.entry.reason),
            approver=term.entry.approver,
            expires=term.entry.expires.isoformat(),
            compensating_control=one_line(term.entry.compensating_control),
        )
    return Finding(about.id, about.region, about.type, result.reason, accepted)


def one_line(text: str) -> str:
    """A text of several lines on one."""
    return " ".join(text.split())
