"""Amazon Inspector: scanning for vulnerabilities."""

from collections.abc import Sequence
from typing import Literal

from collector.check import Verdict, check, failed, passed
from collector.resource import Resource, at
from collector.source import Aws

Status = Literal["DISABLED", "DISABLING", "ENABLED", "ENABLING", "SUSPENDED", "SUSPENDING"]


class ScanStatus(Resource):
    """Which kinds of resource Inspector scans in a region."""

    source = Aws(
        service="inspector2",
        operation="BatchGetAccountStatus",
        permission="inspector2:BatchGetAccountStatus",
        constants={"accountIds": ["{account}"]},
    )
    ec2: Status = at("accounts.0.resourceState.ec2.status")
    ecr: Status = at("accounts.0.resourceState.ecr.status")
    # Left out in regions that do not offer them.
    lambda_: Status | None = at("accounts.0.resourceState.lambda.status", default=None)
    lambda_code: Status | None = at("accounts.0.resourceState.lambdaCode.status", default=None)
    code_repository: Status | None = at(
        "accounts.0.resourceState.codeRepository.status", default=None
    )
    ami: Status | None = at("accounts.0.resourceState.ami.status", default=None)

    def of(self, kind: str) -> Status | None:
        """The status of a kind of resource, by the API's name for it."""
        found: dict[str, Status | None] = {
            "ec2": self.ec2,
            "ecr": self.ecr,
            "lambda": self.lambda_,
            "lambdaCode": self.lambda_code,
            "codeRepository": self.code_repository,
            "ami": self.ami,
        }
        return found.get(kind)


@check(control="vulnerability-management", severity="high", scope="region")
def enabled(
    statuses: Sequence[ScanStatus],
    *,
    resource_types: tuple[str, ...] = ("ec2", "ecr", "lambda"),
) -> Verdict:
    """Inspector scans servers, container images and functions in every region.

    Passes: scanning of each of `resource_types` is enabled in the region. Others are lambdaCode,
        codeRepository and ami.
    Fails: one of them is not: disabled, suspended, on the way there, or not offered in the region.
    Regions where nothing runs are judged as well: what is started there next is scanned from the
    start, and costs nothing until then. Says nothing of what was found, of resources that Inspector
    cannot scan or is told to leave out, and of scanners by others.
    Remediation: enable Inspector in every region for all kinds of resource, best by a delegated
        administrator who has it enabled for new accounts by itself.
    """
    if not statuses:
        return failed("no status of Inspector")
    faults = []
    for kind in resource_types:
        told = {status.of(kind) for status in statuses}
        wrong = sorted(str(status).lower() for status in told if status != "ENABLED")
        faults += [f"{kind} {'not offered' if one == 'none' else one}" for one in wrong]
    if faults or not resource_types:
        return failed(f"not scanned: {', '.join(faults) or 'anything, by setting'}")
    return passed(f"scanned: {', '.join(resource_types)}")
