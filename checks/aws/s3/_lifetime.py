"""Where the objects of buckets are copied to, and when they are deleted."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import model_validator

from checks.aws.s3._buckets import Bucket, BucketEncryption, BucketVersioning
from checks.aws.s3._scope import BucketTags, outside
from checks.aws.scope import PHI_TAG, PHI_VALUES
from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Part, Resource, at
from collector.source import Aws


class Narrowing(Part):
    """A part of a filter that takes objects out, whatever it says."""


class ReplicationFilter(Part):
    """To which objects a replication rule applies; to all where it says nothing."""

    prefix: str = at("Prefix", default="")
    tag: Narrowing | None = at("Tag", default=None)
    several: Narrowing | None = at("And", default=None)

    @property
    def is_whole(self) -> bool:
        """Whether it takes nothing out."""
        return not self.prefix and self.tag is None and self.several is None


class ReplicationRule(Part):
    """A rule by which objects are copied to another bucket."""

    status: Literal["Disabled", "Enabled"] = at("Status")
    prefix: str | None = at("Prefix", default=None)
    filter: ReplicationFilter | None = at("Filter", default=None)
    kms: Literal["Disabled", "Enabled"] | None = at(
        "SourceSelectionCriteria.SseKmsEncryptedObjects.Status", default=None
    )
    target: str = at("Destination.Bucket")

    @model_validator(mode="after")
    def _says_what_it_applies_to(self) -> Self:
        if self.prefix is None and self.filter is None:
            raise ValueError("a rule has a prefix or a filter")
        return self

    @property
    def is_whole(self) -> bool:
        """Whether it applies to every object."""
        return not self.prefix and (self.filter is None or self.filter.is_whole)

    @property
    def target_name(self) -> str:
        """Name of the bucket that the copies go to."""
        return self.target.rpartition(":")[2]


class BucketReplication(Resource):
    """Rules by which a bucket's objects are copied elsewhere."""

    source = Aws(
        service="s3",
        operation="GetBucketReplication",
        permission="s3:GetReplicationConfiguration",
        per=Bucket,
        params={"Bucket": "id"},
        absent=("ReplicationConfigurationNotFoundError",),
    )
    rules: tuple[ReplicationRule, ...] = at("ReplicationConfiguration.Rules", absent=())


class DisposalFilter(Part):
    """To which objects a lifecycle rule applies; to all where it says nothing."""

    prefix: str = at("Prefix", default="")
    tag: Narrowing | None = at("Tag", default=None)
    several: Narrowing | None = at("And", default=None)
    larger: int | None = at("ObjectSizeGreaterThan", default=None)
    smaller: int | None = at("ObjectSizeLessThan", default=None)

    @property
    def is_whole(self) -> bool:
        """Whether it takes nothing out."""
        narrowing = (self.tag, self.several, self.larger, self.smaller)
        return not self.prefix and all(part is None for part in narrowing)


class DisposalRule(Part):
    """What a lifecycle rule deletes."""

    status: Literal["Disabled", "Enabled"] = at("Status")
    prefix: str | None = at("Prefix", default=None)
    filter: DisposalFilter | None = at("Filter", default=None)
    days: int | None = at("Expiration.Days", default=None)
    old_days: int | None = at("NoncurrentVersionExpiration.NoncurrentDays", default=None)
    old_kept: int | None = at("NoncurrentVersionExpiration.NewerNoncurrentVersions", default=None)

    @model_validator(mode="after")
    def _says_what_it_applies_to(self) -> Self:
        if self.prefix is None and self.filter is None:
            raise ValueError("a rule has a prefix or a filter")
        return self

    @property
    def is_whole(self) -> bool:
        """Whether it applies to every object."""
        return not self.prefix and (self.filter is None or self.filter.is_whole)


class BucketLifecycle(Resource):
    """Lifecycle rules of a bucket."""

    source = Aws(
        service="s3",
        operation="GetBucketLifecycleConfiguration",
        permission="s3:GetLifecycleConfiguration",
        per=Bucket,
        params={"Bucket": "id"},
        absent=("NoSuchLifecycleConfiguration",),
    )
    rules: tuple[DisposalRule, ...] = at("Rules", absent=())


@check(control="backups", severity="medium")
def replication(
    bucket: Bucket,
    rules: BucketReplication,
    encryption: BucketEncryption,
    tags: BucketTags,
    buckets: Sequence[Bucket],
    *,
    offsite: tuple[str, ...] = (),
    scope_tag: str = PHI_TAG,
    scope_values: tuple[str, ...] = PHI_VALUES,
    scope_names: tuple[str, ...] = (),
) -> Verdict:
    """Buckets with health information are copied to another region.

    Passes: an enabled replication rule copies every new object to a bucket of the account in
        another region, or to one of the buckets `offsite`; and where the default encryption uses
        KMS, the rule takes objects encrypted with KMS, which S3 otherwise leaves out.
    Fails: no rule does all of that: it is disabled, applies to some prefix or tags only, leaves out
        objects encrypted with KMS, or copies to a bucket in the same region or to one that is not
        the account's. Where that one lies cannot be seen from here; name it in `offsite` if it lies
        in another region.
    In scope are buckets whose tag `scope_tag` has one of `scope_values`, or any value where there
    are none, and those whose name is like one of `scope_names`; all buckets where both `scope_tag`
    and `scope_names` are empty. Others are not judged, and where no bucket is in scope nothing
    passes.
    Says nothing of objects stored before the rule, and of copies that failed.
    Remediation: add a replication rule without a filter to a bucket in another region, with objects
        encrypted with KMS included, and copy what is there already by Batch Replication.
    """
    elsewhere = outside(tags, scope_tag, scope_values, scope_names)
    if elsewhere is not None:
        return elsewhere
    regions = {other.id: other.region for other in buckets}
    uses_kms = encryption.algorithm in ("aws:kms", "aws:kms:dsse")
    copies, problems = [], []
    for rule in rules.rules:
        to = f"the copy to {rule.target_name}"
        there = regions.get(rule.target_name)
        if rule.status == "Disabled":
            problems.append(f"{to} is disabled")
        elif not rule.is_whole:
            problems.append(f"{to} is of a part of the objects")
        elif uses_kms and rule.kms != "Enabled":
            problems.append(f"{to} leaves out objects encrypted with KMS")
        elif rule.target_name in offsite:
            copies.append(f"copied to {rule.target_name}, which is known to be off site")
        elif there is None or bucket.region is None:
            problems.append(f"{to} goes to another region or not, which is not known here")
        elif there == bucket.region:
            problems.append(f"{to} stays in {there}")
        else:
            copies.append(f"copied to {rule.target_name} in {there}")
    if copies:
        return passed(listed(sorted(copies), "; "))
    if problems:
        return failed(listed(sorted(problems), "; "))
    return failed("no replication")


@check(control="data-disposal", severity="medium")
def lifecycle_disposal(
    lifecycle: BucketLifecycle,
    versions: BucketVersioning,
    tags: BucketTags,
    *,
    max_days: int = 3650,
    scope_tag: str = PHI_TAG,
    scope_values: tuple[str, ...] = PHI_VALUES,
    scope_names: tuple[str, ...] = (),
) -> Verdict:
    """Health information in buckets is deleted when its retention ends.

    Passes: enabled lifecycle rules expire every object, and, where the bucket keeps or kept
        versions, delete old versions, too: both periods together are `max_days` days or fewer, the
        period of your policy.
    Fails: no rule does, they apply to some prefix, tags or sizes only, or they take longer. Where
        versions are kept, expiring an object only hides it, so that a rule for old versions must
        follow; one that always keeps a number of them disposes of nothing. A rule with a fixed date
        is no schedule and does not count.
    In scope are buckets whose tag `scope_tag` has one of `scope_values`, or any value where there
    are none, and those whose name is like one of `scope_names`; all buckets where both `scope_tag`
    and `scope_names` are empty. Others are not judged, and where no bucket is in scope nothing
    passes.
    Says nothing of copies elsewhere, and of objects that Object Lock holds for longer.
    Remediation: add a lifecycle rule without a filter that expires objects at the end of the
        retention that your policy sets, and old versions soon after.
    """
    elsewhere = outside(tags, scope_tag, scope_values, scope_names)
    if elsewhere is not None:
        return elsewhere
    enabled = [rule for rule in lifecycle.rules if rule.status == "Enabled"]
    whole = [rule for rule in enabled if rule.is_whole]
    days = min((rule.days for rule in whole if rule.days is not None), default=None)
    if days is None:
        if any(rule.days is not None for rule in enabled):
            return failed("lifecycle rules expire a part of the objects only")
        return failed("no enabled lifecycle rule expires objects after a number of days")
    reason = f"objects are deleted after {days} d"
    if versions.status is not None:
        kept = [r.old_days for r in whole if r.old_days is not None and not r.old_kept]
        if not kept:
            return failed(f"objects expire after {days} d, but all or some old versions stay")
        days += min(kept)
        reason = f"objects and their old versions are deleted after {days} d"
    if days > max_days:
        return failed(f"{reason}, more than {max_days}")
    return passed(reason)
