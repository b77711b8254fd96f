"""AWS IAM Identity Center."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from checks.aws.iam._identity_center import (
    AccountAssignment,
    IdentityGroup,
    IdentityUser,
    PermissionSetDetail,
    identity_center_assignments,
    identity_center_session,
)
from collector.evaluate import evaluate
from tests.aws_told import Refused, told
from tests.cases import Case, read_aws, row
from tests.checks.aws.test_iam import NOW

INSTANCE = "arn:aws:sso:::instance/ssoins-1"
ADMIN = "arn:aws:sso:::permissionSet/ssoins-1/ps-admin"
VIEW = "arn:aws:sso:::permissionSet/ssoins-1/ps-view"
OWN, OTHER = "123456789012", "222222222222"


def a_set(hours: float, arn: str = ADMIN, name: str = "admin") -> PermissionSetDetail:
    return PermissionSetDetail(id=arn, arn=arn, name=name, session=timedelta(hours=hours))


def assigned(kind: str, principal: str) -> AccountAssignment:
    return AccountAssignment.model_validate(
        {
            "id": principal,
            "kind": kind,
            "target": OWN,
            "permission_set": ADMIN,
            "asked_account": OWN,
            "asked_set": ADMIN,
        }
    )


ANN, STAFF = IdentityUser(id="u-1", name="ann@example.com"), IdentityGroup(id="g-1", name="staff")
ASSIGNED = ([a_set(1)], [ANN], [STAFF])

CASES = [
    row(identity_center_session, a_set(8), outcome="pass",
        reason="sessions of admin last 8 hours"),
    row(identity_center_session, a_set(8.5), outcome="fail",
        reason="sessions of admin last 8.5 hours, expected 8 or fewer"),
    row(identity_center_session, a_set(12), max_hours=12, outcome="pass",
        reason="sessions of admin last 12 hours"),

    row(identity_center_assignments, assigned("USER", "u-1"), *ASSIGNED, outcome="pass",
        reason="user ann@example.com has admin in account 123456789012"),
    row(identity_center_assignments, assigned("GROUP", "g-1"), *ASSIGNED, outcome="pass",
        reason="group staff has admin in account 123456789012"),
    row(identity_center_assignments, assigned("GROUP", "u-1"), *ASSIGNED, outcome="fail",
        reason="group u-1, which is gone, has admin in account 123456789012"),
    row(identity_center_assignments, assigned("USER", "u-1"), [], [], [STAFF], outcome="fail",
        reason=f"user u-1, which is gone, has {ADMIN} in account 123456789012"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def session_text(params: Mapping[str, Any], region: str) -> dict[str, Any]:
    arn = params["PermissionSetArn"]
    length = {ADMIN: "PT12H", VIEW: "PT1H30M"}[arn]
    facts = {"Name": arn.rpartition("-")[2], "PermissionSetArn": arn, "SessionDuration": length}
    return {"PermissionSet": facts}


def provisioned(params: Mapping[str, Any], region: str) -> dict[str, Any]:
    return {"AccountIds": [OWN, OTHER] if params["PermissionSetArn"] == ADMIN else []}


def assignments(params: Mapping[str, Any], region: str) -> dict[str, Any]:
    of = {"AccountId": params["AccountId"], "PermissionSetArn": params["PermissionSetArn"]}
    return {
        "AccountAssignments": [
            {**of, "PrincipalType": "USER", "PrincipalId": "u-1"},
            {**of, "PrincipalType": "GROUP", "PrincipalId": "g-2"},
        ]
    }


REPLIES: Mapping[str, Any] = {
    "sso-admin:ListInstances": {
        "Instances": [{"InstanceArn": INSTANCE, "IdentityStoreId": "d-1", "Status": "ACTIVE"}]
    },
    "sso-admin:ListPermissionSets": {"PermissionSets": [ADMIN, VIEW]},
    "sso-admin:DescribePermissionSet": session_text,
    "sso-admin:ListAccountsForProvisionedPermissionSet": provisioned,
    "sso-admin:ListAccountAssignments": assignments,
    "identitystore:ListUsers": {
        "Users": [{"UserId": "u-1", "UserName": "ann@example.com", "IdentityStoreId": "d-1",
                   "Emails": [{"Value": "ann@example.com"}], "DisplayName": "Ann"}]
    },
    "identitystore:ListGroups": {"Groups": [{"GroupId": "g-1", "DisplayName": "staff"}]},
}  # fmt: skip


def said(**replies: Any) -> list[tuple[str, str, str]]:
    answers = {**REPLIES, **{name.replace("__", ":"): reply for name, reply in replies.items()}}
    answers = {name.replace("sso_admin", "sso-admin"): reply for name, reply in answers.items()}
    checks = (identity_center_session, identity_center_assignments)
    reads = read_aws(told(answers), *checks)
    found = evaluate(checks, reads, settings={}, now=NOW)
    return [(r.resource.id, r.outcome, r.reason) for r in found]


def test_assignments_are_read_over_all_accounts_with_the_names_of_their_holders() -> None:
    assert said() == [
        (f"{ADMIN}|{OWN}|GROUP|g-2", "fail",
         f"group g-2, which is gone, has admin in account {OWN}"),
        (f"{ADMIN}|{OWN}|USER|u-1", "pass",
         f"user ann@example.com has admin in account {OWN}"),
        (f"{ADMIN}|{OTHER}|GROUP|g-2", "fail",
         f"group g-2, which is gone, has admin in account {OTHER}"),
        (f"{ADMIN}|{OTHER}|USER|u-1", "pass",
         f"user ann@example.com has admin in account {OTHER}"),
        (ADMIN, "fail", "sessions of admin last 12 hours, expected 8 or fewer"),
        (VIEW, "pass", "sessions of view last 1.5 hours"),
    ]  # fmt: skip


def test_of_people_only_their_user_names_are_kept() -> None:
    reads = read_aws(told(REPLIES), identity_center_assignments)

    (body,) = (a.body() for _, a in reads.answers if a.source == "identitystore:ListUsers")
    assert body is not None
    assert b'"UserName":"ann@example.com"' in body
    assert body.count(b"ann@example.com") == 1
    assert b"Ann" not in body


def test_a_region_without_an_instance_costs_one_call() -> None:
    none: Mapping[str, Any] = {"sso-admin:ListInstances": {"Instances": []}}

    reads = read_aws(told(none), identity_center_session, identity_center_assignments)
    results = evaluate([identity_center_session], reads, settings={}, now=NOW)

    assert [a.source for _, a in reads.answers] == ["sso-admin:ListInstances"]
    assert [r.outcome for r in results] == ["not_applicable"]


def test_a_member_account_that_may_not_look_is_unknown() -> None:
    def refused(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        raise Refused("AccessDeniedException", "not the administrator")

    found = said(sso_admin__ListPermissionSets=refused)

    reason = (
        "not read: sso-admin:ListPermissionSets in us-east-1: AccessDeniedException;"
        " missing permission sso:ListPermissionSets"
    )
    assert found == [(INSTANCE, "unknown", reason)] * 2


def test_an_answer_about_something_else_is_unknown() -> None:
    def elsewhere(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        return assignments({**params, "AccountId": "999999999999"}, region)

    def other(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        return session_text({"PermissionSetArn": VIEW}, region)

    found = said(
        sso_admin__ListAccountAssignments=elsewhere, sso_admin__DescribePermissionSet=other
    )

    assert {(where, outcome) for where, outcome, _ in found} == {
        (VIEW, "pass"),
        (ADMIN, "unknown"),
        (f"{ADMIN}|{OWN}", "unknown"),
        (f"{ADMIN}|{OTHER}", "unknown"),
    }


@pytest.mark.parametrize("length", ["-PT1H", "PT0S", "an hour", None])
def test_a_session_of_no_sensible_length_cannot_be_read(length: str | None) -> None:
    above = PermissionSetDetail(id=ADMIN, arn=ADMIN, name="x", session=timedelta(hours=1))
    facts = {"Name": "x", "PermissionSetArn": ADMIN, "SessionDuration": length}

    with pytest.raises(ValidationError, match="session"):
        PermissionSetDetail.parse({"PermissionSet": facts}, above)
