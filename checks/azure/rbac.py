"""Azure role-based access control: who holds roles at the subscription."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Part, Resource, at, parent
from collector.source import Arm, Graph

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
"""Id of the built-in role Owner in every directory.
https://learn.microsoft.com/azure/role-based-access-control/built-in-roles"""


RolePath = Annotated[str, Field(pattern=r"(?i)/roleDefinitions/[^/]+$")]
"""A path that ends with the role's id; what precedes it differs with the scope."""

ScopePath = Annotated[
    str,
    Field(
        pattern=r"(?i)^/(subscriptions/.+|providers/Microsoft\.Management/managementGroups/.+)?$"
    ),
]
"""The root, a management group, a subscription, or something inside one."""

PrincipalType = Literal["Device", "ForeignGroup", "Group", "ServicePrincipal", "User"]


class _Held(Resource):
    """A role that a principal holds in a scope."""

    role: RolePath
    scope: ScopePath
    principal: str
    type: PrincipalType

    @property
    def is_owner(self) -> bool:
        """Whether it is the role Owner, of the whole subscription."""
        within = self.scope.lower().strip("/").split("/")
        is_part = within[0] == "subscriptions" and len(within) > 2
        return self.role.rpartition("/")[2].lower() == OWNER and not is_part

    @property
    def owner_group(self) -> str | None:
        """The group that is an owner so, whose members are then asked for."""
        return self.principal if self.is_owner and self.type == "Group" else None


class RoleAssignment(_Held):
    """An assignment of a role to a principal."""

    source = Arm(
        path="/subscriptions/{account}/providers/Microsoft.Authorization/roleAssignments",
        api_version="2022-04-01",
        # At the subscription and above it; without the filter, also those of single resources.
        query={"$filter": "atScope()"},
        permission="Microsoft.Authorization/roleAssignments/read",
        items="value",
    )
    id: str = at("id")
    role: RolePath = at("properties.roleDefinitionId")
    scope: ScopePath = at("properties.scope")
    principal: str = at("properties.principalId")
    type: PrincipalType = at("properties.principalType")


class RoleAssignmentSeen(Part):
    """An assignment, as far as it is there."""

    id: str = at("id")


class RoleAssignmentListing(Resource):
    """The listing of assignments as a whole.

    Resource Manager leaves out what the reader may not see and calls that a success. Whoever may
    see a subscription's assignments sees one at least, so a listing of none is not read.
    """

    source = replace(RoleAssignment.source, items=None)
    assignments: Annotated[tuple[RoleAssignmentSeen, ...], Field(min_length=1)] = at("value")


def _odata_type(value: object) -> object:
    return value.get("@odata.type") if isinstance(value, dict) else value


class Member(Part):
    """A member of a group, or of a group inside it."""

    id: str = at("id")
    # The name of the property has a dot of its own, so it is no path.
    type: Annotated[
        Literal[
            "#microsoft.graph.device",
            "#microsoft.graph.group",
            "#microsoft.graph.orgContact",
            "#microsoft.graph.servicePrincipal",
            "#microsoft.graph.user",
        ],
        BeforeValidator(_odata_type),
    ] = at("")


class RoleHolders(_Held):
    """Who holds a role by an assignment: its principal; for an owner group, all of its members."""

    source = Graph(
        path="/groups/{group}/transitiveMembers",
        # Without the second, a group of hidden membership looks empty.
        permission=("GroupMember.Read.All", "Member.Read.Hidden"),
        per=RoleAssignment,
        params={"group": "owner_group"},
        query={"$select": "id", "$top": "999"},
    )
    role: RolePath = parent("role")
    scope: ScopePath = parent("scope")
    principal: str = parent("principal")
    type: PrincipalType = parent("type")
    members: tuple[Member, ...] | None = at("value", default=None)
    """None where they were not asked for."""

    @model_validator(mode="after")
    def _has_members(self) -> Self:
        if self.owner_group is not None and self.members is None:
            raise ValueError("the answer names no members")
        return self

    @property
    def ids(self) -> frozenset[str]:
        """The users, devices and service principals that hold the role."""
        if self.members is None:
            return frozenset({self.principal.lower()})
        able = ("#microsoft.graph.servicePrincipal", "#microsoft.graph.user")
        return frozenset(m.id.lower() for m in self.members if m.type in able)


@check(control="least-privilege", severity="high")
def owners_limited(
    holders: Sequence[RoleHolders],
    listing: RoleAssignmentListing,
    *,
    min_owners: int = 2,
    max_owners: int = 3,
) -> Verdict:
    """The subscription has few owners, and more than one.

    Passes: `min_owners` to `max_owners` users and service principals hold the role Owner at the
        subscription, a management group above it or the root; each counts once. The members of a
        group that is an owner count in its place, groups inside it included.
    Fails: fewer or more do; a group of another directory is an owner, whose members nobody here
        can count; or a group is one in which no owner is seen: it is empty, or its membership is
        hidden from a reader without the permission Member.Read.Hidden.
    Says nothing of owners who are only eligible until they activate the role (Privileged Identity
    Management), of service providers with delegated access (Azure Lighthouse), of other roles that
    can grant themselves Owner, and of who may add members to a group.
    Remediation: remove Owner from those who do not need it; give them a role for their task.
    """
    owning = [h for h in holders if h.is_owner]
    foreign = sorted({h.principal for h in owning if h.type == "ForeignGroup"})
    if foreign:
        return failed(f"owned by a group of another directory: {listed(foreign)}")
    unseen = sorted({h.principal for h in owning if not h.ids})
    if unseen:
        return failed(f"owned by a group in which no owner is seen: {listed(unseen)}")
    owners = sorted({id for h in owning for id in h.ids})
    said = f"{len(owners)} {'owner' if len(owners) == 1 else 'owners'}"
    ids = f": {listed(owners)}" if owners else ""
    groups = sorted({h.principal for h in owning if h.type == "Group"})
    through = f"; with the members of {listed(groups)}" if groups else ""
    if len(owners) < min_owners:
        return failed(f"{said}, fewer than {min_owners}{ids}{through}")
    if len(owners) > max_owners:
        return failed(f"{said}, more than {max_owners}{ids}{through}")
    return passed(f"{said}{ids}{through}")
