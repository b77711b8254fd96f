"""Resources of AWS, held against the API models that botocore ships.

A path that is not in the model would read as "left out", and an enum value that a resource does not
know would make a real answer unreadable. Both are found here, before any cloud is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from pydantic.fields import FieldInfo

from collector.readers.aws_read import NEXT
from collector.resource import Part, Resource
from collector.source import Aws
from tests.botocore_shape import enum_of, operation_model

TOKENS = (
    "ContinuationToken",
    "IsTruncated",
    "Marker",
    "NextMarker",
    "NextPageToken",
    "NextToken",
    "PaginationToken",
    "Truncated",
    "nextToken",
    "position",
)
"""Members of an answer by which APIs say that there is another page."""

SHAPES: Mapping[object, frozenset[str]] = {
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "long"}),
    float: frozenset({"double", "float", "integer", "long"}),
    str: frozenset({"blob", "string", "timestamp"}),
    datetime: frozenset({"string", "timestamp"}),
}
"""Type of a field → the scalar shapes whose every value it can hold."""


def assert_paths(resource: type[Resource]) -> None:
    """Assert that a resource of AWS fits its operation.

    The paths and types of its fields and of their parts fit the shape of the items; each `Literal`
    is exactly the model's enum; parameters are members of the input, none that is required is left
    out, and their values are of the right kind; `absent` codes are errors of the operation where
    the model names its errors; `volatile` and `repeats` paths are members of the output; and an
    operation that has pages can be paged.
    """
    source = resource.source
    assert isinstance(source, Aws), f"{resource.__name__} is no resource of AWS"
    if source.report:
        return  # The credential report is CSV, which no model describes.
    operation = operation_model(source.service, source.operation)
    output = operation.output_shape
    assert output is not None, f"{source.name} answers nothing"
    _assert_fields(resource, _item(source, output), f"{resource.__name__} of {source.name}")
    _assert_parameters(source, operation)
    _assert_pages(source, operation, output)
    for path in source.volatile:
        assert _is_inside(output, path.split(".")), f"{source.name} has no {path} to be volatile"
    for name, path in source.repeats.items():
        steps = [step for step in path.split(".") if step != "*"]
        assert name in source.params, f"{source.name} is not asked with {name} of the parent"
        assert _is_inside(output, [s for s in steps if not s.isdecimal()]), (
            f"{source.name} has no {path} to repeat {name} in"
        )
    codes = {getattr(e, "error_code", None) for e in operation.error_shapes}
    unknown = set(source.absent) - codes
    assert not codes or not unknown, f"{source.name} has no error {', '.join(sorted(unknown))}"


def _item(source: Aws, output: Shape) -> Shape:
    """The shape of one item of the source."""
    shape = output
    for step in source.items.split(".") if source.items is not None else ():
        inner = _inside(shape) if step == "*" else _step(shape, step)
        assert inner is not None, f"{source.name} has no items at {source.items}"
        shape = inner
    if source.items is None:
        return shape
    assert isinstance(shape, ListShape), f"{source.name}: {source.items} is no list"
    return shape.member


def _inside(shape: Shape) -> Shape | None:
    """The shape of each item of a list or map."""
    match shape:
        case MapShape():
            return shape.value
        case ListShape():
            return shape.member
    return None


def _step(shape: Shape, step: str) -> Shape | None:
    match shape:
        case StructureShape():
            return shape.members.get(step)
        case MapShape():
            return shape.value
        case ListShape() if step.isdecimal():
            return shape.member
    return None


def _is_inside(shape: Shape, steps: list[str]) -> bool:
    """Whether the path exists; a list on the way stands for each of its items."""
    if isinstance(shape, ListShape):
        return _is_inside(shape.member, steps)
    found = _step(shape, steps[0])
    return found is not None and (len(steps) == 1 or _is_inside(found, steps[1:]))


def _assert_fields(part: type[Part], shape: Shape, where: str) -> None:
    for name, info in part.model_fields.items():
        path = _path(info)
        if path is None:
            continue
        found: Shape | None = shape
        for step in path.split(".") if path else ():
            found = _step(found, step) if found is not None else None
        assert found is not None, f"{where}: {name}: the model has no {path}"
        _assert_fits(info.annotation, found, f"{where}: {name} at {path}")


def _path(info: FieldInfo) -> str | None:
    extra = info.json_schema_extra
    return str(extra["at"]) if isinstance(extra, Mapping) and "at" in extra else None


def _assert_fits(annotation: object, shape: Shape, where: str) -> None:
    """Assert that a field of this type can hold every value of the shape."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        for argument in set(arguments) - {NoneType}:
            _assert_fits(argument, shape, where)
    elif origin is Literal:
        _assert_enum(frozenset(arguments), shape, where)
    elif origin is tuple:
        assert isinstance(shape, ListShape), f"{where} is a {shape.type_name}, not a list"
        _assert_fits(arguments[0], shape.member, where)
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        assert isinstance(shape, MapShape | StructureShape), f"{where} is a {shape.type_name}"
        if isinstance(shape, MapShape):
            _assert_fits(arguments[1], shape.value, where)
    elif origin is Annotated:
        return  # A type with a parser of its own, such as a policy document in a text.
    elif isinstance(annotation, type) and issubclass(annotation, Part):
        _assert_fields(annotation, shape, where)
    elif annotation in SHAPES:
        assert shape.type_name in SHAPES[annotation], f"{where} is a {shape.type_name}"


def _assert_enum(values: frozenset[object], shape: Shape, where: str) -> None:
    assert shape.type_name == "string", f"{where} is a {shape.type_name}, not a string"
    enum = enum_of(shape)
    if enum:
        assert not values - enum, f"{where}: the model does not know {values - enum}"
        assert not enum - values, f"{where}: the model also knows {sorted(enum - values)}"


def _assert_parameters(source: Aws, operation: OperationModel) -> None:
    shape = operation.input_shape
    members = shape.members if shape is not None else {}
    required = set(shape.required_members) if shape is not None else set()
    given = {*source.params, *source.constants}
    assert not given - set(members), f"{source.name} takes no {given - set(members)}"
    assert not required - given, f"{source.name} also needs {required - given}"
    for name, wanted in source.params.items():
        is_list = isinstance(members[name], ListShape)
        assert is_list == isinstance(wanted, tuple), f"{source.name}: {name} is a list: {is_list}"
        field = wanted if isinstance(wanted, str) else wanted[0]
        above = source.per
        assert above is not None, f"{source.name}: parameters without a parent"
        known = field in above.model_fields or isinstance(getattr(above, field, None), property)
        assert known, f"{source.name}: {above.__name__} has no {field}"


def _assert_pages(source: Aws, operation: OperationModel, output: Shape) -> None:
    """Assert that no page can be missed.

    What has a token for the next page has a paginator, or takes it by the name it gives it.
    """
    given = {token for token in TOKENS if _step(output, token)}
    taken = operation.input_shape.members if operation.input_shape is not None else ()
    if source.marker is not None:
        assert source.marker in taken, f"{source.name} does not take {source.marker}"
        assert _step(output, source.marker), f"{source.name} does not give {source.marker}"
    elif given and not given & set(NEXT) & set(taken):
        can = source.operation in _paginated(source.service)
        assert can, f"{source.name} has pages, but botocore has no paginator for it"


@cache
def _paginated(service: str) -> frozenset[str]:
    loader = botocore.session.get_session().get_component("data_loader")
    return frozenset(loader.load_service_model(service, "paginators-1")["pagination"])
