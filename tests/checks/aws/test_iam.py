"""AWS IAM."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto.iam.models import IAMBackend
from pydantic import ValidationError

from checks.aws.iam import (
    _credentials,
    _entities,
    _identity_center,
    _inventories,
    _password_policy,
    _root,
)
from checks.aws.iam._credentials import (
    CredentialReportUser,
    access_key_age,
    console_users_mfa,
    unused_credentials,
)
from checks.aws.iam._entities import (
    EntityCounts,
    Group,
    InlinePolicy,
    ManagedPolicy,
    PolicyVersion,
    Role,
    User,
)
from checks.aws.iam._inventories import role_inventory
from checks.aws.iam._password_policy import PasswordPolicy, password_policy
from checks.aws.iam._policies import no_admin_policies
from checks.aws.iam._root import AccountSummary, root_mfa, root_no_access_keys
from checks.aws.policy import document
from collector.check import Check
from collector.evaluate import evaluate
from collector.evidence.canonical import JSON
from collector.resource import Resource
from tests.botocore_paths import assert_paths
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
RECENT, EDGE = NOW - timedelta(days=5), NOW - timedelta(days=90)
OLD = datetime(2026, 1, 2, tzinfo=UTC)
OWN, OTHER = "111111111111", "222222222222"


def summary(
    mfa: int = 0, keys: int = 0, certificates: int = 0, password: int | None = 1
) -> AccountSummary:
    return AccountSummary(
        root_mfa=mfa, root_access_keys=keys, root_certificates=certificates, root_password=password
    )


def user(**changes: object) -> CredentialReportUser:
    """A user without any credentials, with some columns changed."""
    columns: dict[str, object] = {
        "id": f"arn:aws:iam::{OWN}:user/ann",
        "user": "ann",
        "created": OLD,
        "password_enabled": "false",
        "password_last_used": "N/A",
        "password_last_changed": "N/A",
        "mfa_active": "false",
        "key_1_active": "false",
        "key_1_last_rotated": "N/A",
        "key_1_last_used": "N/A",
        "key_2_active": "false",
        "key_2_last_rotated": "N/A",
        "key_2_last_used": "N/A",
        **changes,
    }
    return CredentialReportUser.model_validate(columns)


def with_key(**changes: object) -> CredentialReportUser:
    """A user with an active key that was made and used recently."""
    key = {"key_1_active": "true", "key_1_last_rotated": RECENT, "key_1_last_used": RECENT}
    return user(**{**key, **changes})


def with_password(**changes: object) -> CredentialReportUser:
    """A user with a password that was set long ago and used recently."""
    password = {
        "password_enabled": "true",
        "password_last_changed": OLD,
        "password_last_used": RECENT,
    }
    return user(**{**password, **changes})


def no_policy() -> PasswordPolicy:
    """What an account without a password policy has."""
    return PasswordPolicy.parse({}, is_absent=True)


def strong(**changes: object) -> PasswordPolicy:
    """A password policy that is strict enough, with some settings changed."""
    settings: dict[str, object] = {
        "min_length": 14,
        "require_lowercase": True,
        "require_uppercase": True,
        "require_numbers": True,
        "require_symbols": True,
        "reuse_prevention": 24,
        **changes,
    }
    return PasswordPolicy.model_validate(settings)


def inline(*elements: dict[str, object]) -> tuple[InlinePolicy, ...]:
    """Inline policies `p1`, `p2`, … that each allow this."""
    return tuple(
        InlinePolicy(name=f"p{n}", document=document({"Statement": {"Effect": "Allow", **e}}))
        for n, e in enumerate(elements, start=1)
    )


def managed(attachments: int, *versions: tuple[bool, dict[str, object]]) -> ManagedPolicy:
    """A managed policy with versions that each allow this; True: it is the default one."""
    return ManagedPolicy(
        id=f"arn:aws:iam::{OWN}:policy/p",
        attachments=attachments,
        versions=tuple(
            PolicyVersion(
                is_default=is_default,
                document=document({"Statement": {"Effect": "Allow", **elements}}),
            )
            for is_default, elements in versions
        ),
    )


def role(
    principal: object,
    condition: dict[str, object] | None = None,
    *,
    path: str = "/",
    created: datetime = OLD,
    last_used: datetime | None = RECENT,
    **changes: object,
) -> Role:
    """A role of the own account that trusts a principal, with some elements changed."""
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": principal,
        "Condition": condition or {},
        **changes,
    }
    statement = {name: value for name, value in statement.items() if value is not None}
    return Role(
        id=f"arn:aws:iam::{OWN}:role{path}r",
        path=path,
        created=created,
        trust=document({"Statement": [statement]}),
        inline=(),
        last_used=last_used,
    )


def of_user(*policies: InlinePolicy) -> User:
    """A user with these inline policies and nothing else."""
    return User(id=USER, created=OLD, groups=(), attached=(), inline=policies)


def of_group(*policies: InlinePolicy) -> Group:
    """A group with these inline policies."""
    return Group(id=GROUP, created=OLD, inline=policies)


ALL: dict[str, object] = {"Action": "*", "Resource": "*"}
SOME: dict[str, object] = {"Action": "s3:GetObject", "Resource": "*"}
USER, GROUP = f"arn:aws:iam::{OWN}:user/u", f"arn:aws:iam::{OWN}:group/g"
EC2 = {"Service": "ec2.amazonaws.com"}
ROOT_OF_OTHER = f"arn:aws:iam::{OTHER}:root"
GITHUB = f"arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com"
SAML = f"arn:aws:iam::{OWN}:saml-provider/idp"
FOREIGN = {
    "outcome": "fail",
    "reason": f"trusts {ROOT_OF_OTHER} without an external id; trusted: {ROOT_OF_OTHER}",
}
KNOWN = {"outcome": "pass", "reason": f"trusted: {ROOT_OF_OTHER}"}
EVERYONE = {"outcome": "fail", "reason": "trusts everyone; trusted: everyone"}
BOUNDED = {"outcome": "pass", "reason": "trusted: everyone"}
ANY_REPOSITORY = {
    "outcome": "fail",
    "reason": "trusts every identity of token.actions.githubusercontent.com;"
    f" trusted: {GITHUB}",
}  # fmt: skip


def github(**claims: str) -> dict[str, object]:
    """A condition on claims of GitHub's tokens."""
    return {
        "StringLike": {
            f"token.actions.githubusercontent.com:{name}": value for name, value in claims.items()
        }
    }


CASES = [
    row(root_mfa, summary(mfa=1, keys=1), outcome="pass", reason="the root user has MFA"),
    row(root_mfa, summary(password=0), outcome="pass", reason="the root user has no credentials"),
    row(root_mfa, summary(), outcome="fail", reason="the root user has no MFA"),
    row(root_mfa, summary(password=None), outcome="fail", reason="the root user has no MFA"),
    row(root_mfa, summary(password=0, keys=1), outcome="fail", reason="the root user has no MFA"),
    row(root_mfa, summary(password=0, certificates=1),
        outcome="fail", reason="the root user has no MFA"),
    row(root_no_access_keys, summary(),
        outcome="pass", reason="the root user has no access keys"),
    row(root_no_access_keys, summary(mfa=1, keys=1),
        outcome="fail", reason="the root user has access keys"),

    row(console_users_mfa, with_password(mfa_active="true"),
        outcome="pass", reason="console password and MFA"),
    row(console_users_mfa, with_password(),
        outcome="fail", reason="console password without MFA"),
    row(console_users_mfa, user(password_enabled="not_supported", mfa_active="true"),
        outcome="fail", reason="the report does not tell whether there is a console password"),
    row(console_users_mfa, with_key(), outcome="not_applicable", reason="no console password"),
    row(console_users_mfa, with_password(user="<root_account>"),
        outcome="not_applicable", reason="the root user is judged by aws.iam.root_mfa"),

    row(access_key_age, with_key(key_1_last_rotated=EDGE), now=NOW,
        outcome="pass", reason="every active access key was rotated within 90 days"),
    row(access_key_age, with_key(key_1_last_rotated=EDGE - timedelta(seconds=1)), now=NOW,
        outcome="fail", reason="access key 1 was last rotated 2026-04-01"),
    row(access_key_age, with_key(key_2_active="true", key_2_last_rotated=OLD), now=NOW,
        outcome="fail", reason="access key 2 was last rotated 2026-01-02"),
    row(access_key_age, with_key(key_1_last_rotated=OLD), now=NOW, max_age_days=200,
        outcome="pass", reason="every active access key was rotated within 200 days"),
    row(access_key_age, with_key(key_1_last_rotated="N/A"), now=NOW,
        outcome="fail",
        reason="access key 1 is active and the report does not tell since when"),
    row(access_key_age, user(key_1_last_rotated=OLD), now=NOW,
        outcome="not_applicable", reason="no active access key"),
    row(access_key_age, with_key(user="<root_account>", key_1_last_rotated=OLD), now=NOW,
        outcome="fail", reason="access key 1 was last rotated 2026-01-02"),

    row(unused_credentials, with_key(key_1_last_rotated=OLD, key_1_last_used=EDGE), now=NOW,
        outcome="pass", reason="no credential was unused for more than 90 days"),
    row(unused_credentials, with_key(key_1_last_used=OLD), now=NOW,
        outcome="fail", reason="access key 1 was last used 2026-01-02"),
    row(unused_credentials, with_key(key_1_last_used=OLD), now=NOW, max_unused_days=200,
        outcome="pass", reason="no credential was unused for more than 200 days"),
    row(unused_credentials, with_key(key_1_last_used="N/A"), now=NOW,
        outcome="pass", reason="no credential was unused for more than 90 days"),
    row(unused_credentials, with_key(key_1_last_used="N/A", key_1_last_rotated=OLD), now=NOW,
        outcome="fail",
        reason="access key 1 is there since 2026-01-02 and has no recorded use"),
    row(unused_credentials, with_key(key_1_last_used="N/A", key_1_last_rotated="N/A"), now=NOW,
        outcome="fail",
        reason="access key 1 is there since 2026-01-02 and has no recorded use"),
    row(unused_credentials, with_password(), now=NOW,
        outcome="pass", reason="no credential was unused for more than 90 days"),
    row(unused_credentials, with_password(password_last_used=OLD), now=NOW,
        outcome="fail", reason="password was last used 2026-01-02"),
    row(unused_credentials, with_password(password_last_used="no_information"), now=NOW,
        outcome="fail", reason="password is there since 2026-01-02 and has no recorded use"),
    row(unused_credentials,
        with_password(password_last_used="no_information", password_last_changed=RECENT), now=NOW,
        outcome="pass", reason="no credential was unused for more than 90 days"),
    row(unused_credentials,
        with_password(password_last_used=OLD, key_2_active="true", key_2_last_used=OLD), now=NOW,
        outcome="fail",
        reason="access key 2 was last used 2026-01-02; password was last used 2026-01-02"),
    row(unused_credentials, user(password_last_used=OLD, key_1_last_used=OLD), now=NOW,
        outcome="not_applicable", reason="no console password and no active access key"),
    row(unused_credentials, with_password(user="<root_account>", password_last_used=OLD), now=NOW,
        outcome="not_applicable", reason="no console password and no active access key"),
    row(unused_credentials, with_key(user="<root_account>", key_1_last_used=OLD), now=NOW,
        outcome="fail", reason="access key 1 was last used 2026-01-02"),

    row(password_policy, strong(), outcome="pass",
        reason="asks for 14 characters of all classes and refuses 24 former passwords"),
    row(password_policy, no_policy(), outcome="fail", reason="no password policy"),
    row(password_policy, strong(min_length=13),
        outcome="fail", reason="asks for 13 characters, not 14"),
    row(password_policy, strong(min_length=12, reuse_prevention=5), min_length=12,
        reuse_prevention=5, outcome="pass",
        reason="asks for 12 characters of all classes and refuses 5 former passwords"),
    row(password_policy, strong(require_symbols=False, require_lowercase=False),
        outcome="fail", reason="does not ask for lower case, symbols"),
    row(password_policy, strong(require_numbers=False, require_uppercase=False),
        outcome="fail", reason="does not ask for upper case, numbers"),
    row(password_policy, strong(reuse_prevention=0),
        outcome="fail", reason="refuses 0 former passwords, not 24"),

    row(no_admin_policies, managed(1, (True, SOME), (False, ALL)),
        outcome="pass", reason="no statement allows every action on every resource"),
    row(no_admin_policies, managed(1, (False, SOME), (True, ALL)),
        outcome="fail", reason="allows every action on every resource"),
    row(no_admin_policies, managed(0, (True, ALL)),
        outcome="not_applicable", reason="attached to nothing"),
    row(no_admin_policies, Role.model_copy(role(EC2), update={"inline": inline(SOME, ALL)}),
        outcome="fail", reason="inline policy p2 allows every action on every resource"),
    row(no_admin_policies, of_group(*inline({"NotAction": "s3:*", "Resource": "*"})),
        outcome="fail",
        reason="inline policy p1 allows everything but a list that leaves IAM open"),
    row(no_admin_policies, of_user(*inline(SOME)),
        outcome="pass", reason="no statement allows every action on every resource"),
    row(no_admin_policies, of_user(), outcome="not_applicable", reason="no inline policies"),
    row(no_admin_policies, of_user(*inline(*[ALL] * 7)), outcome="fail",
        reason="; ".join(f"inline policy p{n} allows every action on every resource"
                         for n in range(1, 6)) + " and 2 more"),

    row(role_inventory, role(EC2), now=NOW, outcome="pass", reason="trusted: ec2.amazonaws.com"),
    row(role_inventory, role({"AWS": [OWN, f"arn:aws:iam::{OWN}:user/ann"]}), now=NOW,
        outcome="pass", reason=f"trusted: {OWN}, arn:aws:iam::{OWN}:user/ann"),
    row(role_inventory, role({"Service": [f"s{n}.amazonaws.com" for n in range(7)]}), now=NOW,
        outcome="pass", reason="trusted: s0.amazonaws.com, s1.amazonaws.com, s2.amazonaws.com,"
        " s3.amazonaws.com, s4.amazonaws.com and 2 more"),
    row(role_inventory, role(EC2, Effect="Deny"), now=NOW,
        outcome="pass", reason="trusted: nobody"),

    row(role_inventory, role({"AWS": ROOT_OF_OTHER}), now=NOW, **FOREIGN),
    row(role_inventory, role({"AWS": ROOT_OF_OTHER}), now=NOW, trusted_accounts=(OTHER,), **KNOWN),
    row(role_inventory,
        role({"AWS": ROOT_OF_OTHER}, {"StringEquals": {"sts:ExternalId": "x1"}}), now=NOW, **KNOWN),
    row(role_inventory,
        role({"AWS": ROOT_OF_OTHER}, {"StringLike": {"sts:ExternalId": "*"}}), now=NOW, **FOREIGN),
    row(role_inventory,
        role({"AWS": ROOT_OF_OTHER}, {"StringEqualsIfExists": {"sts:ExternalId": "x1"}}), now=NOW,
        **FOREIGN),
    row(role_inventory,
        role({"AWS": ROOT_OF_OTHER}, {"StringNotEquals": {"sts:ExternalId": "x1"}}), now=NOW,
        **FOREIGN),
    row(role_inventory,
        role({"AWS": ROOT_OF_OTHER}, {"StringEquals": {"aws:PrincipalOrgID": "o-abc123"}}), now=NOW,
        **KNOWN),
    row(role_inventory, role({"AWS": ROOT_OF_OTHER}, Action="sts:TagSession"), now=NOW,
        outcome="pass", reason="trusted: nobody"),
    row(role_inventory, role({"AWS": ROOT_OF_OTHER}, Action="sts:*"), now=NOW, **FOREIGN),
    row(role_inventory, role({"AWS": "AROAJQABLZS4A3QDU576Q"}), now=NOW,
        outcome="pass", reason="trusted: AROAJQABLZS4A3QDU576Q"),
    row(role_inventory, role({"CanonicalUser": "79a59df9"}), now=NOW, outcome="fail",
        reason="trusts 79a59df9 without an external id; trusted: 79a59df9"),

    row(role_inventory, role("*"), now=NOW, **EVERYONE),
    row(role_inventory, role({"AWS": ["*"]}), now=NOW, trusted_accounts=(OTHER,), **EVERYONE),
    row(role_inventory, role(None, NotPrincipal={"AWS": OTHER}), now=NOW, **EVERYONE),
    row(role_inventory, role({"AWS": "*"}, {"StringEquals": {"sts:ExternalId": "x1"}}), now=NOW,
        **EVERYONE),
    row(role_inventory, role({"AWS": "*"}, {"StringLike": {"aws:PrincipalOrgID": "o-*"}}), now=NOW,
        **EVERYONE),
    row(role_inventory,
        role({"AWS": "*"}, {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-abc123"}}),
        now=NOW, **EVERYONE),
    row(role_inventory,
        role({"AWS": "*"}, {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/a"}}), now=NOW,
        **EVERYONE),
    row(role_inventory, role({"AWS": "*"}, {"StringEquals": {"aws:PrincipalOrgID": "o-abc123"}}),
        now=NOW, **BOUNDED),
    row(role_inventory,
        role({"AWS": "*"},
             {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-abc123/r-1/*"}}),
        now=NOW, **BOUNDED),
    row(role_inventory,
        role({"AWS": "*"}, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/*"}}),
        now=NOW, **BOUNDED),
    row(role_inventory,
        role({"AWS": "*"}, {"StringEquals": {"aws:PrincipalAccount": [OWN, OTHER]}}), now=NOW,
        outcome="fail", reason=f"trusts {OTHER} without an external id; trusted: everyone"),

    row(role_inventory, role({"Federated": SAML}), now=NOW,
        outcome="pass", reason=f"trusted: {SAML}"),
    row(role_inventory, role({"Federated": GITHUB}), now=NOW, **ANY_REPOSITORY),
    row(role_inventory, role({"Federated": GITHUB}, github(aud="sts.amazonaws.com")), now=NOW,
        **ANY_REPOSITORY),
    row(role_inventory, role({"Federated": GITHUB}, github(sub="repo:*")), now=NOW,
        **ANY_REPOSITORY),
    *(
        row(role_inventory, role({"Federated": GITHUB}, github(**claim)), now=NOW, **ANY_REPOSITORY)
        for claim in (
            {"sub": "repo:*/infra:*"},
            {"sub": "*:environment:prod"},
            {"sub": "r*"},
            {"ref": "refs/heads/main"},
            {"iss": "https://token.actions.githubusercontent.com"},
        )
    ),
    row(role_inventory, role({"Federated": GITHUB}, github(sub="repo:acme/*")), now=NOW,
        outcome="pass", reason=f"trusted: {GITHUB}"),
    row(role_inventory, role({"Federated": GITHUB}, github(repository_owner="acme")), now=NOW,
        outcome="pass", reason=f"trusted: {GITHUB}"),
    row(role_inventory,
        role({"Federated": GITHUB},
             {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
              **github(sub="repo:acme/app:*")}),
        now=NOW, outcome="pass", reason=f"trusted: {GITHUB}"),
    row(role_inventory,
        role({"Federated": "cognito-identity.amazonaws.com"},
             {"StringEquals": {"cognito-identity.amazonaws.com:aud": "us-east-1:1"}}),
        now=NOW, outcome="pass", reason="trusted: cognito-identity.amazonaws.com"),
    row(role_inventory,
        role({"Federated": "cognito-identity.amazonaws.com"},
             {"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}}),
        now=NOW, outcome="fail", reason="trusts every identity of cognito-identity.amazonaws.com;"
        " trusted: cognito-identity.amazonaws.com"),

    row(role_inventory, role(EC2, last_used=EDGE), now=NOW,
        outcome="pass", reason="trusted: ec2.amazonaws.com"),
    row(role_inventory, role(EC2, last_used=OLD), now=NOW,
        outcome="fail", reason="last used 2026-01-02; trusted: ec2.amazonaws.com"),
    row(role_inventory, role(EC2, last_used=OLD), now=NOW, max_unused_days=200,
        outcome="pass", reason="trusted: ec2.amazonaws.com"),
    row(role_inventory, role(EC2, last_used=None), now=NOW, outcome="fail",
        reason="no recorded use, created 2026-01-02; trusted: ec2.amazonaws.com"),
    row(role_inventory, role(EC2, last_used=None, created=RECENT), now=NOW,
        outcome="pass", reason="trusted: ec2.amazonaws.com"),
    row(role_inventory, role(EC2, last_used=None, path="/aws-service-role/ec2.amazonaws.com/"),
        now=NOW, outcome="pass", reason="trusted: ec2.amazonaws.com"),
    row(role_inventory, role("*", last_used=OLD), now=NOW, outcome="fail",
        reason="trusts everyone; last used 2026-01-02; trusted: everyone"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


MODULES = (_credentials, _entities, _identity_center, _inventories, _password_policy, _root)
RESOURCES = {
    v
    for module in MODULES
    for v in vars(module).values()
    if isinstance(v, type) and issubclass(v, Resource)
}


@pytest.mark.parametrize("resource", sorted(RESOURCES - {Resource}, key=str))
def test_paths_are_those_of_the_api(resource: type[Resource]) -> None:
    assert_paths(resource)


def test_ids_and_types_are_those_of_the_service_whatever_module_holds_them() -> None:
    checks: list[Check[...]] = [
        access_key_age,
        console_users_mfa,
        no_admin_policies,
        password_policy,
        role_inventory,
        root_mfa,
        root_no_access_keys,
        unused_credentials,
    ]

    assert [check.id for check in checks] == [
        "aws.iam.access_key_age",
        "aws.iam.console_users_mfa",
        "aws.iam.no_admin_policies",
        "aws.iam.password_policy",
        "aws.iam.role_inventory",
        "aws.iam.root_mfa",
        "aws.iam.root_no_access_keys",
        "aws.iam.unused_credentials",
    ]
    types = [r.type_name() for r in (CredentialReportUser, User, Group, Role, ManagedPolicy)]
    assert types == [
        "aws.iam.credential_report_user",
        "aws.iam.user",
        "aws.iam.group",
        "aws.iam.role",
        "aws.iam.managed_policy",
    ]
    assert AccountSummary.type_name() == PasswordPolicy.type_name() == "aws.account"


def policy(**elements: object) -> str:
    """JSON of a policy that allows this."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **elements}]})


def test_users_groups_roles_and_policies_are_read_in_one_call(aws: boto3.Session) -> None:
    client = aws.client("iam")
    client.create_user(UserName="ann")
    client.put_user_policy(UserName="ann", PolicyName="p1", PolicyDocument=policy(**ALL))
    client.create_group(GroupName="staff")
    client.put_group_policy(GroupName="staff", PolicyName="p1", PolicyDocument=policy(**SOME))
    trust = policy(Action="sts:AssumeRole", Principal=EC2)
    client.create_role(RoleName="web", AssumeRolePolicyDocument=trust, Path="/app/")
    made = client.create_policy(PolicyName="all", PolicyDocument=policy(**SOME))["Policy"]
    client.create_policy_version(
        PolicyArn=made["Arn"], PolicyDocument=policy(**ALL), SetAsDefault=True
    )
    client.attach_role_policy(RoleName="web", PolicyArn=made["Arn"])

    reads = read_aws(aws, no_admin_policies, role_inventory)

    arn = "arn:aws:iam::123456789012"
    (web,) = (o.resource for o in reads[Role])
    assert sorted(a.source for _, a in reads.answers) == [
        "iam:GetAccountAuthorizationDetails",
        "iam:GetAccountSummary",
    ]
    assert [o.resource for o in reads[EntityCounts]] == [EntityCounts(users=1, groups=1, roles=1)]
    assert (web.id, web.path, web.trust) == (f"{arn}:role/app/web", "/app/", document(trust))
    assert (web.inline, web.last_used, web.created.tzinfo) == ((), None, UTC)
    results = evaluate([no_admin_policies], reads, settings={}, now=NOW)
    assert [(r.resource.type, r.resource.id, r.outcome) for r in results] == [
        ("aws.iam.group", f"{arn}:group/staff", "pass"),
        ("aws.iam.managed_policy", f"{arn}:policy/all", "fail"),
        ("aws.iam.user", f"{arn}:user/ann", "fail"),
    ]


def test_empty_account_has_no_roles_and_no_password_policy(aws: boto3.Session) -> None:
    reads = read_aws(aws, no_admin_policies, role_inventory, root_mfa, password_policy)

    results = evaluate(
        [no_admin_policies, role_inventory, root_mfa, password_policy],
        reads,
        settings={},
        now=NOW,
    )
    assert [o.resource for o in reads[PasswordPolicy]] == [no_policy()]
    assert [o.resource for o in reads[AccountSummary]] == [summary(password=None)]
    assert [(r.check, r.outcome) for r in results] == [
        ("aws.iam.no_admin_policies", "not_applicable"),
        ("aws.iam.password_policy", "fail"),
        ("aws.iam.role_inventory", "not_applicable"),
        ("aws.iam.root_mfa", "fail"),
    ]


def test_password_policy_is_read(aws: boto3.Session) -> None:
    aws.client("iam").update_account_password_policy(
        MinimumPasswordLength=16, RequireSymbols=True, PasswordReusePrevention=5
    )

    reads = read_aws(aws, password_policy)

    assert [o.resource for o in reads[PasswordPolicy]] == [
        strong(
            min_length=16,
            require_lowercase=False,
            require_uppercase=False,
            require_numbers=False,
            reuse_prevention=5,
        )
    ]


def test_policy_without_a_default_version_cannot_be_read() -> None:
    version = {"Document": json.loads(policy(**ALL)), "IsDefaultVersion": False}
    item: dict[str, JSON] = {"Arn": "a", "AttachmentCount": 1, "PolicyVersionList": [version]}

    with pytest.raises(ValidationError, match="one default version"):
        ManagedPolicy.parse(item)


def test_credential_report_is_read(aws: boto3.Session) -> None:
    client = aws.client("iam")
    client.create_user(UserName="ann")
    client.create_login_profile(UserName="ann", Password="Correct-horse-1")
    client.create_access_key(UserName="ann")
    client.generate_credential_report()  # so that the one to be read is there without a wait

    reads = read_aws(aws, console_users_mfa, access_key_age, unused_credentials)

    (ann,) = (o.resource for o in reads[CredentialReportUser])
    assert (ann.id, ann.user) == ("arn:aws:iam::123456789012:user/ann", "ann")
    assert (ann.password_enabled, ann.password_last_used) == ("true", "no_information")
    assert (ann.mfa_active, ann.key_1_active, ann.key_1_last_used) == ("false", "true", "N/A")
    assert isinstance(ann.key_1_last_rotated, datetime)


HEADER = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
    "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
    "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
    "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated,additional_credentials_info"
)
ROOT = (
    "<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,not_supported,"
    "2026-06-29T08:00:00+00:00,not_supported,not_supported,true,true,2020-01-01T00:00:00+00:00,"
    "N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A,"
)
BOB = (
    "bob,arn:aws:iam::123456789012:user/bob,2026-06-01T00:00:00+00:00,true,no_information,"
    "2026-06-01T00:00:00+00:00,N/A,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,"
    "false,N/A,"
)


def outcomes(aws: boto3.Session, monkeypatch: pytest.MonkeyPatch, *lines: str) -> list[str]:
    """What the checks of credentials say of a report with these lines: user, outcome, reason."""
    monkeypatch.setattr(IAMBackend, "get_credential_report", lambda _: "\n".join(lines))
    aws.client("iam").generate_credential_report()
    checks: list[Check[...]] = [console_users_mfa, access_key_age, unused_credentials]
    results = evaluate(checks, read_aws(aws, *checks), settings={}, now=NOW)
    return [f"{r.check} {r.resource.id} {r.outcome} {r.reason}" for r in results]


def test_root_in_the_report_is_judged_by_its_keys_alone(
    aws: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is as AWS writes it, which moto leaves out."""
    found = outcomes(aws, monkeypatch, HEADER, ROOT, BOB)

    root, bob = "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:user/bob"
    assert found == [
        f"aws.iam.access_key_age {root} fail access key 1 was last rotated 2020-01-01",
        f"aws.iam.console_users_mfa {bob} pass console password and MFA",
        f"aws.iam.unused_credentials {root} fail"
        " access key 1 is there since 2020-01-01 and has no recorded use",
        f"aws.iam.unused_credentials {bob} pass"
        " no credential was unused for more than 90 days",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((HEADER, BOB.replace("true,no_information", "maybe,no_information")),
         "Malformed (password_enabled: literal_error)"),
        ((HEADER, BOB.replace("+00:00", "")), "Malformed (created: timezone_aware)"),
        ((HEADER, BOB.rpartition("N/A")[0].rstrip(",")), "Malformed"),
        ((HEADER, f"{BOB},more"), "Malformed"),
        (("",), "Malformed"),
    ],
)  # fmt: skip
def test_a_report_that_is_not_understood_is_unknown(
    aws: boto3.Session, monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...], code: str
) -> None:
    found = outcomes(aws, monkeypatch, *lines)

    assert found == [
        f"aws.iam.{name} 123456789012 unknown not read: iam:GetCredentialReport in global: {code}"
        for name in ("access_key_age", "console_users_mfa", "unused_credentials")
    ]
