"""AWS Secrets Manager: stored secrets."""

from datetime import datetime, timedelta

from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Resource, at
from collector.source import Aws


class Secret(Resource):
    """A secret, without what is secret. Those that wait for their deletion are not listed."""

    source = Aws(
        service="secretsmanager",
        operation="ListSecrets",
        permission="secretsmanager:ListSecrets",
        items="SecretList",
        volatile=("SecretList.LastAccessedDate",),
    )
    id: str = at("ARN")
    created: datetime = at("CreatedDate")
    # Left out for a secret that never had a rotation.
    rotates: bool = at("RotationEnabled", default=False)
    every_days: int | None = at("RotationRules.AutomaticallyAfterDays", default=None)
    last_rotated: datetime | None = at("LastRotatedDate", default=None)
    primary_region: str | None = at("PrimaryRegion", default=None)
    owner: str | None = at("OwningService", default=None)

    @property
    def is_replica(self) -> bool:
        """Whether it follows a secret in another region."""
        return self.primary_region not in (None, self.id.split(":")[3])


@check(control="credential-rotation", severity="medium")
def rotation(secret: Secret, *, max_days: int = 90, now: datetime) -> Verdict:
    """Stored secrets are replaced by themselves, and the last time was when it was due.

    Passes: rotation is on, at least every `max_days` days, and the secret was rotated within that
        time and its own period; or, where it was not rotated yet, made within it.
    Fails: rotation is off, rarer, or overdue by more than a day, as where it goes wrong.
    Judged like all others are secrets that another service of AWS owns, some of which it does not
    rotate, and texts that are no credentials: accept these as exceptions. Replicas are judged in
    the region of the secret they follow. Secrets that wait for their deletion are not judged, and
    a secret that is replaced by hand fails.
    Remediation: set a rotation function and schedule; where a rotation failed, read its log.
    """
    if secret.is_replica:
        return not_applicable(f"a replica; rotation is set in {secret.primary_region}")
    owned = f" (owned by {secret.owner})" if secret.owner else ""
    if not secret.rotates:
        return failed(f"rotation is off{owned}")
    if secret.every_days is not None and secret.every_days > max_days:
        return failed(f"rotates every {secret.every_days} days, expected {max_days} or fewer")
    # A rotation takes place at any hour of the day on which it is due.
    due = timedelta(days=(secret.every_days or max_days) + 1)
    if secret.last_rotated is None and now - secret.created > due:
        return failed(f"rotation is on and never took place since {secret.created:%Y-%m-%d}")
    if secret.last_rotated is not None and now - secret.last_rotated > due:
        return failed(f"overdue: last rotated {secret.last_rotated:%Y-%m-%d}")
    period = "by a schedule" if secret.every_days is None else f"every {secret.every_days} days"
    return passed(f"rotates {period}")
