"""Policy documents of IAM and of resources: read once, judged in one place.

The grammar lets most elements be one value or a list, ignores case in action names and condition
keys, and has the wildcards `*` and `?`; see
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html

What two patterns have in common is judged without knowing the services' actions. Each method says
in which direction it errs; none errs in the other.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


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
    return {o: {k: _texts(v) for k, v in _lower(ks).items()} for o, ks in _lower(value).items()}


def _lower(names: object) -> Mapping[str, object]:
    if not isinstance(names, Mapping):
        raise ValueError("a condition is no object")
    lower = {str(name).lower(): inner for name, inner in names.items()}
    if len(lower) != len(names):
        raise ValueError("two names of a condition differ only in case")
    return lower


def _texts(values: object) -> tuple[str, ...]:
    many = values if isinstance(values, list | tuple) else [values]
    if not all(isinstance(value, str | int | float) for value in many):
        raise ValueError("a condition's value is no text, number or boolean")
    return tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in many)


Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]
PrincipalKind = Literal["AWS", "CanonicalUser", "Federated", "Service"]
Principals = Annotated[Mapping[PrincipalKind, tuple[str, ...]], BeforeValidator(_principals)]
Conditions = Annotated[Mapping[str, Mapping[str, tuple[str, ...]]], BeforeValidator(_conditions)]


class Statement(BaseModel):
    """One statement. An element that is not there is None; an element of unknown name is refused,
    because a statement that is not understood must not be judged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sid: str | None = Field(default=None, alias="Sid")
    effect: Literal["Allow", "Deny"] = Field(alias="Effect")
    principal: Principals | None = Field(default=None, alias="Principal")
    not_principal: Principals | None = Field(default=None, alias="NotPrincipal")
    action: Texts | None = Field(default=None, alias="Action")
    not_action: Texts | None = Field(default=None, alias="NotAction")
    resource: Texts | None = Field(default=None, alias="Resource")
    not_resource: Texts | None = Field(default=None, alias="NotResource")
    condition: Conditions = Field(default={}, alias="Condition")

    @model_validator(mode="after")
    def _is_one_of_each(self) -> Self:
        if (self.action is None) == (self.not_action is None):
            raise ValueError("a statement has either Action or NotAction")
        if self.resource is not None and self.not_resource is not None:
            raise ValueError("a statement has Resource or NotResource")
        if self.principal is not None and self.not_principal is not None:
            raise ValueError("a statement has Principal or NotPrincipal")
        return self

    @property
    def is_for_everyone(self) -> bool:
        """Whether `Principal` names everyone. `NotPrincipal` never counts as such."""
        return self.principal is not None and "*" in self.principal.get("AWS", ())

    def covers_action(self, action: str) -> bool:
        """Whether the statement is about every action that `action`, say `s3:*`, stands for.

        Errs towards no: several patterns that only together cover it are not added up.
        """
        wanted = _wanted_action(action)
        if self.action is not None:
            return any(_covers(pattern.lower(), wanted) for pattern in self.action)
        return not any(_overlaps(p.lower(), wanted) for p in self.not_action or ())

    def touches_action(self, action: str) -> bool:
        """Whether the statement is about some action that `action`, say `iam:*`, stands for.

        Errs towards yes.
        """
        wanted = _wanted_action(action)
        if self.action is not None:
            return any(_overlaps(pattern.lower(), wanted) for pattern in self.action)
        return not any(_covers(p.lower(), wanted) for p in self.not_action or ())

    def covers_resource(self, resource: str) -> bool:
        """Whether the statement is about every resource that `resource` stands for.

        Errs towards no. A statement that names no resource, as in a trust policy, is about none.
        """
        if self.resource is not None:
            return any(_covers(pattern, resource) for pattern in self.resource)
        if self.not_resource is not None:
            return not any(_overlaps(pattern, resource) for pattern in self.not_resource)
        return False

    def touches_resource(self, resource: str) -> bool:
        """Whether the statement is about some resource that `resource` stands for.

        Errs towards yes, except that a statement that names no resource is about none.
        """
        if self.resource is not None:
            return any(_overlaps(pattern, resource) for pattern in self.resource)
        if self.not_resource is not None:
            return not any(_covers(pattern, resource) for pattern in self.not_resource)
        return False


class Document(BaseModel):
    """A policy document."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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

    def grants_everything(self, partition: str) -> str | None:
        """How a statement allows every action on every resource, as a phrase; None: none does.

        A statement that allows all but some (`NotAction`, `NotResource`) counts as such unless it
        keeps out all of IAM, through which its holder could give itself the rest.

        Args:
            partition: second part of the ARNs of the policy's account (`aws`, `aws-us-gov`).
        """
        for statement in self.allows:
            is_for_all_actions = _is_for_all_actions(statement)
            if not (is_for_all_actions and _is_for_all_resources(statement, partition)):
                continue
            condition = " under a condition" if statement.condition else ""
            if statement.not_action is None and statement.not_resource is None:
                return f"allows every action on every resource{condition}"
            return f"allows everything but a list that leaves IAM open{condition}"
        return None


def document(value: object) -> Document:
    """A document from the JSON text or the object that an API gives.

    Raises:
        ValueError: it is no policy document, or holds an element that is not known.
    """
    if isinstance(value, Document):
        return value
    try:
        content: object = json.loads(value) if isinstance(value, str) else value
    except RecursionError:
        raise ValueError("a policy document is nested too deep") from None
    return Document.model_validate(content)


def identity_document(value: object) -> Document:
    """A document of a user, group or role, of which each statement says what it is about.

    Raises:
        ValueError: it is none.
    """
    found = document(value)
    if any(s.resource is None and s.not_resource is None for s in found.statements):
        raise ValueError("a statement of an identity's policy names no resource")
    return found


PolicyDocument = Annotated[Document, BeforeValidator(document)]
"""Type of a resource's field that holds a policy document."""

IdentityPolicyDocument = Annotated[Document, BeforeValidator(identity_document)]
"""The same for the policy of a user, group or role, which IAM lets name no principal, and always
has name resources."""


def _is_for_all_actions(statement: Statement) -> bool:
    if statement.not_action is not None:
        return statement.touches_action("iam:*")
    return statement.covers_action("*")


def _is_for_all_resources(statement: Statement, partition: str) -> bool:
    if statement.not_resource is not None:
        return statement.touches_resource(f"arn:{partition}:iam::*")
    return statement.covers_resource(f"arn:{partition}:?*:*:*:?*")


def _wanted_action(action: str) -> str:
    """Actions that are asked about: `*` stands for all, and no part of a name is empty."""
    service, _, name = action.lower().partition(":")
    return ":".join("?*" if part == "*" else part for part in (service, name or "*"))


def _covers(pattern: str, wanted: str) -> bool:
    """Whether every text that `wanted` stands for matches `pattern`.

    `wanted` is matched as a text, in which only `*` matches a `*`. So yes is always right; no may
    be wrong where the wildcards of the two are cut differently (`?*a` has all of `*aa`).
    """
    gathered = re.sub(r"[*?]*\*[*?]*", lambda run: "?" * run[0].count("?") + "*", pattern)
    # Brackets are no wildcards in policies, though they are to fnmatch.
    return fnmatch.fnmatchcase(wanted, gathered.replace("[", "[[]").replace("?", "[!*]"))


def _overlaps(one: str, other: str) -> bool:
    """Whether some text matches both. No is always right.

    A policy variable (`${aws:username}`) may stand for any text.
    """
    one, other = (re.sub(r"\$\{[^}]*\}", "*", pattern) for pattern in (one, other))
    if not _WILDCARD.search(one):
        return _covers(other, one)
    if not _WILDCARD.search(other):
        return _covers(one, other)
    return _heads_agree(one, other) and _heads_agree(one[::-1], other[::-1])


def _heads_agree(one: str, other: str) -> bool:
    """Whether the texts before the first wildcards do not contradict each other."""
    head, head_of_other = _WILDCARD.split(one)[0], _WILDCARD.split(other)[0]
    return head.startswith(head_of_other) or head_of_other.startswith(head)


_WILDCARD = re.compile(r"[*?]")
