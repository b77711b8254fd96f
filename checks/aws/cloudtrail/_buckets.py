"""The buckets that trails deliver to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal, Self

from pydantic import model_validator

from checks.aws import s3
from checks.aws.cloudtrail._trails import Trail
from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Part, Resource, at
from collector.source import Aws


class Expiration(Part):
    """When a lifecycle rule deletes current versions, or that it only tidies delete markers."""

    days: int | None = at("Days", default=None)
    date: datetime | None = at("Date", default=None)
    tidies: bool | None = at("ExpiredObjectDeleteMarker", default=None)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.days is None and self.date is None and self.tidies is None:
            raise ValueError("an expiration has days, a date or delete markers")
        return self


class OtherAction(Part):
    """Something else that a lifecycle rule does, which deletes no current version."""


class LifecycleRule(Part):
    """A lifecycle rule of a bucket; its prefix stands in one of three places."""

    id: str | None = at("ID", default=None)
    status: Literal["Disabled", "Enabled"] = at("Status")
    prefix: str | None = at("Prefix", default=None)
    filter_prefix: str | None = at("Filter.Prefix", default=None)
    and_prefix: str | None = at("Filter.And.Prefix", default=None)
    expiration: Expiration | None = at("Expiration", default=None)
    transitions: tuple[OtherAction, ...] = at("Transitions", default=())
    old_versions: OtherAction | None = at("NoncurrentVersionExpiration", default=None)
    old_transitions: tuple[OtherAction, ...] = at("NoncurrentVersionTransitions", default=())
    uploads: OtherAction | None = at("AbortIncompleteMultipartUpload", default=None)

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        others = (self.transitions, self.old_versions, self.old_transitions, self.uploads)
        if self.expiration is None and others == ((), None, (), None):
            raise ValueError("a lifecycle rule does something")
        return self

    def deletes_early(self, key_prefix: str, min_days: int) -> str | None:
        """Why the rule deletes files below a prefix too early, as a phrase, or None."""
        own = self.filter_prefix or self.and_prefix or self.prefix or ""
        is_about = own.startswith(key_prefix) or key_prefix.startswith(own)
        if self.status == "Disabled" or self.expiration is None or not is_about:
            return None
        name = f"lifecycle rule {self.id}" if self.id else "a lifecycle rule"
        if self.expiration.date is not None:
            return f"{name} deletes files of any age from {self.expiration.date:%Y-%m-%d} on"
        if self.expiration.days is not None and self.expiration.days < min_days:
            return f"{name} deletes files after {self.expiration.days} days"
        return None


class TrailBucketLifecycle(Resource):
    """Lifecycle rules of the bucket that a trail delivers to."""

    source = Aws(
        service="s3",
        operation="GetBucketLifecycleConfiguration",
        permission="s3:GetLifecycleConfiguration",
        per=Trail,
        params={"Bucket": "bucket"},
        absent=("NoSuchLifecycleConfiguration",),
    )
    rules: tuple[LifecycleRule, ...] = at("Rules", absent=())


class TrailBucketLock(Resource):
    """Object Lock of the bucket that a trail delivers to, as it holds new files by default."""

    source = Aws(
        service="s3",
        operation="GetObjectLockConfiguration",
        permission="s3:GetBucketObjectLockConfiguration",
        per=Trail,
        params={"Bucket": "bucket"},
        absent=("ObjectLockConfigurationNotFoundError",),
    )
    mode: Literal["COMPLIANCE", "GOVERNANCE"] | None = at(
        "ObjectLockConfiguration.Rule.DefaultRetention.Mode", default=None
    )
    days: int | None = at("ObjectLockConfiguration.Rule.DefaultRetention.Days", default=None)
    years: int | None = at("ObjectLockConfiguration.Rule.DefaultRetention.Years", default=None)


class TrailBucketPolicyStatus(s3.BucketPolicyStatus):
    """Whether S3 holds the policy of the bucket that a trail delivers to to be public."""

    source = replace(s3.BucketPolicyStatus.source, per=Trail, params={"Bucket": "bucket"})


class TrailBucketAcl(s3.BucketAcl):
    """Access control list of the bucket that a trail delivers to."""

    source = replace(s3.BucketAcl.source, per=Trail, params={"Bucket": "bucket"})


class TrailBucketPublicAccessBlock(s3.BucketPublicAccessBlock):
    """Settings against public access of the bucket that a trail delivers to."""

    source = replace(s3.BucketPublicAccessBlock.source, per=Trail, params={"Bucket": "bucket"})


class TrailBucketLogging(s3.BucketLogging):
    """Where the access logs of the bucket that a trail delivers to go."""

    source = replace(s3.BucketLogging.source, per=Trail, params={"Bucket": "bucket"})


class TrailBucketVersioning(s3.BucketVersioning):
    """Whether the bucket that a trail delivers to keeps what is overwritten and deleted."""

    source = replace(s3.BucketVersioning.source, per=Trail, params={"Bucket": "bucket"})
    # Left out, like the status, where it was never set.
    mfa_delete: Literal["Enabled", "Disabled"] | None = at("MFADelete", default=None)


@check(control="audit-trail-retention", severity="medium")
def bucket_retention(
    trail: Trail,
    lifecycle: TrailBucketLifecycle,
    lock: TrailBucketLock,
    *,
    min_days: int = 365,
) -> Verdict:
    """Trails' log files are kept for the period of the policy.

    Passes: no enabled lifecycle rule of the bucket deletes log files before `min_days` days.
    Fails: one does: its prefix is that of the trail's files or part of it, and it expires files
        after fewer days, or on a date, from which on it expires files of any age.
    A rule that is narrowed by tags or sizes counts like any other, and so does one that in a bucket
    with versions only hides the files. The reason records the bucket's Object Lock. Says nothing of
    files that people delete.
    Remediation: lengthen the rule, or give it a prefix that is not the trail's.
    """
    found = (rule.deletes_early(trail.key_prefix, min_days) for rule in lifecycle.rules)
    early = [phrase for phrase in found if phrase is not None]
    if early:
        return failed(f"{listed(early, '; ')}; {_lock(lock)}")
    return passed(f"no lifecycle rule deletes files before {min_days} days; {_lock(lock)}")


@check(control="log-protection", severity="high")
def bucket_protected(
    acl: TrailBucketAcl,
    status: TrailBucketPolicyStatus,
    block: TrailBucketPublicAccessBlock,
    logging: TrailBucketLogging,
    versioning: TrailBucketVersioning,
    lock: TrailBucketLock,
) -> Verdict:
    """The buckets of trails are private, and access to them is logged.

    Passes: S3 calls the policy not public, or the bucket restricts public policies; no ACL grants
        anything to everyone, or the bucket ignores public ACLs; and server access logging is on.
        The reason records versioning, MFA delete and Object Lock.
    Fails: a public policy or ACL takes effect by the bucket's own settings, or access is not
        logged. Settings of the account do not count, because the bucket may be another account's.
    A bucket of another account, such as one for the logs of an organisation, is unknown unless it
    lets these credentials read its settings: judge it with the account that it is in.
    Remediation: turn on the bucket's public access block and server access logging, to another
        bucket; turn on versioning and Object Lock as well.
    """
    problems = []
    if status.is_public and not block.restrict_public_buckets:
        problems.append("the bucket policy is public")
    granted = sorted({g.permission for g in acl.grants if g.group in s3.PUBLIC_GROUPS})
    if granted and not block.ignore_public_acls:
        problems.append(f"the ACL grants {', '.join(granted)} to the public")
    if logging.target is None:
        problems.append("access is not logged")
    kept = f"{_versioning(versioning)}; {_lock(lock)}"
    if problems:
        return failed(f"{' and '.join(problems)}; {kept}")
    return passed(f"not public, access is logged to bucket {logging.target}; {kept}")


def _versioning(versioning: TrailBucketVersioning) -> str:
    by_mfa = " with MFA delete" if versioning.mfa_delete == "Enabled" else ""
    return f"versioning {(versioning.status or 'never enabled').lower()}{by_mfa}"


def _lock(lock: TrailBucketLock) -> str:
    if lock.mode is None:
        return "no Object Lock by default"
    period = f"{lock.years} years" if lock.years else f"{lock.days} days"
    return f"Object Lock {lock.mode} for {period}"
