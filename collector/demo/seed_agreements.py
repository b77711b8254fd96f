"""Agreements with AWS, and the services that the simulated company uses and pays for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from collector.demo.simulator import ACCOUNT
from collector.demo.told import Refused, Reply


def _agreements(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    """The business associate addendum, and the nondisclosure agreement for AWS's own reports."""
    return {
        "customerAgreements": [
            _agreement("8kT2mQ4vX6bN1cZr", "AWS Business Associate Addendum", "ACTIVE"),
            _agreement("5hW9pL3sD7fG0jKy", "AWS Artifact Nondisclosure Agreement", "ACTIVE"),
        ]
    }


def _agreement(number: str, name: str, state: str) -> Mapping[str, Any]:
    return {
        "name": name,
        "arn": f"arn:aws:artifact::{ACCOUNT}:customer-agreement/customer-agreement-{number}",
        "id": f"customer-agreement-{number}",
        "agreementArn": f"arn:aws:artifact:::agreement/agreement-{number}",
        "awsAccountId": ACCOUNT,
        "effectiveStart": datetime(2024, 5, 6, 9, tzinfo=UTC),
        "state": state,
        "acceptanceTerms": [f"The terms of the {name}"],
        "type": "DEFAULT",
    }


def _no_organization(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    raise Refused(
        "AWSOrganizationsNotInUseException", "Your account is not a member of an organization."
    )


USED = (
    "AWS CloudTrail",
    "AWS Key Management Service",
    "Amazon CloudFront",
    "Amazon DynamoDB",
    "Amazon Elastic Compute Cloud - Compute",
    "Amazon Elastic Load Balancing",
    "Amazon GuardDuty",
    "Amazon Lightsail",
    "Amazon Relational Database Service",
    "Amazon Simple Storage Service",
    "Amazon Virtual Private Cloud",
    "AmazonCloudWatch",
    "EC2 - Other",
    "Tax",
)
"""The lines of its bill. Somebody has tried Lightsail, which is not HIPAA eligible."""


def _costs(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    cost = {"UnblendedCost": {"Amount": "12.5", "Unit": "USD"}}
    return {
        "GroupDefinitions": [{"Type": "DIMENSION", "Key": "SERVICE"}],
        "ResultsByTime": [
            {
                "TimePeriod": params["TimePeriod"],
                "Total": {},
                "Groups": [{"Keys": [name], "Metrics": cost} for name in USED],
                "Estimated": True,
            }
        ],
        "DimensionValueAttributes": [],
    }


TOLD: Mapping[str, Reply] = {
    "artifact:ListCustomerAgreements": _agreements,
    "ce:GetCostAndUsage": _costs,
    "organizations:DescribeOrganization": _no_organization,
}
"""What AWS answers."""
