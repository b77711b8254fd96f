"""Allow policies of Google Cloud: which members hold which roles.

https://cloud.google.com/iam/docs/reference/rest/v1/Policy
"""

from dataclasses import dataclass
from typing import Self

from pydantic import model_validator

from collector.resource import Part, Resource, at

PUBLIC = frozenset({"allUsers", "allAuthenticatedUsers"})
"""Members that stand for everyone, and for everyone with any Google account."""


@dataclass(frozen=True, order=True)
class Grant:
    """One role that one member holds."""

    role: str
    member: str
    is_conditional: bool = False

    def __str__(self) -> str:
        return f"{self.role} to {self.member}{' conditionally' if self.is_conditional else ''}"


class Binding(Part):
    """Members that hold a role, perhaps under a condition."""

    role: str = at("role")
    members: tuple[str, ...] = at("members")
    condition: str | None = at("condition.expression", default=None)


class AllowPolicy(Resource):
    """The policy of one resource. One that grants nothing has an etag and no bindings."""

    bindings: tuple[Binding, ...] = at("bindings", default=())
    etag: str | None = at("etag", default=None)

    @model_validator(mode="after")
    def _is_a_policy(self) -> Self:
        if not self.bindings and self.etag is None:
            raise ValueError("neither bindings nor an etag: this is no policy")
        return self

    @property
    def grants(self) -> tuple[Grant, ...]:
        """Every grant, sorted. A role loses what an older version of a policy puts after it in
        place of the condition."""
        return tuple(
            sorted(
                Grant(b.role.partition("_withcond_")[0], member, b.condition is not None)
                for b in self.bindings
                for member in b.members
            )
        )
