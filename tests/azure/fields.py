"""Resources of Azure, held against what the API references document."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from collector.resource import Part, Resource
from tests.azure.schema import Documented


def assert_documented(resource: type[Resource], documented: type[Documented]) -> None:
    """Assert that a resource fits the items that the API reference documents.

    Every path is one of a documented property, every value that is documented for an enum can be
    read, and other properties are of the documented type.
    """
    inside = documented if resource.source.items is not None else _whole(resource, documented)
    _assert_part(resource, inside)


def _whole(resource: type[Resource], documented: type[Documented]) -> object:
    """The answer itself: a thing, or the list of them where the resource reads it as one."""
    paths = {_path(info) for info in resource.model_fields.values()}
    return Mapping[Literal["value"], list[documented]] if "value" in paths else documented  # type: ignore[valid-type]


def _assert_part(part: type[Part], documented: object) -> None:
    for name, info in part.model_fields.items():
        path = _path(info)
        if path is None:
            continue
        assert info.annotation is not None
        found = documented
        for step in path.split(".") if path else ():
            found = _property(found, step, f"{part.__name__}.{name}")
        field = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
        _assert_type(_bare(field), found, f"{part.__name__}.{name}")


def _path(info: FieldInfo) -> str | None:
    extra = info.json_schema_extra
    return str(extra["at"]) if isinstance(extra, dict) and "at" in extra else None


def _property(owner: object, name: str, where: str) -> object:
    if isinstance(owner, type) and issubclass(owner, BaseModel):
        assert name in owner.model_fields, f"{where}: {owner.__name__} documents no {name}"
        return _bare(owner.model_fields[name].annotation)
    assert get_origin(owner) is Mapping and name in get_args(get_args(owner)[0]), where
    return get_args(owner)[1]


def _assert_type(field: Any, documented: Any, where: str) -> None:
    inner = get_args(field)
    if isinstance(field, type) and issubclass(field, Part):
        _assert_part(field, documented)
    elif get_origin(field) is tuple:
        assert get_origin(documented) is list, f"{where}: {documented} is documented"
        _assert_type(inner[0], _bare(get_args(documented)[0]), where)
    elif get_origin(field) is Mapping:
        is_object = get_origin(documented) is dict or issubclass(documented, BaseModel)
        assert is_object, f"{where}: {documented} is documented"
    elif get_origin(documented) is Literal:
        for value in get_args(documented):
            TypeAdapter(field).validate_python(value, strict=True)
    elif get_origin(field) is dict:
        assert field == documented, f"{where}: {documented} is documented"
    elif get_origin(field) is not Literal and get_origin(field) is not Annotated:
        assert field is documented, f"{where}: {documented} is documented"


def _bare(annotation: Any) -> Any:
    """A type without its null, and a list field's own metadata."""
    if get_origin(annotation) is Annotated and get_origin(get_args(annotation)[0]) is tuple:
        return get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        (one,) = (a for a in get_args(annotation) if a is not NoneType)
        return one
    return annotation
