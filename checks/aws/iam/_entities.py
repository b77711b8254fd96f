"""What IAM holds: users, groups, roles and policies, and how many it counts of each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from checks.aws.policy import IdentityPolicyDocument, PolicyDocument
from collector.resource import Figure, Part, Resource, at
from collector.source import Aws

SETTLES_IN = timedelta(hours=1)
"""IAM's answers agree a while after a change only, and no two of them are of one moment."""


class EntityCounts(Resource):
    """How many users, groups and roles IAM counts. The root user is none of them."""

    source = Aws(
        service="iam",
        operation="GetAccountSummary",
        permission="iam:GetAccountSummary",
        regions="home",
    )
    users: int = at("SummaryMap.Users")
    groups: int = at("SummaryMap.Groups")
    roles: int = at("SummaryMap.Roles")


def _details(items: str) -> Aws:
    """One listing of all that IAM holds but AWS's own policies, read once for its four lists."""
    return Aws(
        service="iam",
        operation="GetAccountAuthorizationDetails",
        permission="iam:GetAccountAuthorizationDetails",
        items=items,
        constants={"Filter": ["User", "Group", "Role", "LocalManagedPolicy"]},
        regions="home",
    )


Arn = Annotated[str, StringConstraints(pattern=r"^arn:[^:]+:iam::\d{12}:")]
"""Full name of something in the account itself."""


class InlinePolicy(Part):
    """A policy that is part of the user, group or role it is for."""

    name: str = at("PolicyName")
    document: IdentityPolicyDocument = at("PolicyDocument")


class AttachedPolicy(Part):
    """A managed policy that a user, group or role holds."""

    name: str = at("PolicyName")
    arn: str = at("PolicyArn")


class KnownUser(Resource):
    """An IAM user, whatever else there is to be read of it."""

    source = _details("UserDetailList")
    reconciled = (Figure(of=EntityCounts, field="users", settles_in=SETTLES_IN),)
    id: Arn = at("Arn")
    created: datetime = at("CreateDate")


class User(Resource):
    """An IAM user: its groups, and the policies it holds itself."""

    source = _details("UserDetailList")
    reconciled = (Figure(of=EntityCounts, field="users", settles_in=SETTLES_IN),)
    id: Arn = at("Arn")
    created: datetime = at("CreateDate")
    groups: tuple[str, ...] = at("GroupList")
    attached: tuple[AttachedPolicy, ...] = at("AttachedManagedPolicies")
    # IAM leaves the list out where it is empty, for users only; its documentation does not say so.
    inline: tuple[InlinePolicy, ...] = at("UserPolicyList", default=())


class Group(Resource):
    """A group of IAM users and its inline policies."""

    source = _details("GroupDetailList")
    reconciled = (Figure(of=EntityCounts, field="groups", settles_in=SETTLES_IN),)
    id: Arn = at("Arn")
    created: datetime = at("CreateDate")
    inline: tuple[InlinePolicy, ...] = at("GroupPolicyList")


class Role(Resource):
    """A role: who may assume it, its inline policies, and when it was last used.

    IAM tells of no use that is longer ago than 400 days.
    """

    source = _details("RoleDetailList")
    reconciled = (
        Figure(
            of=EntityCounts,
            field="roles",
            may_leave_out="is_service_linked",
            settles_in=SETTLES_IN,
        ),
    )
    id: Arn = at("Arn")
    path: str = at("Path")
    created: datetime = at("CreateDate")
    trust: PolicyDocument = at("AssumeRolePolicyDocument")
    inline: tuple[InlinePolicy, ...] = at("RolePolicyList")
    last_used: datetime | None = at("RoleLastUsed.LastUsedDate", default=None)

    @property
    def is_service_linked(self) -> bool:
        """Whether AWS made it for one of its services and lets nobody else assume it."""
        return self.path.startswith("/aws-service-role/")


class PolicyVersion(Part):
    """A version of a managed policy; the default one is in force."""

    is_default: bool = at("IsDefaultVersion")
    document: IdentityPolicyDocument = at("Document")


def _with_one_default(versions: tuple[PolicyVersion, ...]) -> tuple[PolicyVersion, ...]:
    if [version.is_default for version in versions].count(True) != 1:
        raise ValueError("a policy has one default version")
    return versions


class ManagedPolicy(Resource):
    """A customer-managed policy, and to how many users, groups and roles it is attached."""

    source = _details("Policies")
    id: Arn = at("Arn")
    attachments: int = at("AttachmentCount")
    versions: Annotated[tuple[PolicyVersion, ...], AfterValidator(_with_one_default)] = at(
        "PolicyVersionList"
    )
