"""No silent pass, by trial: take a whole account's answers, spoil one, and look at every result.

Each read of the simulated account is in turn denied, cut off, emptied into something malformed, and
robbed of each of its fields. No result may pass that did not pass before; what was denied or cut is
unknown; and whatever does not rest on the read stays as it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from collector.answer import CUT, Answer, Failure, Scope
from collector.check import Check, discover
from collector.collect import collect
from collector.demo import open_demo
from collector.evaluate import Result, evaluate
from collector.evidence.canonical import JSON, canonical
from collector.reads import Reads
from collector.source import Aws, Source
from tests.botocore_shape import enum_of, operation_model

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DROPPED = object()
Spoil = Callable[[Answer], Answer]
Key = tuple[str, bytes, str]


class Spoiled:
    """Brings stored answers back, those of one operation (or one call) spoiled."""

    def __init__(
        self, scope: Scope, answers: Mapping[Key, Answer], spoil: Mapping[Key, Spoil]
    ) -> None:
        self.scope = scope
        self._answers = answers
        self._spoil = spoil

    def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
        key = (source.name, canonical(params), place)
        answer = self._answers.get(key)
        if answer is None:  # asked only because another answer was spoiled
            return Answer(source.name, params, place, failure=Failure("NotRecorded"))
        return self._spoil[key](answer) if key in self._spoil else answer


@pytest.fixture(scope="module")
def checks() -> list[Check[...]]:
    return [c for c in discover().values() if c.provider == "aws"]


@pytest.fixture(scope="module")
def whole(checks: list[Check[...]]) -> Reads:
    return collect(checks, open_demo())


@pytest.fixture(scope="module")
def answers(whole: Reads) -> dict[Key, Answer]:
    return {(a.source, canonical(a.params), a.place): a for _, a in whole.answers}


@pytest.fixture(scope="module")
def truth(checks: list[Check[...]], whole: Reads) -> dict[tuple[str, str, str], Result]:
    return by_subject(evaluate(checks, whole, settings={}, now=NOW))


def by_subject(results: list[Result]) -> dict[tuple[str, str, str], Result]:
    return {(r.check, r.resource.id, r.resource.region): r for r in results}


def denied(answer: Answer) -> Answer:
    failure = Failure("AccessDenied", "no", 403, denied=True)
    return Answer(answer.source, answer.params, answer.place, failure=failure)


def cut(answer: Answer) -> Answer:
    failure = Failure(CUT)
    return Answer(answer.source, answer.params, answer.place, answer.pages[:1], failure)


def operations(answers: Mapping[Key, Answer]) -> dict[str, list[Key]]:
    found: dict[str, list[Key]] = {}
    for key in answers:
        found.setdefault(key[0], []).append(key)
    return found


@pytest.mark.parametrize("spoil", [denied, cut])
def test_an_operation_that_is_not_read_makes_unknown_what_rests_on_it_and_nothing_else(
    checks: list[Check[...]],
    whole: Reads,
    answers: dict[Key, Answer],
    truth: dict[tuple[str, str, str], Result],
    spoil: Spoil,
) -> None:
    for operation, keys in operations(answers).items():
        reader = Spoiled(whole.scope, answers, dict.fromkeys(keys, spoil))
        affected = {c.id for c in checks if operation in {r.source.name for r in c.resources}}

        results = evaluate(checks, collect(checks, reader), settings={}, now=NOW)

        for result in results:
            was = truth.get((result.check, result.resource.id, result.resource.region))
            if result.outcome != "unknown":
                assert result == was, f"{operation}: {result} was {was}"
            else:
                assert result.check in affected, f"{operation}: {result}"
                assert operation in result.reason
                code = "AccessDenied; missing permission" if spoil is denied else CUT
                assert code in result.reason
        unknown = {r.check for r in results if r.outcome == "unknown"}
        assert unknown == affected, operation
        untouched = {key for key, result in truth.items() if result.check not in affected}
        assert untouched <= by_subject(results).keys(), operation


def test_an_answer_that_lost_a_field_never_passes_what_failed_before(
    checks: list[Check[...]],
    whole: Reads,
    answers: dict[Key, Answer],
    truth: dict[tuple[str, str, str], Result],
    record_property: Callable[[str, object], None],
) -> None:
    """One call of each operation, each field of its answer spoiled in turn."""
    tried = 0
    sources = {source.name: source for source, _ in whole.answers}
    for operation, keys in operations(answers).items():
        source = sources[operation]
        used = [c for c in checks if operation in {r.source.name for r in c.resources}]
        for key in keys[:2]:
            for page in _spoiled_pages(source, answers[key]):
                tried += 1
                spoiled = Answer(*key[:1], answers[key].params, key[2], pages=(page,))
                reader = Spoiled(whole.scope, answers, {key: lambda _, s=spoiled: s})  # type: ignore[misc]

                results = evaluate(used, collect(used, reader), settings={}, now=NOW)

                for result in results:
                    was = truth.get((result.check, result.resource.id, result.resource.region))
                    if result.outcome == "pass" and was is not None:
                        assert was.outcome in ("pass", "unknown"), f"{operation} {page}: {result}"
    record_property("combinations", tried)
    assert tried > 100


def _spoiled_pages(source: Source, answer: Answer) -> list[JSON]:
    """The first page with one of its fields left out, of another type, or of an unknown value."""
    if not answer.pages:
        return []
    page = json.loads(canonical(answer.pages[0]))
    found = []
    for path in _paths(page):
        changes: list[object] = [DROPPED, ["list"]]
        if _is_enum(source, path):
            changes.append("unknown-value")
        for change in changes:
            copy = json.loads(json.dumps(page))
            holder = copy
            for step in path[:-1]:
                holder = holder[step]
            if change is DROPPED:
                del holder[path[-1]]
            else:
                holder[path[-1]] = change
            found.append(copy)
    return found


def _is_enum(source: Source, path: tuple[str | int, ...]) -> bool:
    """Whether the API promises one of certain values there; any other text is just another text."""
    assert isinstance(source, Aws)
    shape: Shape | None = operation_model(source.service, source.operation).output_shape
    for step in map(str, path):
        match shape:
            case StructureShape():
                shape = shape.members.get(step)
            case MapShape():
                shape = shape.value
            case ListShape():
                shape = shape.member
            case _:
                return source.report  # its columns are in no model, and most are flags
    return shape is not None and bool(enum_of(shape))


def _paths(value: object, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Places of the fields, those of the first item of each list alone."""
    match value:
        case dict():
            inside = [p for k, v in value.items() for p in _paths(v, (*above, k))]
            return [*((*above, k) for k in value), *inside]
        case [first, *_]:
            return _paths(first, (*above, 0))
    return []
