"""AWS Security Hub: standards, and findings of all services in one place."""

from collections.abc import Sequence
from typing import Literal

from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Part, Resource, at
from collector.source import Aws

PAGE = 100


class Hub(Resource):
    """Security Hub of a region. Where it is not enabled, the API refuses to describe it."""

    source = Aws(
        service="securityhub",
        operation="DescribeHub",
        permission="securityhub:DescribeHub",
        absent=("InvalidAccessException", "ResourceNotFoundException"),
    )
    arn: str | None = at("HubArn", absent=None)

    @property
    def page(self) -> int | None:
        """How many standards to ask for at once; none where there is no hub to ask."""
        return PAGE if self.arn is not None else None


class Standard(Part):
    """A standard that a hub judges by."""

    subscription: str = at("StandardsSubscriptionArn")
    status: Literal["DELETING", "FAILED", "INCOMPLETE", "PENDING", "READY"] = at("StandardsStatus")

    @property
    def name(self) -> str:
        """`cis-aws-foundations-benchmark/v/1.4.0`."""
        return self.subscription.partition(":subscription/")[2] or self.subscription


class Standards(Resource):
    """The standards of the hub of a region; none where there is no hub."""

    source = Aws(
        service="securityhub",
        operation="GetEnabledStandards",
        permission="securityhub:GetEnabledStandards",
        per=Hub,
        params={"MaxResults": "page"},
    )
    standards: tuple[Standard, ...] = at("StandardsSubscriptions", absent=())


@check(control="configuration-recording", severity="medium", scope="region")
def enabled(hubs: Sequence[Hub], enabled_standards: Sequence[Standards]) -> Verdict:
    """Security Hub judges every region by a standard.

    Passes: Security Hub is enabled in the region, and at least one standard is ready.
    Fails: it is not enabled, or no standard is ready: none is enabled, or all are still being
        enabled, or incomplete, failed or being deleted.
    Says nothing of which controls of the standard are on, and of whether its findings are handled.
    It is about Security Hub CSPM, the service that has standards.
    Remediation: enable Security Hub in every region, best by a delegated administrator for the
        organisation, with the AWS Foundational Security Best Practices standard.
    """
    if not any(hub.arn for hub in hubs):
        return failed("Security Hub is not enabled")
    standards = [standard for each in enabled_standards for standard in each.standards]
    names = sorted(standard.name for standard in standards if standard.status == "READY")
    if names:
        return passed(f"enabled with {listed(names)}")
    if not standards:
        return failed("Security Hub is enabled without a standard")
    states = sorted(f"{standard.name} is {standard.status}" for standard in standards)
    return failed(f"no standard is ready: {listed(states)}")
