"""AWS IAM: what policies reach whom, the root user's use, and the populations for reviews."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import boto3
import pytest
from moto.iam.models import IAMBackend

from checks.aws.iam._credentials import CredentialReportUser
from checks.aws.iam._entities import AttachedPolicy, Group, Role, User
from checks.aws.iam._inventories import (
    FirstAccessKey,
    SecondAccessKey,
    access_key_inventory,
    role_inventory,
    user_inventory,
)
from checks.aws.iam._policies import no_blocked_kms_actions, no_direct_user_policies
from checks.aws.iam._root import (
    AccountSummary,
    VirtualMfaDevice,
    root_hardware_mfa,
    root_not_used,
)
from collector.evaluate import evaluate
from tests.aws_told import told
from tests.cases import Case, read_aws, row
from tests.checks.aws.test_iam import (
    BOB,
    EDGE,
    HEADER,
    NOW,
    OLD,
    OWN,
    RECENT,
    ROOT,
    SOME,
    inline,
    managed,
    of_group,
    of_user,
    policy,
    summary,
    user,
    with_key,
    with_password,
)

KEYS = f"arn:aws:kms:us-east-1:{OWN}:key"
ONE_KEY = f"{KEYS}/1234abcd-12ab-34cd-56ef-1234567890ab"
READ_ONLY = AttachedPolicy(name="ReadOnlyAccess", arn="arn:aws:iam::aws:policy/ReadOnlyAccess")
OF_ROOT = f"arn:aws:iam::{OWN}:root"
NAMED = f"arn:aws:iam::{OWN}:mfa/phone"
UNUSED = "the root user was not used within 30 days"


def device(holder: str | None, name: str = NAMED) -> VirtualMfaDevice:
    return VirtualMfaDevice(id=name, holder=holder)


def root(**changes: object) -> CredentialReportUser:
    """Root's row, used long ago, with some columns changed."""
    facts: dict[str, object] = {
        "id": OF_ROOT,
        "user": "<root_account>",
        "password_enabled": "not_supported",
        "password_last_used": OLD,
        **changes,
    }
    return user(**facts)


def key(*elements: dict[str, object]) -> Group:
    return of_group(*inline(*elements))


def may(action: object, resource: object, **more: object) -> Group:
    """A group that is allowed this by an inline policy."""
    return key({"Action": action, "Resource": resource, **more})


def open_to(action: str, *, condition: bool = False) -> dict[str, str]:
    under = " under a condition" if condition else ""
    return {
        "outcome": "fail",
        "reason": f"inline policy p1 allows kms:{action} on every key{under}",
    }


BOTH = {
    "outcome": "fail",
    "reason": "inline policy p1 allows kms:Decrypt on every key;"
    " inline policy p1 allows kms:ReEncryptFrom on every key",
}  # fmt: skip
NO_KMS = {"outcome": "pass", "reason": "no statement allows decryption with every key"}


def tagged(operator: str, name: str, value: str) -> dict[str, object]:
    return {"Condition": {operator: {name: value}}}


def member(**changes: object) -> User:
    """A user in a group, created long ago, with some facts changed."""
    facts: dict[str, object] = {
        "id": f"arn:aws:iam::{OWN}:user/ann",
        "created": OLD,
        "groups": ("staff", "auditors"),
        "attached": (),
        "inline": (),
        **changes,
    }
    return User.model_validate(facts)


def first(**changes: object) -> FirstAccessKey:
    facts: dict[str, object] = {
        "id": f"arn:aws:iam::{OWN}:user/ann",
        "active": "true",
        "rotated": OLD,
        "used": RECENT,
        **changes,
    }
    return FirstAccessKey.model_validate(facts)


KNOWN = "groups: auditors, staff; own policies: none; "

CASES = [
    row(root_hardware_mfa, summary(mfa=1), [], outcome="pass",
        reason="the root user has MFA, and no virtual device"),
    row(root_hardware_mfa, summary(mfa=1), [device(f"arn:aws:iam::{OWN}:user/ann")],
        outcome="pass", reason="the root user has MFA, and no virtual device"),
    row(root_hardware_mfa, summary(mfa=1), [device(OF_ROOT)], outcome="fail",
        reason=f"the root user has a virtual MFA device: {NAMED}"),
    row(root_hardware_mfa, summary(mfa=1), [device(None)], outcome="fail",
        reason=f"the root user has a virtual MFA device: {NAMED}"),
    row(root_hardware_mfa, summary(mfa=0, password=0), [], outcome="pass",
        reason="the root user has no credentials"),
    row(root_hardware_mfa, summary(mfa=1, password=0), [device(OF_ROOT)], outcome="fail",
        reason=f"the root user has a virtual MFA device: {NAMED}"),
    row(root_hardware_mfa, summary(), [], outcome="fail", reason="the root user has no MFA"),
    row(root_hardware_mfa, summary(), [device(OF_ROOT)], outcome="fail",
        reason=f"the root user has a virtual MFA device: {NAMED}"),

    row(root_not_used, [root(), with_password()], now=NOW, outcome="pass", reason=UNUSED),
    row(root_not_used, [root(password_last_used="no_information")], now=NOW,
        outcome="pass", reason=UNUSED),
    row(root_not_used, [root(password_last_used=NOW - timedelta(days=30, seconds=1))], now=NOW,
        outcome="pass", reason=UNUSED),
    row(root_not_used, [root(password_last_used=NOW - timedelta(days=30))], now=NOW,
        outcome="fail", reason="the root user used its password on 2026-05-31"),
    row(root_not_used, [root(key_1_last_used=RECENT, key_2_last_used=RECENT)], now=NOW,
        outcome="fail",
        reason="the root user used access key 1 on 2026-06-25, access key 2 on 2026-06-25"),
    row(root_not_used, [root(password_last_used=RECENT)], now=NOW, window_days=3,
        outcome="pass", reason="the root user was not used within 3 days"),
    row(root_not_used, [root(password_last_used="not_supported")], now=NOW, outcome="fail",
        reason="the credential report does not tell when its password was used"),
    row(root_not_used, [with_password()], now=NOW, outcome="fail",
        reason="the credential report does not tell of the root user"),

    row(no_direct_user_policies, of_user(), outcome="pass", reason="holds no policy of its own"),
    row(no_direct_user_policies, of_user(*inline(SOME)), outcome="fail",
        reason="holds inline policy p1"),
    row(no_direct_user_policies, member(attached=(READ_ONLY,), inline=inline(SOME)),
        outcome="fail", reason="holds inline policy p1, policy ReadOnlyAccess"),
    row(no_direct_user_policies, member(attached=(READ_ONLY,)),
        allowed_policies=(READ_ONLY.arn,),
        outcome="pass", reason="holds only policies that are allowed"),

    row(no_blocked_kms_actions, may("kms:Decrypt", "*"), **open_to("Decrypt")),
    row(no_blocked_kms_actions, may("kms:ReEncrypt*", "*"), **open_to("ReEncryptFrom")),
    row(no_blocked_kms_actions, may("kms:*", "*"), **BOTH),
    row(no_blocked_kms_actions, may("*", "*"), **BOTH),
    row(no_blocked_kms_actions, key({"NotAction": "iam:*", "Resource": "*"}), **BOTH),
    row(no_blocked_kms_actions, key({"NotAction": "kms:*", "Resource": "*"}), **NO_KMS),
    row(no_blocked_kms_actions, may("kms:Encrypt", "*"), **NO_KMS),
    row(no_blocked_kms_actions, may("kms:Decrypt", f"{KEYS}/*"), **open_to("Decrypt")),
    row(no_blocked_kms_actions, may("kms:Decrypt", f"{KEYS}/mrk-*"), **open_to("Decrypt")),
    row(no_blocked_kms_actions, may("kms:Decrypt", f"arn:aws:kms:*:{OWN}:*"),
        **open_to("Decrypt")),
    row(no_blocked_kms_actions, may("kms:Decrypt", f"arn:aws:kms:eu-*:{OWN}:key/*"),
        **open_to("Decrypt")),
    row(no_blocked_kms_actions, may("kms:Decrypt", ONE_KEY), **NO_KMS),
    row(no_blocked_kms_actions, may("kms:Decrypt", f"arn:aws:kms:us-east-1:{OWN}:alias/*"),
        **NO_KMS),
    row(no_blocked_kms_actions, may("kms:Decrypt", "arn:aws:kms:*:222222222222:key/*"), **NO_KMS),
    row(no_blocked_kms_actions, key({"Action": "kms:Decrypt", "NotResource": f"{KEYS}/*"}),
        **open_to("Decrypt")),
    row(no_blocked_kms_actions,
        key({"Action": "kms:Decrypt", "NotResource": "arn:aws:kms:*:*:key/*"}), **NO_KMS),
    row(no_blocked_kms_actions, may("kms:Decrypt", "*",
        **tagged("StringEquals", "kms:ViaService", "s3.us-east-1.amazonaws.com")),
        **open_to("Decrypt", condition=True)),
    row(no_blocked_kms_actions,
        may("kms:Decrypt", "*", **tagged("StringEquals", "aws:ResourceTag/team", "billing")),
        **NO_KMS),
    row(no_blocked_kms_actions,
        may("kms:Decrypt", "*", **tagged("StringLike", "aws:ResourceTag/team", "*")),
        **open_to("Decrypt", condition=True)),
    row(no_blocked_kms_actions,
        may("kms:Decrypt", "*", **tagged("StringNotEquals", "aws:ResourceTag/team", "billing")),
        **open_to("Decrypt", condition=True)),
    row(no_blocked_kms_actions, may("kms:Decrypt", "*",
        **tagged("ForAnyValue:StringLike", "kms:ResourceAliases", "alias/app-*")), **NO_KMS),
    row(no_blocked_kms_actions, may("kms:Decrypt", "*",
        **tagged("ForAnyValue:StringLike", "kms:ResourceAliases", "alias/*")),
        **open_to("Decrypt", condition=True)),
    row(no_blocked_kms_actions,
        managed(1, (True, {"Action": "kms:Decrypt", "Resource": "*"}), (False, SOME)),
        outcome="fail", reason="allows kms:Decrypt on every key"),
    row(no_blocked_kms_actions, managed(0, (True, {"Action": "kms:*", "Resource": "*"})),
        outcome="not_applicable", reason="attached to nothing"),
    row(no_blocked_kms_actions, of_user(), outcome="not_applicable", reason="no inline policies"),

    row(user_inventory, member(), [with_password(mfa_active="true")], now=NOW, outcome="pass",
        reason=f"{KNOWN}console password with MFA; active access keys: 0"),
    row(user_inventory, member(groups=(), attached=(READ_ONLY,), inline=inline(SOME)),
        [with_key(key_1_last_used=EDGE)], now=NOW, outcome="pass",
        reason="groups: none; own policies: ReadOnlyAccess, p1 (inline);"
        " no console password; active access keys: 1"),
    row(user_inventory, member(), [with_password(password_last_used=OLD)], now=NOW, outcome="fail",
        reason="last used 2026-01-02, created 2026-01-02;"
        f" {KNOWN}console password without MFA; active access keys: 0"),
    row(user_inventory, member(), [with_password(password_last_used=OLD)], now=NOW,
        max_unused_days=200, outcome="pass",
        reason=f"{KNOWN}console password without MFA; active access keys: 0"),
    row(user_inventory, member(), [user()], now=NOW, outcome="fail",
        reason="no recorded use, created 2026-01-02;"
        f" {KNOWN}no console password; active access keys: 0"),
    row(user_inventory, member(created=EDGE), [user(password_enabled="not_supported")], now=NOW,
        outcome="pass", reason=f"{KNOWN}console password not told; active access keys: 0"),
    row(user_inventory, member(created=RECENT), [root()], now=NOW, outcome="pass",
        reason=f"{KNOWN}not in the credential report yet"),
    row(user_inventory, member(), [], now=NOW, outcome="fail",
        reason="no recorded use, created 2026-01-02;"
        f" {KNOWN}not in the credential report yet"),

    row(access_key_inventory, first(), now=NOW, outcome="pass",
        reason="active, last rotated 2026-01-02"),
    row(access_key_inventory, first(rotated=EDGE, used="N/A"), now=NOW, outcome="pass",
        reason="active, last rotated 2026-04-01"),
    row(access_key_inventory, first(used=OLD), now=NOW, outcome="fail",
        reason="active, last rotated 2026-01-02, last used 2026-01-02"),
    row(access_key_inventory, first(used=OLD), now=NOW, max_unused_days=200, outcome="pass",
        reason="active, last rotated 2026-01-02"),
    row(access_key_inventory, first(used="N/A"), now=NOW, outcome="fail",
        reason="active, last rotated 2026-01-02, no recorded use"),
    row(access_key_inventory, first(rotated="N/A"), now=NOW, outcome="fail",
        reason="active, and the report does not tell since when"),
    row(access_key_inventory, first(active="false"), now=NOW, outcome="pass",
        reason="inactive, last rotated 2026-01-02"),
    row(access_key_inventory, first(active="false", rotated="N/A"), now=NOW,
        outcome="not_applicable", reason="no such key"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_the_credential_report_is_read_as_one_key_a_slot(
    aws: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(IAMBackend, "get_credential_report", lambda _: f"{HEADER}\n{ROOT}\n{BOB}")
    aws.client("iam").generate_credential_report()

    reads = read_aws(aws, access_key_inventory, root_not_used)
    results = evaluate([access_key_inventory, root_not_used], reads, settings={}, now=NOW)

    assert [(o.name, o.resource.active) for o in reads[SecondAccessKey]] == [
        ("arn:aws:iam::123456789012:root#access_key_2", "false"),
        ("arn:aws:iam::123456789012:user/bob#access_key_2", "false"),
    ]
    assert [(r.resource.type, r.resource.id, r.outcome, r.reason) for r in results] == [
        ("aws.iam.first_access_key", "arn:aws:iam::123456789012:root#access_key_1", "fail",
         "active, last rotated 2020-01-01, no recorded use"),
        ("aws.account", "123456789012", "fail",
         "the root user used its password on 2026-06-29"),
    ]  # fmt: skip


def test_users_are_read_with_their_groups_and_policies(aws: boto3.Session) -> None:
    client = aws.client("iam")
    client.create_user(UserName="ann")
    client.create_user(UserName="ben")
    client.create_group(GroupName="staff")
    client.add_user_to_group(GroupName="staff", UserName="ann")
    made = client.create_policy(PolicyName="read", PolicyDocument=policy(**SOME))
    client.attach_user_policy(UserName="ann", PolicyArn=made["Policy"]["Arn"])
    client.generate_credential_report()

    reads = read_aws(aws, user_inventory, no_direct_user_policies)

    ann, ben = (o.resource for o in reads[User])
    assert (ann.groups, [p.name for p in ann.attached]) == (("staff",), ["read"])
    assert (ben.groups, ben.attached, ben.inline) == ((), (), ())
    assert reads[CredentialReportUser].by_name.keys() == reads[User].by_name.keys()
    assert evaluate([user_inventory], reads, settings={}, now=datetime.now(UTC))[1].reason == (
        "groups: none; own policies: none; no console password; active access keys: 0"
    )


def test_assigned_virtual_devices_are_read_with_their_holders() -> None:
    asked: list[object] = []

    def devices(params: Any, region: str) -> dict[str, Any]:
        asked.append(params)
        of_root = {"SerialNumber": NAMED, "User": {"Arn": OF_ROOT}}
        return {"VirtualMFADevices": [of_root, {"SerialNumber": "old"}], "IsTruncated": False}

    figures = {"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0,
               "AccountSigningCertificatesPresent": 0}  # fmt: skip
    session = told(
        {"iam:ListVirtualMFADevices": devices, "iam:GetAccountSummary": {"SummaryMap": figures}}
    )

    reads = read_aws(session, root_hardware_mfa)

    assert asked == [{"AssignmentStatus": "Assigned"}]
    assert [o.resource for o in reads[VirtualMfaDevice]] == [device(OF_ROOT), device(None, "old")]
    assert [o.resource.root_mfa for o in reads[AccountSummary]] == [1]


def account(users: int, roles: int, listed_roles: int, report: str) -> dict[str, Any]:
    """IAM's answers about one user, ann, and some roles, one of which is service-linked."""
    trust = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}'
    created = datetime(2024, 1, 1, tzinfo=UTC)

    def a_role(number: int) -> dict[str, Any]:
        path = "/aws-service-role/x.amazonaws.com/" if number == 0 else "/"
        return {
            "Arn": f"arn:aws:iam::123456789012:role{path}r{number}",
            "Path": path,
            "CreateDate": created,
            "AssumeRolePolicyDocument": trust,
            "RolePolicyList": [],
        }

    ann = {
        "Arn": "arn:aws:iam::123456789012:user/ann",
        "CreateDate": created,
        "GroupList": [],
        "AttachedManagedPolicies": [],
    }
    lists = {"UserDetailList": [ann], "RoleDetailList": [a_role(n) for n in range(listed_roles)]}
    return {
        "iam:GetAccountSummary": {"SummaryMap": {"Users": users, "Groups": 0, "Roles": roles}},
        "iam:GetAccountAuthorizationDetails": {
            **lists, "GroupDetailList": [], "Policies": [], "IsTruncated": False
        },
        "iam:GenerateCredentialReport": {"State": "COMPLETE"},
        "iam:GetCredentialReport": {"Content": report.encode(), "GeneratedTime": NOW},
    }  # fmt: skip


ANN = BOB.replace("bob", "ann")
DETAILS = "not read: iam:GetAccountAuthorizationDetails in global: Contradictory"


def test_a_listing_of_users_that_lost_one_is_unknown_with_both_figures() -> None:
    session = told(account(users=2, roles=0, listed_roles=0, report=f"{HEADER}\n{ROOT}\n{ANN}"))

    reads = read_aws(session, no_direct_user_policies)
    (result,) = evaluate([no_direct_user_policies], reads, settings={}, now=NOW)

    assert (result.resource.id, result.outcome) == ("123456789012", "unknown")
    assert result.reason == f"{DETAILS} (lists 1; iam:GetAccountSummary counts 2)"


@pytest.mark.parametrize(
    ("counted", "outcome"), [(3, "fail"), (2, "fail"), (4, "unknown"), (1, "unknown")]
)
def test_roles_are_counted_with_the_service_linked_ones_or_without(
    counted: int, outcome: str
) -> None:
    """AWS does not document which; both are right, and nothing else."""
    session = told(account(users=1, roles=counted, listed_roles=3, report=HEADER))

    results = evaluate([role_inventory], read_aws(session, role_inventory), settings={}, now=NOW)

    assert {r.outcome for r in results} == {outcome}


def test_a_credential_report_that_lacks_an_old_user_is_unknown_and_root_with_it() -> None:
    session = told(account(users=1, roles=0, listed_roles=0, report=f"{HEADER}\n{ROOT}\n{BOB}"))

    reads = read_aws(session, root_not_used, access_key_inventory)
    results = evaluate([root_not_used, access_key_inventory], reads, settings={}, now=NOW)

    assert {(r.outcome, r.reason) for r in results} == {
        (
            "unknown",
            "not read: iam:GetCredentialReport in global: Contradictory"
            " (lists 0 of the 1 that iam:GetAccountAuthorizationDetails lists)",
        )
    }


def test_a_report_may_be_older_than_a_user_and_younger_than_one_that_is_gone() -> None:
    answers = account(users=1, roles=0, listed_roles=0, report=f"{HEADER}\n{ROOT}\n{BOB}")
    details = cast("dict[str, Any]", answers["iam:GetAccountAuthorizationDetails"])
    details["UserDetailList"][0]["CreateDate"] = NOW - timedelta(hours=4)

    reads = read_aws(told(answers), root_not_used)
    results = evaluate([root_not_used], reads, settings={}, now=NOW)

    assert [r.outcome for r in results] == ["fail"]


def test_populations_that_are_reviewed_are_reconciled() -> None:
    assert [cls.__name__ for cls in (User, Group, Role) if not cls.reconciled] == []
    assert CredentialReportUser.reconciled == FirstAccessKey.reconciled
