"""Basis: what a report rests on, and how its reader can check that. Pure.

Every snapshot is named by its number and the digest of its seal, every entry of the log of
attestations likewise: whoever has the locker finds both, and whoever keeps the report can tell
later whether they are still the same.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from collector.attestation.record import AcceptedFailure, Attestation, Decision
from collector.attestation.state import Stated, Term
from collector.config import Cadence
from collector.evidence.canonical import timestamp
from collector.report.days import longest
from collector.report.evidence import PROVIDERS, AccountEvidence
from collector.report.parts import Grounds
from collector.report.phi import PhiLimit
from collector.report.statements import days_told
from collector.run import DISTRIBUTION


@dataclass(frozen=True)
class SnapshotUsed:
    """A snapshot that a report rests on."""

    account: str
    provider: str
    account_id: str
    number: int
    seal_sha256: str
    snapshot_sha256: str
    sealed_at: datetime
    """By the clock of the signer."""
    shown_at: datetime | None
    """The earliest time by which a timestamp authority saw the seal; None if none did."""
    keyid: str
    """Fingerprint of the key that signed."""
    identity: str
    """The principal that read."""
    regions: tuple[str, ...]
    version: str
    """Of the collector that made it."""
    complete: bool
    """Whether nothing that the checks need was left unread."""
    checks: int
    reads: int
    passed: int
    """Of the results that the report tells of, as are those below: all, unless it is limited."""
    failed: int
    """All fails, those that are accepted among them."""
    accepted: int
    unknown: int
    not_applicable: int
    cadence: Cadence
    """How far apart runs are meant to be."""
    finished: datetime
    """When its last read was."""
    age_seconds: int
    """How long before the moment of the report that was."""
    is_stale: bool
    """Whether that is longer than the cadence allows."""
    followed_by: int | None
    """Number of the next snapshot, sealed behind the moment."""
    left_out: tuple[str, ...]
    """Checks for its cloud that are installed today and that it did not run."""


@dataclass(frozen=True)
class EntryUsed:
    """An entry of the log of attestations that a report rests on."""

    number: int
    seal_sha256: str
    sealed_at: datetime
    what: str
    """`attestation`, `exception` or `decision`."""
    subject: str
    """The kind of an attestation and its party, the check of an exception, the citation of a
    decision."""
    owner: str
    approver: str
    effective: str
    expires: str
    """Its first and last day."""
    state: str
    days_left: int
    """To its last day; negative behind it."""


@dataclass(frozen=True)
class Basis:
    """What a report rests on."""

    at: datetime
    """The moment that it speaks of."""
    version: str
    """Of the collector that made the report."""
    mappings_sha256: str
    closing_sha256: str
    is_trusted: bool
    """Whether somebody vouched for the keys; otherwise they are the locker's own."""
    locker: str
    snapshots: tuple[SnapshotUsed, ...]
    entries: tuple[EntryUsed, ...]
    """Those that were sealed by the moment, in the order of the log."""
    warnings: tuple[str, ...]
    """What a reader must know before the rest."""
    notes: tuple[str, ...]
    """What a reader should know of this report in particular."""
    phi: tuple[PhiLimit, ...] = ()
    """How each account was limited to what is marked as PHI; empty: none was."""

    @property
    def verify_command(self) -> str:
        """What checks all of it again."""
        return f"collector verify {self.locker}"


def basis(grounds: Grounds, *, cadences: Mapping[str, Cadence], version: str, locker: str) -> Basis:
    """The basis of a report.

    Args:
        grounds: what it is made of.
        cadences: how far apart runs are meant to be, by account.
        version: of the collector that makes the report.
        locker: where the evidence is, as the user calls it.
    """
    snapshots = tuple(_used(one, grounds.at, cadences[one.account]) for one in grounds.accounts)
    limits = tuple(one.phi for one in grounds.accounts if one.phi is not None)
    return Basis(
        at=grounds.at,
        version=version,
        mappings_sha256=grounds.mappings.sha256,
        closing_sha256=grounds.closing.sha256,
        is_trusted=all(one.is_trusted for one in grounds.accounts),
        locker=locker,
        snapshots=snapshots,
        entries=tuple(
            _entry(t, grounds.at) for t in grounds.standing.terms if t.sealed_at <= grounds.at
        ),
        warnings=(
            *(one.told for one in limits),
            *(f"{told[0].upper()}{told[1:]}." for told in grounds.doubts),
            *_warnings(snapshots),
            *_lost(grounds),
        ),
        notes=tuple(_notes(grounds)),
        phi=limits,
    )


def installed_version() -> str:
    """The version of the collector that is installed."""
    return importlib.metadata.version(DISTRIBUTION)


def _used(one: AccountEvidence, at: datetime, cadence: Cadence) -> SnapshotUsed:
    sealed, snapshot = one.sealed, one.sealed.snapshot
    age = at - snapshot.finished
    found = one.checks.values()
    return SnapshotUsed(
        account=one.account,
        provider=PROVIDERS[one.provider],
        account_id=one.account_id,
        number=sealed.number,
        seal_sha256=sealed.seal_sha256,
        snapshot_sha256=sealed.snapshot_sha256,
        sealed_at=sealed.created_at,
        shown_at=sealed.shown_at,
        keyid=sealed.keyid,
        identity=snapshot.identity,
        regions=snapshot.scope.regions,
        version=snapshot.collector.version,
        complete=snapshot.complete,
        checks=len(snapshot.checks),
        reads=snapshot.summary.calls,
        passed=sum(c.passed for c in found),
        failed=sum(c.failed for c in found),
        accepted=sum(c.accepted for c in found),
        unknown=sum(c.unknown for c in found),
        not_applicable=sum(c.not_applicable for c in found),
        cadence=cadence,
        finished=snapshot.finished,
        age_seconds=int(age.total_seconds()),
        is_stale=age > longest(cadence),
        followed_by=one.followed_by,
        left_out=tuple(check.id for check in one.left_out),
    )


def _entry(term: Term[Stated], at: datetime) -> EntryUsed:
    what, subject = _subject(term.entry)
    return EntryUsed(
        number=term.number,
        seal_sha256=term.seal_sha256,
        sealed_at=term.sealed_at,
        what=what,
        subject=subject,
        owner=term.entry.owner,
        approver=term.entry.approver,
        effective=term.entry.effective.isoformat(),
        expires=term.entry.expires.isoformat(),
        state=term.state(at).replace("_", " "),
        days_left=term.days_left(at),
    )


def _subject(entry: Stated) -> tuple[str, str]:
    match entry:
        case Attestation():
            party = "" if entry.party is None else f" with {entry.party}"
            return "attestation", f"{entry.kind}{party}"
        case AcceptedFailure():
            return "exception", f"{entry.check} in {entry.account}"
        case Decision():
            return "decision", entry.citation


def _warnings(snapshots: tuple[SnapshotUsed, ...]) -> Iterator[str]:
    for one in snapshots:
        if one.is_stale:
            yield (
                f"Old evidence: what the newest snapshot of {one.account} at this moment, number "
                f"{one.number}, read was {_age_told(one.age_seconds)} old, where runs are meant to "
                f"be {one.cadence}. What changed since is not in this report."
            )
        if not one.complete:
            yield (
                f"Incomplete: {one.unknown} results of {one.account} are unknown, because "
                f"something could not be read. Unknown is no pass."
                if one.unknown
                else f"Incomplete: something of {one.account} could not be read, though nothing "
                f"that this report is limited to."
            )


def _lost(grounds: Grounds) -> Iterator[str]:
    """Checks that ran and that no control of today has: their results are in no figure."""
    for one in grounds.accounts:
        lost = [c for c in one.checks.values() if c.control not in grounds.mappings.controls]
        if lost:
            failed = sum(c.failed for c in lost)
            names = ", ".join(f"{c.check} ({c.control})" for c in lost)
            yield (
                f"Left out: snapshot {one.sealed.number} of {one.account} has results of checks "
                f"whose controls today's mappings do not have, {failed} of them failing. They are "
                f"in no figure here: {names}."
            )


def _notes(grounds: Grounds) -> Iterator[str]:
    if not all(one.is_trusted for one in grounds.accounts):
        yield (
            "The public keys are the locker's own, and whoever can write all of it could have "
            "replaced them: give a key that you have from elsewhere."
        )
    for one in grounds.accounts:
        if one.sealed.shown_at is None:
            yield (
                f"Snapshot {one.sealed.number} of {one.account} carries no timestamp of an "
                f"authority: its time is the signer's word."
            )
        if one.followed_by is None:
            yield (
                f"No snapshot of {one.account} follows number {one.sealed.number}: should the "
                f"chain have been cut off behind it, this report could not tell. Compare with a "
                f"head that was kept elsewhere."
            )
        if one.left_out:
            names = ", ".join(check.id for check in one.left_out)
            cause = (
                "were left out"
                if one.is_same_program
                else "were left out, or were not there when it was made"
            )
            yield (
                f"Checks that snapshot {one.sealed.number} of {one.account} did not run {cause}: "
                f"{names}."
            )
        made_by = one.sealed.snapshot.collector
        if made_by.mappings_sha256 != grounds.mappings.sha256:
            yield (
                f"Snapshot {one.sealed.number} of {one.account} was tagged by mappings with digest "
                f"{made_by.mappings_sha256}; what its controls mean is told by those of today, "
                f"{grounds.mappings.sha256}."
            )
        for number in one.unresolved:
            yield (
                f"Exception {number} names its resources by a tag, and snapshot "
                f"{one.sealed.number} of {one.account} read no tags of what fails: it covers "
                f"nothing here."
            )


def _age_told(seconds: int) -> str:
    hours = seconds // 3600
    return days_told(hours // 24) if hours >= 48 else f"{hours} hours"


def moment_told(moment: datetime) -> str:
    """A moment for people: `2026-01-31 09:30 UTC`."""
    return f"{timestamp(moment)[:16].replace('T', ' ')} UTC"
