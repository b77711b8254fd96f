"""Amazon VPC: networks."""

from collections.abc import Sequence
from typing import Literal

from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Resource, at
from collector.source import Aws


class Caller(Resource):
    """The account that is read. Networks that others share with it are listed among its own."""

    source = Aws(
        service="sts",
        operation="GetCallerIdentity",
        permission="sts:GetCallerIdentity",
        regions="home",
        # They name the session, which is another in each run.
        volatile=("Arn", "UserId"),
    )
    account: str = at("Account")


class Vpc(Resource):
    """A network of the account, or one that is shared with it."""

    source = Aws(
        service="ec2",
        operation="DescribeVpcs",
        permission="ec2:DescribeVpcs",
        items="Vpcs",
    )
    full_name = "arn:{partition}:ec2:{region}:{owner}:vpc/{id}"
    id: str = at("VpcId")
    owner: str = at("OwnerId")


class FlowLog(Resource):
    """A flow log of a network, subnet, interface or gateway."""

    source = Aws(
        service="ec2",
        operation="DescribeFlowLogs",
        permission="ec2:DescribeFlowLogs",
        items="FlowLogs",
    )
    full_name = "arn:{partition}:ec2:{region}:{account}:vpc-flow-log/{id}"
    id: str = at("FlowLogId")
    resource: str = at("ResourceId")
    status: str = at("FlowLogStatus")
    delivery: str | None = at("DeliverLogsStatus", default=None)
    # Left out where there is no error.
    error: str | None = at("DeliverLogsErrorMessage", default=None)
    # Left out for transit gateways, which have no such choice.
    traffic: Literal["ACCEPT", "ALL", "REJECT"] | None = at("TrafficType", default=None)

    @property
    def is_delivering(self) -> bool:
        """Whether its records arrive."""
        return self.status == "ACTIVE" and self.delivery == "SUCCESS" and self.error is None


@check(control="service-logging", severity="medium")
def flow_logs(
    vpc: Vpc, logs: Sequence[FlowLog], caller: Caller, *, require_accepted: bool = False
) -> Verdict:
    """Networks record the connections in them.

    Passes: the VPC has a flow log of its own that is ACTIVE and whose delivery is SUCCESS without
        an error, and rejected traffic is recorded, as CIS and AWS Security Hub ask; with
        `require_accepted`, accepted traffic as well. The reason says which.
    Fails: there is none; none delivers; or accepted traffic alone is recorded.
    Flow logs of subnets and interfaces do not count: what is added to the VPC later would not be
    recorded. A VPC that another account shares is judged there. VPCs that nobody uses are judged.
    Says nothing of how long the records are kept, and of the fields in them.
    Remediation: make a flow log for the VPC with traffic type ALL; delete VPCs that nobody uses.
    """
    if vpc.owner != caller.account:
        return not_applicable(f"shared by account {vpc.owner}, judged there")
    own = sorted((log for log in logs if log.resource == vpc.id), key=lambda log: log.id)
    if not own:
        return failed("no flow log")
    delivering = [log for log in own if log.is_delivering]
    if not delivering:
        return failed(f"no flow log delivers: {listed(map(_trouble, own), '; ')}")
    traffic = {log.traffic for log in delivering}
    names = listed(log.id for log in delivering)
    if "ALL" in traffic or {"ACCEPT", "REJECT"} <= traffic:
        return passed(f"accepted and rejected traffic is recorded by {names}")
    if "REJECT" not in traffic:
        return failed(f"rejected traffic is not recorded by {names}")
    if require_accepted:
        return failed(f"accepted traffic is not recorded by {names}")
    return passed(f"rejected traffic alone is recorded by {names}")


def _trouble(log: FlowLog) -> str:
    delivery = f"delivery is {log.delivery or 'of unknown state'}"
    error = f", {log.error}" if log.error is not None else ""
    return f"{log.id} is {log.status}, {delivery}{error}"
