"""Statements: how what people have signed stands at a moment, kind by kind. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from collector.attestation.kinds import Kind
from collector.attestation.record import Attestation
from collector.attestation.state import Standing, Term
from collector.closing import Closing
from collector.source import Provider

StatementState: TypeAlias = Literal["in force", "missing", "expired"]

MOST_NAMED: Final = 3
"""How many statements a detail names before it only counts them."""


@dataclass(frozen=True)
class Stated:
    """How the statements of one kind stand, all of them together."""

    kind: str
    title: str
    control: str
    max_days: int
    """How long one of them may count: how often it is needed."""
    answers: tuple[str, ...]
    """The criteria and citations that cannot do without it."""
    state: StatementState
    detail: str
    entries: tuple[int, ...]
    """Numbers of the entries of the log that it rests on, ascending."""


def stated(standing: Standing, at: datetime, kind: Kind) -> Stated:
    """How the statements of a kind stand.

    Those with one party take each other's place. Where there are several parties the worst of them
    counts: an agreement that ran out is a lapse until it is renewed, or withdrawn because it is not
    needed any more. A statement that names another control than its kind's explains a rule, and
    does not count.
    """
    terms = [
        t
        for t in standing.attestations(at)
        if (t.entry.kind, t.entry.control) == (kind.id, kind.control)
    ]
    return _stated(kind, terms, at)


def with_provider(
    standing: Standing,
    at: datetime,
    provider: Provider,
    kinds: Mapping[str, Kind],
    closing: Closing,
) -> tuple[Stated, Stated]:
    """How the assurance report of a cloud provider stands, and the agreement with it, as people
    stated them. Only statements count that have the provider as their party, by one of its names;
    of the report, those that name one which covers its buildings."""
    name = closing.providers[provider].name
    parties = {party.casefold() for party in closing.providers[provider].parties}
    found = []
    for id_, is_suitable, lack in (
        (
            closing.report_kind,
            _names_report(closing),
            f"no assurance report of {name} was assessed",
        ),
        (closing.agreement_kind, _any, f"no agreement with {name} is stated"),
    ):
        terms = [
            t
            for t in standing.attestations(at)
            if t.entry.kind == id_
            and (t.entry.party or "").strip().casefold() in parties
            and is_suitable(t.entry)
        ]
        found.append(_stated(kinds[id_], terms, at, lack=lack))
    return found[0], found[1]


def days_told(days: int) -> str:
    """A number of days for people."""
    return f"{days} day{'' if days == 1 else 's'}"


def _names_report(closing: Closing) -> Callable[[Attestation], bool]:
    names = tuple(name.casefold() for name in closing.report_names)
    return lambda entry: (
        entry.facts.get(closing.report_fact, "").strip().casefold().startswith(names)
    )


def _any(entry: Attestation) -> bool:
    return True


def _stated(
    kind: Kind, terms: Sequence[Term[Attestation]], at: datetime, lack: str = "never stated"
) -> Stated:
    state, detail, entries = _judged(terms, at, lack)
    return Stated(
        kind=kind.id,
        title=kind.title,
        control=kind.control,
        max_days=kind.max_days,
        answers=kind.answers,
        state=state,
        detail=detail,
        entries=entries,
    )


def _judged(
    terms: Sequence[Term[Attestation]], at: datetime, lack: str
) -> tuple[StatementState, str, tuple[int, ...]]:
    by_party: dict[str, list[Term[Attestation]]] = {}
    for term in terms:
        by_party.setdefault((term.entry.party or "").strip().casefold(), []).append(term)
    counting: list[Term[Attestation]] = []
    expired: list[Term[Attestation]] = []
    for own in by_party.values():
        in_force = [t for t in own if t.state(at) == "in_force"]
        if in_force:
            counting.append(max(in_force, key=_end))
        elif (last := max(own, key=_end)).state(at) == "expired":
            expired.append(last)
    if expired:
        return "expired", _listed(_told_expired(t, at) for t in sorted(expired, key=_end)), (
            _numbers(expired)
        )  # fmt: skip
    if counting:
        return "in force", _listed(_told(t, at) for t in sorted(counting, key=_end)), (
            _numbers(counting)
        )  # fmt: skip
    if not terms:
        return "missing", lack, ()
    newest = max(terms, key=lambda t: (t.sealed_at, t.number))
    if newest.state(at) == "not_yet_effective":
        detail = f"entry {newest.number} counts only from {newest.entry.effective} on"
    else:
        detail = f"entry {newest.number} was withdrawn, and nothing took its place"
    return "missing", detail, (newest.number,)


def _end(term: Term[Attestation]) -> tuple[datetime, int]:
    return term.ends, term.number


def _told(term: Term[Attestation], at: datetime) -> str:
    left = days_told(term.days_left(at))
    return f"entry {term.number}{_party(term)}, to {term.entry.expires} ({left} left)"


def _told_expired(term: Term[Attestation], at: datetime) -> str:
    ago = days_told(-term.days_left(at))
    return f"entry {term.number}{_party(term)} ran out on {term.entry.expires}, {ago} ago"


def _party(term: Term[Attestation]) -> str:
    return "" if term.entry.party is None else f" with {term.entry.party}"


def _listed(said: Iterable[str]) -> str:
    texts = list(said)
    more = len(texts) - MOST_NAMED
    return "; ".join(texts[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _numbers(terms: Iterable[Term[Attestation]]) -> tuple[int, ...]:
    return tuple(sorted(t.number for t in terms))
