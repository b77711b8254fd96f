"""The files of `mappings/` as values: the controls, and a framework's catalog, links and gaps.

A framework's file refuses what an auditor would: an id that is not in its catalog or does not apply
to a business associate, and a requirement that is left without an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, cast, get_args

from collector.yaml_document import Value, digest

Evidence = Literal["checks", "attestation"]
AttestationKind = Literal[
    "agreement", "assessment", "exercise", "plan", "policy", "record", "review", "training"
]
Strength = Literal["proves", "supports", "attests"]
GapEvidence = Literal["inherited", "nothing"]

#: A catalog section's keys, each with its allowed values; none where any text will do.
Section: TypeAlias = Mapping[str, tuple[str, ...] | None]

APPLIES_TO: Final = (
    "both",
    "business associate",
    "covered entity",
    "clearinghouse",
    "group health plan",
)
CRITERIA: Final[Section] = {
    "title": None,
    "series": None,
    "category": (
        "security",
        "availability",
        "confidentiality",
        "processing integrity",
        "privacy",
    ),
}
SECURITY_RULE: Final[Section] = {
    "title": None,
    "kind": ("standard", "specification"),
    "implementation": ("required", "addressable"),
    "safeguard": ("administrative", "physical", "technical", "organizational", "documentation"),
    "applies_to": APPLIES_TO,
}
OTHER_RULES: Final[Section] = {"title": None, "rule": None, "applies_to": APPLIES_TO}


@dataclass(frozen=True, slots=True)
class Control:
    """A shared control, as in `controls.yaml`.

    `kind` is set for an attestation only. `pending` says why no check names the control yet; such
    a control counts as evidence for nothing. `judges_data` is whether its checks judge resources
    that hold data, so that a view of health information can be limited to those that are marked.
    `where` is its file and line.
    """

    id: str
    title: str
    statement: str
    evidence: Evidence
    kind: AttestationKind | None
    pending: str | None
    where: str
    judges_data: bool = False


@dataclass(frozen=True, slots=True)
class Requirement:
    """A SOC 2 criterion or a HIPAA citation, with a short title of our own.

    `group` is the criterion's series, or the citation's safeguard or rule. `category` is SOC 2's;
    `kind`, `implementation` (required or addressable) and `applies_to` are HIPAA's. `kind` and
    `implementation` are None outside the Security Rule.
    """

    id: str
    title: str
    group: str
    category: str | None = None
    kind: str | None = None
    implementation: str | None = None
    applies_to: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A control's link to a requirement. `where` is the file and line that claims it."""

    id: str
    strength: Strength
    where: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Why no control answers a requirement, and where its evidence comes from instead."""

    evidence: GapEvidence
    reason: str


@dataclass(frozen=True, slots=True)
class Framework:
    """One framework's file. `catalog` keeps the order of the file, which is that of the tags.

    `links` has every control; a control without a counterpart has no links, and its reason stands
    in `none`. `not_applicable` gives a reason by requirement, also for those whose `applies_to`
    leaves a business associate out. `sha256` is over the parsed content.
    """

    name: str
    edition: str
    sha256: str
    catalog: Mapping[str, Requirement]
    links: Mapping[str, tuple[Link, ...]]
    none: Mapping[str, str]
    gaps: Mapping[str, Gap]
    not_applicable: Mapping[str, str]


def read_controls(file: Value) -> dict[str, Control]:
    """The controls of `controls.yaml` by id. Raises MappingError."""
    controls: dict[str, Control] = {}
    for id_, entry in file.record(("controls",))["controls"].fields().items():
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id_):
            raise entry.error(f"found the control {id_}", "lower-case words joined by hyphens")
        fields = entry.fields()
        is_attested = "evidence" in fields and fields["evidence"].text() == "attestation"
        kind, extra = (("kind",), ()) if is_attested else ((), ("pending", "judges"))
        fields = entry.record(("title", "statement", "evidence", *kind), extra)
        controls[id_] = Control(
            id=id_,
            title=fields["title"].text(),
            statement=fields["statement"].text(),
            evidence=cast(Evidence, fields["evidence"].choice(get_args(Evidence))),
            kind=cast(AttestationKind, fields["kind"].choice(get_args(AttestationKind)))
            if is_attested
            else None,
            pending=fields["pending"].text() if "pending" in fields else None,
            where=entry.where,
            judges_data="judges" in fields and fields["judges"].choice(("data",)) == "data",
        )
    return controls


def read_framework(
    file: Value, controls: Mapping[str, Control], sections: Mapping[str, Section]
) -> Framework:
    """One framework's file, whose catalog sections have the given keys. Raises MappingError."""
    required = ("framework", "edition", "controls", "gaps", *sections)
    parts = file.record(required, ("not_applicable",))
    catalog: dict[str, Requirement] = {}
    rows: dict[str, Value] = {}
    for name, section in sections.items():
        for id_, row in parts[name].fields().items():
            if id_ in rows:
                raise row.error(f"{id_} stands twice, first on line {rows[id_].line}", "it once")
            rows[id_] = row
            catalog[id_] = _read_requirement(id_, row, section)
    not_applicable = _read_not_applicable(parts.get("not_applicable"), catalog)
    links, none = _read_links(parts["controls"], controls, catalog, not_applicable)
    counted = {
        link.id: link
        for name, of_control in links.items()
        for link in of_control
        if controls[name].pending is None
    }
    gaps = _read_gaps(parts["gaps"], catalog, not_applicable, counted)
    for id_, row in rows.items():
        if id_ not in counted and id_ not in gaps and id_ not in not_applicable:
            raise row.error(f"{id_} has no answer", "a link of a control with evidence, or a gap")
    return Framework(
        name=parts["framework"].text(),
        edition=parts["edition"].text(),
        sha256=digest(file.content()),
        catalog=MappingProxyType(catalog),
        links=MappingProxyType(links),
        none=MappingProxyType(none),
        gaps=MappingProxyType(gaps),
        not_applicable=MappingProxyType(not_applicable),
    )


def _read_requirement(id_: str, row: Value, section: Section) -> Requirement:
    values = row.record(tuple(section))
    texts = {
        key: values[key].text() if allowed is None else values[key].choice(allowed)
        for key, allowed in section.items()
    }
    return Requirement(
        id=id_,
        title=texts["title"],
        group=next(texts[key] for key in ("series", "safeguard", "rule") if key in texts),
        category=texts.get("category"),
        kind=texts.get("kind"),
        implementation=texts.get("implementation"),
        applies_to=texts.get("applies_to"),
    )


def _read_not_applicable(part: Value | None, catalog: Mapping[str, Requirement]) -> dict[str, str]:
    reasons = {
        id_: f"applies to a {row.applies_to} only"
        for id_, row in catalog.items()
        if row.applies_to not in (None, "both", "business associate")
    }
    for id_, reason in part.fields().items() if part else ():
        _require_known(id_, reason, catalog)
        if id_ in reasons:
            raise reason.error(f"{id_} {reasons[id_]}, by its catalog row", "no second reason")
        reasons[id_] = reason.text()
    return reasons


def _read_links(
    part: Value,
    controls: Mapping[str, Control],
    catalog: Mapping[str, Requirement],
    not_applicable: Mapping[str, str],
) -> tuple[dict[str, tuple[Link, ...]], dict[str, str]]:
    """The links of every control, and the reason of each control that has none."""
    links: dict[str, tuple[Link, ...]] = {}
    none: dict[str, str] = {}
    for name, entry in part.fields().items():
        if name not in controls:
            raise entry.error(f"found the unknown control {name}", "a control of controls.yaml")
        strengths: tuple[Strength, ...] = ("proves", "supports")
        if controls[name].evidence == "attestation":
            strengths = ("attests",)
        fields = entry.record((), (*strengths, "none"))
        if not fields or ("none" in fields and len(fields) > 1):
            expected = f"{' or '.join(strengths)} with a list of ids, or none with a reason"
            raise entry.error(f"{name} has {'links and none' if fields else 'no link'}", expected)
        if "none" in fields:
            none[name] = fields["none"].text()
        found: dict[str, Value] = {}
        of_control: list[Link] = []
        for strength in strengths:
            for item in fields[strength].items() if strength in fields else ():
                id_ = item.text()
                _require_known(id_, item, catalog)
                if id_ in not_applicable:
                    raise item.error(
                        f"{name} links {id_}, which is not applicable: {not_applicable[id_]}",
                        "an id that applies to a business associate",
                    )
                if id_ in found:
                    first = f"first on line {found[id_].line}"
                    raise item.error(f"{name} links {id_} twice, {first}", "one link")
                found[id_] = item
                of_control.append(Link(id_, strength, item.where))
        links[name] = tuple(of_control)
    for name in controls:
        if name not in links:
            raise part.error(
                f"the control {name} of controls.yaml is missing",
                "its links, or none with a reason",
            )
    return links, none


def _read_gaps(
    part: Value,
    catalog: Mapping[str, Requirement],
    not_applicable: Mapping[str, str],
    counted: Mapping[str, Link],
) -> dict[str, Gap]:
    gaps: dict[str, Gap] = {}
    for id_, entry in part.fields().items():
        _require_known(id_, entry, catalog)
        if id_ in not_applicable:
            raise entry.error(f"{id_} is not applicable: {not_applicable[id_]}", "no gap for it")
        if id_ in counted:
            raise entry.error(f"{id_} is linked at {counted[id_].where}", "a link or a gap")
        fields = entry.record(("evidence", "reason"))
        gaps[id_] = Gap(
            evidence=cast(GapEvidence, fields["evidence"].choice(get_args(GapEvidence))),
            reason=fields["reason"].text(),
        )
    return gaps


def _require_known(id_: str, value: Value, catalog: Mapping[str, Requirement]) -> None:
    if id_ not in catalog:
        raise value.error(f"{id_} is not in the catalog", f"one of its {len(catalog)} ids")
