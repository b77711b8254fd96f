"""Holds an answer against the question, where the API repeats in it what was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from collector.answer import Answer
from collector.evidence.canonical import JSON
from collector.resource import lookup
from collector.source import Source

ANOTHER = "AboutAnother"
"""Code of an answer that names another thing than was asked for, or none."""


def about_another(source: Source, answer: Answer) -> str | None:
    """The path where an answer does not repeat what it was asked for; None: nowhere."""
    for name, path in source.repeats.items():
        asked = answer.params.get(name)
        wanted = asked[0] if isinstance(asked, list) and asked else asked
        for page in answer.pages:
            if any(said != wanted for said in _values(page, path.split(".*."))):
                return path
    return None


def _values(value: JSON, paths: Sequence[str]) -> Iterator[JSON]:
    """What stands at a path that is cut at its lists; None where there is nothing."""
    found: JSON = lookup(value, paths[0]) if isinstance(value, Mapping) else None
    if len(paths) == 1 or not isinstance(found, list):
        yield found
        return
    for item in found:
        yield from _values(item, paths[1:])
