"""Amazon GuardDuty: threat detection."""

from collections.abc import Sequence
from typing import Literal

from collector.check import Verdict, check, failed, passed
from collector.resource import Resource, at
from collector.source import Aws


class Detector(Resource):
    """The detector of a region, by id."""

    source = Aws(
        service="guardduty",
        operation="ListDetectors",
        permission="guardduty:ListDetectors",
        items="DetectorIds",
    )
    full_name = "arn:{partition}:guardduty:{region}:{account}:detector/{id}"
    id: str = at("")


class DetectorSettings(Resource):
    """Whether a detector is on."""

    source = Aws(
        service="guardduty",
        operation="GetDetector",
        permission="guardduty:GetDetector",
        per=Detector,
        params={"DetectorId": "id"},
    )
    status: Literal["DISABLED", "ENABLED"] = at("Status")


class DetectorAdministrator(Resource):
    """The account that administers a detector; none where the account does so itself."""

    source = Aws(
        service="guardduty",
        operation="GetAdministratorAccount",
        permission="guardduty:GetAdministratorAccount",
        per=Detector,
        params={"DetectorId": "id"},
    )
    account: str | None = at("Administrator.AccountId", default=None)


@check(control="threat-detection", severity="high", scope="region")
def enabled(
    settings: Sequence[DetectorSettings], administrators: Sequence[DetectorAdministrator]
) -> Verdict:
    """GuardDuty watches every region.

    Passes: the region has a detector and it is enabled. The reason names the account that
        administers it, where that is another one.
    Fails: the region has no detector, or it is suspended.
    Says nothing of GuardDuty's optional protection plans, and of whether its findings are handled.
    Remediation: enable GuardDuty in every region, best by a delegated administrator for the
        organisation.
    """
    if not settings:
        return failed("no detector")
    if not all(detector.status == "ENABLED" for detector in settings):
        return failed("the detector is suspended")
    accounts = sorted({a.account for a in administrators if a.account is not None})
    by = f", administered by account {', '.join(accounts)}" if accounts else ""
    return passed(f"the detector is enabled{by}")
