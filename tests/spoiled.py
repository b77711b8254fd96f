"""The ways in which an answer can be other than it should be, each tried at every place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, Literal, TypeAlias, get_args, get_origin

from botocore.model import ListShape, MapShape, Shape, StructureShape
from pydantic import BaseModel

from collector.answer import CUT, Answer, Failure
from collector.evidence.canonical import JSON, canonical
from collector.resource import Part, Resource, lookup
from collector.source import Arm, Aws, Gcp, Graph, Source
from tests.azure.answers import SUBSCRIPTION
from tests.azure.cloud import TYPES
from tests.botocore_shape import enum_of, operation_model
from tests.google.schema import document, methods, resolved, step_into
from tests.recorded import Key, Recorded, kept

Path: TypeAlias = "tuple[str | int, ...]"

FAILURES: Mapping[str, Failure] = {
    "denied": Failure("AccessDenied", "no", 403, denied=True),
    "throttled": Failure("ThrottlingException", "slow down", 400),
    "cut": Failure(CUT, "there are more"),
}
"""How a call fails: refused, throttled to the last attempt, broken off after a page."""

DROPPED = object()

SHAPELESS: Sequence[JSON] = ([], "text", 7, None, [{}])
"""What stands in the place of a page."""

TYPES_OF_OTHERS: Mapping[type, Sequence[JSON]] = {
    bool: ["true", 1, ["list"], {}],
    int: ["7", True, ["list"], {}],
    float: ["7", True, ["list"], {}],
    str: [7, True, ["list"], {}],
    list: ["text", 7, {}],
    dict: ["text", 7, []],
}
"""What stands in a field's place that holds a value of a type."""

FLAGS = ("true", "false", "N/A", "no_information", "not_supported")
"""What the columns of the IAM credential report hold, and parameters of databases."""

BROKEN_TEXTS = ("", "not JSON", "{}", "[]", "null", '"text"', "7")
"""What stands in the place of a document that is a text of JSON."""


@dataclass(frozen=True)
class Trial:
    """Some answers of an account, spoiled in one way."""

    kind: str
    operation: str
    where: str
    answers: Mapping[Key, Answer]
    field: str = ""
    """Names on the way to what was changed in a page."""
    is_other: bool = False
    """Whether it is as good an answer as the real one, of which nobody can tell that it is wrong:
    what judges all items of the listing may say something else of it."""


def whole_operations(account: Recorded) -> Iterator[Trial]:
    """Each operation refused, throttled and cut, wherever it is called."""
    for operation, keys in account.calls.items():
        for kind in FAILURES:
            yield Trial(kind, operation, "everywhere", {k: failing(account, k, kind) for k in keys})


def single_calls(account: Recorded) -> Iterator[Trial]:
    """Each call refused, throttled and cut, alone."""
    for operation, keys in account.calls.items():
        if len(keys) > 1:
            for key in keys:
                for kind in FAILURES:
                    yield Trial(kind, operation, str(key), {key: failing(account, key, kind)})


def failing(account: Recorded, key: Key, kind: str) -> Answer:
    """A call that failed; one that was cut has brought half of its first page."""
    answer = account.answers[key]
    pages: tuple[JSON, ...] = ()
    if kind == "cut":
        pages = tuple(_halved(account.lists(key[0]), page) for page in answer.pages[:1])
    return kept(answer, pages=pages, failure=FAILURES[kind], is_absent=False)


def contents(account: Recorded) -> Iterator[Trial]:
    """Each page with something wrong in it."""
    for operation, keys in account.calls.items():
        source = account.sources[operation]
        looked_at = [p for r in account.resources[operation] for p in _places(r)]
        for key in keys:
            for number, page in enumerate(account.answers[key].pages):
                for kind, path, what, spoiled in chain(
                    _emptied(account.lists(operation), page), _spoiled(source, page, looked_at)
                ):
                    pages = list(account.answers[key].pages)
                    pages[number] = spoiled
                    answer = kept(account.answers[key], pages=tuple(pages))
                    where = f"{_text(path)} {what} of {key}"
                    names, is_other = ".".join(_names(path)), kind == "no items"
                    yield Trial(kind, operation, where, {key: answer}, names, is_other)


def without_volatile(account: Recorded) -> Iterator[Trial]:
    """Each answer without what is kept of it with the call."""
    for operation, keys in account.calls.items():
        for key in keys:
            if account.answers[key].provenance != {}:
                answer = kept(account.answers[key], provenance={})
                yield Trial("dropped", operation, f"what is volatile of {key}", {key: answer})


def others(account: Recorded) -> Iterator[Trial]:
    """Each call answered with what another call of the operation brought."""
    for operation, keys in account.calls.items():
        echoes = _echoes(account, keys)
        for key in keys:
            # Where nobody can tell, a few are enough to see that nothing breaks.
            for other in keys if echoes else keys[:3]:
                mine, its = account.answers[key], account.answers[other]
                if mine.body() == its.body() or key[1] == other[1]:
                    continue
                swapped = kept(mine, pages=its.pages, failure=its.failure, is_absent=its.is_absent)
                where = f"{key} as {other}"
                yield Trial("another's", operation, where, {key: swapped}, is_other=not echoes)


def renamed(account: Recorded) -> Iterator[Trial]:
    """Each answer that repeats what it was asked for, with another thing's name in its place."""
    for operation, keys in account.calls.items():
        paths = {p for r in account.resources[operation] for p in r.source.repeats.values()}
        for key in keys:
            for path in sorted(paths):
                for place, _ in _fields(account.answers[key].pages):
                    names, wanted = _text(place[1:]), path.replace("*", "0")
                    if names == wanted:
                        pages = changed(account.answers[key].pages, place, "another")
                        answer = kept(account.answers[key], pages=tuple(pages))
                        yield Trial("renamed", operation, f"{names} of {key}", {key: answer})


def fewer(account: Recorded) -> Iterator[Trial]:
    """Each listing without one of its items, which nobody can tell."""
    for operation, keys in account.calls.items():
        for key in keys:
            for number, page in enumerate(account.answers[key].pages):
                for path in _item_paths(page, account.lists(operation)):
                    pages = list(account.answers[key].pages)
                    pages[number] = _recounted(changed(page, path, DROPPED), path)
                    answer = kept(account.answers[key], pages=tuple(pages))
                    where = f"{_text(path)} of {key}"
                    yield Trial("one less", operation, where, {key: answer}, is_other=True)


def _emptied(lists: Sequence[str], page: JSON) -> Iterator[tuple[str, Path, str, JSON]]:
    """Kind, path, what stands there, and the page: nothing, or nothing of what was asked for."""
    yield "empty", (), "{}", {}
    for other in SHAPELESS:
        yield "shapeless", (), repr(other), other
    for items in lists:
        emptied = page
        for path in _list_paths(page, items.split(".")):
            emptied = _recounted(changed(emptied, path, []), (*path, 0))
        if emptied != page:
            yield "no items", (), items, emptied


def _spoiled(
    source: Source, page: JSON, looked_at: Sequence[tuple[str, ...]]
) -> Iterator[tuple[str, Path, str, JSON]]:
    """The same, one field after the other."""
    for path, value in _fields(page):
        names = _names(path)
        if not any(_is_on_way(place, names) for place in looked_at):
            continue
        if isinstance(path[-1], str):
            yield "dropped", path, "", changed(page, path, DROPPED)
        yield "null", path, "", changed(page, path, None)
        for other in TYPES_OF_OTHERS.get(type(value), ()):
            # In a policy, one text and a list of texts are the same, and any text is a name.
            if "Statement" not in names or other not in ("text", ["list"]):
                yield "wrong type", path, f"as {other!r}", changed(page, path, other)
        if isinstance(value, str):
            if value in FLAGS or _is_enum(source, path, names):
                yield "unknown value", path, "", changed(page, path, "unknown-value")
            if value.lstrip().startswith("{"):
                for text in (value[: len(value) // 2], *BROKEN_TEXTS):
                    yield "broken text", path, f"as {text!r}", changed(page, path, text)


def _names(path: Path) -> tuple[str, ...]:
    """A path without the places in lists."""
    return tuple(step for step in path if isinstance(step, str))


def changed(value: Any, path: Path, change: Any) -> Any:
    """A copy with something else at a path, which shares all else with the original."""
    copy: Any = dict(value) if isinstance(value, Mapping) else list(value)
    if len(path) > 1:
        copy[path[0]] = changed(value[path[0]], path[1:], change)
    elif change is DROPPED:
        del copy[path[0]]
    else:
        copy[path[0]] = change
    return copy


def _text(path: Path) -> str:
    return ".".join(map(str, path))


def _fields(value: object, above: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every place in a page, and what stands there."""
    inner: Iterator[tuple[str | int, object]] = iter(())
    match value:
        case Mapping():
            inner = iter(value.items())
        case list() | tuple():
            inner = iter(enumerate(value))
    for step, found in inner:
        yield (*above, step), found
        yield from _fields(found, (*above, step))


def _list_paths(value: object, steps: Sequence[str], above: Path = ()) -> Iterator[Path]:
    """Where the lists of items stand in a page."""
    if not steps:
        yield above
    elif isinstance(value, Mapping):
        names = list(value) if steps[0] == "*" else [n for n in value if n == steps[0]]
        for name in names:
            yield from _list_paths(value[name], steps[1:], (*above, name))
    elif isinstance(value, list) and steps[0] == "*":
        for index, inner in enumerate(value):
            yield from _list_paths(inner, steps[1:], (*above, index))


def _item_paths(page: JSON, lists: Sequence[str]) -> Iterator[Path]:
    for items in lists:
        for path in _list_paths(page, items.split(".")):
            held = lookup(page, _text(path))
            for index in range(len(held) if isinstance(held, list) else 0):
                yield (*path, index)


def _recounted(page: Any, item: Path) -> Any:
    """With the list's length where the API says it beside the list."""
    holder = item[:-2]
    beside = lookup(page, _text(holder)) if holder else page
    if not isinstance(beside, Mapping) or "Quantity" not in beside:
        return page
    return changed(page, (*holder, "Quantity"), len(beside[str(item[-2])]))


def _halved(lists: Sequence[str], page: JSON) -> JSON:
    for items in lists:
        for path in _list_paths(page, items.split(".")):
            held = lookup(page, _text(path))
            if isinstance(held, list):
                page = changed(page, path, held[: len(held) // 2])
    return page


def _echoes(account: Recorded, keys: Sequence[Key]) -> list[str]:
    """Paths where each answer of an operation repeats what it was asked with."""
    asked = {n for r in account.resources[keys[0][0]] for n in r.source.params}
    found: set[tuple[str, str]] | None = None
    for key in keys:
        answer = account.answers[key]
        if not answer.pages:
            continue
        here = {
            (name, _text(path))
            for name, value in answer.params.items()
            if name in asked
            for path, held in _fields(answer.pages[0])
            if held == (value[0] if isinstance(value, list) else value)
        }
        found = here if found is None else found & here
    # Of one answer, or of two to one question, nothing can be told.
    values = {canonical(account.answers[key].params) for key in keys}
    return sorted(path for _, path in found or ()) if len(values) > 1 else []


@cache
def _places(resource: type[Resource]) -> tuple[tuple[str, ...], ...]:
    """The places in an answer that a resource is made of, names alone; `*` is any name."""
    above = tuple(resource.source.items.split(".")) if resource.source.items else ()
    return tuple(_places_in(resource, above))


def _places_in(part: type[Part], above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for info in part.model_fields.values():
        extra = info.json_schema_extra
        if not isinstance(extra, Mapping) or "at" not in extra:
            continue
        steps = [s for s in str(extra["at"]).split(".") if s and not s.isdecimal()]
        place = (*above, *steps)
        parts = list(_parts(info.annotation, place))
        if not parts:
            yield place
        for inner, where in parts:
            yield from _places_in(inner, where)


def _parts(annotation: Any, place: tuple[str, ...]) -> Iterator[tuple[type[Part], tuple[str, ...]]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation, place
    is_map = isinstance(get_origin(annotation), type) and issubclass(
        get_origin(annotation) or object, Mapping
    )
    for argument in get_args(annotation):
        yield from _parts(argument, (*place, "*") if is_map else place)


def _is_on_way(place: Sequence[str], names: Sequence[str]) -> bool:
    """Whether one leads to the other. A `*` may stand for a list, which has no name, or a name."""
    if not place or not names or names[-1] == "Quantity":
        return True
    if place[0] == "*":
        return _is_on_way(place[1:], names) or _is_on_way(place[1:], names[1:])
    return place[0] == names[0] and _is_on_way(place[1:], names[1:])


def _is_enum(source: Source, path: Path, names: Sequence[str]) -> bool:
    """Whether the API promises one of certain values there; any other text is just another text."""
    match source:
        case Aws():
            return _is_aws_enum(source, path)
        case Gcp():
            doc = document(source.api, source.version)
            schema: Any = dict(methods(doc))[f"{source.collection}.{source.method}"]["response"]
            for step in path:
                schema = step_into(doc, schema, str(step)) if schema is not None else None
            return schema is not None and "enum" in resolved(doc, schema)
        case Arm() | Graph():
            prefix = "/v1.0" if isinstance(source, Graph) else ""
            known = TYPES.get(prefix + source.path.replace("{account}", SUBSCRIPTION))
            return known is not None and _is_documented_enum(known, names)
    raise AssertionError(source)


@cache
def _answer_shape(service: str, operation: str) -> Shape | None:
    return operation_model(service, operation).output_shape


def _is_aws_enum(source: Aws, path: Path) -> bool:
    shape = _answer_shape(source.service, source.operation)
    for step in map(str, path):
        match shape:
            case StructureShape():
                shape = shape.members.get(step)
            case MapShape():
                shape = shape.value
            case ListShape():
                shape = shape.member
            case _:
                return False
    return shape is not None and bool(enum_of(shape))


def _is_documented_enum(known: Any, names: Sequence[str]) -> bool:
    steps = [name for name in names if name != "value"]
    for step in steps:
        models = [m for m in _models(known) if step in m.model_fields]
        if not models:
            return False
        known = models[0].model_fields[step].annotation
    return _has_literal(known)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _has_literal(annotation: Any) -> bool:
    return get_origin(annotation) is Literal or any(map(_has_literal, get_args(annotation)))
