"""What is in force at a moment, and for how long: the log of attestations read as a whole. Pure.

`stand(entries)` gives a `Standing` from the log's entries in their order. From it:

- `attestations(at)`, `exceptions(at)`, `decisions(at)`: the terms of all entries of that kind that
  were sealed by then, whatever their state; `Term.state(at)` says which it is;
- `in_force(terms, at)`: those of them that count;
- `accepted(account, at, tags)`: the exceptions of one account, to be asked for each failing result;
- `decided(at)`: the decision in force on each addressable specification;
- `Term.within(start, end)`: the part of a period for which an entry counts.

The rules:

- An entry counts from the later of its effective day and the moment at which it was sealed. What
  was written afterwards never reaches back: an acceptance that is dated back is worth nothing for
  the days before it was sealed.
- It ends with its last day (`expires`, in UTC), with the seal of its withdrawal, or when an entry
  that renews it begins to count, whichever comes first. What has ended stays ended, also if the
  entry that renewed it is withdrawn.
- An entry is known by the digest of its document. The same document sealed a second time adds
  nothing, so what was withdrawn is not brought back by sealing it again.
- A renewal or withdrawal counts only for an entry before it; a renewal only for an entry about the
  same thing. One that points elsewhere ends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Generic, Literal, TypeAlias, TypeVar

from collector.attestation.record import (
    AcceptedFailure,
    Attestation,
    Decision,
    Entry,
    Withdrawal,
)

Stated: TypeAlias = "Attestation | AcceptedFailure | Decision"
"""An entry that counts for a time."""

State = Literal["in_force", "not_yet_effective", "expired", "withdrawn", "superseded"]

Tags: TypeAlias = "Mapping[str, Mapping[str, str]]"
"""The tags of resources: value by key, by the resource's full name."""

NO_TAGS: Tags = MappingProxyType({})

S = TypeVar("S", bound=Stated)
S_co = TypeVar("S_co", bound=Stated, covariant=True)


@dataclass(frozen=True)
class LogEntry:
    """An entry and its place in the log."""

    number: int
    """What people call it."""
    seal_sha256: str
    document_sha256: str
    """What other entries call it."""
    sealed_at: datetime
    """When it was sealed, by the signer's clock."""
    entry: Entry


@dataclass(frozen=True)
class Term(Generic[S_co]):
    """An entry, and the time for which it counts."""

    number: int
    """Its number in the log."""
    seal_sha256: str
    document_sha256: str
    sealed_at: datetime
    entry: S_co
    begins: datetime
    """The later of its effective day and its seal."""
    ends: datetime
    """The first moment at which it does not count any more. Not behind `begins`: it never did."""
    ended_by: Literal["expired", "withdrawn", "superseded"]
    """What ends it."""
    ending: int | None
    """Number of the entry that ends it: of a withdrawal or renewal. None if it expires."""

    def state(self, at: datetime) -> State:
        """What it is at a moment. Before it was sealed there was nothing: do not ask."""
        if at >= self.ends:
            return self.ended_by
        return "in_force" if at >= self.begins else "not_yet_effective"

    def days_left(self, at: datetime) -> int:
        """Whole days from the day of `at` to its last day; 0 on that day, negative behind it."""
        return (self.entry.expires - at.astimezone(UTC).date()).days

    def within(self, start: datetime, end: datetime) -> tuple[datetime, datetime] | None:
        """The part of a period, from `start` to before `end`, for which it counts; None: none."""
        begins, ends = max(self.begins, start), min(self.ends, end)
        return (begins, ends) if begins < ends else None


@dataclass(frozen=True)
class Accepted:
    """The exceptions of one account that count at one moment."""

    terms: tuple[Term[AcceptedFailure], ...]
    """In the order of the log."""
    _named: Mapping[tuple[str, str], Term[AcceptedFailure]] = field(repr=False)
    _tagged: Mapping[str, Sequence[Term[AcceptedFailure]]] = field(repr=False)
    _tags: Tags = field(repr=False)

    def exception(self, check: str, resource: str) -> Term[AcceptedFailure] | None:
        """The exception that covers a failing result; the last of several. None: it is not covered.

        Args:
            check: id of the check.
            resource: full name of the resource, exactly.
        """
        found = [self._named[check, resource]] if (check, resource) in self._named else []
        if check in self._tagged and resource in self._tags:
            own = self._tags[resource]
            found += [t for t in self._tagged[check] if has_tag(t.entry, own)]
        return max(found, key=lambda term: term.number, default=None)


@dataclass(frozen=True)
class Standing:
    """All entries of the log with their terms, in the order of the log.

    Every method passes over what was not yet sealed at the moment that is asked for.
    """

    terms: tuple[Term[Stated], ...]
    withdrawals: tuple[LogEntry, ...]

    def attestations(self, at: datetime) -> tuple[Term[Attestation], ...]:
        """The attestations, in whatever state."""
        return tuple(_of(self.terms, Attestation, at))

    def exceptions(self, at: datetime) -> tuple[Term[AcceptedFailure], ...]:
        """The exceptions, in whatever state."""
        return tuple(_of(self.terms, AcceptedFailure, at))

    def decisions(self, at: datetime) -> tuple[Term[Decision], ...]:
        """The decisions, in whatever state."""
        return tuple(_of(self.terms, Decision, at))

    def accepted(self, account: str, at: datetime, tags: Tags = NO_TAGS) -> Accepted:
        """The exceptions of an account that count at a moment.

        Args:
            account: its name in the configuration.
            at: the moment: that of the run for a snapshot's results, now for what is open today.
            tags: the tags of resources, for exceptions by tag. A resource without an entry has
                none, and no such exception covers it.
        """
        terms = tuple(t for t in in_force(self.exceptions(at), at) if t.entry.account == account)
        named = {(t.entry.check, r): t for t in terms for r in t.entry.resources}
        tagged: dict[str, list[Term[AcceptedFailure]]] = {}
        for term in terms:
            if term.entry.tag is not None:
                tagged.setdefault(term.entry.check, []).append(term)
        return Accepted(terms, named, tagged, tags)

    def decided(self, at: datetime) -> dict[str, Term[Decision]]:
        """The decision that counts at a moment, by citation; the last of several."""
        return {t.entry.citation: t for t in in_force(self.decisions(at), at)}

    def term(self, number: int) -> Term[Stated] | None:
        """The entry with a number in the log; None if it is a withdrawal, a repetition or none."""
        return next((term for term in self.terms if term.number == number), None)


def stand(entries: Iterable[LogEntry]) -> Standing:
    """What the entries of the log come to.

    Args:
        entries: in the order of the log, and verified: what is not signed must not get here.
    """
    stated: dict[str, LogEntry] = {}
    withdrawals: list[LogEntry] = []
    withdrawn: dict[str, LogEntry] = {}
    renewals: dict[str, list[str]] = {}
    for placed in entries:
        if isinstance(placed.entry, Withdrawal):
            withdrawals.append(placed)
            if placed.entry.withdraws in stated:
                withdrawn.setdefault(placed.entry.withdraws, placed)
        elif placed.document_sha256 not in stated:
            target = placed.entry.renews
            if target in stated and is_renewal(stated[target].entry, placed.entry):
                renewals.setdefault(target, []).append(placed.document_sha256)
            stated[placed.document_sha256] = placed
    spans = {digest: _alone(placed, withdrawn.get(digest)) for digest, placed in stated.items()}
    return Standing(
        tuple(_ended_by_renewal(spans, renewals, digest) for digest in spans), tuple(withdrawals)
    )


def in_force(terms: Iterable[Term[S]], at: datetime) -> tuple[Term[S], ...]:
    """Those that count at a moment."""
    return tuple(term for term in terms if term.state(at) == "in_force")


def is_renewal(old: Entry, new: Entry) -> bool:
    """Whether one entry is about the same thing as another, and so may take its place."""
    match old, new:
        case Attestation(), Attestation():
            return (old.kind, old.control, old.party) == (new.kind, new.control, new.party)
        case AcceptedFailure(), AcceptedFailure():
            return (old.account, old.check) == (new.account, new.check)
        case Decision(), Decision():
            return old.citation == new.citation
    return False


def annotation(term: Term[AcceptedFailure]) -> dict[str, str]:
    """What a failing result that is accepted says of its exception: `id, reason, approved_by,
    expires`. The id is the number in the log; the last day is written as 2026-01-31."""
    return {
        "id": str(term.number),
        "reason": term.entry.reason,
        "approved_by": term.entry.approver,
        "expires": term.entry.expires.isoformat(),
    }


def day_begins(day: date) -> datetime:
    """The first moment of a day in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def day_ends(day: date) -> datetime:
    """The first moment behind a day in UTC."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return day_begins(day + timedelta(days=1))


def _of(terms: Iterable[Term[Stated]], kind: type[S], at: datetime) -> Iterator[Term[S]]:
    for term in terms:
        if isinstance(term.entry, kind) and term.sealed_at <= at:
            yield term  # type: ignore[misc]  # its entry was just looked at


def _alone(placed: LogEntry, withdrawal: LogEntry | None) -> Term[Stated]:
    """The term of an entry as if nothing renewed it."""
    entry = placed.entry
    assert not isinstance(entry, Withdrawal)
    expires = day_ends(entry.expires)
    is_withdrawn = withdrawal is not None and withdrawal.sealed_at < expires
    return Term(
        number=placed.number,
        seal_sha256=placed.seal_sha256,
        document_sha256=placed.document_sha256,
        sealed_at=placed.sealed_at,
        entry=entry,
        begins=max(day_begins(entry.effective), placed.sealed_at),
        ends=withdrawal.sealed_at if withdrawal is not None and is_withdrawn else expires,
        ended_by="withdrawn" if is_withdrawn else "expired",
        ending=withdrawal.number if withdrawal is not None and is_withdrawn else None,
    )


def _ended_by_renewal(
    alone: Mapping[str, Term[Stated]], renewals: Mapping[str, Sequence[str]], digest: str
) -> Term[Stated]:
    """The term of an entry, cut where the first of those that renew it begins to count.

    A renewal of a renewal renews the first as well. One that never counts ends nothing.
    """
    term = alone[digest]
    descendants: list[Term[Stated]] = []
    waiting = [digest]
    while waiting:
        later = renewals.get(waiting.pop(), ())
        descendants += (alone[one] for one in later)
        waiting += later
    counting = [one for one in descendants if one.begins < one.ends]
    first = min(counting, key=lambda one: (one.begins, one.number), default=None)
    if first is None or first.begins >= term.ends:
        return term
    return Term(
        number=term.number,
        seal_sha256=term.seal_sha256,
        document_sha256=term.document_sha256,
        sealed_at=term.sealed_at,
        entry=term.entry,
        begins=term.begins,
        ends=first.begins,
        ended_by="superseded",
        ending=first.number,
    )


def has_tag(exception: AcceptedFailure, own: Mapping[str, str]) -> bool:
    """Whether tags, value by key, are those of an exception by tag."""
    if exception.tag is None:
        return False
    key, value = exception.tag
    return own.get(key) == value
