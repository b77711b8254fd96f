"""Values of a report as JSON has them. Pure."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from collector.evidence.canonical import JSON, timestamp

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def plain_fields(report: DataclassInstance) -> dict[str, JSON]:
    """The fields of a report: days as 2026-01-31, times as 2026-01-31T00:00:00Z, tuples as lists.

    Raises:
        TypeError: it holds what no report does.
    """
    return {field.name: _plain(getattr(report, field.name)) for field in fields(report)}


def _plain(value: object) -> JSON:
    match value:
        case None | bool() | int() | str():
            return value
        case datetime():
            return timestamp(value)
        case date():
            return value.isoformat()
        case tuple():
            return [_plain(each) for each in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return plain_fields(value)
        case _:
            raise TypeError(f"a report holds a {type(value).__name__}")
