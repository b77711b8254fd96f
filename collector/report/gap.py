"""The gap between two frameworks: what the evidence for one already covers of the other. Pure.

- Evidence of the framework that one has: the controls that it links and that have live evidence
  here, that is, a check of them judged something, or a statement of theirs is in force. A control
  of the other framework alone is none of it.
- carried: the requirement is met or inherited, and all of its evidence is of that kind.
- in part: some of its evidence is of that kind, but something fails, lacks or only supports.
- not reached: none of its evidence is of that kind. An addressable specification that is answered
  by a decision alone is not reached either: a decision is evidence of HIPAA only.
- The share is of the requirements that apply. Of HIPAA only the rows of the Security Rule are
  counted; the related citations of other rules are listed, and counted apart.
- What remains is ordered by enforcement, the most enforced first, then by state, the worst first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from collector.framework import Framework
from collector.report.basis import Basis
from collector.report.closing_steps import ClosingStep, closing_steps
from collector.report.parts import Grounds
from collector.report.point_in_time import by_state
from collector.report.requirement import (
    STATE_DEFINITIONS,
    STATES,
    STRENGTH_DEFINITIONS,
    Assessment,
    Force,
    FrameworkName,
    Mode,
    State,
)

Reach: TypeAlias = Literal["carried", "in part", "not reached", "not applicable"]

DEFINITIONS: Final = tuple(
    " ".join(item.split()) for item in (__doc__ or "").partition("\n- ")[2].split("\n- ")
)
"""What the words of the report mean."""


@dataclass(frozen=True)
class GapRow:
    """One requirement of the framework that is wanted."""

    assessment: Assessment
    reach: Reach
    shared: tuple[str, ...]
    """The controls of the other framework that are live evidence of it."""
    rank: int
    """In the order of enforcement, from 1."""
    rank_reason: str
    steps: tuple[ClosingStep, ...]
    """What would close what remains."""


@dataclass(frozen=True)
class Todo:
    """A step, and all rows that it helps to close."""

    step: ClosingStep
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Share:
    """How far the evidence reaches."""

    applicable: int
    carried: int
    in_part: int
    not_reached: int

    carried_percent: int
    """Of those that apply, rounded down: a share is never told larger than it is."""
    reached_percent: int
    """Carried or in part, likewise."""


@dataclass(frozen=True)
class Totals:
    """The rows that are counted: of HIPAA those of the Security Rule, of SOC 2 all."""

    rows: int
    addressable: int
    not_applicable: int
    answered: int
    remaining: int
    by_state: tuple[tuple[State, int], ...]
    by_strength: tuple[tuple[Force, int], ...]
    by_mode: tuple[tuple[Mode, int], ...]


@dataclass(frozen=True)
class GapReport:
    """The report."""

    schema: str
    basis: Basis
    have: FrameworkName
    have_name: str
    want: FrameworkName
    want_name: str
    want_edition: str
    live_controls: int
    """Controls of the framework that one has with live evidence here."""
    linked_controls: int
    """Those of them that it links at all."""
    share: Share
    totals: Totals
    related: Totals
    """The rows that are counted apart."""
    rows: tuple[GapRow, ...]
    """Every row once, in the order of the catalog."""
    remaining: tuple[GapRow, ...]
    """Those that are not answered, in the order in which to close them."""
    todo: tuple[Todo, ...]
    """Their steps, each once, in that order."""
    definitions: tuple[str, ...]
    states: tuple[tuple[str, str], ...]
    strengths: tuple[tuple[str, str], ...]


def report_gap(
    grounds: Grounds,
    basis: Basis,
    *,
    have: FrameworkName,
    want: FrameworkName,
    assessed: Sequence[Assessment],
) -> GapReport:
    """The report.

    Args:
        grounds: the evidence.
        basis: what it rests on.
        have: the framework whose evidence there is.
        want: the one that is asked for; another one.
        assessed: every requirement of `want`.
    """
    books = {"soc2": grounds.mappings.soc2, "hipaa": grounds.mappings.hipaa}
    own, wanted = books[have], books[want]
    linked = {c for c, links in own.links.items() if links}
    rows = tuple(_row(grounds, own, want, row, basis.locker) for row in assessed)
    counted = [row for row in rows if want == "soc2" or row.assessment.in_security_rule]
    related = [row for row in rows if row not in counted]
    applicable = [row for row in counted if row.reach != "not applicable"]
    open_rows = [row for row in rows if not row.assessment.is_answered]
    remaining = sorted(open_rows, key=lambda row: (row.rank, STATES.index(row.assessment.state)))
    live = {c for c in linked if _is_live(grounds, c)}
    report = GapReport(
        schema="collector/report/gap/v1",
        basis=basis,
        have=have,
        have_name=own.name,
        want=want,
        want_name=wanted.name,
        want_edition=wanted.edition,
        live_controls=len(live),
        linked_controls=len(linked),
        share=_share([row.reach for row in applicable]),
        totals=_totals(counted),
        related=_totals(related),
        rows=rows,
        remaining=tuple(remaining),
        todo=_todo(remaining),
        definitions=DEFINITIONS,
        states=tuple(STATE_DEFINITIONS.items()),
        strengths=tuple(STRENGTH_DEFINITIONS.items()),
    )
    _require_sums(report, wanted)
    return report


def _row(
    grounds: Grounds, own: Framework, want: FrameworkName, row: Assessment, locker: str
) -> GapRow:
    live = row.live
    shared = tuple(dict.fromkeys(p.control for p in live if own.links[p.control]))
    rank = grounds.closing.rank(row.id) if want == "hipaa" else 1
    step = grounds.closing.enforcement.get(row.id)
    reach: Reach
    if row.state == "not applicable":
        reach = "not applicable"
    elif not shared:
        reach = "not reached"
    elif row.state in ("met", "inherited") and all(own.links[p.control] for p in live):
        reach = "carried"
    else:
        reach = "in part"
    return GapRow(
        assessment=row,
        reach=reach,
        shared=shared,
        rank=rank,
        rank_reason="" if step is None or want != "hipaa" else step.reason,
        steps=closing_steps(row, grounds, locker),
    )


def _todo(remaining: Sequence[GapRow]) -> tuple[Todo, ...]:
    """The steps of the rows that have a command, each once."""
    found: dict[ClosingStep, list[str]] = {}
    for row in remaining:
        for step in row.steps:
            if step.command is not None:
                found.setdefault(step, []).append(row.assessment.id)
    return tuple(Todo(step, tuple(ids)) for step, ids in found.items())


def _is_live(grounds: Grounds, control: str) -> bool:
    """Whether there is live evidence of a control in any account, or in force."""
    return any(
        found.is_judged for one in grounds.accounts for found in one.of_control(control)
    ) or any(
        term.entry.control == control and term.state(grounds.at) == "in_force"
        for term in grounds.standing.attestations(grounds.at)
        if grounds.mappings.controls[control].evidence == "attestation"
    )


def _share(reached: Sequence[Reach]) -> Share:
    count = Counter(reached)
    carried, in_part, all_ = count["carried"], count["in part"], max(len(reached), 1)
    return Share(
        applicable=len(reached),
        carried=carried,
        in_part=in_part,
        not_reached=count["not reached"],
        carried_percent=100 * carried // all_,
        reached_percent=100 * (carried + in_part) // all_,
    )


def _totals(rows: Sequence[GapRow]) -> Totals:
    assessed = [row.assessment for row in rows]
    not_applicable = sum(row.state == "not applicable" for row in assessed)
    remaining = sum(not row.is_answered for row in assessed)
    strengths: Counter[Force] = Counter(row.strength for row in assessed)
    modes: Counter[Mode] = Counter(row.mode for row in assessed)
    return Totals(
        rows=len(assessed),
        addressable=sum(row.is_addressable for row in assessed),
        not_applicable=not_applicable,
        answered=len(assessed) - not_applicable - remaining,
        remaining=remaining,
        by_state=by_state(assessed),
        by_strength=tuple(strengths.most_common()),
        by_mode=tuple(modes.most_common()),
    )


def _require_sums(report: GapReport, book: Framework) -> None:
    """A report that loses a row, or has one twice, must not come out at all."""
    ids = [row.assessment.id for row in report.rows]
    both = (report.totals, report.related)
    assert ids == list(book.catalog), "every row of the catalog once, in its order"
    assert sum(t.rows for t in both) == len(book.catalog)
    assert sum(t.answered + t.not_applicable + t.remaining for t in both) == len(ids)
    assert sum(n for t in both for _, n in t.by_state) == len(ids)
    assert sum(t.addressable for t in both) == sum(
        row.implementation == "addressable" for row in book.catalog.values()
    )
    share = report.share
    assert share.carried + share.in_part + share.not_reached == share.applicable
    assert share.applicable == report.totals.rows - report.totals.not_applicable
