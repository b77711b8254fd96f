"""Restores, which show that backups are of use."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

from checks.aws.backup._vaults import VaultContents
from collector.check import Verdict, check, failed, passed
from collector.resource import Resource, at
from collector.source import Aws


class RestoreJob(Resource):
    """A restore, made by hand or by a restore testing plan."""

    source = Aws(
        service="backup",
        operation="ListRestoreJobs",
        permission="backup:ListRestoreJobs",
        items="RestoreJobs",
    )
    id: str = at("RestoreJobId")
    point: str | None = at("RecoveryPointArn", default=None)
    kind: str | None = at("ResourceType", default=None)
    status: Literal["ABORTED", "COMPLETED", "FAILED", "PENDING", "RUNNING"] = at("Status")
    completed: datetime | None = at("CompletionDate", default=None)
    validation: Literal["FAILED", "SUCCESSFUL", "TIMED_OUT", "VALIDATING"] | None = at(
        "ValidationStatus", default=None
    )
    testing_plan: str | None = at("CreatedBy.RestoreTestingPlanArn", default=None)

    @property
    def succeeded(self) -> bool:
        """Whether it ran to its end, and whoever validated what came of it was content."""
        match self.validation:
            case "FAILED" | "TIMED_OUT" | "VALIDATING":
                return False
            case "SUCCESSFUL" | None:
                return self.status == "COMPLETED" and self.completed is not None


@check(control="restore-testing", severity="high")
def restore_tested(
    jobs: Sequence[RestoreJob],
    vaults: Sequence[VaultContents],
    *,
    max_age_days: int = 365,
    now: datetime,
) -> Verdict:
    """A backup was restored within the period.

    Judged for the account as a whole, over all regions that are read.
    Passes: a restore by AWS Backup completed within `max_age_days`, and, where it was validated,
        the validation succeeded; or a recovery point that is still kept says that it was restored
        within them, which outlasts the list of jobs. The reason names the last one.
    Fails: none is known, or the last one is older.
    A restore testing plan counts by the restores that it made, never by being there or by having
    run. AWS Backup lists jobs for a limited time only (backup jobs for 30 days, by its
    documentation). Says nothing of restores that were made without AWS Backup, of how long they
    took, and of whether somebody looked at the data: attest those.
    Remediation: make a restore testing plan in AWS Backup, with validation, that runs at least once
        in the period.
    """
    last = max(_restores(jobs, vaults), default=None)
    if last is None:
        return failed("no restore by AWS Backup is known")
    when, what = last
    reason = f"the last known restore, {what}, was on {when:%Y-%m-%d}"
    if when < now - timedelta(days=max_age_days):
        return failed(f"{reason}, more than {max_age_days} d ago")
    return passed(reason)


def _restores(
    jobs: Sequence[RestoreJob], vaults: Sequence[VaultContents]
) -> Iterator[tuple[datetime, str]]:
    """When something was restored, and what."""
    for job in jobs:
        if job.succeeded and job.completed is not None:
            by = " by a restore testing plan" if job.testing_plan is not None else ""
            yield job.completed, f"of {job.kind or 'a resource'}{by}"
    # Where the job is still listed it says more: the recovery point does not tell how it ended.
    told = {job.point for job in jobs}
    for vault in vaults:
        for point in vault.points:
            if point.last_restored is not None and point.arn not in told:
                yield point.last_restored, f"of {point.kind or 'a resource'}"
