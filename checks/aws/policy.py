"""Policy documents of IAM and of resources: read once, judged in one place.

The grammar lets most elements be one value or a list, ignores case in action names and condition
keys, and has wildcards; see
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _one_or_many(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _principals(value: object) -> object:
    """`"*"` and `{"AWS": "*"}` mean the same: everyone."""
    if isinstance(value, Mapping):
        return {kind: _one_or_many(names) for kind, names in value.items()}
    return {"AWS": _one_or_many(value)}


def _conditions(value: object) -> object:
    """operator → key → values; operators and keys in lower case, values as texts."""
    if not isinstance(value, Mapping):
        return value
    return {
        str(operator).lower(): {
            str(key).lower(): tuple(map(_text, _one_or_many(values)))  # type: ignore[arg-type]
            for key, values in keys.items()
        }
        for operator, keys in value.items()
    }


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]
Principals = Annotated[Mapping[str, tuple[str, ...]], BeforeValidator(_principals)]
Conditions = Annotated[Mapping[str, Mapping[str, tuple[str, ...]]], BeforeValidator(_conditions)]


class Statement(BaseModel):
    """One statement. An element that is not there is None; an element of unknown name is refused,
    because a statement that is not understood must not be judged."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    sid: str | None = Field(default=None, alias="Sid")
    effect: Literal["Allow", "Deny"] = Field(alias="Effect")
    principal: Principals | None = Field(default=None, alias="Principal")
    not_principal: Principals | None = Field(default=None, alias="NotPrincipal")
    action: Texts | None = Field(default=None, alias="Action")
    not_action: Texts | None = Field(default=None, alias="NotAction")
    resource: Texts | None = Field(default=None, alias="Resource")
    not_resource: Texts | None = Field(default=None, alias="NotResource")
    condition: Conditions = Field(default={}, alias="Condition")

    @property
    def is_for_everyone(self) -> bool:
        """Whether `Principal` names everyone. `NotPrincipal` never counts as such."""
        return self.principal is not None and "*" in self.principal.get("AWS", ())

    def covers_action(self, action: str) -> bool:
        """Whether the statement is about an action; `action` may hold wildcards itself.

        `*:*` covers the action `*`; `NotAction` covers what none of its patterns overlaps.
        """
        if self.action is not None:
            return any(_covers(pattern.lower(), action.lower()) for pattern in self.action)
        return not any(_overlaps(p.lower(), action.lower()) for p in self.not_action or ("*",))

    def covers_resource(self, resource: str) -> bool:
        """Whether the statement is about a resource; `resource` may hold wildcards itself."""
        if self.resource is not None:
            return any(_covers(pattern, resource) for pattern in self.resource)
        return not any(_overlaps(p, resource) for p in self.not_resource or ("*",))


class Document(BaseModel):
    """A policy document."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    version: str | None = Field(default=None, alias="Version")
    id: str | None = Field(default=None, alias="Id")
    statements: Annotated[tuple[Statement, ...], BeforeValidator(_one_or_many)] = Field(
        alias="Statement"
    )

    @property
    def allows(self) -> tuple[Statement, ...]:
        """The statements that allow."""
        return tuple(s for s in self.statements if s.effect == "Allow")

    @property
    def denies(self) -> tuple[Statement, ...]:
        """The statements that deny."""
        return tuple(s for s in self.statements if s.effect == "Deny")


def document(value: object) -> Document:
    """A document from the JSON text or the object that an API gives.

    Raises:
        ValueError: it is no policy document, or holds an element that is not known.
    """
    if isinstance(value, Document):
        return value
    content: Any = json.loads(value) if isinstance(value, str) else value
    return Document.model_validate(content)


PolicyDocument = Annotated[Document, BeforeValidator(document)]
"""Type of a resource's field that holds a policy document."""


def _covers(pattern: str, wanted: str) -> bool:
    """Whether every text that `wanted` stands for matches `pattern`.

    Exact where `wanted` has no wildcard; with wildcards, the pattern must match it as a text, in
    which `*` is matched by nothing but `*`.
    """
    if set(pattern) <= {"*"} and pattern:
        return True
    if pattern == "*:*" and (wanted == "*" or ":" in wanted):
        return True
    return re.fullmatch(_regex(pattern), wanted) is not None


def _overlaps(pattern: str, wanted: str) -> bool:
    """Whether a text may match both; errs towards yes."""
    return (
        _covers(pattern, wanted)
        or _covers(wanted, pattern)
        or bool(set("*?") & set(pattern) and set("*?") & set(wanted))
    )


def _regex(pattern: str) -> str:
    # Brackets are no wildcards in policies, though they are in fnmatch.
    return fnmatch.translate(pattern.replace("[", "[[]"))
