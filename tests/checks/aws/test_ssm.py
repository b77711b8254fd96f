"""AWS Systems Manager."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from checks.aws.ec2 import Instance
from checks.aws.ssm import ManagedNode, Patches, PatchSummary, managed, patch_compliant
from tests.aws_told import told
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
SERVER = "i-0000000000000001a"
ELSEWHERE = "mi-0000000000000001"


def instance(state: str = "running", **facts: object) -> Instance:
    launched = datetime(2026, 1, 1, tzinfo=UTC)
    return Instance.model_validate(
        {"id": SERVER, "state": state, "interfaces": (), "launched": launched, **facts}
    )


def restarted(first: datetime) -> Instance:
    """A server that was stopped and started an hour ago; it keeps its network interface."""
    kept = {"addresses": (), "ipv6": (), "attached": first}
    added = {"addresses": (), "ipv6": (), "attached": minutes_ago(50)}
    return instance(launched=minutes_ago(60), interfaces=(added, kept))


def node(ping: str = "Online", id: str = SERVER) -> ManagedNode:
    kind = "EC2Instance" if id.startswith("i-") else "ManagedInstance"
    return ManagedNode.model_validate({"id": id, "ping": ping, "kind": kind})


def summary(status: str = "COMPLIANT", day: int = 29, **facts: object) -> PatchSummary:
    scanned = datetime(2026, 6, day, 3, tzinfo=UTC)
    return PatchSummary.model_validate(
        {"node": SERVER, "type": "Patch", "status": status, "scanned": scanned, **facts}
    )


def minutes_ago(minutes: int) -> datetime:
    return datetime.fromtimestamp(NOW.timestamp() - 60 * minutes, UTC)


def is_managed(
    given: Instance, nodes: list[ManagedNode], outcome: str, reason: str, **settings: object
) -> Case:
    return row(managed, given, nodes, now=NOW, outcome=outcome, reason=reason, **settings)


def is_patched(
    summaries: list[PatchSummary], outcome: str, reason: str, *, of: ManagedNode | None = None,
    instances: list[Instance] | None = None, **settings: object,
) -> Case:  # fmt: skip
    servers = [instance()] if instances is None else instances
    found = [Patches(summaries=tuple(summaries))]
    return row(patch_compliant, of or node(), servers, found, now=NOW, outcome=outcome,
               reason=reason, **settings)  # fmt: skip


FRESH = ("not_applicable", "started just now")
NEW = ("not_applicable", "launched just now")
PATCHED = ("pass", "compliant with its baseline; scanned on 2026-06-29")

CASES = [
    is_managed(instance(), [node()], "pass", "a managed node, online"),
    is_managed(instance(), [], "fail", "not a managed node"),
    is_managed(instance(), [node(id="i-00000000000000000")], "fail", "not a managed node"),
    is_managed(instance(), [node("ConnectionLost")], "fail",
               "the agent of the managed node has lost the connection"),
    is_managed(instance(), [node("Inactive")], "fail",
               "the agent of the managed node is inactive"),
    is_managed(instance("stopped"), [], "not_applicable", "the instance is stopped"),
    is_managed(instance("pending"), [], "not_applicable", "the instance is pending"),
    is_managed(instance("terminated"), [], "not_applicable", "the instance is terminated"),
    is_managed(instance(is_service_managed=True), [], "not_applicable",
               "a service runs the instance"),
    is_managed(instance(launched=minutes_ago(59)), [], *FRESH),
    is_managed(instance(launched=minutes_ago(60)), [], "fail", "not a managed node"),
    is_managed(instance(launched=minutes_ago(20)), [], "fail", "not a managed node",
               grace_minutes=15),
    is_managed(instance(launched=None), [], "fail", "not a managed node"),
    is_patched([summary()], *PATCHED),
    is_patched([summary(wrong=0)], *PATCHED),
    is_patched([summary("NON_COMPLIANT", wrong=3)], "fail",
               "not compliant with its baseline, 3 patches missing or failed;"
               " scanned on 2026-06-29"),
    is_patched([summary("NON_COMPLIANT")], "fail",
               "not compliant with its baseline; scanned on 2026-06-29"),
    is_patched([summary(day=10)], "fail",
               "last scanned for patches on 2026-06-10, more than 14 days ago"),
    is_patched([summary(day=10)], "pass", "compliant with its baseline; scanned on 2026-06-10",
               max_age_days=30),
    is_patched([summary(), summary("NON_COMPLIANT")], "fail",
               "not compliant with its baseline; scanned on 2026-06-29"),
    is_patched([summary(node="i-00000000000000000")], "fail", "never scanned for patches"),
    is_patched([], "fail", "never scanned for patches"),
    is_patched([], *NEW, instances=[instance(launched=minutes_ago(23 * 60))]),
    is_patched([], *NEW, instances=[restarted(minutes_ago(23 * 60))]),
    is_patched([], "fail", "never scanned for patches",
               instances=[restarted(minutes_ago(25 * 60))]),
    is_patched([summary("NON_COMPLIANT", day=30)], "fail",
               "not compliant with its baseline; scanned on 2026-06-30",
               instances=[restarted(minutes_ago(25 * 60))]),
    is_patched([], "fail", "never scanned for patches", grace_hours=12,
               instances=[instance(launched=minutes_ago(23 * 60))]),
    is_patched([], "not_applicable", "the instance is stopped", instances=[instance("stopped")]),
    is_patched([], "not_applicable", "the instance is gone", instances=[]),
    is_patched([summary(node=ELSEWHERE)], *PATCHED, of=node(id=ELSEWHERE), instances=[]),
    is_patched([], "fail", "never scanned for patches", of=node("ConnectionLost", ELSEWHERE)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_nodes_and_their_patch_summaries_are_read() -> None:
    """Times of pings change with each read, and are not kept with the answer."""
    scanned = datetime(2026, 6, 29, 3, tzinfo=UTC)

    def nodes(params: Any, region: str) -> Any:
        first = {"InstanceId": SERVER, "PingStatus": "Online", "ResourceType": "EC2Instance"}
        second = {**first, "InstanceId": ELSEWHERE, "ResourceType": "ManagedInstance"}
        if params.get("NextToken") == "more":
            return {"InstanceInformationList": [second]}
        return {
            "InstanceInformationList": [{**first, "LastPingDateTime": scanned}],
            "NextToken": "more",
        }

    def summaries(params: Any, region: str) -> Any:
        assert params["Filters"][0]["Values"] == ["Patch"]
        item = {
            "ComplianceType": "Patch",
            "ResourceType": "ManagedInstance",
            "ResourceId": SERVER,
            "Status": "NON_COMPLIANT",
            "ExecutionSummary": {"ExecutionTime": scanned},
            "NonCompliantSummary": {"NonCompliantCount": 2},
        }
        return {"ResourceComplianceSummaryItems": [item]}

    session = told(
        {
            "ssm:DescribeInstanceInformation": nodes,
            "ssm:ListResourceComplianceSummaries": summaries,
            "ec2:DescribeInstances": {"Reservations": []},
        }
    )

    reads = read_aws(session, managed, patch_compliant)

    assert [o.resource for o in reads[ManagedNode]] == [node(), node(id=ELSEWHERE)]
    assert [o.resource.summaries for o in reads[Patches]] == [(summary("NON_COMPLIANT", wrong=2),)]
    answers = {answer.source: answer for _, answer in reads.answers}
    assert b"LastPing" not in (answers["ssm:DescribeInstanceInformation"].body() or b"")


def test_region_without_nodes_costs_one_call_of_systems_manager() -> None:
    session = told(
        {
            "ssm:DescribeInstanceInformation": {"InstanceInformationList": []},
            "ec2:DescribeInstances": {"Reservations": []},
        }
    )

    reads = read_aws(session, managed, patch_compliant)

    asked = sorted(answer.source for _, answer in reads.answers)
    assert asked == ["ec2:DescribeInstances", "ssm:DescribeInstanceInformation"]
    assert [o.resource.summaries for o in reads[Patches]] == [()]


def test_servers_are_read_with_their_start_and_who_runs_them() -> None:
    launched = datetime(2026, 1, 1, tzinfo=UTC)
    server = {
        "InstanceId": SERVER,
        "State": {"Name": "running"},
        "NetworkInterfaces": [],
        "LaunchTime": launched,
        "Operator": {"Managed": True, "Principal": "eks.amazonaws.com"},
    }
    session = told(
        {
            "ssm:DescribeInstanceInformation": {"InstanceInformationList": []},
            "ec2:DescribeInstances": {"Reservations": [{"Instances": [server]}]},
        }
    )

    reads = read_aws(session, managed)

    assert [o.resource for o in reads[Instance]] == [instance(is_service_managed=True)]
