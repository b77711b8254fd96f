"""Amazon VPC."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
import pytest

from checks.aws.vpc import Caller, FlowLog, Vpc, flow_logs
from collector.evaluate import evaluate
from collector.evidence.canonical import JSON
from tests.botocore_shape import assert_shape
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 11, 22, tzinfo=UTC)
VPC, OWN = Vpc(id="vpc-1", owner="123456789012"), Caller(account="123456789012")


def log(
    traffic: str | None = "ALL", of: str = "vpc-1", name: str = "fl-1", **facts: JSON
) -> FlowLog:
    """A flow log that delivers, with some of its facts changed; None leaves one out."""
    item = {
        "FlowLogId": name,
        "ResourceId": of,
        "FlowLogStatus": "ACTIVE",
        "DeliverLogsStatus": "SUCCESS",
        "TrafficType": traffic,
        **facts,
    }
    item = {key: value for key, value in item.items() if value is not None}
    assert_shape("ec2", "DescribeFlowLogs", {"FlowLogs": [item]})
    return FlowLog.parse(item)


CASES = [
    row(flow_logs, VPC, [log()], OWN,
        outcome="pass", reason="accepted and rejected traffic is recorded by fl-1"),
    row(flow_logs, VPC, [log()], OWN, require_accepted=True,
        outcome="pass", reason="accepted and rejected traffic is recorded by fl-1"),
    row(flow_logs, VPC, [log("REJECT", name="fl-2"), log("ACCEPT")], OWN, require_accepted=True,
        outcome="pass", reason="accepted and rejected traffic is recorded by fl-1, fl-2"),
    row(flow_logs, VPC, [log("REJECT")], OWN,
        outcome="pass", reason="rejected traffic alone is recorded by fl-1"),
    row(flow_logs, VPC, [log("REJECT")], OWN, require_accepted=True,
        outcome="fail", reason="accepted traffic is not recorded by fl-1"),
    row(flow_logs, VPC, [log("ACCEPT")], OWN,
        outcome="fail", reason="rejected traffic is not recorded by fl-1"),
    row(flow_logs, VPC, [log(None)], OWN,
        outcome="fail", reason="rejected traffic is not recorded by fl-1"),
    row(flow_logs, VPC, [], OWN, outcome="fail", reason="no flow log"),
    row(flow_logs, VPC, [log(of="subnet-1"), log(of="vpc-2")], OWN,
        outcome="fail", reason="no flow log"),
    row(flow_logs, VPC, [log(DeliverLogsStatus="FAILED", DeliverLogsErrorMessage="Access error")],
        OWN, outcome="fail",
        reason="no flow log delivers: fl-1 is ACTIVE, delivery is FAILED, Access error"),
    row(flow_logs, VPC, [log(DeliverLogsErrorMessage="Rate limited")], OWN, outcome="fail",
        reason="no flow log delivers: fl-1 is ACTIVE, delivery is SUCCESS, Rate limited"),
    row(flow_logs, VPC, [log(DeliverLogsStatus=None)], OWN, outcome="fail",
        reason="no flow log delivers: fl-1 is ACTIVE, delivery is of unknown state"),
    row(flow_logs, VPC, [log(FlowLogStatus="DELETING")], OWN, outcome="fail",
        reason="no flow log delivers: fl-1 is DELETING, delivery is SUCCESS"),
    row(flow_logs, VPC, [log(DeliverLogsStatus="FAILED"), log("REJECT", name="fl-2")], OWN,
        outcome="pass", reason="rejected traffic alone is recorded by fl-2"),
    row(flow_logs, Vpc(id="vpc-1", owner="210987654321"), [], OWN, outcome="not_applicable",
        reason="shared by account 210987654321, judged there"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_flow_logs_count_for_their_own_network(aws: boto3.Session) -> None:
    ec2 = aws.client("ec2")
    aws.client("logs").create_log_group(logGroupName="flows")
    other = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    (made,) = ec2.create_flow_logs(
        ResourceIds=[other], ResourceType="VPC", TrafficType="ALL", LogGroupName="flows",
        DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flows",
    )["FlowLogIds"]  # fmt: skip
    regions = ("us-east-1", "us-west-2")

    reads = read_aws(aws, flow_logs, regions=regions)

    assert [o.resource for o in reads[FlowLog]] == [log(of=other, name=made)]
    assert [o.resource for o in reads[Caller]] == [OWN]
    results = evaluate([flow_logs], reads, settings={}, now=NOW)
    assert sorted((r.resource.region, r.outcome) for r in results) == [
        ("us-east-1", "fail"),
        ("us-east-1", "pass"),
        ("us-west-2", "fail"),
    ]
    (passing,) = (r for r in results if r.outcome == "pass")
    assert passing.resource.id == f"arn:aws:ec2:us-east-1:123456789012:vpc/{other}"


def test_session_of_the_reader_is_no_part_of_the_evidence(aws: boto3.Session) -> None:
    reads = read_aws(aws, flow_logs)

    (answer,) = (a for s, a in reads.answers if s.name == "sts:GetCallerIdentity")
    assert b"UserId" not in (answer.body() or b"")
    assert "Arn" in str(answer.provenance["volatile"])
