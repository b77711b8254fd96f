"""Resources: what an answer is parsed into.

A resource is the part of an answer that checks may see. Each field names its place in the answer by
the API's own path, so that the paths can be tested against the API models that the SDKs ship.
Parsing is strict: a missing field without a default, a wrong type or an unknown enum value makes
the resource unreadable, never a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, ClassVar, Self, dataclass_transform, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from collector.evidence.canonical import JSON
from collector.source import Source

ABSENT = "absent"


def at(path: str, *, default: Any = ..., default_factory: Any = None, absent: Any = ...) -> Any:
    """A field that stands at `path` of an item, dots between names, numbers for list places.

    The empty path is the item itself. A field that the answer leaves out or gives as null takes the
    default; without one the resource cannot be read. `absent` is the value where the API said that
    there is no such thing, or where nothing was asked for: it holds for no other answer.
    """
    place: dict[str, Any] = {"at": path} if absent is ... else {"at": path, ABSENT: absent}
    if default_factory is not None:
        return Field(default_factory=default_factory, json_schema_extra=place)
    return Field(default=default, json_schema_extra=place)


def parent(name: str, *, default: Any = ...) -> Any:
    """A field that is taken over from the parent, the resource which the source is read per."""
    return Field(default=default, json_schema_extra={"parent": name})


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Another source's number of the things that a resource class lists."""

    of: type[Resource]
    """The resource that holds the number; there is one in the account."""

    field: str
    """Its field with the number."""

    may_leave_out: str | None = None
    """Property of the listed things that says which of them the number may leave out, all or none:
    a kind of which the API does not document whether it counts."""

    settles_in: timedelta
    """What was made within this time before the run, or during it, may be counted or not."""

    created: str = "created"
    """Field of the listed things with the time at which they were made."""


@dataclass(frozen=True, kw_only=True)
class Roll:
    """Another listing, each of whose things must stand in that of a resource class, by id.

    The reverse is not asked: what was deleted since may stand in a listing that is older.
    """

    of: type[Resource]
    """The resource class of the other listing."""

    settles_in: timedelta
    """What was made within this time before the run, or during it, may be missing."""

    created: str = "created"
    """Field of the other listing's things with the time at which they were made."""


@dataclass_transform(kw_only_default=True, field_specifiers=(at, parent, Field))
class Part(BaseModel):
    """A structure inside a resource. Frozen, compared by value."""

    # Many resource types of a run have nothing in the account: build what parses them when needed.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Resource(Part):
    """A thing in a cloud account, or an aspect of one.

    A class that declares no `id` is an aspect: it carries the id, full name and type of its parent,
    or, without a parent, those of the account.
    """

    source: ClassVar[Source]
    """The operation whose answer it is parsed from."""

    full_name: ClassVar[str | None] = None
    """Template of the cloud's own full name over the fields and `{partition}`, `{account}`,
    `{region}`; None where `id` is the full name."""

    reconciled: ClassVar[tuple[Figure | Roll, ...]] = ()
    """Other sources of the same things, with which this one must agree."""

    id: str = ""

    @classmethod
    def parse(cls, item: JSON, parent: Resource | None = None, *, is_absent: bool = False) -> Self:
        """The resource in one item of an answer.

        Args:
            item: a part of the answer.
            parent: the resource that the answer is about.
            is_absent: the API said that there is none, or was not asked; `item` is empty then.

        Raises:
            pydantic.ValidationError: the item does not have the declared shape.
        """
        inherited: dict[str, Any] = {}
        if parent is not None:
            inherited = parent.model_dump(mode="json", include=_inherited(cls))
        picked = _pick(cls, item, inherited)
        if is_absent:
            picked |= _absences(cls)
        # JSON input: strict on types, yet times may be strings and tuples arrays.
        return cls.model_validate_json(json.dumps(picked), strict=True)

    @classmethod
    def is_aspect(cls) -> bool:
        """Whether it tells of its parent (or the account) instead of a thing of its own."""
        return _is_aspect(cls)

    @classmethod
    def type_name(cls) -> str:
        """Type as results carry it: import path below `checks`, `aws.s3.bucket`."""
        return _type_name(cls)


@cache
def _is_aspect(cls: type[Resource]) -> bool:
    return _place(cls.model_fields["id"]) is None


@cache
def _type_name(cls: type[Resource]) -> str:
    if cls.is_aspect():
        above = cls.source.per
        return above.type_name() if above is not None else f"{cls.source.provider}.account"
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
    return f"{public_path(cls.__module__)}.{name}"


def public_path(module: str) -> str:
    """The path of a module as ids carry it: below `checks`, without its private parts.

    A large service is a package of private modules: `checks.aws.rds._snapshots` is `aws.rds`.
    """
    return ".".join(
        part for part in module.removeprefix("checks.").split(".") if not part.startswith("_")
    )


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split(".")) if path else ()


def lookup(item: object, path: str) -> Any:
    """The value at `path` of an item, or None where a step is missing or null."""
    value = item
    for step in _steps(path):
        match value:
            case dict() | Mapping():
                value = value.get(step)
            case list() if step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            case _:
                return None
    return value


def _pick(annotation: object, value: Any, inherited: Mapping[str, object]) -> Any:
    """Rearrange a raw answer by field names, through lists, mappings and optional parts."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        if not isinstance(value, Mapping | str):
            return value
        return _pick_fields(annotation, value, inherited)
    arguments = [a for a in get_args(annotation) if a is not type(None)]
    match value:
        case list() if get_origin(annotation) is tuple:
            return [_pick(arguments[0], item, inherited) for item in value]
        case Mapping() if get_origin(annotation) in (dict, Mapping):
            return {key: _pick(arguments[1], item, inherited) for key, item in value.items()}
        case list() | Mapping() if len(arguments) == 1:
            return _pick(arguments[0], value, inherited)
    return value


def _pick_fields(
    cls: type[Part], item: object, inherited: Mapping[str, object]
) -> dict[str, object]:
    picked: dict[str, object] = {}
    for name, kind, path in _places(cls):
        value = lookup(item, path) if kind == "at" else inherited.get(path)
        if value is not None:
            # What a parent holds is arranged by field names already.
            annotation = cls.model_fields[name].annotation
            picked[name] = _pick(annotation, value, inherited) if kind == "at" else value
    if issubclass(cls, Resource) and cls.is_aspect():
        picked["id"] = inherited.get("id", "")
    return picked


@cache
def _places(cls: type[Part]) -> tuple[tuple[str, str, str], ...]:
    """(field, "at" or "parent", path) of each declared field."""
    return tuple(
        (name, *place) for name, info in cls.model_fields.items() if (place := _place(info))
    )


@cache
def _inherited(cls: type[Resource]) -> set[str]:
    """Fields of the parent that a resource takes over, at any depth, and the id of an aspect."""
    found = {"id"} if cls.is_aspect() else set()
    following: list[object] = [cls]
    seen: set[object] = set()
    while following:
        annotation = following.pop()
        if annotation in seen:
            continue
        seen.add(annotation)
        following += get_args(annotation)
        if isinstance(annotation, type) and issubclass(annotation, Part):
            found |= {path for _, kind, path in _places(annotation) if kind == "parent"}
            following += [info.annotation for info in annotation.model_fields.values()]
    return found


@cache
def _absences(cls: type[Part]) -> dict[str, Any]:
    """The values of fields where the API said that there is none."""
    extras = {name: info.json_schema_extra for name, info in cls.model_fields.items()}
    return {n: e[ABSENT] for n, e in extras.items() if isinstance(e, dict) and ABSENT in e}


def _place(info: FieldInfo) -> tuple[str, str] | None:
    extra = info.json_schema_extra
    if not isinstance(extra, dict):
        return None
    return next((kind, str(extra[kind])) for kind in ("at", "parent") if kind in extra)
