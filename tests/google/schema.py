"""Google's discovery documents as the measure of resources, and of answers written by hand.

A path that no document knows would read as "left out", and an enum value that a resource does not
know would make a real answer unreadable. Both are found here, before any cloud is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from googleapiclient.discovery_cache import get_static_doc
from pydantic.fields import FieldInfo

from collector.resource import Part, Resource
from collector.source import Gcp

CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"

Schema = Mapping[str, Any]
Document = Mapping[str, Any]

TYPES: Mapping[object, tuple[str, ...]] = {
    bool: ("boolean",),
    int: ("integer",),
    float: ("integer", "number"),
    str: ("string",),
    datetime: ("string",),
}
"""Type of a field → the schema types whose every value it can hold. 64-bit integers are texts."""

PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
}


@cache
def document(api: str, version: str) -> Document:
    """The discovery document that the client ships."""
    text = get_static_doc(api, version)
    assert text is not None, f"the client ships no document of {api} {version}"
    found: Document = json.loads(text)
    return found


def methods(node: Document, prefix: str = "") -> Iterator[tuple[str, Schema]]:
    """Every method below a document or a collection: dotted path of names, and description."""
    for name, method in node.get("methods", {}).items():
        yield f"{prefix}{name}", method
    for name, collection in node.get("resources", {}).items():
        yield from methods(collection, f"{prefix}{name}.")


def resolved(doc: Document, schema: Schema) -> Schema:
    """The schema itself, where it only names another."""
    while "$ref" in schema:
        schema = doc["schemas"][schema["$ref"]]
    return schema


def step_into(doc: Document, schema: Schema, step: str) -> Schema | None:
    """The schema of a property, of a map's value or of a list's item."""
    schema = resolved(doc, schema)
    if schema.get("type") == "array":
        return resolved(doc, schema["items"]) if step.isdecimal() else None
    inner = schema.get("properties", {}).get(step) or schema.get("additionalProperties")
    return resolved(doc, inner) if inner is not None else None


def assert_conforms(doc: Document, schema: Schema, value: object, where: str) -> None:
    """Assert that a value could be sent or answered: names, types, enum values."""
    schema = resolved(doc, schema)
    match schema.get("type"):
        case "any":
            return
        case "object":
            assert isinstance(value, Mapping), f"{where} is an object, not {value!r}"
            for name, inner in value.items():
                known = step_into(doc, schema, name)
                assert known is not None, f"{where} has no {name}"
                assert_conforms(doc, known, inner, f"{where}.{name}")
        case "array":
            assert isinstance(value, list), f"{where} is a list, not {value!r}"
            for index, inner in enumerate(value):
                assert_conforms(doc, schema["items"], inner, f"{where}.{index}")
        case str() as kind:
            fits = isinstance(value, PYTHON_TYPES[kind])
            # A bool is an int to Python and to nobody else.
            assert fits and (kind == "boolean" or not isinstance(value, bool)), (
                f"{where} is of type {kind}, not {value!r}"
            )
            enum = schema.get("enum", [value])
            assert value in enum, f"{where} is one of {enum}, not {value!r}"


def assert_paths(resource: type[Resource]) -> None:
    """Assert that a resource of Google Cloud fits its method.

    The paths and types of its fields and of their parts fit the schema of the items; each `Literal`
    is exactly the schema's enum, where it has one; parameters are those of the method, none that
    is required is left out, and constants and the body are allowed values; `volatile` names are
    in the answer; an answer that has pages can be paged; the token's scope is accepted.
    """
    source = resource.source
    assert isinstance(source, Gcp), f"{resource.__name__} is no resource of Google Cloud"
    doc = document(source.api, source.version)
    method = dict(methods(doc)).get(f"{source.collection}.{source.method}")
    assert method is not None, f"the document has no method {source.name}"
    assert CLOUD_PLATFORM in method["scopes"], f"{source.name} does not accept the token's scope"
    answer = resolved(doc, method["response"])
    where = f"{resource.__name__} of {source.name}"
    _assert_fields(doc, resource, _item(doc, source, answer), where)
    _assert_parameters(doc, source, method)
    for name in source.volatile:
        assert name in answer["properties"], f"{source.name} has no {name} to be volatile"
    if "nextPageToken" in answer["properties"]:
        assert "pageToken" in method["parameters"], f"{source.name} has pages without a token"


def _item(doc: Document, source: Gcp, answer: Schema) -> Schema:
    schema: Schema | None = answer
    for step in source.items.split(".") if source.items is not None else ():
        schema = step_into(doc, schema, step) if schema is not None else None
    assert schema is not None, f"{source.name} has no items at {source.items}"
    if source.items is None:
        return schema
    assert schema["type"] == "array", f"{source.name}: {source.items} is no list"
    return resolved(doc, schema["items"])


def _assert_fields(doc: Document, part: type[Part], schema: Schema, where: str) -> None:
    for name, info in part.model_fields.items():
        path = _path(info)
        if path is None:
            continue
        found: Schema | None = schema
        for step in path.split(".") if path else ():
            found = step_into(doc, found, step) if found is not None else None
        assert found is not None, f"{where}: {name}: the document has no {path}"
        _assert_fits(doc, info.annotation, found, f"{where}: {name} at {path}")


def _path(info: FieldInfo) -> str | None:
    extra = info.json_schema_extra
    return str(extra["at"]) if isinstance(extra, Mapping) and "at" in extra else None


def _assert_fits(doc: Document, annotation: object, schema: Schema, where: str) -> None:
    """Assert that a field of this type can hold every value of the schema."""
    schema = resolved(doc, schema)
    origin, arguments = get_origin(annotation), get_args(annotation)
    kind = schema.get("type")
    if origin in (Union, UnionType):
        for argument in set(arguments) - {NoneType}:
            _assert_fits(doc, argument, schema, where)
    elif origin is Literal:
        assert kind == "string", f"{where} is of type {kind}, not string"
        enum = set(schema.get("enum", arguments))
        assert set(arguments) == enum, f"{where}: differs by {set(arguments) ^ enum}"
    elif origin is tuple:
        assert kind == "array", f"{where} is of type {kind}, not array"
        _assert_fits(doc, arguments[0], schema["items"], where)
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        assert kind == "object", f"{where} is of type {kind}, not object"
        _assert_fits(doc, arguments[1], schema.get("additionalProperties", {"type": "any"}), where)
    elif isinstance(annotation, type) and issubclass(annotation, Part):
        assert kind == "object", f"{where} is of type {kind}, not object"
        _assert_fields(doc, annotation, schema, where)
    else:
        assert kind in TYPES.get(annotation, ()), f"{where} is of type {kind}"


def _assert_parameters(doc: Document, source: Gcp, method: Schema) -> None:
    known = method["parameters"]
    given = {*source.params, *source.constants}
    required = {name for name, parameter in known.items() if parameter.get("required")}
    assert not given - set(known), f"{source.name} takes no {given - set(known)}"
    assert not required - given, f"{source.name} also needs {required - given}"
    for name, value in source.constants.items():
        assert_conforms(doc, known[name], value, f"{source.name}: {name}")
    for name, wanted in source.params.items():
        field = wanted if isinstance(wanted, str) else wanted[0]
        above = source.per
        assert above is not None, f"{source.name}: parameters without a parent"
        has = field in above.model_fields or isinstance(getattr(above, field, None), property)
        assert has, f"{source.name}: {name}: {above.__name__} has no {field}"
    if source.body is not None:
        assert_conforms(doc, method["request"], source.body, f"{source.name}: body")
