"""Events that an alarm is to be raised on, as CloudTrail records them.

A rule selects a kind of events if it selects the events here that stand for it. What an event here
does not mention, such as who did it and from where, may be anything: a rule that is narrowed by it
does not select the event for sure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Value = str | bool | None
Event = Mapping[str, Value]
"""Path in a record → value there; None: the record has no such field."""

Truth = bool | None
"""Whether an event is selected; None: that depends on what is not known of it."""

NO_ERROR: Event = {"errorCode": None, "errorMessage": None}


@dataclass(frozen=True)
class Kind:
    """Events that are recorded in the region they happen in, or, of IAM, in one for all."""

    name: str
    events: tuple[Event, ...]
    is_global: bool = False


def _changes(name: str, source: str, *operations: str) -> Kind:
    base: Event = {
        "eventSource": f"{source}.amazonaws.com",
        "eventType": "AwsApiCall",
        "readOnly": False,
    }
    events: list[Event] = [{**base, **NO_ERROR, "eventName": each} for each in operations]
    return Kind(name, tuple(events), is_global=source == "iam")


SIGN_IN: Event = {
    "eventName": "ConsoleLogin",
    "eventSource": "signin.amazonaws.com",
    "eventType": "AwsConsoleSignIn",
    "readOnly": False,
    "userIdentity.invokedBy": None,
    "errorCode": None,
}
FAILED: Event = {
    **SIGN_IN,
    "errorMessage": "Failed authentication",
    "responseElements.ConsoleLogin": "Failure",
}

FAILED_SIGN_INS = Kind(
    "failed sign-ins",
    ({**FAILED, "userIdentity.type": "IAMUser"}, {**FAILED, "userIdentity.type": "Root"}),
)
"""https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html"""

ROOT_USE = Kind(
    "use of root",
    (
        {
            **SIGN_IN,
            "errorMessage": None,
            "responseElements.ConsoleLogin": "Success",
            "userIdentity.type": "Root",
        },
        {
            "eventType": "AwsApiCall",
            "readOnly": False,
            "userIdentity.invokedBy": None,
            "userIdentity.type": "Root",
        },
    ),
)
"""Signing in, and changing anything. The calls of services in its name are not its own."""

SECURITY_CHANGES = (
    _changes(
        "trails",
        "cloudtrail",
        "CreateTrail", "DeleteTrail", "StartLogging", "StopLogging", "UpdateTrail",
    ),
    _changes(
        "AWS Config",
        "config",
        "DeleteDeliveryChannel", "PutConfigurationRecorder", "PutDeliveryChannel",
        "StopConfigurationRecorder",
    ),
    _changes(
        "IAM policies",
        "iam",
        "AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy", "CreatePolicy",
        "CreatePolicyVersion", "DeleteGroupPolicy", "DeletePolicy", "DeletePolicyVersion",
        "DeleteRolePolicy", "DeleteUserPolicy", "DetachGroupPolicy", "DetachRolePolicy",
        "DetachUserPolicy", "PutGroupPolicy", "PutRolePolicy", "PutUserPolicy",
    ),
    _changes(
        "security groups",
        "ec2",
        "AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress", "CreateSecurityGroup",
        "DeleteSecurityGroup", "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress",
    ),
    _changes(
        "network ACLs",
        "ec2",
        "CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry",
        "ReplaceNetworkAclAssociation", "ReplaceNetworkAclEntry",
    ),
    _changes(
        "gateways",
        "ec2",
        "AttachInternetGateway", "CreateCustomerGateway", "CreateInternetGateway",
        "DeleteCustomerGateway", "DeleteInternetGateway", "DetachInternetGateway",
    ),
    _changes(
        "route tables",
        "ec2",
        "CreateRoute", "CreateRouteTable", "DeleteRoute", "DeleteRouteTable",
        "DisassociateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation",
    ),
    _changes(
        "VPCs",
        "ec2",
        "AcceptVpcPeeringConnection", "CreateVpc", "CreateVpcPeeringConnection", "DeleteVpc",
        "DeleteVpcPeeringConnection", "ModifyVpcAttribute", "RejectVpcPeeringConnection",
    ),
    _changes("bucket policies", "s3", "DeleteBucketPolicy", "PutBucketAcl", "PutBucketPolicy"),
)  # fmt: skip
"""The nine that the CIS benchmark for AWS asks an alarm for; without what is retired, and of the
buckets only what grants access."""

ORDINARY: Event = {
    **NO_ERROR,
    "eventName": "CreateTags",
    "eventSource": "ec2.amazonaws.com",
    "eventType": "AwsApiCall",
    "readOnly": False,
    "responseElements.ConsoleLogin": None,
    "userIdentity.invokedBy": None,
    "userIdentity.type": "AssumedRole",
}
"""Ordinary work. A rule that selects it as well would raise an alarm all day."""

KINDS = (FAILED_SIGN_INS, ROOT_USE, *SECURITY_CHANGES)


def every(truths: list[Truth]) -> Truth:
    """Whether all are so."""
    if False in truths:
        return False
    return None if None in truths else True


def some(truths: list[Truth]) -> Truth:
    """Whether at least one is so."""
    if True in truths:
        return True
    return None if None in truths else False
