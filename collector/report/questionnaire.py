"""The answers to questions about security, computed from evidence. Pure.

- evidenced: every control that answers the question holds in every account, or its statements are
  in force. What that is worth is said by the facts, which are the answer.
- in part: there is evidence, but some of it fails, is accepted as failing, could not be read, or
  lacks.
- not evidenced: there is no evidence of any of its controls. It may be so all the same; this
  product cannot show it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias, get_args

from collector.questions import Question
from collector.report.basis import Basis
from collector.report.evidence import AccountEvidence
from collector.report.parts import Grounds, Part, checked_part
from collector.report.statements import Stated, stated

Status: TypeAlias = Literal["evidenced", "in part", "not evidenced"]

DEFINITIONS: Final = tuple(
    (name, " ".join(text.split()))
    for item in (__doc__ or "").split("\n- ")[1:]
    for name, _, text in [item.partition(": ")]
)
"""What the words of an answer mean."""


@dataclass(frozen=True)
class Fact:
    """One thing that evidence says to a question."""

    control: str
    text: str
    is_good: bool
    """Whether it carries a yes."""
    is_live: bool
    """Whether it is evidence at all."""
    source: str
    """What it rests on: a snapshot of an account, or an entry of the log of attestations."""
    at: datetime | None
    """When that was sealed; None: there is nothing."""
    seal_sha256: str | None


@dataclass(frozen=True)
class Answer:
    """The answer to one question."""

    id: str
    area: str
    question: str
    controls: tuple[str, ...]
    status: Status
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Questionnaire:
    """The answers, in the order of the questions."""

    schema: str
    basis: Basis
    counted: tuple[tuple[Status, int], ...]
    answers: tuple[Answer, ...]
    definitions: tuple[tuple[str, str], ...]


def answer_questions(
    grounds: Grounds, basis: Basis, questions: Sequence[Question]
) -> Questionnaire:
    """The answers to questions, from the evidence alone."""
    answers = tuple(_answer(grounds, question) for question in questions)
    count = Counter(answer.status for answer in answers)
    statuses: tuple[Status, ...] = get_args(Status)
    return Questionnaire(
        schema="collector/report/questionnaire/v1",
        basis=basis,
        counted=tuple((status, count[status]) for status in statuses if count[status]),
        answers=answers,
        definitions=DEFINITIONS,
    )


def _answer(grounds: Grounds, question: Question) -> Answer:
    facts: list[Fact] = []
    for name in question.controls:
        control = grounds.mappings.controls[name]
        if control.evidence == "checks":
            facts += [_checked(one, control.id, control.title) for one in grounds.accounts]
            continue
        for kind in grounds.kinds.values():
            is_asked = kind.id in question.kinds if question.kinds else bool(kind.answers)
            if kind.control == name and is_asked:
                facts.append(_attested(grounds, stated(grounds.standing, grounds.at, kind)))
    status: Status = "not evidenced"
    if facts and all(fact.is_good for fact in facts):
        status = "evidenced"
    elif any(fact.is_live for fact in facts):
        status = "in part"
    return Answer(
        question.id, question.area, question.text, question.controls, status, tuple(facts)
    )


def _checked(account: AccountEvidence, control: str, title: str) -> Fact:
    part = checked_part(account, control, "supports")
    is_live = bool(part.passed or part.failed)
    return Fact(
        control=control,
        text=f"{title} in {account.account}: {_told(part)}",
        is_good=part.state == "holds",
        is_live=is_live,
        source=f"snapshot {account.sealed.number} of {account.account}",
        at=account.sealed.created_at,
        seal_sha256=account.sealed.seal_sha256,
    )


def _told(part: Part) -> str:
    judged = part.passed + part.failed
    if not judged:
        return f"not evidenced; {part.detail}"
    checks = f"{len(part.checks)} check{'' if len(part.checks) == 1 else 's'}"
    said = [f"{part.passed} of {judged} results of {checks} pass"]
    if part.failed:
        accepted = f", {part.accepted} of them accepted" if part.accepted else ""
        said.append(f"{part.failed} fail{accepted}")
    if part.unknown:
        said.append(f"{part.unknown} could not be read")
    if part.left_out:
        said.append(f"{len(part.left_out)} checks were not run")
    return "; ".join(said)


def _attested(grounds: Grounds, found: Stated) -> Fact:
    term = grounds.standing.term(found.entries[-1]) if found.entries else None
    is_in_force = found.state == "in force"
    said = found.detail if is_in_force else f"not evidenced; {found.detail}"
    return Fact(
        control=found.control,
        text=f"{found.title}: {said}",
        is_good=is_in_force,
        is_live=is_in_force,
        source="the log of attestations" if term is None else f"entry {term.number}",
        at=None if term is None else term.sealed_at,
        seal_sha256=None if term is None else term.seal_sha256,
    )
