"""AWS Systems Manager: managed nodes and their patches."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from checks.aws.ec2 import Instance
from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Part, Resource, at
from collector.source import Aws

VOLATILE = (
    "InstanceInformationList.LastAssociationExecutionDate",
    "InstanceInformationList.LastPingDateTime",
    "InstanceInformationList.LastSuccessfulAssociationExecutionDate",
)

LARGEST_PAGE = 50
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListResourceComplianceSummaries.html"""


class ManagedNode(Resource):
    """A server that Systems Manager knows: an EC2 instance, or one from elsewhere."""

    source = Aws(
        service="ssm",
        operation="DescribeInstanceInformation",
        permission="ssm:DescribeInstanceInformation",
        items="InstanceInformationList",
        volatile=VOLATILE,
    )
    full_name = "arn:{partition}:ssm:{region}:{account}:managed-instance/{id}"
    id: str = at("InstanceId")
    ping: Literal["ConnectionLost", "Inactive", "Online"] = at("PingStatus")
    kind: Literal["EC2Instance", "ManagedInstance"] = at("ResourceType")


class NodeName(Part):
    """The id of a node."""

    id: str = at("InstanceId")


class Nodes(Resource):
    """All nodes of a region, from the same answer; without one, no patches are asked for."""

    source = Aws(
        service="ssm",
        operation="DescribeInstanceInformation",
        permission="ssm:DescribeInstanceInformation",
        volatile=VOLATILE,
    )
    nodes: tuple[NodeName, ...] = at("InstanceInformationList")

    @property
    def page_size(self) -> int | None:
        """How many summaries to ask for at once; None where there is no node."""
        return LARGEST_PAGE if self.nodes else None


class PatchSummary(Part):
    """What the last scan for patches found on a node."""

    node: str = at("ResourceId")
    type: Literal["Patch"] = at("ComplianceType")
    status: Literal["COMPLIANT", "NON_COMPLIANT"] = at("Status")
    scanned: datetime = at("ExecutionSummary.ExecutionTime")
    # For the reason alone.
    wrong: int | None = at("NonCompliantSummary.NonCompliantCount", default=None)


class Patches(Resource):
    """What the last scans for patches found on the nodes of a region."""

    source = Aws(
        service="ssm",
        operation="ListResourceComplianceSummaries",
        permission="ssm:ListResourceComplianceSummaries",
        per=Nodes,
        params={"MaxResults": "page_size"},
        constants={"Filters": [{"Key": "ComplianceType", "Values": ["Patch"], "Type": "EQUAL"}]},
    )
    summaries: tuple[PatchSummary, ...] = at("ResourceComplianceSummaryItems", absent=())


@check(control="patch-management", severity="medium")
def managed(
    instance: Instance, nodes: Sequence[ManagedNode], *, grace_minutes: int = 60, now: datetime
) -> Verdict:
    """Servers are managed nodes of Systems Manager, so that they can be patched and looked into.

    Passes: the running EC2 instance is a managed node, and its agent is online.
    Fails: it is none, or its agent has lost the connection or is inactive.
    Instances that do not run are not judged, nor those started less than `grace_minutes` ago, whose
    agent may not have reported yet, nor those that a service runs and patches for the account, as
    EKS Auto Mode does. Says nothing of servers outside of EC2, and of whether patches are applied.
    Remediation: turn on Default Host Management Configuration, or give the instance a role with
        AmazonSSMManagedInstanceCore; see that the agent runs and reaches its endpoints.
    """
    if (reason := _not_running(instance)) is not None:
        return not_applicable(reason)
    if instance.is_service_managed:
        return not_applicable("a service runs the instance")
    if _is_fresh(instance.launched, now, timedelta(minutes=grace_minutes)):
        return not_applicable("started just now")
    node = next((one for one in nodes if one.id == instance.id), None)
    if node is None:
        return failed("not a managed node")
    match node.ping:
        case "Online":
            return passed("a managed node, online")
        case "ConnectionLost":
            return failed("the agent of the managed node has lost the connection")
        case "Inactive":
            return failed("the agent of the managed node is inactive")


@check(control="patch-management", severity="high")
def patch_compliant(
    node: ManagedNode,
    instances: Sequence[Instance],
    patches: Sequence[Patches],
    *,
    max_age_days: int = 14,
    grace_hours: int = 24,
    now: datetime,
) -> Verdict:
    """Managed servers have the patches that their baseline asks for.

    Passes: the last scan for patches is not older than `max_age_days`, and found the node compliant
        with its patch baseline.
    Fails: it found patches that are missing, failed, rejected or wait for a restart; or there was
        no scan, or none of late.
    What a server must have, and how long after a patch comes out, says its patch baseline: seven
    days in most of those that AWS gives. Each patch counts, whatever its severity, because
    baselines leave most patches without one. Judged are running EC2 instances, `grace_hours` after
    they were first launched, and servers from elsewhere. Stopping and starting does not make an
    instance new, so that one that is stopped every night is judged as well. Says nothing of servers
    that are no managed nodes (`managed` does), and of what a baseline leaves out.
    Remediation: scan daily and install weekly, by a patch policy of Systems Manager Quick Setup;
        restart servers that wait for it.
    """
    if node.kind == "EC2Instance":
        instance = next((one for one in instances if one.id == node.id), None)
        if instance is None:
            return not_applicable("the instance is gone")
        if (reason := _not_running(instance)) is not None:
            return not_applicable(reason)
        if _is_fresh(instance.first_launched, now, timedelta(hours=grace_hours)):
            return not_applicable("launched just now")
    found = [one for each in patches for one in each.summaries if one.node == node.id]
    if not found:
        return failed("never scanned for patches")
    worst = next((one for one in found if one.status == "NON_COMPLIANT"), None)
    last = min(one.scanned for one in found)
    day = f"{last:%Y-%m-%d}"
    if worst is not None:
        count = "" if worst.wrong is None else f", {worst.wrong} patches missing or failed"
        return failed(f"not compliant with its baseline{count}; scanned on {day}")
    if last < now - timedelta(days=max_age_days):
        return failed(f"last scanned for patches on {day}, more than {max_age_days} days ago")
    return passed(f"compliant with its baseline; scanned on {day}")


def _not_running(instance: Instance) -> str | None:
    """Why an instance cannot be judged; None where it runs."""
    match instance.state:
        case "running":
            return None
        case "pending" | "shutting-down" | "stopped" | "stopping" | "terminated":
            return f"the instance is {instance.state}"


def _is_fresh(began: datetime | None, now: datetime, grace: timedelta) -> bool:
    return began is not None and now - grace < began
