"""A whole account's answers, read once: brought back with some of them spoiled, and judged again.

Thousands of such trials must be cheap. So what an item is parsed into is remembered by the item's
identity, a spoiled page shares with the real one all but what was changed, and nothing waits in
another thread.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeAlias

import pytest
from pydantic import ValidationError

from collector.answer import Answer, Failure, ShapeError, items
from collector.check import Check, SettingValue, lineage
from collector.collect import collect
from collector.evaluate import Result, evaluate
from collector.evidence.canonical import JSON, canonical, sha256
from collector.reads import Reads, Region
from collector.resource import Resource
from collector.source import Source

NOW = datetime(2026, 11, 1, tzinfo=UTC)
NOT_RECORDED = "NotRecorded"

Key: TypeAlias = "tuple[str, bytes, str]"
"""Operation, parameters and place of a call."""

Subject: TypeAlias = "tuple[str, str, str]"
"""Check, full name and region of what a result is about."""


def kept(answer: Answer, **changes: Any) -> Answer:
    """The same answer with another content."""
    held = answer.provenance.get("volatile")
    # The others are not put back: see collector.collect.
    volatile = {n: v for n, v in held.items() if "." not in n} if isinstance(held, dict) else {}
    given = {
        "pages": answer.pages,
        "failure": answer.failure,
        "is_absent": answer.is_absent,
        "provenance": {"volatile": volatile} if volatile else {},
        **changes,
    }
    return Answer(answer.source, answer.params, answer.place, **given)


@dataclass(eq=False)
class Recorded:
    """An account that was read whole."""

    checks: Sequence[Check[...]]
    reads: Reads
    settings: Mapping[str, Mapping[str, SettingValue]] = field(default_factory=dict)
    now: datetime = NOW

    @cached_property
    def answers(self) -> Mapping[Key, Answer]:
        """Every answer by its call."""
        return {(a.source, canonical(a.params), a.place): kept(a) for _, a in self.reads.answers}

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """By the name of the operation."""
        return {source.name: source for source, _ in self.reads.answers}

    def lists(self, operation: str) -> list[str]:
        """Where the lists stand in an operation's answer that resources are items of."""
        found = {resource.source.items for resource in self.resources[operation]}
        return sorted(path for path in found if path is not None)

    @cached_property
    def truth(self) -> Mapping[Subject, Result]:
        """What the whole answers say."""
        return by_subject(self.judged(self.checks, {}))

    @cached_property
    def resources(self) -> Mapping[str, Sequence[type[Resource]]]:
        """The resource types that an operation's answer is parsed into."""
        found: dict[str, dict[type[Resource], None]] = {name: {} for name in self.sources}
        for check in self.checks:
            for resource in check.resources:
                found.setdefault(resource.source.name, {})[resource] = None
        if Region.source.name in self.sources:
            found[Region.source.name][Region] = None
        return {name: tuple(resources) for name, resources in found.items()}

    @cached_property
    def resting(self) -> Mapping[str, Sequence[Check[...]]]:
        """The checks that rest on an operation, by its name."""
        found: dict[str, list[Check[...]]] = {name: [] for name in self.sources}
        for check in self.checks:
            for name in dict.fromkeys(r.source.name for r in check.resources):
                found.setdefault(name, []).append(check)
        return found

    @property
    def calls(self) -> Mapping[str, Sequence[Key]]:
        """The calls of each operation."""
        found: dict[str, list[Key]] = {}
        for key in self.answers:
            found.setdefault(key[0], []).append(key)
        return found

    def digests_beside(self, keys: Collection[Key]) -> set[str]:
        """The digests of all other answers than these."""
        return {digest for key, digest in self._digests.items() if key not in keys}

    @cached_property
    def _digests(self) -> Mapping[Key, str]:
        bodies = {key: answer.body() for key, answer in self.answers.items()}
        return {key: sha256(body) for key, body in bodies.items() if body is not None}

    def judged(self, checks: Sequence[Check[...]], spoiled: Mapping[Key, Answer]) -> list[Result]:
        """What checks say where some answers are others."""
        reader = _Replay(self, spoiled)
        return evaluate(checks, collect(checks, reader), settings=self.settings, now=self.now)

    def was(self, result: Result) -> Result | None:
        """What the whole answers say of the same thing, wherever it is."""
        subject = (result.check, result.resource.id, result.resource.region)
        if subject in self.truth or result.resource.id == self.reads.scope.account:
            return self.truth.get(subject)
        return self._truth_anywhere.get((result.check, result.resource.id))

    @cached_property
    def _truth_anywhere(self) -> Mapping[tuple[str, str], Result]:
        return {(check, id): result for (check, id, _), result in self.truth.items()}

    def takes_many(self, check: Check[...], operation: str) -> bool:
        """Whether a check judges by all items of an operation, or by all of what hangs on them."""
        return any(
            r.source.name == operation
            for parameter in check.parameters
            for resource in parameter.resources
            for r in lineage(resource)
            if parameter.many or (resource.is_aspect() and lineage(resource)[-1].is_aspect())
        )


class _Replay:
    """Brings recorded answers back."""

    def __init__(self, recorded: Recorded, spoiled: Mapping[Key, Answer]) -> None:
        self.scope = recorded.reads.scope
        self._answers = recorded.answers
        self._spoiled = spoiled

    def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
        key = (source.name, canonical(params), place)
        answer = self._spoiled.get(key) or self._answers.get(key)
        if answer is None:  # asked only because another answer was spoiled
            return Answer(source.name, params, place, failure=Failure(NOT_RECORDED))
        return answer


def by_subject(results: Sequence[Result]) -> dict[Subject, Result]:
    return {(r.check, r.resource.id, r.resource.region): r for r in results}


class _AtOnce(concurrent.futures.Executor):
    """Runs what it is given before it returns."""

    def __init__(self, **_: object) -> None:
        super().__init__()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@dataclass(frozen=True)
class _Parse:
    """What an item was parsed into, or why it could not be. It holds the item and what is above it,
    so that their identities stay theirs."""

    item: object
    above: Resource | None
    result: Resource | Exception


@dataclass
class Parsed:
    """What was parsed, by the identities of item and parent."""

    known: dict[tuple[object, ...], _Parse] = field(default_factory=dict)
    new: dict[tuple[object, ...], _Parse] = field(default_factory=dict)
    above: dict[tuple[type[Resource], int], list[Resource | None]] = field(default_factory=dict)
    """The parents that an item of the whole answers was parsed for."""

    def settle(self) -> None:
        """Remember what was parsed so far: the whole answers."""
        self.known |= self.new
        for (cls, item, *_), parse in self.new.items():
            self.above.setdefault((cls, item), []).append(parse.above)  # type: ignore[arg-type]
        self.new = {}

    def forget(self) -> None:
        """Forget what was parsed since."""
        self.new = {}


@contextlib.contextmanager
def quick_engine() -> Iterator[Parsed]:
    """The engine without threads, which parses no item twice."""
    parsed = Parsed()
    real: Any = Resource.__dict__["parse"].__func__

    def parse(cls: Any, item: Any, parent: Any = None, *, is_absent: bool = False) -> Any:
        thing = "{}" if item == {} else item
        key = (cls, id(thing), id(parent), is_absent)
        held = parsed.known.get(key) or parsed.new.get(key)
        if held is None:
            result: Resource | Exception
            try:
                result = real(cls, item, parent, is_absent=is_absent)
            except (ValidationError, RecursionError) as error:
                result = error
            held = parsed.new[key] = _Parse(thing, parent, result)
        if isinstance(held.result, Exception):
            raise held.result.with_traceback(None)
        return held.result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("collector.collect.ThreadPoolExecutor", _AtOnce)
        patch.setattr(Resource, "parse", classmethod(parse))
        yield parsed


def read_as(
    account: Recorded, parsed: Parsed, key: Key, spoiled: Answer
) -> tuple[object, ...] | None:
    """What a spoiled answer is read as, to be compared; None: it takes a whole trial to tell.

    Two spoiled answers that are read as the same have the same results, but for the words of an
    `unknown`; so one of them needs to be judged.
    """
    found: list[object] = []
    if spoiled.provenance != {} or account.answers[key].provenance != {}:
        return None
    for resource in account.resources[key[0]]:
        whole = items(resource.source, account.answers[key].pages)
        try:
            now = items(resource.source, spoiled.pages)
        except ShapeError:
            found.append("no list")
            continue
        if len(now) != len(whole):
            return None
        for index, (item, was) in enumerate(zip(now, whole, strict=True)):
            if item is was:
                continue
            for above in parsed.above.get((resource, id(was)), [None]):
                try:
                    result = resource.parse(item, above).model_dump_json()
                except (ValidationError, RecursionError):
                    result = "unreadable"
                found.append((resource.__name__, index, above and above.id, result))
    return tuple(found)
