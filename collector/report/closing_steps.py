"""Closing steps: what would turn a requirement's state into an answer, as exact commands. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from collector.report.parts import Grounds, Part
from collector.report.requirement import Assessment

_APPROVED: Final = ("--approver", "NAME", "--expires", "DAY")


@dataclass(frozen=True)
class ClosingStep:
    """One thing to do. `command` is what to type, where a command does it or shows what to do; what
    stands in capitals there is to be filled in."""

    what: str
    command: str | None = None


def closing_steps(row: Assessment, grounds: Grounds, locker: str) -> tuple[ClosingStep, ...]:
    """What would close what remains of a requirement; nothing, where it is answered.

    Args:
        row: the requirement.
        grounds: what it was assessed by.
        locker: where the evidence is, as the user calls it.
    """
    if row.is_answered:
        return ()
    steps = [step for part in row.parts for step in _of_part(part, row, grounds, locker)]
    if row.state == "supported":
        steps.append(
            ClosingStep(
                "what is here only supports it: show your auditor the rest, which no check and no "
                "kind of attestation of this product is evidence of"
            )
        )
    if not steps and not row.is_addressable:
        steps.append(ClosingStep(f"evidence of your own, outside of this product: {row.why}"))
    if row.is_addressable and not row.live:
        steps.append(
            ClosingStep(
                "or, where it is not reasonable and appropriate here, decide so in writing under "
                "164.306(d)(3)",
                _command(
                    "collector decision add",
                    *(row.id, locker, "--reason", "TEXT", "--measure", "TEXT", "--owner", "NAME"),
                    *_APPROVED,
                ),
            )
        )
    return tuple(dict.fromkeys(steps))


def _of_part(part: Part, row: Assessment, grounds: Grounds, locker: str) -> Iterator[ClosingStep]:
    match part.state:
        case "failing":
            yield from _failing(part, grounds, locker)
        case "unknown":
            yield ClosingStep(
                f"let {part.control} be read in {part.account}: the reasons name the permission",
                _shown(part, locker),
            )
        case "left out":
            checks = [word for check in part.left_out for word in ("--check", check)]
            yield ClosingStep(
                f"run what was left out of {part.control} in {part.account}",
                _command("collector run", "--account", part.account or "", *checks),
            )
        case "missing" | "expired" if part.kind is not None:
            yield _statement(part, grounds, locker)
        case "accepted" if row.state == "accepted exception":
            yield ClosingStep(
                f"fix what fails of {part.control} in {part.account} before the exceptions run out",
                _shown(part, locker),
            )
        case _:
            return


def _failing(part: Part, grounds: Grounds, locker: str) -> Iterator[ClosingStep]:
    """Fix what fails: every check of the control that has a fail which nothing accepts."""
    account = next(one for one in grounds.accounts if one.account == part.account)
    found = [c for c in account.of_control(part.control) if c.failed > c.accepted]
    named = ", ".join(f"{c.failed - c.accepted} of {c.check}" for c in found)
    yield ClosingStep(
        f"fix what fails of {part.control} in {account.account}: {named}",
        _shown(part, locker),
    )


def _statement(part: Part, grounds: Grounds, locker: str) -> ClosingStep:
    """State what was never stated, or renew what ran out."""
    assert part.kind is not None
    kind = grounds.kinds[part.kind]
    if part.state == "expired":
        # Of several that ran out, the first: the next report names the next one.
        return ClosingStep(
            f"renew: {kind.title}",
            _command("collector attest renew", str(part.entries[0]), locker, *_APPROVED),
        )
    words = [kind.id, locker, "--statement", "TEXT", "--owner", "NAME", *_APPROVED]
    facts = {fact.name: fact.type.upper() for fact in kind.facts.values() if not fact.is_optional}
    if part.link == "inherited":
        account = next(one for one in grounds.accounts if one.account == part.account)
        words += ["--party", grounds.closing.providers[account.provider].name]
        if kind.id == grounds.closing.report_kind:
            facts[grounds.closing.report_fact] = f"{grounds.closing.report_names[0]} Type 2, PERIOD"
    elif kind.party is not None:
        words += ["--party", f"{kind.party.upper()}"]
    for name, value in facts.items():
        words += ["--fact", f"{name}={value}"]
    return ClosingStep(f"state and sign: {kind.title}", _command("collector attest add", *words))


def _shown(part: Part, locker: str) -> str:
    """Shows the results of a control that are no pass, each with its resource and reason."""
    return _command(
        "collector report point-in-time",
        *(locker, "--account", part.account or "", "--control", part.control),
    )


def _command(program: str, *words: str) -> str:
    return f"{program} {shlex.join(words)}"
