"""Patterns of EventBridge rules, asked which events they select.

The grammar is at https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from checks.aws.alarms._events import Event, Truth, Value, every, some

DETAIL_TYPES = {
    "AwsApiCall": "AWS API Call via CloudTrail",
    "AwsConsoleSignIn": "AWS Console Sign In via CloudTrail",
}


def selects(pattern: str, event: Event) -> Truth:
    """Whether a rule with this pattern selects an event of CloudTrail."""
    try:
        return _object(_parsed(pattern), _delivered(event), "")
    except RecursionError:
        return None


@cache
def _parsed(pattern: str) -> object:
    try:
        return json.loads(pattern)
    except (ValueError, RecursionError):
        return None  # which is no pattern


def _delivered(event: Event) -> dict[str, Value]:
    """A record as it comes to the default bus, with what is around it."""
    around: dict[str, Value] = {f"detail.{path}": value for path, value in event.items()}
    around["detail-type"] = DETAIL_TYPES[str(event["eventType"])]
    source = event.get("eventSource")
    if isinstance(source, str):
        around["source"] = f"aws.{source.partition('.')[0]}"
    return around


def _object(pattern: object, event: Event, path: str) -> Truth:
    """All fields of a pattern have to match."""
    if not isinstance(pattern, Mapping):
        return None
    truths: list[Truth] = []
    for name, inner in pattern.items():
        place = f"{path}.{name}" if path else name
        if name == "$or" and isinstance(inner, list):
            truths.append(some([_object(each, event, path) for each in inner]))
        elif isinstance(inner, list):
            truths.append(_values(inner, event, place))
        else:
            truths.append(_object(inner, event, place))
    return every(truths)


def _values(wanted: list[object], event: Event, path: str) -> Truth:
    """One value of the list has to match."""
    if path not in event:
        return None
    value = event[path]
    return some([_value(each, value) for each in wanted])


def _value(wanted: object, value: Value) -> Truth:
    match wanted:
        case {"exists": bool(is_there)}:
            return (value is not None) == is_there
        case _ if value is None:
            return False if isinstance(wanted, str | bool) else None
        case str() | bool():
            return type(wanted) is type(value) and wanted == value
        case {"prefix": str(start)}:
            return isinstance(value, str) and value.startswith(start)
        case {"suffix": str(end)}:
            return isinstance(value, str) and value.endswith(end)
        case {"equals-ignore-case": str(text)}:
            return isinstance(value, str) and value.lower() == text.lower()
        case {"anything-but": str(text)}:
            return value != text
        case {"anything-but": list(texts)} if all(isinstance(text, str) for text in texts):
            return value not in texts
    return None
