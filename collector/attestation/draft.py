"""From what a person says to an entry, or to one line that says what is wrong with it. Pure.

Everything is looked at before anything is written. An error names the option, what was found and
what is expected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from pydantic import ValidationError

from collector.attestation.kinds import Fact, Kind
from collector.attestation.record import (
    AcceptedFailure,
    Attachment,
    Attestation,
    Decision,
    Withdrawal,
)
from collector.attestation.state import S, Stated, Term
from collector.attestation.words import line, nearest, parse_day, require_known, text
from collector.errors import ConfigError
from collector.framework import Requirement

MOST_DAYS: Final = 366
"""How long an exception or a decision may count before it has to be looked at again. HIPAA asks for
review without naming a period (164.306(e)); a year is ours, as for the kinds of attestation."""

_NAMES: Final = {
    "Attestation": "attestation",
    "AcceptedFailure": "exception",
    "Decision": "decision",
}

E = TypeVar("E", Attestation, AcceptedFailure, Decision, Withdrawal)


@dataclass(frozen=True)
class Said:
    """What every statement has beside its subject."""

    author: str
    owner: str
    approver: str
    effective: date
    expires: date
    documents: tuple[Attachment, ...] = ()
    renews: str | None = None
    """Digest of the entry that it takes the place of."""


def draft_attestation(
    kind: Kind,
    said: Said,
    *,
    statement: str,
    control: str | None,
    party: str | None,
    facts: Mapping[str, str],
    now: datetime,
) -> Attestation:
    """An attestation of a kind.

    Args:
        kind: says what it has to state.
        said: who says it, and for how long.
        statement: the text.
        control: None for the kind's own.
        party: the vendor or customer.
        facts: by name.
        now: the time, aware.

    Raises:
        ConfigError: something is missing, unknown, or cannot be so.
    """
    if control is not None and control not in (kind.control, *kind.also):
        known = ", ".join((kind.control, *kind.also))
        raise ConfigError(f"--control: found {control}; expected one that {kind.id} is of: {known}")
    if kind.party is None and party is not None:
        raise ConfigError(f"--party: found {party!r}; {kind.id} has no other party")
    if kind.party is not None and party is None:
        raise ConfigError(f"--party: missing; {kind.id} needs the name of the {kind.party}")
    stated = _facts(kind, facts, now.date())
    since = said.effective
    if kind.counts_from is not None:
        since = date.fromisoformat(stated[kind.counts_from])
    _require_time(said, since, kind.max_days, kind.counts_from or "effective", now.date())
    return _built(
        Attestation,
        made=now,
        **_fields(said),
        kind=kind.id,
        control=control or kind.control,
        statement=text("--statement", statement),
        party=None if party is None else line("--party", party),
        facts=stated,
    )


def draft_exception(
    said: Said,
    *,
    account: str,
    check: str,
    resources: Sequence[str],
    tag: tuple[str, str] | None,
    reason: str,
    compensating: str,
    now: datetime,
) -> AcceptedFailure:
    """An acceptance of failing results.

    Raises:
        ConfigError: something is missing or cannot be so.
    """
    if bool(resources) == (tag is not None):
        raise ConfigError("--resource, --tag: expected resources or a tag, and not both")
    _require_time(said, said.effective, MOST_DAYS, "effective", now.date())
    return _built(
        AcceptedFailure,
        made=now,
        **_fields(said),
        account=account,
        check=check,
        resources=tuple(sorted({line("--resource", name) for name in resources})),
        tag=tag,
        reason=text("--reason", reason),
        compensating_control=text("--compensating", compensating),
    )


def draft_decision(
    said: Said,
    *,
    citation: str,
    catalog: Mapping[str, Requirement],
    reason: str,
    measure: str | None,
    now: datetime,
) -> Decision:
    """A decision on an addressable specification, under 164.306(d)(3).

    Args:
        said: who decides, and for how long.
        citation: the specification.
        catalog: that of `hipaa.yaml`.
        reason: why it is not reasonable and appropriate to implement it.
        measure: what is done instead; None: nothing is reasonable and appropriate.
        now: the time, aware.

    Raises:
        ConfigError: the citation is not that of an addressable specification, or something is
            missing or cannot be so.
    """
    addressable = [id_ for id_, row in catalog.items() if row.implementation == "addressable"]
    if citation not in addressable:
        what = "is not in the catalog of hipaa.yaml"
        if citation in catalog:
            what = f"is {catalog[citation].implementation or 'outside the Security Rule'}"
        near = nearest(citation, addressable)
        raise ConfigError(
            f"citation {citation}: {what}; expected one of the {len(addressable)} addressable"
            f" specifications{near}"
        )
    _require_time(said, said.effective, MOST_DAYS, "effective", now.date())
    return _built(
        Decision,
        made=now,
        **_fields(said),
        citation=citation,
        reason=text("--reason", reason),
        equivalent_measure=None if measure is None else text("--measure", measure),
    )


def draft_withdrawal(found: Term[Stated], *, author: str, reason: str, now: datetime) -> Withdrawal:
    """The withdrawal of an entry.

    Raises:
        ConfigError: it does not count any more, or something is missing.
    """
    if now >= found.ends:
        raise ConfigError(
            f"number {found.number}: is {found.ended_by} already; there is nothing to end"
        )
    return _built(
        Withdrawal,
        made=now,
        author=line("--author", author),
        withdraws=found.document_sha256,
        reason=text("--reason", reason),
    )


def require_kind(term: Term[Stated] | None, number: int, kind: type[S]) -> Term[S]:
    """The entry at a number, which has to be of a kind.

    Raises:
        ConfigError: it is of another, or there is none.
    """
    expected = _NAMES[kind.__name__]
    if term is None:
        raise ConfigError(f"number {number}: there is no {expected} with that number")
    if not isinstance(term.entry, kind):
        raise ConfigError(
            f"number {number}: is of the kind {_NAMES[type(term.entry).__name__]};"
            f" expected {expected}"
        )
    return term  # type: ignore[return-value]  # its entry was just looked at


def warnings(said: Said) -> list[str]:
    """What an auditor would ask about: duties that one person holds alone."""
    owner, approver, author = (n.casefold() for n in (said.owner, said.approver, said.author))
    found = []
    if approver == owner:
        found.append(
            f"owner and approver are the same, {said.approver}; auditors expect two people"
        )
    elif approver == author:
        found.append(f"{said.approver} approves what they wrote; auditors expect two people")
    return found


def _facts(kind: Kind, given: Mapping[str, str], today: date) -> dict[str, str]:
    for name in given:
        require_known(
            "--fact", name, kind.facts, where=f"a fact of {kind.id} ({', '.join(kind.facts)})"
        )
    stated: dict[str, str] = {}
    for name, fact in kind.facts.items():
        if name in given:
            stated[name] = _fact(fact, given[name], stated, today)
        elif not fact.is_optional:
            raise ConfigError(f"--fact {name}: missing; expected {fact.title[0].lower()}"
                              f"{fact.title[1:]}{_form(fact)}")  # fmt: skip
    return stated


def _form(fact: Fact) -> str:
    """How a fact is written, for people."""
    match fact.type:
        case "date":
            return f", as {fact.name}=2026-01-31"
        case "number":
            return f", as {fact.name}=NUMBER"
        case "choice":
            return f", one of: {', '.join(fact.one_of)}"
        case "text":
            return ""


def _fact(fact: Fact, text: str, before: Mapping[str, str], today: date) -> str:
    option = f"--fact {fact.name}"
    match fact.type:
        case "date":
            day = parse_day(option, text)
            if day > today:
                raise ConfigError(f"{option}: found {text}; expected a day that has come")
        case "number":
            if not re.fullmatch(r"[0-9]{1,9}", text):
                raise ConfigError(f"{option}: found {text!r}; expected a whole number")
            value = int(text)
            for word, limit in (("least", fact.least), ("most", fact.most)):
                bound = int(before[limit]) if isinstance(limit, str) else limit
                if bound is None or (value >= bound if word == "least" else value <= bound):
                    continue
                of = f", which is {limit}" if isinstance(limit, str) else ""
                raise ConfigError(f"{option}: found {value}; expected at {word} {bound}{of}")
            return str(value)
        case "choice":
            if text not in fact.one_of:
                expected = ", ".join(fact.one_of)
                raise ConfigError(f"{option}: found {text!r}; expected one of: {expected}")
        case "text":
            return line(option, text)
    return text


def _require_time(said: Said, since: date, most_days: int, what: str, today: date) -> None:
    """See that the time for which it shall count can be."""
    if said.expires < today:
        raise ConfigError(f"--expires: found {said.expires}; expected today, {today}, or later")
    if said.expires < said.effective:
        raise ConfigError(
            f"--expires: found {said.expires}; expected no day before it begins, {said.effective}"
        )
    try:
        last = since + timedelta(days=most_days)
    except OverflowError:
        last = date.max
    if said.expires > last:
        raise ConfigError(
            f"--expires: found {said.expires}; expected {last} at the latest, {most_days} days"
            f" from the day in {what}, {since}"
        )


def _fields(said: Said) -> dict[str, object]:
    return {
        "author": line("--author", said.author),
        "owner": line("--owner", said.owner),
        "approver": line("--approver", said.approver),
        "effective": said.effective,
        "expires": said.expires,
        "documents": said.documents,
        "renews": said.renews,
    }


def _built(make: Callable[..., E], **fields: object) -> E:
    try:
        return make(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise ConfigError(f"{place}: found {first['input']!r}: {first['msg']}") from None
