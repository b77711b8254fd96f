"""Requirements: what evidence there is for each, how much it says, and how it stands. Pure.

A requirement is evidenced by the controls that `mappings/` links to it. Each control brings one
part, of each account if it is evidenced by checks, or of the locker's log if it is attested. From
the parts follow, for the accounts and the moment of the report and not for the catalog:

The mode is how it is evidenced: by checks, by attestation, by both, inherited from the cloud
provider, not applicable, or nothing.

The strength is the most that the evidence which is really there can say:

- proven: a check that is direct evidence of the technical content judged something. It is never
  evidence of all of the requirement.
- supported: a check judged something that is one piece of evidence among others. No amount of it
  is proof.
- attested: a signed statement with documents is in force.
- inherited: the provider's own assurance report, and under HIPAA the agreement with it, is there.
- nothing: none of these.

What checks say and what is attested are named together where both are there.

The state, the worst first. Over several accounts it is the worst of theirs:

- failing: a resource fails one of its checks, and no exception covers that.
- unknown: something that its checks need was not read, or one of its checks did not run.
- gap: there is no live evidence. No check judged anything, and nothing attests it; of an
  addressable specification, there is no decision under 164.306(d)(3) either.
- attestation missing: a statement that it takes was never given, was withdrawn, or is not in force
  yet.
- attestation expired: a statement that it takes has run out, and nothing took its place.
- provider evidence missing: the cloud provider does it, and its report or the agreement with it is
  not there.
- accepted exception: its checks fail, and exceptions in force cover all that fails.
- supported: all of its evidence holds, but every piece only supports it: by itself it does not
  answer the requirement.
- decided: an addressable specification that is answered by a signed decision in force under
  164.306(d)(3), whatever its checks say.
- inherited: the cloud provider does it, and its report and the agreement with it are there.
- met: all evidence that is linked to it holds, and a part of it proves or attests it.
- not applicable: it does not apply to a business associate that hosts in the cloud.

Only the last four count as answered. A check that judged nothing is no evidence. A check that did
not run makes its requirements unknown, also where it may not have existed yet when the snapshot was
made: nobody knows what it would have found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

from collector.attestation.kinds import answering
from collector.attestation.record import Decision
from collector.attestation.state import Term
from collector.framework import Framework, Requirement, Strength
from collector.report.evidence import one_line
from collector.report.parts import (
    Grounds,
    Part,
    PartState,
    checked_part,
    is_live,
    provider_parts,
    stated_part,
    unanswerable,
)
from collector.report.statements import Stated, stated

FrameworkName: TypeAlias = Literal["soc2", "hipaa"]

Mode: TypeAlias = Literal[
    "checks", "attestation", "checks and attestation", "inherited", "nothing", "not applicable"
]
Force: TypeAlias = Literal[
    "proven",
    "proven and attested",
    "supported",
    "supported and attested",
    "attested",
    "inherited",
    "nothing",
    "not applicable",
]
State: TypeAlias = Literal[
    "failing",
    "unknown",
    "gap",
    "attestation missing",
    "attestation expired",
    "provider evidence missing",
    "accepted exception",
    "supported",
    "decided",
    "inherited",
    "met",
    "not applicable",
]
"""The worst first."""

STATES: Final[tuple[State, ...]] = get_args(State)

ANSWERED: Final[frozenset[State]] = frozenset(("decided", "inherited", "met", "not applicable"))
"""States in which nothing remains to be done."""


def _definitions(section: str) -> Mapping[str, str]:
    """The items of the list above that begins behind a sentence, by name."""
    listed = (__doc__ or "").partition(section)[2].partition("\n\n")[2].partition("\n\n")[0]
    items = (" ".join(item.split()).partition(": ") for item in f"\n{listed}".split("\n- ")[1:])
    return MappingProxyType({name: text for name, _, text in items})


STATE_DEFINITIONS: Final = _definitions("The state, the worst first.")
"""What each state means, in plain words."""

STRENGTH_DEFINITIONS: Final = _definitions("The strength is the most")
"""What each strength means, in plain words."""


@dataclass(frozen=True)
class Assessment:
    """How one requirement stands."""

    framework: FrameworkName
    id: str
    title: str
    group: str
    is_addressable: bool
    in_security_rule: bool
    """Whether it is one of the rows of Subpart C; False for a criterion and a related citation."""
    mode: Mode
    by: tuple[str, ...]
    """By which checks and which kinds of attestation, and how often these are needed."""
    strength: Force
    state: State
    why: str
    """In plain words, what makes the state what it is."""
    parts: tuple[Part, ...]
    decision: int | None = None
    """Number of the decision under 164.306(d)(3) that is in force."""

    @property
    def is_answered(self) -> bool:
        """Whether nothing remains to be done."""
        return self.state in ANSWERED

    @property
    def live(self) -> tuple[Part, ...]:
        """The parts that are evidence, whatever it says."""
        return tuple(part for part in self.parts if is_live(part))


def assess(grounds: Grounds, framework: FrameworkName) -> tuple[Assessment, ...]:
    """Every requirement of a framework once, in the order of its catalog."""
    book = grounds.mappings.soc2 if framework == "soc2" else grounds.mappings.hipaa
    linked = _by_requirement(book)
    decided = grounds.standing.decided(grounds.at)
    statements = {
        kind.id: stated(grounds.standing, grounds.at, kind) for kind in grounds.kinds.values()
    }
    return tuple(
        _assess(grounds, framework, book, row, linked.get(row.id, ()), statements, decided)
        for row in book.catalog.values()
    )


def worst(states: Iterable[State]) -> State:
    """The worst of several states."""
    return min(states, key=STATES.index)


def _by_requirement(book: Framework) -> dict[str, list[tuple[str, Strength]]]:
    found: dict[str, list[tuple[str, Strength]]] = {}
    for control, links in book.links.items():
        for link in links:
            found.setdefault(link.id, []).append((control, link.strength))
    return found


def _assess(
    grounds: Grounds,
    framework: FrameworkName,
    book: Framework,
    row: Requirement,
    links: Sequence[tuple[str, Strength]],
    statements: Mapping[str, Stated],
    decided: Mapping[str, Term[Decision]],
) -> Assessment:
    is_addressable = row.implementation == "addressable"
    decision = decided.get(row.id) if is_addressable else None
    inherited = row.id in book.gaps and book.gaps[row.id].evidence == "inherited"
    parts: list[Part] = []
    states: list[State] = []
    if row.id in book.not_applicable:
        states = ["not applicable"]
    elif inherited:
        parts = [
            p
            for one in grounds.accounts
            for p in provider_parts(grounds, one, with_agreement=framework == "hipaa")
        ]
        states = [_inherited_state(parts)]
    else:
        shared = [
            stated_part(statements[kind.id])
            for name, strength in links
            if strength == "attests"
            for kind in answering(grounds.kinds, name, row.id)
        ]
        if not shared:  # a mistake of the mappings, which must not make it easier to answer
            shared = [unanswerable(name) for name, strength in links if strength == "attests"]
        for account in grounds.accounts:
            own = [checked_part(account, name, s) for name, s in links if s != "attests"]
            parts += own
            states.append(_state([*own, *shared], is_addressable=is_addressable))
        parts += shared
    state = worst(states)
    if decision is not None and state not in ("met", "inherited"):
        state = "decided"
    return Assessment(
        framework=framework,
        id=row.id,
        title=row.title,
        group=row.group,
        is_addressable=is_addressable,
        in_security_rule=row.kind is not None,
        mode=_mode(row, book, links, grounds),
        by=tuple(dict.fromkeys(map(_by, parts))),
        strength=_strength(state, parts, inherited=inherited),
        state=state,
        why=_why(state, parts, book, row, decision),
        parts=tuple(parts),
        decision=None if decision is None else decision.number,
    )


def _state(parts: Sequence[Part], *, is_addressable: bool) -> State:
    """How a requirement stands in one account."""
    states = {part.state for part in parts}
    if "failing" in states:
        return "failing"
    if states & {"unknown", "left out"}:
        return "unknown"
    if not any(map(is_live, parts)):
        if "expired" in states:
            return "attestation expired"
        return "gap" if is_addressable or "missing" not in states else "attestation missing"
    for state, worse in (("expired", "attestation expired"), ("missing", "attestation missing")):
        if state in states:
            return worse  # type: ignore[return-value]  # a State, as the pairs above show
    if "accepted" in states:
        return "accepted exception"
    carries = any(p.state == "in force" or (p.link == "proves" and p.passed) for p in parts)
    return "met" if carries else "supported"


def _inherited_state(parts: Sequence[Part]) -> State:
    has_all = all(part.state in ("holds", "in force") for part in parts)
    return "inherited" if has_all else "provider evidence missing"


def _mode(
    row: Requirement,
    book: Framework,
    links: Sequence[tuple[str, Strength]],
    grounds: Grounds,
) -> Mode:
    if row.id in book.not_applicable:
        return "not applicable"
    if row.id in book.gaps:
        return book.gaps[row.id].evidence
    is_attested = any(strength == "attests" for _, strength in links)
    is_checked = any(
        account.of_control(name) or any(one.control == name for one in account.left_out)
        for name, strength in links
        if strength != "attests"
        for account in grounds.accounts
    )
    if is_attested:
        return "checks and attestation" if is_checked else "attestation"
    return "checks" if is_checked else "nothing"


def _by(part: Part) -> str:
    """What a part takes, in words."""
    if part.kind is not None:
        return f"{part.kind}, every {part.max_days} days"
    checks = ", ".join((*part.checks, *part.left_out)) or "no check"
    return f"{part.control}: {checks}"


def _strength(state: State, parts: Sequence[Part], *, inherited: bool) -> Force:
    """The most that the evidence says in every account; an account without any has nothing."""
    if state == "not applicable":
        return "not applicable"
    if inherited:
        return "inherited" if _inherited_state(parts) == "inherited" else "nothing"
    is_attested = any(part.state == "in force" for part in parts)
    accounts = dict.fromkeys(p.account for p in parts if p.account is not None)
    judged = [
        {p.link for p in parts if p.account == account and p.passed + p.failed}
        for account in accounts
    ]
    if judged and all("proves" in links for links in judged):
        return "proven and attested" if is_attested else "proven"
    if judged and all(judged):
        return "supported and attested" if is_attested else "supported"
    return "attested" if is_attested else "nothing"


def _why(
    state: State,
    parts: Sequence[Part],
    book: Framework,
    row: Requirement,
    decision: Term[Decision] | None,
) -> str:
    """What makes the state what it is, in one sentence."""
    if state == "not applicable":
        return book.not_applicable[row.id]
    if state == "decided":
        assert decision is not None
        instead = one_line(decision.entry.equivalent_measure or "no equivalent is reasonable")
        return (
            f"decision {decision.number} of {decision.entry.approver}, in force to "
            f"{decision.entry.expires}: {instead}"
        )
    wanted: Mapping[State, tuple[PartState, ...]] = {
        "failing": ("failing",),
        "unknown": ("unknown", "left out"),
        "attestation missing": ("missing",),
        "attestation expired": ("expired",),
        "provider evidence missing": get_args(PartState),
        "accepted exception": ("accepted",),
        "gap": ("judged nothing", "no check", "missing"),
    }
    if state in wanted:
        named = [
            f"{_whose(part)}: {part.detail}"
            for part in parts
            if part.state in wanted[state]
            and not (state == "provider evidence missing" and part.state in ("holds", "in force"))
        ]
        return "; ".join(named) or (book.gaps[row.id].reason if row.id in book.gaps else "")
    return "; ".join(f"{_whose(part)}: {part.detail}" for part in parts if is_live(part))


def _whose(part: Part) -> str:
    name = part.control_or_kind
    return name if part.account is None else f"{name} ({part.account})"
