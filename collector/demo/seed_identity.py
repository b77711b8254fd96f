"""Users, groups, roles and policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from collector.demo.people import PEOPLE, Person
from collector.demo.simulator import ACCOUNT
from collector.resource import lookup

if TYPE_CHECKING:
    from collector.demo.simulator import Client, Clients

PARTNER = "210987654321"
"""Account of an invented company that the trust policies name."""


def seed(clients: Clients) -> None:
    """Make what `people` tells of, the roles, and a password policy that is a little too short.

    Bad: a policy that allows everything, held by a group, and a role that a partner may assume
    without an external id.
    """
    iam = clients("iam", "us-east-1")
    _seed_groups(iam)
    for person in PEOPLE:
        _user(iam, person)
    _seed_roles(iam)
    iam.update_account_password_policy(
        MinimumPasswordLength=12,
        RequireSymbols=True,
        RequireNumbers=True,
        RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True,
        AllowUsersToChangePassword=True,
        PasswordReusePrevention=24,
    )


def _seed_groups(iam: Client) -> None:
    iam.create_group(GroupName="engineers")
    iam.create_group(GroupName="auditors")
    deploy = _policy(
        iam,
        "deploy",
        ["ecs:UpdateService", "ecs:DescribeServices"],
        f"arn:aws:ecs:us-east-1:{ACCOUNT}:service/production/*",
    )
    read = _policy(iam, "read-evidence", ["s3:GetObject"], "arn:aws:s3:::brackenfield-backups/*")
    all_of_it = _policy(iam, "operator-v1", ["*"], "*")
    for group, policy in (("engineers", deploy), ("engineers", all_of_it), ("auditors", read)):
        iam.attach_group_policy(GroupName=group, PolicyArn=policy)


def _policy(iam: Client, name: str, actions: list[str], resource: str) -> str:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resource}],
    }
    made = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))
    return str(lookup(made, "Policy.Arn"))


def _user(iam: Client, person: Person) -> None:
    name = person.name
    iam.create_user(UserName=name)
    if person.group is not None:
        iam.add_user_to_group(GroupName=person.group, UserName=name)
    if person.signed_in is not None:
        iam.create_login_profile(UserName=name, Password="Not-a-pass-phrase-1")
    if person.has_mfa:
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)
        iam.enable_mfa_device(
            UserName=name,
            SerialNumber=lookup(device, "VirtualMFADevice.SerialNumber"),
            AuthenticationCode1="123456",
            AuthenticationCode2="654321",
        )
    for key in person.keys:
        made = iam.create_access_key(UserName=name)
        if not key.active:
            iam.update_access_key(
                UserName=name, AccessKeyId=lookup(made, "AccessKey.AccessKeyId"), Status="Inactive"
            )


def _seed_roles(iam: Client) -> None:
    _role(iam, "ehr-api", {"Service": "ecs-tasks.amazonaws.com"})
    _role(iam, "fax-gateway", {"Service": "lambda.amazonaws.com"})
    _role(iam, "evidence-collector", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    with_id = {"StringEquals": {"sts:ExternalId": "brackenfield-claims"}}
    _role(iam, "claims-partner", {"AWS": f"arn:aws:iam::{PARTNER}:root"}, with_id)
    _role(iam, "support-partner", {"AWS": f"arn:aws:iam::{PARTNER}:root"})
    iam.put_role_policy(
        RoleName="ehr-api",
        PolicyName="records",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:PutObject"],
                    "Resource": "arn:aws:s3:::brackenfield-patient-documents/*",
                },
            }
        ),
    )


def _role(
    iam: Client,
    name: str,
    principal: dict[str, str],
    condition: dict[str, dict[str, str]] | None = None,
) -> None:
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "sts:AssumeRole",
    }
    if condition is not None:
        statement["Condition"] = condition
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
