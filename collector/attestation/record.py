"""The entries of the log of attestations: what a person states, accepts or decides. Pure.

An entry is never changed. It is renewed by another that names it, or withdrawn by one that does;
what is in force on a day follows from all of them in their order.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from collector.evidence.canonical import parse_json
from collector.evidence.record import AccountName, Count, Digest, EvidenceError, Moment, Record

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: object) -> object:
    if isinstance(value, str):
        if _DAY.fullmatch(value) is None:
            raise ValueError(f"date {value!r} is not of the form 2026-01-31")
        return date.fromisoformat(value)
    return value


Day = Annotated[
    date, BeforeValidator(_day), PlainSerializer(lambda day: day.isoformat(), return_type=str)
]
"""A calendar day in UTC, written as 2026-01-31."""

Line = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]+\z")]
"""Text on one line."""

Text = Annotated[str, Field(min_length=1, max_length=20_000)]
"""Text that may have several lines."""


class Attachment(Record):
    """A file that an entry rests on."""

    name: Line
    """The file's name, without folders."""
    sha256: Digest
    size_bytes: Count
    is_kept: bool
    """Whether the file is in the locker, as an object. Otherwise only its digest is, as of a file
    that holds health information, or the terms of a contract."""


class _Entry(Record):
    """What all entries have."""

    made: Moment
    """When it was written, by the clock of whoever signed it."""
    author: Line
    """Who wrote it, as that person is called in the company; the key that signs says more."""


class _Stated(_Entry):
    """An entry that holds for a time: from `effective` on, to the end of `expires`."""

    effective: Day
    expires: Day
    """The last day on which it counts."""
    owner: Line
    """Who answers for it."""
    approver: Line
    """Who approved it."""
    documents: tuple[Attachment, ...] = ()
    renews: Digest | None = None
    """Digest of the entry of the same kind that it takes the place of."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.expires < self.effective:
            raise ValueError(f"expires {self.expires} is before effective {self.effective}")
        return self


class Attestation(_Stated):
    """A statement that a control is in place, where no cloud's API can show it."""

    format: Literal["collector/attestation/v1"] = Field(
        default="collector/attestation/v1", validation_alias="schema", serialization_alias="schema"
    )
    kind: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\z")]
    """The kind of document, as in `mappings/attestations.yaml`."""
    control: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\z")]
    """The control that it is evidence of, as in `mappings/controls.yaml`."""
    statement: Text
    party: Line | None = None
    """The other party of an agreement: the vendor, or the customer."""
    facts: dict[Line, Line] = Field(default_factory=dict)
    """What the kind asks for beside the statement: of a training, how many were to complete it and
    how many did."""


class AcceptedFailure(_Stated):
    """An exception: failing results that are known, accepted and dated. They stay failing."""

    format: Literal["collector/exception/v1"] = Field(
        default="collector/exception/v1", validation_alias="schema", serialization_alias="schema"
    )
    account: AccountName
    check: Line
    """Id of the check."""
    resources: tuple[Line, ...] = ()
    """Full names of the resources, exactly; empty where `tag` is given."""
    tag: tuple[Line, Line] | None = None
    """Key and value of the tag that marks the resources."""
    reason: Text
    compensating_control: Text
    """What is done instead."""

    @model_validator(mode="after")
    def _names_its_resources(self) -> Self:
        if bool(self.resources) == (self.tag is not None):
            raise ValueError("it names either resources or a tag")
        return self


class Decision(_Stated):
    """A decision under 45 CFR 164.306(d)(3) on an addressable specification: why it is not
    reasonable and appropriate to implement it, and what is done instead."""

    format: Literal["collector/decision/v1"] = Field(
        default="collector/decision/v1", validation_alias="schema", serialization_alias="schema"
    )
    citation: Line
    """The addressable specification."""
    reason: Text
    """Why it is not reasonable and appropriate here: 164.306(d)(3)(ii)(B)(1)."""
    equivalent_measure: Text | None = None
    """What is implemented instead; None if nothing is reasonable and appropriate."""


class Withdrawal(_Entry):
    """An entry counts no more, from the moment at which this was sealed."""

    format: Literal["collector/withdrawal/v1"] = Field(
        default="collector/withdrawal/v1", validation_alias="schema", serialization_alias="schema"
    )
    withdraws: Digest
    """Digest of the entry."""
    reason: Text


Entry: TypeAlias = Attestation | AcceptedFailure | Decision | Withdrawal
"""A document of the log of attestations."""

_KINDS: dict[str, type[Attestation | AcceptedFailure | Decision | Withdrawal]] = {
    kind.model_fields["format"].default: kind
    for kind in (Attestation, AcceptedFailure, Decision, Withdrawal)
}


def parse_entry(data: bytes, source: str) -> Entry:
    """The entry that the bytes are.

    Args:
        data: canonical JSON.
        source: what the bytes are, for the error message: the document's key.

    Raises:
        EvidenceError: they are no entry, or not written as one is.
    """
    try:
        value = parse_json(data)
    except ValueError as error:
        raise EvidenceError(f"{source}: not readable as JSON: {error}") from None
    schema = value.get("schema") if isinstance(value, dict) else None
    kind = _KINDS.get(schema) if isinstance(schema, str) else None
    if kind is None:
        raise EvidenceError(f"{source}: schema is not one of {', '.join(sorted(_KINDS))}")
    return kind.from_bytes(data, source)
