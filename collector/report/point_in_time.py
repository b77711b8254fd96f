"""The report as of a moment: whether the controls are in place, as a Type 1 audit asks. Pure.

For each control: its statement, what its checks found over which population, what fails and what of
that is accepted, or how its attestations stand. For each requirement of both frameworks: its state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from collector.framework import Control, Framework, Strength
from collector.report.basis import Basis
from collector.report.evidence import CheckFindings
from collector.report.parts import Grounds, PartState, checked_part
from collector.report.requirement import (
    STATE_DEFINITIONS,
    STATES,
    STRENGTH_DEFINITIONS,
    Assessment,
    FrameworkName,
    State,
)
from collector.report.statements import Stated, stated

OUTCOME_DEFINITIONS: Final = {
    "pass": "everything that the check needs was read, and the condition holds",
    "fail": "everything was read, and the condition does not hold; an accepted fail stays a fail",
    "unknown": "something could not be read, so nothing is concluded; never a pass",
    "not applicable": "the listing is complete, and there is nothing to judge",
}

ControlState: TypeAlias = PartState
"""How a control stands: the worst of its parts over the accounts."""

CONTROL_STATES: Final[tuple[ControlState, ...]] = (
    "failing", "unknown", "left out", "missing", "expired", "accepted", "no check",
    "judged nothing", "holds", "in force",
)  # fmt: skip
"""The worst first."""


@dataclass(frozen=True)
class Tag:
    """A requirement that a control is linked to."""

    id: str
    strength: Strength


@dataclass(frozen=True)
class AccountCheck:
    """What one check found in one account."""

    account: str
    found: CheckFindings


@dataclass(frozen=True)
class ControlRow:
    """One control, with what it means in both frameworks."""

    control: str
    title: str
    statement: str
    evidence: Literal["checks", "attestation"]
    soc2: tuple[Tag, ...]
    hipaa: tuple[Tag, ...]
    state: ControlState
    detail: str
    population: int
    """Distinct resources of each of its checks, summed: one that two checks judge counts twice."""
    passed: int
    failed: int
    accepted: int
    unknown: int
    not_applicable: int
    checks: tuple[AccountCheck, ...]
    statements: tuple[Stated, ...]
    """Of an attested control, how each of its kinds stands."""


@dataclass(frozen=True)
class Counted:
    """How many requirements of a framework are in each state."""

    framework: FrameworkName
    name: str
    edition: str
    total: int
    applicable: int
    answered: int
    """Met, inherited or decided."""
    by_state: tuple[tuple[State, int], ...]
    """Without the states that none is in, the worst first."""


@dataclass(frozen=True)
class PointInTime:
    """The report."""

    schema: str
    basis: Basis
    frameworks: tuple[FrameworkName, ...]
    controls_asked: tuple[str, ...]
    """Only these controls are told of; empty: all. The requirements are told of all the same."""
    counted: tuple[Counted, ...]
    controls: tuple[ControlRow, ...]
    requirements: tuple[Assessment, ...]
    definitions: tuple[tuple[str, str], ...]
    strengths: tuple[tuple[str, str], ...]
    outcomes: tuple[tuple[str, str], ...]


def report_point_in_time(
    grounds: Grounds,
    basis: Basis,
    assessments: Mapping[FrameworkName, tuple[Assessment, ...]],
    controls: Sequence[str] = (),
) -> PointInTime:
    """The report.

    Args:
        grounds: the evidence.
        basis: what it rests on.
        assessments: the requirements, by the frameworks that are asked for.
        controls: only these; empty: all that one of the frameworks links.
    """
    frameworks = tuple(assessments)
    wanted = [
        control
        for control in grounds.mappings.controls.values()
        if control.pending is None
        and (not controls or control.id in controls)
        and any(_book(grounds, name).links[control.id] for name in frameworks)
    ]
    every = tuple(row for rows in assessments.values() for row in rows)
    return PointInTime(
        schema="collector/report/point-in-time/v1",
        basis=basis,
        frameworks=frameworks,
        controls_asked=tuple(controls),
        counted=tuple(count(grounds, name, rows) for name, rows in assessments.items()),
        controls=tuple(_control(grounds, control) for control in wanted),
        requirements=every,
        definitions=tuple(STATE_DEFINITIONS.items()),
        strengths=tuple(STRENGTH_DEFINITIONS.items()),
        outcomes=tuple(OUTCOME_DEFINITIONS.items()),
    )


def count(grounds: Grounds, name: FrameworkName, rows: Sequence[Assessment]) -> Counted:
    """How many requirements are in each state."""
    book = _book(grounds, name)
    applicable = [row for row in rows if row.state != "not applicable"]
    return Counted(
        framework=name,
        name=book.name,
        edition=book.edition,
        total=len(rows),
        applicable=len(applicable),
        answered=sum(row.is_answered for row in applicable),
        by_state=by_state(rows),
    )


def by_state(rows: Iterable[Assessment]) -> tuple[tuple[State, int], ...]:
    """How many rows are in each state, the worst first, without those that none is in."""
    states = [row.state for row in rows]
    return tuple((state, states.count(state)) for state in STATES if state in states)


def _control(grounds: Grounds, control: Control) -> ControlRow:
    tags = {
        name: tuple(Tag(link.id, link.strength) for link in _book(grounds, name).links[control.id])
        for name in ("soc2", "hipaa")
    }
    checks = tuple(
        AccountCheck(account.account, found)
        for account in grounds.accounts
        for found in account.of_control(control.id)
    )
    statements = tuple(
        stated(grounds.standing, grounds.at, kind)
        for kind in grounds.kinds.values()
        if kind.control == control.id
    )
    if control.evidence == "attestation":
        needed = [one for one in statements if one.answers]
        state = _worst([one.state for one in needed])
        lacking = [f"{one.kind}: {one.detail}" for one in needed if one.state == state]
        detail = "; ".join(lacking)
    else:
        parts = [checked_part(a, control.id, "supports") for a in grounds.accounts]
        state = _worst([part.state for part in parts])
        detail = "; ".join(
            f"{part.account}: {part.detail}" if len(parts) > 1 else part.detail for part in parts
        )
    return ControlRow(
        control=control.id,
        title=control.title,
        statement=control.statement,
        evidence=control.evidence,
        soc2=tags["soc2"],
        hipaa=tags["hipaa"],
        state=state,
        detail=detail,
        population=sum(one.found.population for one in checks),
        passed=sum(one.found.passed for one in checks),
        failed=sum(one.found.failed for one in checks),
        accepted=sum(one.found.accepted for one in checks),
        unknown=sum(one.found.unknown for one in checks),
        not_applicable=sum(one.found.not_applicable for one in checks),
        checks=checks,
        statements=statements,
    )


def _worst(states: Sequence[ControlState]) -> ControlState:
    """The worst of several states; without any, there is nothing."""
    for state in CONTROL_STATES:
        if state in states:
            return state
    return "missing"


def _book(grounds: Grounds, name: str) -> Framework:
    return grounds.mappings.soc2 if name == "soc2" else grounds.mappings.hipaa
