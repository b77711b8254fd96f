"""Amazon GuardDuty: threat detection."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import model_validator

from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Part, Resource, at, parent
from collector.source import Aws

MOST_READ = 50
"""How many findings can be asked for at once.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_GetFindings.html"""


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


class SevereFindings(Resource):
    """The findings of a detector that are severe and not archived, by id, the oldest first.

    High severity begins at 7, critical at 9:
    https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html
    """

    source = Aws(
        service="guardduty",
        operation="ListFindings",
        permission="guardduty:ListFindings",
        per=Detector,
        params={"DetectorId": "id"},
        constants={
            "FindingCriteria": {
                "Criterion": {
                    "severity": {"GreaterThanOrEqual": 7},
                    "service.archived": {"Equals": ["false"]},
                }
            },
            "SortCriteria": {"AttributeName": "createdAt", "OrderBy": "ASC"},
        },
    )
    detector: str = parent("id")
    ids: tuple[str, ...] = at("FindingIds")

    @property
    def first(self) -> tuple[str, ...] | None:
        """Those to read."""
        return self.ids[:MOST_READ] or None


class Finding(Part):
    """What GuardDuty found."""

    id: str = at("Id")
    type: str = at("Type")
    severity: float = at("Severity")
    created: datetime = at("CreatedAt")


class SevereFindingDetails(Resource):
    """What the oldest of these findings are."""

    source = Aws(
        service="guardduty",
        operation="GetFindings",
        permission="guardduty:GetFindings",
        per=SevereFindings,
        params={"DetectorId": "detector", "FindingIds": ("first",)},
    )
    ids: tuple[str, ...] = parent("ids")
    findings: tuple[Finding, ...] = at("Findings", absent=())

    @model_validator(mode="after")
    def _are_those_asked_for(self) -> Self:
        if {finding.id for finding in self.findings} != {*self.ids[:MOST_READ]}:
            raise ValueError("the answer holds other findings than were asked for")
        return self


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


@check(control="finding-response", severity="high")
def findings_handled(
    severe: SevereFindingDetails,
    settings: DetectorSettings,
    *,
    max_days: int = 7,
    now: datetime,
) -> Verdict:
    """Severe findings of GuardDuty do not stay open.

    Passes: no finding of severity 7 or more that is not archived was made more than `max_days`
        days ago. The reason counts those that are open and gives the date of the oldest.
    Fails: one was, however often it has been found again since; or more than 50 are open.
    To archive a finding, by hand or by a suppression rule, counts as having handled it: who did so
    and why is for the incident's own record. Not judged: a detector that is suspended and has no
    finding left, because it finds nothing new. An administrator's detector has the findings of its
    members as well. GuardDuty keeps findings for 90 days.
    Remediation: look into each open finding, write down what was done, and archive it.
    """
    if len(severe.ids) > MOST_READ:
        return failed(f"more than {MOST_READ} severe findings are open")
    found = sorted(severe.findings, key=lambda finding: (finding.created, finding.id))
    overdue = [f for f in found if now - f.created > timedelta(days=max_days)]
    if overdue:
        named = listed(f"{f.type} since {f.created:%Y-%m-%d}" for f in overdue)
        return failed(f"open for more than {max_days} days: {named}")
    if found:
        since = f"the oldest since {found[0].created:%Y-%m-%d}"
        return passed(f"severe findings open: {len(found)}, {since}")
    if settings.status == "DISABLED":
        return not_applicable("the detector is suspended")
    return passed("no severe finding is open")
