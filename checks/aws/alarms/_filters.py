"""Patterns of metric filters, by which CloudWatch Logs selects JSON events.

The same pattern can be written in many ways: quoted or not, in any order, with brackets or without,
as one filter or as several. So it is parsed, and asked which events it selects. The grammar is at
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-json-log-events.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from checks.aws.alarms._events import Event, Truth, Value, every, some

Operator = Literal["=", "!=", "IS NULL", "NOT EXISTS", "IS TRUE", "IS FALSE", "<", "<=", ">", ">="]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<sign>\(|\)|&&|\|\||!=|<=|>=|=|<|>)
    | "(?P<quoted>(?:[^"\\]|\\.)*)"
    | %(?P<regex>[^%]+)%
    | (?P<word>[^\s()&|!=<>"%{}]+)
    )""",
    re.VERBOSE,
)
_FIELD = re.compile(r"\$(\.[A-Za-z_][\w-]*)+")

Token = tuple[str, str]
"""Kind and text."""


@dataclass(frozen=True)
class Condition:
    """A comparison of one field."""

    field: str
    operator: Operator
    value: re.Pattern[str] | None = None

    def selects(self, event: Event) -> Truth:
        """Whether it holds of an event. Of a field that is not there, only `NOT EXISTS` is sure."""
        if self.field not in event:
            return None
        value = event[self.field]
        match self.operator:
            case "NOT EXISTS":
                return value is None
            case "IS TRUE" | "IS FALSE":
                return value is (self.operator == "IS TRUE")
            case "IS NULL":
                return None if value is None else False
            case "=" | "!=":
                return self._is_equal(value)
            case "<" | "<=" | ">" | ">=":
                return None

    def _is_equal(self, value: Value) -> Truth:
        if value is None:
            return False if self.operator == "=" else None
        assert self.value is not None
        text = str(value).lower() if isinstance(value, bool) else value
        return (self.value.search(text) is not None) == (self.operator == "=")


@dataclass(frozen=True)
class Every:
    """All of its parts hold."""

    parts: tuple[Pattern, ...]

    def selects(self, event: Event) -> Truth:
        """Whether it holds of an event."""
        return every([part.selects(event) for part in self.parts])


@dataclass(frozen=True)
class Some:
    """One of its parts holds."""

    parts: tuple[Pattern, ...]

    def selects(self, event: Event) -> Truth:
        """Whether it holds of an event."""
        return some([part.selects(event) for part in self.parts])


Pattern = Condition | Every | Some


@cache
def parsed(text: str) -> Pattern | None:
    """What a filter pattern means; None for one that is not of JSON events, or not understood."""
    inner = re.fullmatch(r"\s*\{(.*)\}\s*", text, re.DOTALL)
    if inner is None:
        return None
    try:
        parser = _Parser(_tokens(inner[1].rstrip()))
        pattern = parser.some()
        parser.end()
    except (ValueError, RecursionError):
        return None
    return pattern


def _tokens(text: str) -> list[Token]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise ValueError(f"nothing to read at {at}")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Parser:
    """Reads tokens: `&&` binds more tightly than `||`."""

    def __init__(self, tokens: list[Token]) -> None:
        self._left = tokens[::-1]

    def some(self) -> Pattern:
        parts = [self._every()]
        while self._takes("||"):
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def end(self) -> None:
        if self._left:
            raise ValueError("something is left over")

    def _every(self) -> Pattern:
        parts = [self._one()]
        while self._takes("&&"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _one(self) -> Pattern:
        if self._takes("("):
            inner = self.some()
            if not self._takes(")"):
                raise ValueError("a bracket is not closed")
            return inner
        kind, field = self._next()
        if kind != "word" or not _FIELD.fullmatch(field):
            raise ValueError("no field")
        return self._condition(field.removeprefix("$."))

    def _condition(self, field: str) -> Condition:
        kind, operator = self._next()
        if kind == "word":
            words = f"{operator} {self._next()[1]}".upper()
            match words:
                case "NOT EXISTS" | "IS NULL" | "IS TRUE" | "IS FALSE":
                    return Condition(field, words)
                case _:
                    raise ValueError("no operator")
        match operator:
            case "=" | "!=" | "<" | "<=" | ">" | ">=":
                return Condition(field, operator, _compared(*self._next()))
            case _:
                raise ValueError("no operator")

    def _next(self) -> Token:
        if not self._left:
            raise ValueError("something is missing")
        return self._left.pop()

    def _takes(self, sign: str) -> bool:
        if self._left and self._left[-1] == ("sign", sign):
            self._left.pop()
            return True
        return False


def _compared(kind: str, text: str) -> re.Pattern[str]:
    """The pattern of a value: `*` stands for anything, between `%` it is a regular expression."""
    if kind == "sign":
        raise ValueError("no value")
    if kind == "regex":
        try:
            return re.compile(text)
        except (re.error, OverflowError) as error:
            raise ValueError(str(error)) from None
    plain = re.sub(r"\\(.)", r"\1", text) if kind == "quoted" else text
    return re.compile(r"\A" + ".*".join(map(re.escape, plain.split("*"))) + r"\Z", re.DOTALL)
