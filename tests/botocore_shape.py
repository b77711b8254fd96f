"""Answers written by hand, held against the API models that botocore ships."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache

import botocore.session
from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    ServiceModel,
    Shape,
    StructureShape,
)

PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "blob": (str, bytes),
    "boolean": (bool,),
    "double": (int, float),
    "float": (int, float),
    "integer": (int,),
    "long": (int,),
    "string": (str,),
    "timestamp": (str, datetime),
}
"""Scalar shape → what an answer holds there; times and bytes are texts once they are recorded."""


@cache
def service_model(service: str) -> ServiceModel:
    """The newest model of a service."""
    return botocore.session.get_session().get_service_model(service)


def operation_model(service: str, operation: str) -> OperationModel:
    """The model of one operation.

    Raises:
        AssertionError: the service has no such operation.
    """
    service_of = service_model(service)
    assert operation in service_of.operation_names, f"{service} has no operation {operation}"
    return service_of.operation_model(operation)


def assert_shape(service: str, operation: str, answer: object) -> None:
    """Assert that an answer could be one of the operation's: member names, types, enum values.

    A member that is left out is no fault: which ones an API leaves out, no model says.

    Args:
        service: botocore's name of the service.
        operation: name of the operation, as in the API (`DescribeTable`).
        answer: one page, as JSON or as botocore returns it, without `ResponseMetadata`.
    """
    shape = operation_model(service, operation).output_shape
    assert shape is not None, f"{service}:{operation} answers nothing"
    _assert_conforms(shape, answer, f"{service}:{operation}")


def _assert_conforms(shape: Shape, value: object, where: str) -> None:
    match shape:
        case StructureShape():
            assert isinstance(value, Mapping), f"{where} is a structure, not {value!r}"
            unknown = set(value) - set(shape.members)
            assert not unknown, f"{where} has no {', '.join(sorted(unknown))}"
            for name, inner in value.items():
                _assert_conforms(shape.members[name], inner, f"{where}.{name}")
        case ListShape():
            assert isinstance(value, list), f"{where} is a list, not {value!r}"
            for index, inner in enumerate(value):
                _assert_conforms(shape.member, inner, f"{where}.{index}")
        case MapShape():
            assert isinstance(value, Mapping), f"{where} is a map, not {value!r}"
            for key, inner in value.items():
                _assert_conforms(shape.value, inner, f"{where}.{key}")
        case _:
            expected = PYTHON_TYPES[shape.type_name]
            # A bool is an int to Python and to nobody else.
            fits = isinstance(value, expected) and (bool in expected or not isinstance(value, bool))
            assert fits, f"{where} is a {shape.type_name}, not {value!r}"
            enum = enum_of(shape)
            assert not enum or value in enum, f"{where} is one of {sorted(enum)}, not {value!r}"


def enum_of(shape: Shape) -> frozenset[str]:
    """The values that the model knows; empty where it names none."""
    return frozenset(getattr(shape, "enum", ()))
