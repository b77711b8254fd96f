"""AWS IAM Identity Center: how long its sessions last, and who has access to which account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from collector.check import Verdict, check, failed, passed
from collector.resource import Resource, at, parent
from collector.source import Aws


class IdentityCenter(Resource):
    """An instance of IAM Identity Center, the organisation's or the account's own."""

    source = Aws(
        service="sso-admin",
        operation="ListInstances",
        permission="sso:ListInstances",
        items="Instances",
    )
    id: str = at("InstanceArn")
    # Told of instances that are in several regions; they are read in the first.
    region: str | None = at("PrimaryRegion", default=None)
    store: str = at("IdentityStoreId")


class PermissionSet(Resource):
    """A permission set, by ARN."""

    source = Aws(
        service="sso-admin",
        operation="ListPermissionSets",
        permission="sso:ListPermissionSets",
        items="PermissionSets",
        per=IdentityCenter,
        params={"InstanceArn": "id"},
    )
    id: str = at("")
    instance: str = parent("id")


class PermissionSetDetail(Resource):
    """Name of a permission set, and how long a session of it lasts."""

    source = Aws(
        service="sso-admin",
        operation="DescribePermissionSet",
        permission="sso:DescribePermissionSet",
        per=PermissionSet,
        params={"InstanceArn": "instance", "PermissionSetArn": "id"},
    )
    arn: str = at("PermissionSet.PermissionSetArn")
    name: str = at("PermissionSet.Name")
    session: Annotated[timedelta, Field(gt=timedelta(0))] = at("PermissionSet.SessionDuration")

    @model_validator(mode="after")
    def _is_what_was_asked_for(self) -> Self:
        if self.arn != self.id:
            raise ValueError("the answer is about another permission set")
        return self


class ProvisionedAccount(Resource):
    """An account in which a permission set is in use."""

    source = Aws(
        service="sso-admin",
        operation="ListAccountsForProvisionedPermissionSet",
        permission="sso:ListAccountsForProvisionedPermissionSet",
        items="AccountIds",
        per=PermissionSet,
        params={"InstanceArn": "instance", "PermissionSetArn": "id"},
    )
    full_name = "{permission_set}|{id}"
    id: str = at("")
    permission_set: str = parent("id")
    instance: str = parent("instance")


class AccountAssignment(Resource):
    """A user or group, a permission set, and the account in which they meet."""

    source = Aws(
        service="sso-admin",
        operation="ListAccountAssignments",
        permission="sso:ListAccountAssignments",
        items="AccountAssignments",
        per=ProvisionedAccount,
        params={
            "InstanceArn": "instance",
            "AccountId": "id",
            "PermissionSetArn": "permission_set",
        },
    )
    full_name = "{permission_set}|{target}|{kind}|{id}"
    id: str = at("PrincipalId")
    kind: Literal["GROUP", "USER"] = at("PrincipalType")
    target: str = at("AccountId")
    permission_set: str = at("PermissionSetArn")
    asked_account: str = parent("id")
    asked_set: str = parent("permission_set")

    @model_validator(mode="after")
    def _is_what_was_asked_for(self) -> Self:
        if (self.target, self.permission_set) != (self.asked_account, self.asked_set):
            raise ValueError("the answer is about another assignment")
        return self


class IdentityUser(Resource):
    """A person in the identity store."""

    source = Aws(
        service="identitystore",
        operation="ListUsers",
        permission="identitystore:ListUsers",
        items="Users",
        per=IdentityCenter,
        params={"IdentityStoreId": "store"},
    )
    full_name = "arn:{partition}:identitystore:::user/{id}"
    id: str = at("UserId")
    name: str = at("UserName")


class IdentityGroup(Resource):
    """A group of people in the identity store."""

    source = Aws(
        service="identitystore",
        operation="ListGroups",
        permission="identitystore:ListGroups",
        items="Groups",
        per=IdentityCenter,
        params={"IdentityStoreId": "store"},
    )
    full_name = "arn:{partition}:identitystore:::group/{id}"
    id: str = at("GroupId")
    name: str = at("DisplayName")


@check(control="session-limits", severity="medium")
def identity_center_session(detail: PermissionSetDetail, *, max_hours: int = 8) -> Verdict:
    """Sessions that people get through IAM Identity Center end within a working day.

    Passes: a session of the permission set lasts at most `max_hours` hours.
    Fails: it lasts longer. AWS itself allows up to 12 hours.
    Judged where the instance is administered. In a member account that does not administer it, AWS
    refuses to tell, which is unknown: leave the check out there. Says nothing of accounts without
    IAM Identity Center, of the session of the access portal itself, which no API tells, and of
    roles that people take in another way.
    Remediation: set a shorter session duration at the permission set.
    """
    hours = f"{detail.session / timedelta(hours=1):g}"
    if detail.session > timedelta(hours=max_hours):
        return failed(
            f"sessions of {detail.name} last {hours} hours, expected {max_hours} or fewer"
        )
    return passed(f"sessions of {detail.name} last {hours} hours")


@check(control="access-inventory", severity="medium")
def identity_center_assignments(
    assignment: AccountAssignment,
    sets: Sequence[PermissionSetDetail],
    people: Sequence[IdentityUser],
    groups: Sequence[IdentityGroup],
) -> Verdict:
    """Everybody's access through IAM Identity Center is known, and none is of a deleted identity.

    The results are the population for an access review: one for each permission set, account, and
    user or group that has it there, over all accounts of the organisation, by their names.

    Passes: the user or group is in the identity store.
    Fails: it is not, as where it was deleted and its access was left behind.
    Judged where the instance is administered; in other member accounts AWS refuses to tell, which
    is unknown: leave the check out there. The members of a group are known to whoever manages the
    identity store. Says nothing of what a permission set allows, and whether the access is right.
    Remediation: remove assignments of identities that are gone.
    """
    name = next((s.name for s in sets if s.arn == assignment.permission_set), None)
    right = f"{name or assignment.permission_set} in account {assignment.target}"
    match assignment.kind:
        case "USER":
            holder = next((f"user {p.name}" for p in people if p.id == assignment.id), None)
        case "GROUP":
            holder = next((f"group {g.name}" for g in groups if g.id == assignment.id), None)
    if holder is None:
        return failed(f"{assignment.kind.lower()} {assignment.id}, which is gone, has {right}")
    return passed(f"{holder} has {right}")
