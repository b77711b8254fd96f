"""Cloud Logging: log buckets."""

from typing import Literal

from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Resource, at
from collector.source import Gcp

REQUIRED_DAYS = 400
"""How long `_Required` keeps admin activity and system event audit logs."""


class LogBucket(Resource):
    """A log bucket of the project, in any location, by its resource name."""

    source = Gcp(
        api="logging",
        version="v2",
        collection="projects.locations.buckets",
        permission="logging.buckets.list",
        items="buckets",
        constants={"parent": "projects/{account}/locations/-"},
    )
    full_name = "//logging.googleapis.com/{id}"
    id: str = at("name")
    retention_days: int = at("retentionDays")
    locked: bool = at("locked", default=False)
    """Left out where it is false, as this API does with everything that is false."""
    state: Literal[
        "ACTIVE",
        "CREATING",
        "DELETE_REQUESTED",
        "FAILED",
        "LIFECYCLE_STATE_UNSPECIFIED",
        "UPDATING",
    ] = at("lifecycleState")

    @property
    def is_fixed(self) -> bool:
        """Whether it is `_Required`, with the retention that Google fixes: nobody can change or
        delete it. https://cloud.google.com/logging/docs/store-log-entries"""
        return self.id.endswith("/_Required") and self.retention_days == REQUIRED_DAYS


@check(control="log-protection", severity="medium")
def bucket_retention_locked(
    bucket: LogBucket, *, min_days: int = 365, require_locked: bool = True
) -> Verdict:
    """Log buckets keep entries long enough, and nobody can shorten that.

    Passes: entries are kept for `min_days` or longer, and the bucket is locked; without
        `require_locked`, the time alone counts. `_Required`, which holds the admin activity and
        system event audit logs, needs no lock: Google fixes its retention, at 400 days, and nobody
        can change or delete it.
    Fails: entries are kept for a shorter time, or the bucket is not locked. `_Required` fails
        where `min_days` is more than its 400; longer retention takes a sink to another bucket.
    A bucket that is being created or deleted is not applicable. Says nothing of which entries
    reach a bucket, of copies that sinks write elsewhere, and of buckets of folders and the
    organization.
    Remediation: raise the bucket's retention, then lock it; a lock cannot be undone.
    """
    match bucket.state:
        case "CREATING" | "DELETE_REQUESTED":
            return not_applicable(f"log bucket in state {bucket.state}")
        case "ACTIVE" | "FAILED" | "LIFECYCLE_STATE_UNSPECIFIED" | "UPDATING":
            pass
    kept = f"retention is {bucket.retention_days} days, {_lock(bucket)}"
    if bucket.retention_days < min_days:
        return failed(f"{kept}; at least {min_days} days are required")
    if require_locked and not (bucket.locked or bucket.is_fixed):
        return failed(f"{kept}; it can be shortened")
    return passed(kept)


def _lock(bucket: LogBucket) -> str:
    if bucket.is_fixed:
        return "fixed by Google"
    return "locked" if bucket.locked else "not locked"
