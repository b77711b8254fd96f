"""What moto does not simulate and an account of a company has: by operation, region and parameters.

Only where the company works is there anything. What is not here is answered as empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bench.cloud.place import ACCOUNT, REGIONS
from collector.demo.told import Refused

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
PATCHED = datetime(2026, 1, 1, tzinfo=UTC)

JOB = "6f9c1f8e-1f6a-4a57-9a3b-3d1f3d1c9a10"

Reply = Callable[[str, Mapping[str, Any]], Mapping[str, object]]
"""From a region and parameters (of a JSON body) to an answer, as boto3 returns it, or `Refused`."""


def _always(**said: object) -> Reply:
    return lambda region, params: said


def _analyzers(region: str, params: Mapping[str, Any]) -> Mapping[str, object]:
    analyzer = {
        "arn": f"arn:aws:access-analyzer:{region}:{ACCOUNT}:analyzer/account",
        "name": "account",
        "type": "ACCOUNT",
        "createdAt": BEGIN,
        "status": "ACTIVE",
    }
    return {"analyzers": [analyzer] if region in REGIONS else []}


def _servers(region: str) -> list[str]:
    from moto.ec2.models import ec2_backends

    if region not in REGIONS:
        return []
    return [str(server.id) for server in ec2_backends[ACCOUNT][region].all_instances()]


def _managed(region: str, params: Mapping[str, Any]) -> Mapping[str, object]:
    facts = {
        "PingStatus": "Online",
        "LastPingDateTime": PATCHED,
        "PlatformType": "Linux",
        "ResourceType": "EC2Instance",
        "AgentVersion": "3.3.0",
    }
    return {"InstanceInformationList": [{"InstanceId": i, **facts} for i in _servers(region)]}


def _patches(region: str, params: Mapping[str, Any]) -> Mapping[str, object]:
    facts = {
        "PatchGroup": "all",
        "BaselineId": "pb-0123456789abcdef0",
        "OperationStartTime": PATCHED,
        "OperationEndTime": PATCHED,
        "Operation": "Scan",
        "MissingCount": 0,
        "FailedCount": 0,
        "InstalledCount": 40,
        "CriticalNonCompliantCount": 0,
    }
    asked = params.get("InstanceIds", [])
    return {"InstancePatchStates": [{"InstanceId": i, **facts} for i in asked]}


def _compliance(region: str, params: Mapping[str, Any]) -> Mapping[str, object]:
    counts = {"CriticalCount": 0, "HighCount": 0, "MediumCount": 0, "LowCount": 0}
    severity = {"SeveritySummary": {**counts, "InformationalCount": 0, "UnspecifiedCount": 0}}
    facts = {
        "ComplianceType": "Patch",
        "ResourceType": "ManagedInstance",
        "Status": "COMPLIANT",
        "OverallSeverity": "UNSPECIFIED",
        "ExecutionSummary": {"ExecutionTime": PATCHED},
        "CompliantSummary": {"CompliantCount": 40, **severity},
        "NonCompliantSummary": {"NonCompliantCount": 0, **severity},
    }
    return {
        "ResourceComplianceSummaryItems": [{"ResourceId": i, **facts} for i in _servers(region)]
    }


def _scanned(region: str, params: Mapping[str, Any]) -> Mapping[str, object]:
    status = "ENABLED" if region in REGIONS else "DISABLED"
    state = {"status": status, "errorCode": "ALREADY_ENABLED", "errorMessage": ""}
    kinds = dict.fromkeys(("ec2", "ecr", "lambda"), state)
    return {"accounts": [{"accountId": ACCOUNT, "state": state, "resourceState": kinds}]}


def _no_policy(region: str, params: Mapping[str, Any]) -> Mapping[str, object]:
    raise Refused("ResourceNotFoundException", "the vault has no policy")


TOLD: Mapping[str, Reply] = {
    "accessanalyzer:ListAnalyzers": _analyzers,
    "backup:GetBackupVaultAccessPolicy": _no_policy,
    "ec2:GetImageBlockPublicAccessState": _always(ImageBlockPublicAccessState="block-new-sharing"),
    "ec2:GetInstanceMetadataDefaults": _always(AccountLevel={"HttpTokens": "required"}),
    "ec2:GetSnapshotBlockPublicAccessState": _always(State="block-all-sharing"),
    "emr:GetBlockPublicAccessConfiguration": _always(
        BlockPublicAccessConfiguration={"BlockPublicSecurityGroupRules": True},
        BlockPublicAccessConfigurationMetadata={
            "CreationDateTime": BEGIN,
            "CreatedByArn": f"arn:aws:iam::{ACCOUNT}:root",
        },
    ),
    "iam:GenerateServiceLastAccessedDetails": _always(JobId=JOB),
    "iam:GetServiceLastAccessedDetails": _always(
        JobStatus="COMPLETED",
        JobCreationDate=BEGIN,
        JobCompletionDate=BEGIN,
        ServicesLastAccessed=[],
    ),
    "inspector2:BatchGetAccountStatus": _scanned,
    "ssm:DescribeInstanceInformation": _managed,
    "ssm:DescribeInstancePatchStates": _patches,
    "ssm:ListResourceComplianceSummaries": _compliance,
}
