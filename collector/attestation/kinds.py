"""The kinds of attestation, `mappings/attestations.yaml` as values. Reading them is all of the I/O.

The file refuses what an auditor would: a kind whose control does not exist or is not attested, and
one that claims a criterion or citation which its control does not link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast, get_args

from collector.attestation.record import Attestation
from collector.attestation.state import Term
from collector.framework import Control
from collector.mapping import Mappings
from collector.yaml_document import Value, read_yaml

FactType = Literal["text", "date", "number", "choice"]
Party = Literal["vendor", "customer"]


@dataclass(frozen=True, slots=True)
class Fact:
    """What a kind asks for beside the statement.

    `least` and `most` are a number, or the name of another fact that holds one. `one_of` is for a
    choice.
    """

    name: str
    title: str
    type: FactType
    is_optional: bool
    one_of: tuple[str, ...]
    least: int | str
    most: int | str | None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of attestation.

    `also` are controls evidenced by checks whose written rule it is. `answers` are the criteria and
    citations of its control that cannot do without it, `supports` those that it helps with.
    `max_days` is the most that one counts, from the day in the fact that `counts_from` names, or
    from its effective day where that is None. `sections` are the headings of its template, each
    with what to write there. `where` is its file and line.
    """

    id: str
    title: str
    purpose: str
    control: str
    also: tuple[str, ...]
    answers: tuple[str, ...]
    supports: tuple[str, ...]
    documents: tuple[str, ...]
    max_days: int
    counts_from: str | None
    party: Party | None
    facts: Mapping[str, Fact]
    sections: Mapping[str, str]
    where: str


def load_kinds(mappings: Mappings, folder: Path | None = None) -> Mapping[str, Kind]:
    """The kinds by id, in the order of `attestations.yaml`, by default the installed one.

    Raises MappingError, which names file and line.
    """
    source: Traversable = resources.files("mappings") if folder is None else folder
    label = "mappings" if folder is None else str(folder)
    file = read_yaml(source.joinpath("attestations.yaml"), f"{label}/attestations.yaml")
    entries = file.record(("kinds",))["kinds"].fields()
    return MappingProxyType(
        {id_: _read_kind(id_, entry, mappings) for id_, entry in entries.items()}
    )


def answering(kinds: Mapping[str, Kind], control: str, requirement: str) -> tuple[Kind, ...]:
    """The kinds that a criterion or citation, as linked by a control, cannot do without."""
    return tuple(k for k in kinds.values() if k.control == control and requirement in k.answers)


def lacking(
    kinds: Mapping[str, Kind],
    control: str,
    requirement: str,
    attestations: Iterable[Term[Attestation]],
) -> tuple[Kind, ...]:
    """Those of `answering` of which there is no attestation.

    Args:
        kinds: all kinds.
        control: an attested control.
        requirement: what it links.
        attestations: those in force at the moment that is judged.
    """
    there = {t.entry.kind for t in attestations if t.entry.control == control}
    return tuple(k for k in answering(kinds, control, requirement) if k.id not in there)


def _read_kind(id_: str, entry: Value, mappings: Mappings) -> Kind:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id_):
        raise entry.error(f"found the kind {id_}", "lower-case words joined by hyphens")
    fields = entry.record(
        ("title", "purpose", "control", "documents", "max_days", "facts", "sections"),
        ("also", "answers", "supports", "from", "party"),
    )
    control = _control(fields["control"], mappings.controls, "attestation")
    linked = [
        link.id
        for framework in (mappings.soc2, mappings.hipaa)
        for link in framework.links[control]
    ]
    answers, supports = (_linked(fields.get(k), control, linked) for k in ("answers", "supports"))
    if not answers and not supports:
        raise entry.error(f"{id_} is evidence of nothing", "ids under answers or supports")
    both = set(answers) & set(supports)
    if both:
        raise entry.error(f"{id_} answers and supports {min(both)}", "it once")
    facts: dict[str, Fact] = {}
    for name, value in fields["facts"].fields().items():
        facts[name] = _read_fact(name, value, facts)
    counts_from = fields["from"].text() if "from" in fields else None
    if counts_from is not None:
        found = facts.get(counts_from)
        if found is None or found.type != "date" or found.is_optional:
            raise fields["from"].error(f"found {counts_from}", "a required fact of type date")
    return Kind(
        id=id_,
        title=fields["title"].text(),
        purpose=fields["purpose"].text(),
        control=control,
        also=tuple(
            _control(item, mappings.controls, "checks")
            for item in (fields["also"].items() if "also" in fields else ())
        ),
        answers=answers,
        supports=supports,
        documents=tuple(item.text() for item in fields["documents"].items()),
        max_days=_number(fields["max_days"], least=1),
        counts_from=counts_from,
        party=cast(Party, fields["party"].choice(get_args(Party))) if "party" in fields else None,
        facts=MappingProxyType(facts),
        sections=MappingProxyType(
            {heading: text.text() for heading, text in fields["sections"].fields().items()}
        ),
        where=entry.where,
    )


def _read_fact(name: str, value: Value, before: Mapping[str, Fact]) -> Fact:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise value.error(f"found the fact {name}", "lower-case words joined by hyphens")
    fields = value.record(("title", "type"), ("one_of", "least", "most", "optional"))
    type_ = cast(FactType, fields["type"].choice(get_args(FactType)))
    if ("one_of" in fields) != (type_ == "choice"):
        raise value.error(f"{name} is a {type_}", "one_of with a choice, and with nothing else")
    if type_ != "number" and ("least" in fields or "most" in fields):
        raise value.error(f"{name} is a {type_}", "least and most with a number only")
    return Fact(
        name=name,
        title=fields["title"].text(),
        type=type_,
        is_optional="optional" in fields and fields["optional"].choice(("yes", "no")) == "yes",
        one_of=tuple(item.text() for item in fields["one_of"].items()) if type_ == "choice" else (),
        least=_limit(fields["least"], before) if "least" in fields else 0,
        most=_limit(fields["most"], before) if "most" in fields else None,
    )


def _limit(value: Value, before: Mapping[str, Fact]) -> int | str:
    limit = value.text()
    if limit in before and before[limit].type == "number" and not before[limit].is_optional:
        return limit
    if not limit.isdecimal():
        raise value.error(f"found {limit}", "a number, or a required one before it")
    return int(limit)


def _control(value: Value, controls: Mapping[str, Control], evidence: str) -> str:
    name = value.text()
    if name not in controls:
        raise value.error(f"found the unknown control {name}", "a control of controls.yaml")
    if controls[name].evidence != evidence:
        raise value.error(
            f"{name} is evidenced by {controls[name].evidence} ({controls[name].where})",
            f"a control evidenced by {evidence}",
        )
    return name


def _linked(value: Value | None, control: str, linked: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    for item in value.items() if value is not None else ():
        id_ = item.text()
        if id_ not in linked:
            raise item.error(f"{control} does not link {id_}", f"one of {', '.join(linked)}")
        if id_ in found:
            raise item.error(f"{id_} stands twice", "it once")
        found.append(id_)
    return tuple(found)


def _number(value: Value, *, least: int) -> int:
    text = value.text()
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
        raise value.error(f"found {text}", f"a whole number from {least} on, in quotes")
    return int(text)
