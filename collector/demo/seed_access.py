"""Single sign-on, outside access, secrets and functions; one key and one user's rights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from collector.demo.simulator import ACCOUNT, HOME_REGION
from collector.demo.told import Refused, Reply
from collector.resource import lookup

if TYPE_CHECKING:
    from collector.demo.simulator import Clients

INSTANCE = "arn:aws:sso:::instance/ssoins-7223b1f0a5c3d94e"
STORE = "d-90670c1f52"
ENGINEER, OPERATOR = (
    f"arn:aws:sso:::permissionSet/ssoins-7223b1f0a5c3d94e/ps-{name}"
    for name in ("19c2b7a4e06d35f8", "84f1d20c6b9ae357")
)
SETS = {ENGINEER: ("engineer", "PT8H"), OPERATOR: ("operator", "PT12H")}
"""Permission set → its name and how long a session lasts; the operators' is too long."""

AMARA, JONAS, LEFT = (
    f"{start}-70c1-4f52-9a3e-5d1b7c08e2f6" for start in ("1408a4f8", "2418b4e8", "3428c4d8")
)
ENGINEERS = "5448e4b8-10f1-70a2-8c3d-6e7f8091a2b3"
ASSIGNMENTS = {
    ENGINEER: (("GROUP", ENGINEERS),),
    # Somebody left, and was deleted; the access was not.
    OPERATOR: (("USER", AMARA), ("USER", LEFT)),
}
ANALYZER = f"arn:aws:access-analyzer:{HOME_REGION}:{ACCOUNT}:analyzer/outside-access"


def seed(clients: Clients) -> None:
    """Make a key that waits for its end, and a program's user with a policy of its own."""
    kms = clients("kms", HOME_REGION)
    made = kms.create_key(Description="Key of the scans of 2019", KeyUsage="ENCRYPT_DECRYPT")
    key = lookup(made, "KeyMetadata.KeyId")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "s3:PutObject",
                "Resource": "arn:aws:s3:::brackenfield-backups/releases/*",
            }
        ],
    }
    clients("iam", HOME_REGION).put_user_policy(
        UserName="release-runner", PolicyName="releases", PolicyDocument=json.dumps(document)
    )


def _before_month(days: int) -> datetime:
    month = datetime.now(UTC).replace(day=1, hour=9, minute=0, second=0, microsecond=0)
    return month - timedelta(days)


def _at_home(name: str, found: list[dict[str, Any]]) -> Reply:
    """A list that holds something in the first region alone."""
    return lambda params, region: {name: found if region == HOME_REGION else []}


def _permission_set(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    arn = params["PermissionSetArn"]
    name, length = SETS[arn]
    facts = {"Name": name, "PermissionSetArn": arn, "SessionDuration": length}
    return {"PermissionSet": facts}


def _assignments(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    of = {"AccountId": params["AccountId"], "PermissionSetArn": params["PermissionSetArn"]}
    return {
        "AccountAssignments": [
            {**of, "PrincipalType": kind, "PrincipalId": principal}
            for kind, principal in ASSIGNMENTS[params["PermissionSetArn"]]
        ]
    }


def _secrets(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    if region != HOME_REGION:
        return {"SecretList": []}
    facts = {"CreatedDate": _before_month(500), "LastAccessedDate": _before_month(0)}
    rules = {"AutomaticallyAfterDays": 60, "ScheduleExpression": "rate(60 days)"}
    turns = {"RotationEnabled": True, "RotationRules": rules}
    secrets: list[dict[str, Any]] = [
        {"Name": "records-database", **facts, **turns, "LastRotatedDate": _before_month(12)},
        # Its rotation function was deleted with an old stack.
        {"Name": "claims-database", **facts, **turns, "LastRotatedDate": _before_month(220)},
        {"Name": "fax-provider", **facts},
    ]
    prefix = f"arn:aws:secretsmanager:{HOME_REGION}:{ACCOUNT}:secret:"
    return {"SecretList": [{"ARN": f"{prefix}{s['Name']}-a1B2c3", **s} for s in secrets]}


def _function(name: str) -> dict[str, Any]:
    arn = f"arn:aws:lambda:{HOME_REGION}:{ACCOUNT}:function:{name}"
    return {"FunctionArn": arn, "FunctionName": name, "Runtime": "python3.12"}


def _function_policy(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    name = params["FunctionName"]
    if name == "nightly-report":
        raise Refused("ResourceNotFoundException", "the resource you requested does not exist")
    who: dict[str, Any] = {"Principal": "*"}
    if name == "fax-gateway":
        source = f"arn:aws:execute-api:{HOME_REGION}:{ACCOUNT}:a1b2c3d4e5/*"
        condition = {"ArnLike": {"AWS:SourceArn": source}}
        who = {"Principal": {"Service": "apigateway.amazonaws.com"}, "Condition": condition}
    action = "lambda:InvokeFunction" if name == "fax-gateway" else "lambda:InvokeFunctionUrl"
    arn = _function(name)["FunctionArn"]
    statement = {"Sid": "callers", "Effect": "Allow", "Action": action, "Resource": arn, **who}
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


def _function_urls(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    if params["FunctionName"] != "status-page":
        return {"FunctionUrlConfigs": []}
    made = "2024-03-04T09:00:00Z"
    url = {
        "FunctionUrl": f"https://q7rcln5w.lambda-url.{HOME_REGION}.on.aws/",
        "FunctionArn": _function("status-page")["FunctionArn"],
        "AuthType": "NONE",
        "CreationTime": made,
        "LastModifiedTime": made,
    }
    return {"FunctionUrlConfigs": [url]}


def _analyzers(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    arn = ANALYZER.replace(HOME_REGION, region)
    analyzer = {"arn": arn, "name": "outside-access", "type": "ACCOUNT", "status": "ACTIVE"}
    return {"analyzers": [{**analyzer, "createdAt": _before_month(400)}]}


def _findings(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    when = dict.fromkeys(("analyzedAt", "createdAt", "updatedAt"), _before_month(3))
    finding = {
        "id": "0d6f2c1e-58b3-4c7a-9e21-7f4a5b8c9d10",
        "resource": f"arn:aws:iam::{ACCOUNT}:role/support-partner",
        "resourceType": "AWS::IAM::Role",
        "resourceOwnerAccount": ACCOUNT,
        "status": "ACTIVE",
        "findingType": "ExternalAccess",
    }
    return {"findings": [{**finding, **when}] if region == HOME_REGION else []}


def _contact(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    contact = {
        "Name": "Security on call",
        "Title": "Security",
        "EmailAddress": "security@brackenfield.example",
        "PhoneNumber": "+1 555 0100",
        "AlternateContactType": params["AlternateContactType"],
    }
    return {"AlternateContact": contact}


TOLD: Mapping[str, Reply] = {
    "accessanalyzer:ListAnalyzers": _analyzers,
    "accessanalyzer:ListFindingsV2": _findings,
    "account:GetAlternateContact": _contact,
    "identitystore:ListGroups": lambda params, region: {
        "Groups": [{"GroupId": ENGINEERS, "DisplayName": "engineers", "IdentityStoreId": STORE}]
    },
    "identitystore:ListUsers": lambda params, region: {
        "Users": [
            {"UserId": AMARA, "UserName": "amara.okafor", "IdentityStoreId": STORE},
            {"UserId": JONAS, "UserName": "jonas.lind", "IdentityStoreId": STORE},
        ]
    },
    "lambda:GetPolicy": _function_policy,
    "lambda:ListFunctionUrlConfigs": _function_urls,
    "lambda:ListFunctions": _at_home(
        "Functions", [_function(n) for n in ("fax-gateway", "nightly-report", "status-page")]
    ),
    "secretsmanager:ListSecrets": _secrets,
    "sso-admin:DescribePermissionSet": _permission_set,
    "sso-admin:ListAccountAssignments": _assignments,
    "sso-admin:ListAccountsForProvisionedPermissionSet": lambda params, region: {
        "AccountIds": [ACCOUNT]
    },
    "sso-admin:ListInstances": _at_home(
        "Instances", [{"InstanceArn": INSTANCE, "IdentityStoreId": STORE, "Status": "ACTIVE"}]
    ),
    "sso-admin:ListPermissionSets": lambda params, region: {"PermissionSets": [*SETS]},
}
"""What moto does not simulate, or not as AWS does."""
