"""Objects: what is in them, and what they refer to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from collector.evidence.canonical import canonical, parse_json
from collector.evidence.links import read_named
from collector.evidence.locker import Locker
from collector.evidence.merkle import merkle_root, split_lines
from collector.evidence.record import Digest
from collector.evidence.report import Problem
from collector.evidence.snapshot import Outcome, object_key

Kind = Literal["results", "calls", "bytes"]
"""What an object is to those who refer to it; of bytes only the digest is checked."""

Line = TypeVar("Line", bound=BaseModel)

_ANSWER = b'"answer_sha256"'


@dataclass(frozen=True)
class Content:
    """What was found in an object. Does not hold its bytes."""

    digest: str
    """By its name."""
    kind: Kind
    size_bytes: int
    problems: tuple[Problem, ...]
    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    """Of a results object: how many results there are, by check and outcome."""
    evidence: frozenset[str] = frozenset()
    """Digests of the objects that it refers to."""
    root: str | None = None
    """Of results and calls: the root of the tree over their lines; not where only links are
    wanted."""
    lines: int = 0
    """Of results and calls: how many lines there are."""


class _Result(BaseModel):
    """What each line of a results object must say; it may say more."""

    check: str
    outcome: Outcome
    resource: dict[str, JsonValue]
    reason: str
    evidence: tuple[Digest, ...]


class _Call(BaseModel):
    """What each line of a calls object must say; it says more."""

    answer_sha256: Digest | None


def read_content(
    locker: Locker, digest: str, kind: Kind, named_by: str, *, only_links: bool = False
) -> Content:
    """Read one object.

    Args:
        locker: where to read.
        digest: the object's name.
        kind: what it is.
        named_by: the file that refers to it, for the message if it is missing.
        only_links: whether only what a calls object refers to is wanted. Then the root is not
            computed, and a line is held to its canonical form only where it could name one answer
            to one reader and another to another. Both take much longer than all the rest.

    Raises:
        LockerError: the locker cannot be read.
    """
    key = object_key(digest)
    data, problem = read_named(locker, key, digest, named_by)
    if problem is not None:
        return Content(digest, kind, len(data), (problem,))
    outcomes: Counter[tuple[str, Outcome]] = Counter()
    evidence: set[str] = set()
    try:
        if kind == "results":
            for result in _lines(data, _Result):
                outcomes[result.check, result.outcome] += 1
                evidence.update(result.evidence)
        elif kind == "calls":
            for call in _linking(data) if only_links else _lines(data, _Call):
                evidence.update([call.answer_sha256] if call.answer_sha256 is not None else ())
    except ValueError as error:
        return Content(digest, kind, len(data), (Problem(key, f"as {kind}, {error}"),))
    root = merkle_root(data) if kind != "bytes" and not only_links else None
    lines = 0 if kind == "bytes" else len(split_lines(data))
    return Content(digest, kind, len(data), (), outcomes, frozenset(evidence), root, lines)


def _lines(data: bytes, line: type[Line]) -> Iterator[Line]:
    """The lines of a JSON Lines object; its last line may end in a line break.

    Each is canonical: of a key that is given twice, one reader would see the first value and
    another the last.
    """
    for number, text in enumerate(split_lines(data), start=1):
        yield _line(number, text, line)


def _line(number: int, text: bytes, line: type[Line]) -> Line:
    try:
        value = parse_json(text)
        found = line.model_validate(value)
        is_canonical = canonical(value) == text
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise ValueError(f"line {number}: {place}: {first['msg']}") from None
    except ValueError as error:
        raise ValueError(f"line {number}: not readable as JSON: {error}") from None
    if not is_canonical:
        raise ValueError(f"line {number}: not in canonical form")
    return found


def _linking(data: bytes) -> Iterator[_Call]:
    """The lines of a calls object. A key that stands in a line once, and cannot stand there in
    escapes, is read by everybody alike."""
    has_escapes = b"\\u" in data
    for number, text in enumerate(split_lines(data), start=1):
        if not has_escapes and text.count(_ANSWER) == 1:
            try:
                yield _Call.model_validate_json(text)
                continue
            except ValidationError:
                pass  # told below, in the words of a line that is read strictly
        yield _line(number, text, _Call)


def occurred(counts: Mapping[Outcome, int]) -> frozenset[tuple[Outcome, int]]:
    """Outcomes with their counts, without those that count none."""
    return frozenset((outcome, count) for outcome, count in counts.items() if count)


def shown(counts: Mapping[Outcome, int] | Mapping[str, int]) -> str:
    """Counts for people."""
    return ", ".join(f"{what} {count}" for what, count in sorted(counts.items()) if count) or "none"
