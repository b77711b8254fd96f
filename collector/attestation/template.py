"""What a compliance lead fills in: the template of a kind, in Markdown. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from collector.attestation.kinds import Fact, Kind
from collector.framework import Requirement

WIDTH = 100


def render_template(kind: Kind, requirements: Mapping[str, Requirement]) -> str:
    """The template of a kind.

    Args:
        kind: what it is of.
        requirements: SOC 2's and HIPAA's, by id, for their titles.
    """
    parts = [f"# {kind.title}", _wrapped(kind.purpose)]
    for ids, verb in ((kind.answers, "It answers"), (kind.supports, "It supports")):
        if ids:
            listed = [f"- {id_}: {requirements[id_].title}" for id_ in ids]
            parts.append("\n".join([f"{verb}:", "", *listed]))
    if kind.party is not None:
        parts.append(f"{kind.party.capitalize()}: …")
    parts.append(
        "| | |\n|---|---|\n| Owner | … |\n| Approved by, on | … |\n| Version | … |\n"
        f"| In force from | … |\n| To be renewed by | … (within {kind.max_days} days) |"
    )
    parts += [f"## {heading}\n\n{_prompt(text)}\n\n…" for heading, text in kind.sections.items()]
    parts.append("## Facts\n\n| | |\n|---|---|\n" + _facts(kind.facts.values()))
    kept = [f"- {document}" for document in kind.documents]
    parts.append("\n".join(["## To be kept with it", "", *kept]))
    parts.append(
        f"## When it is approved\n\n```sh\n{command(kind)}\n```\n\n"
        + _wrapped(
            "No health information, password or key goes into the statement or a document: what is"
            " sealed cannot be deleted. A document that holds any is named by its digest alone,"
            " with `--document-digest-only`."
        )
    )
    return "\n\n".join(parts) + "\n"


def command(kind: Kind) -> str:
    """The command that seals an attestation of a kind, for a shell, on several lines."""
    lines = [f"collector attest add {kind.id}", "--statement '…'", "--owner '…' --approver '…'"]
    lines.append("--expires YYYY-MM-DD")
    if kind.party is not None:
        lines.append(f"--party '{kind.party}'")
    lines += [f"--fact {f.name}={_example(f)}" for f in kind.facts.values() if not f.is_optional]
    lines.append(f"--document {kind.id}.pdf")
    return " \\\n  ".join(lines)


def _prompt(text: str) -> str:
    """What to write, as a quotation to be replaced."""
    return textwrap.fill(
        text, WIDTH, initial_indent="> ", subsequent_indent="> ", break_on_hyphens=False
    )


def _facts(facts: Iterable[Fact]) -> str:
    return "\n".join(
        f"| {fact.title}{' (if known)' if fact.is_optional else ''}, `{fact.name}`{_limits(fact)}"
        " | … |"
        for fact in facts
    )


def _limits(fact: Fact) -> str:
    if fact.type == "choice":
        return f": {' or '.join(fact.one_of)}"
    limits = [f"at least {fact.least}"] if fact.least else []
    if fact.most is not None:
        limits.append(f"at most {fact.most}")
    return f": {', '.join(limits)}" if limits else ""


def _example(fact: Fact) -> str:
    match fact.type:
        case "date":
            return "YYYY-MM-DD"
        case "number":
            return "NUMBER"
        case "choice":
            return f"'{fact.one_of[0]}'"
        case "text":
            return "'…'"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_on_hyphens=False)
