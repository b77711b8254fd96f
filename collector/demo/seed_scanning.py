"""Scanning for vulnerabilities, and patches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends

from collector.demo.simulator import ACCOUNT, HOME_REGION, INSIDE
from collector.demo.told import Reply

if TYPE_CHECKING:
    from collector.demo.simulator import Clients


def seed(clients: Clients) -> None:
    """Make repositories of images. Good: the portal's. Bad: a tool's, which nothing scans."""
    ecr = clients("ecr", HOME_REGION)
    for name, scans in (("brackenfield/portal", True), ("tools/report-builder", False)):
        ecr.create_repository(repositoryName=name, imageScanningConfiguration={"scanOnPush": scans})


SCANNER = "mi-0a51c7e2f49b83d60"
"""A document scanner's server, in the office and not in EC2."""


def _servers(region: str) -> list[str]:
    """The ids of servers that Systems Manager knows: all but the jump host."""
    if region != HOME_REGION:
        return [SCANNER]
    servers = ec2_backends[INSIDE][region].all_instances()
    return [server.id for server in servers if server.public_ip is None]


def _nodes(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    kind = "EC2Instance" if region == HOME_REGION else "ManagedInstance"
    node = {"PingStatus": "Online", "PlatformType": "Linux", "ResourceType": kind}
    return {"InstanceInformationList": [{"InstanceId": id_, **node} for id_ in _servers(region)]}


def _summaries(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    """One server misses patches; all were scanned on the last Sunday."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    servers = _servers(region)
    missing = {servers[-1]: 2} if region == HOME_REGION else {}
    return {
        "ResourceComplianceSummaryItems": [
            {
                "ComplianceType": "Patch",
                "ResourceType": "ManagedInstance",
                "ResourceId": id_,
                "Status": "NON_COMPLIANT" if id_ in missing else "COMPLIANT",
                "ExecutionSummary": {"ExecutionTime": sunday},
                "NonCompliantSummary": {"NonCompliantCount": missing.get(id_, 0)},
            }
            for id_ in servers
        ]
    }


def _scanned(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    """Inspector scans the first region and no other."""
    status = "ENABLED" if region == HOME_REGION else "DISABLED"
    state = {"status": status, "errorCode": "ALREADY_ENABLED", "errorMessage": ""}
    kinds = dict.fromkeys(("ec2", "ecr", "lambda"), state)
    return {"accounts": [{"accountId": ACCOUNT, "state": state, "resourceState": kinds}]}


TOLD: Mapping[str, Reply] = {
    "inspector2:BatchGetAccountStatus": _scanned,
    "ssm:DescribeInstanceInformation": _nodes,
    "ssm:ListResourceComplianceSummaries": _summaries,
}
"""Operations of Inspector and Systems Manager, and what they answer."""
