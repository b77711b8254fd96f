"""What evidence answers each requirement, and what answers none: `mappings/README.md`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from collector.framework import Control, Framework, Requirement, Strength
from collector.mapping import Mappings
from collector.source import AnyProvider, Provider

Status = Literal["proven", "supported", "attested", "inherited", "nothing", "not applicable"]
"""What answers a requirement, the strongest first."""

INTRODUCTION: Final = """\
<!-- Generated from controls.yaml, soc2.yaml and hipaa.yaml. Do not edit: UPDATE=1 pytest -->

# Coverage

What evidence this product can bring for each requirement, and for which it brings none. It says
what there is to look at, not how it came out: a check that fails is evidence too. The answers are
for all three clouds together; after each control stand the clouds that have a check for it, and for
any other cloud it is no evidence; `any` stands for checks that ask no cloud's API. A control's
statement is its aim: its checks cover a part, which each check's rule names.

| Answer | Meaning |
|---|---|
| proven | a passing check is direct evidence, of the technical content and never of all of it |
| supported | a passing check is one piece of evidence among others |
| attested | a signed statement with documents is the evidence |
| inherited | the cloud provider does it; its own assurance report is the evidence |
| nothing | no evidence yet |
| not applicable | the requirement does not apply to a business associate that hosts in the cloud |
"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What answers one requirement.

    `proven_by` and `supported_by` are the ids of live checks, `attested_by` those of controls, all
    sorted. `reason` is that of a gap, or why the requirement is not applicable.
    """

    requirement: Requirement
    status: Status
    proven_by: tuple[str, ...]
    supported_by: tuple[str, ...]
    attested_by: tuple[str, ...]
    reason: str | None


def coverage(mappings: Mappings, checks: Mapping[str, str]) -> dict[str, tuple[Coverage, ...]]:
    """What answers each requirement, in catalog order, under `soc2` and `hipaa`.

    `checks` gives the control of every live check. A control without one answers nothing, unless it
    is attested.
    """
    return {
        "soc2": tuple(_cover(mappings.soc2, id_, checks) for id_ in mappings.soc2.catalog),
        "hipaa": tuple(_cover(mappings.hipaa, id_, checks) for id_ in mappings.hipaa.catalog),
    }


def render_readme(
    mappings: Mappings, checks: Mapping[str, str], clouds: Mapping[str, Provider | AnyProvider]
) -> str:
    """The text of `mappings/README.md`: the coverage of each requirement, then every control.

    `checks` gives the control of every live check, `clouds` its cloud.
    """
    covered = coverage(mappings, checks)
    controls = mappings.controls.values()
    live = set(checks.values())
    checked = {c: _code(_of({c.id}, checks)) for c in controls if c.id in live}
    attested = {c: c.kind or "" for c in controls if c.evidence == "attestation"}
    waiting = {c: c.pending or "" for c in controls if c not in checked and c not in attested}
    statuses = get_args(Status)
    counts = [
        (framework.name, *(str(sum(row.status == status for row in rows)) for status in statuses))
        for framework, rows in zip((mappings.soc2, mappings.hipaa), covered.values(), strict=True)
    ]
    return "\n".join(
        [
            INTRODUCTION,
            _table(("Framework", *statuses), counts),
            _framework_section(mappings.soc2, covered["soc2"], checks, clouds),
            _framework_section(mappings.hipaa, covered["hipaa"], checks, clouds),
            "## Controls evidenced by checks\n",
            _controls_table(mappings, checked, "Checks"),
            "## Controls evidenced by attestation\n",
            _controls_table(mappings, attested, "Kind"),
            "## Controls that wait for a check\n",
            "They are evidence for nothing until a check names them.\n",
            _controls_table(mappings, waiting, "Reason"),
        ]
    )


def _cover(framework: Framework, id_: str, checks: Mapping[str, str]) -> Coverage:
    linked: dict[Strength, set[str]] = {"proves": set(), "supports": set(), "attests": set()}
    for control, links in framework.links.items():
        for link in links:
            if link.id == id_:
                linked[link.strength].add(control)
    proven_by = _of(linked["proves"], checks)
    supported_by = _of(linked["supports"], checks)
    attested_by = tuple(sorted(linked["attests"]))
    status: Status
    reason = None
    if id_ in framework.not_applicable:
        status, reason = "not applicable", framework.not_applicable[id_]
    elif proven_by:
        status = "proven"
    elif supported_by:
        status = "supported"
    elif attested_by:
        status = "attested"
    elif id_ in framework.gaps:
        status, reason = framework.gaps[id_].evidence, framework.gaps[id_].reason
    else:
        status, reason = "nothing", "None of its controls has a live check."
    return Coverage(framework.catalog[id_], status, proven_by, supported_by, attested_by, reason)


def _of(controls: Collection[str], checks: Mapping[str, str]) -> tuple[str, ...]:
    """The ids of the checks that name one of the controls."""
    return tuple(sorted(check for check, control in checks.items() if control in controls))


def _framework_section(
    framework: Framework,
    rows: Iterable[Coverage],
    checks: Mapping[str, str],
    clouds: Mapping[str, Provider | AnyProvider],
) -> str:
    table = [
        (
            row.requirement.id,
            row.requirement.title,
            _kind(row.requirement),
            row.status,
            _answer(row, checks, clouds),
        )
        for row in rows
    ]
    return "\n".join(
        [
            f"## {framework.name}\n",
            f"{framework.edition}. In code font: controls.\n",
            _table(("Requirement", "Title", "Kind", "Answer", "From"), table),
        ]
    )


def _kind(requirement: Requirement) -> str:
    if requirement.kind:
        return f"{requirement.implementation} {requirement.kind}"
    return requirement.category or requirement.group


def _answer(
    row: Coverage, checks: Mapping[str, str], clouds: Mapping[str, Provider | AnyProvider]
) -> str:
    if row.reason:
        return row.reason
    parts = {
        "proven by": _with_clouds(row.proven_by, checks, clouds),
        "supported by": _with_clouds(row.supported_by, checks, clouds),
        "attested by": _code(row.attested_by),
    }
    return "; ".join(f"{by} {controls}" for by, controls in parts.items() if controls)


def _with_clouds(
    ids: Iterable[str], checks: Mapping[str, str], clouds: Mapping[str, Provider | AnyProvider]
) -> str:
    """The controls of the checks with these ids, each with the clouds of those checks."""
    found: dict[str, set[Provider | AnyProvider]] = {}
    for id_ in ids:
        found.setdefault(checks[id_], set()).add(clouds[id_])
    return ", ".join(f"`{name}` ({', '.join(sorted(found[name]))})" for name in sorted(found))


def _controls_table(mappings: Mappings, controls: Mapping[Control, str], last: str) -> str:
    rows = []
    for control, cell in controls.items():
        tags = mappings.tags(control.id)
        rows.append(
            (
                f"`{control.id}`",
                control.statement,
                ", ".join(tags.soc2) or mappings.soc2.none[control.id],
                ", ".join(tags.hipaa) or mappings.hipaa.none[control.id],
                cell,
            )
        )
    return _table(("Control", "Statement", "SOC 2", "HIPAA", last), rows)


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    cells = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)
