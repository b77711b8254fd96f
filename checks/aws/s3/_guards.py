"""How buckets guard what they hold: whose key it takes, and whether it is write-once."""

from typing import Literal, Self

from pydantic import model_validator

from checks.aws.kms import KeyState
from checks.aws.s3._buckets import Bucket, BucketEncryption
from checks.aws.s3._scope import BucketTags, outside
from checks.aws.scope import PHI_TAG, PHI_VALUES
from collector.check import Verdict, check, failed, passed
from collector.resource import Resource, at, parent
from collector.source import Aws

RECORDS_VALUES = ("audit", "evidence")
"""Values of the tag that mark records which must not change."""

DAYS_A_YEAR = 365


class BucketKey(Resource):
    """The KMS key of a bucket's default encryption; none is asked for where none is named."""

    source = Aws(
        service="kms",
        operation="DescribeKey",
        permission="kms:DescribeKey",
        per=BucketEncryption,
        params={"KeyId": "kms_key"},
    )
    asked: str | None = parent("kms_key", default=None)
    arn: str | None = at("KeyMetadata.Arn", absent=None)
    manager: Literal["AWS", "CUSTOMER"] | None = at("KeyMetadata.KeyManager", absent=None)
    state: KeyState | None = at("KeyMetadata.KeyState", absent=None)

    @model_validator(mode="after")
    def _is_the_one_asked_for(self) -> Self:
        if self.asked is not None and ":key/" in self.asked and self.arn != self.asked:
            raise ValueError("the answer is about another key")
        return self


class BucketLock(Resource):
    """Object Lock of a bucket, and how it holds new objects by default."""

    source = Aws(
        service="s3",
        operation="GetObjectLockConfiguration",
        permission="s3:GetBucketObjectLockConfiguration",
        per=Bucket,
        params={"Bucket": "id"},
        absent=("ObjectLockConfigurationNotFoundError",),
    )
    is_on: Literal["Enabled"] | None = at("ObjectLockConfiguration.ObjectLockEnabled", absent=None)
    mode: Literal["COMPLIANCE", "GOVERNANCE"] | None = at(
        "ObjectLockConfiguration.Rule.DefaultRetention.Mode", default=None
    )
    days: int | None = at("ObjectLockConfiguration.Rule.DefaultRetention.Days", default=None)
    years: int | None = at("ObjectLockConfiguration.Rule.DefaultRetention.Years", default=None)


@check(control="encryption-at-rest", severity="high")
def kms_encryption(
    encryption: BucketEncryption,
    key: BucketKey,
    tags: BucketTags,
    *,
    scope_tag: str = PHI_TAG,
    scope_values: tuple[str, ...] = PHI_VALUES,
    scope_names: tuple[str, ...] = (),
) -> Verdict:
    """Buckets with health information encrypt new objects with a key of the customer's.

    Passes: the default encryption is aws:kms or aws:kms:dsse with a KMS key that the customer
        manages and that is in use; the reason names it.
    Fails: it is another one; no key is named, which means the key aws/s3 that AWS manages, or AWS
        manages the named one; or the key is disabled, being deleted or otherwise not in use.
    In scope are buckets whose tag `scope_tag` has one of `scope_values`, or any value where there
    are none, and those whose name is like one of `scope_names`; all buckets where both `scope_tag`
    and `scope_names` are empty. Others are not judged, and where no bucket is in scope nothing
    passes. A key of another account has to let this one describe it.
    Says nothing of objects stored before, and of who may use the key.
    Remediation: set default encryption with a customer managed key on the bucket, and encrypt what
        is in it anew.
    """
    elsewhere = outside(tags, scope_tag, scope_values, scope_names)
    if elsewhere is not None:
        return elsewhere
    match encryption.algorithm:
        case None:
            return failed("no default encryption")
        case "AES256" | "aws:backup" | "aws:fsx":
            return failed(f"default encryption is {encryption.algorithm}, not KMS")
        case "aws:kms" | "aws:kms:dsse":
            pass
    if encryption.kms_key is None:
        return failed(f"default encryption is {encryption.algorithm} with the key of AWS, aws/s3")
    named = f"key {encryption.kms_key}"
    if key.manager != "CUSTOMER":
        return failed(f"default encryption is {encryption.algorithm}, but AWS manages {named}")
    match key.state:
        case "Enabled" | "Updating":
            return passed(f"default encryption is {encryption.algorithm} with {named}")
        case (
            "Creating" | "Disabled" | "PendingDeletion" | "PendingImport"
            | "PendingReplicaDeletion" | "Unavailable" | None
        ):  # fmt: skip
            return failed(f"{named} is {key.state}")


@check(control="deletion-protection", severity="medium")
def object_lock(
    lock: BucketLock,
    tags: BucketTags,
    *,
    min_days: int = 365,
    require_compliance: bool = False,
    scope_tag: str = PHI_TAG,
    scope_values: tuple[str, ...] = RECORDS_VALUES,
    scope_names: tuple[str, ...] = (),
) -> Verdict:
    """Buckets with records that must not change are write-once.

    Passes: Object Lock holds every new object by default, for `min_days` days or more, in
        compliance mode, which nobody can shorten, or in governance mode, which those with a special
        permission can lift; the reason names the mode.
    Fails: there is no Object Lock; it has no default retention, so that it holds nothing by itself;
        the period is shorter; or, with `require_compliance`, the mode is governance.
    In scope are buckets whose tag `scope_tag` has one of `scope_values`, or any value where there
    are none, and those whose name is like one of `scope_names`; all buckets where both `scope_tag`
    and `scope_names` are empty. Others are not judged, and where no bucket is in scope nothing
    passes. A year counts as 365 days.
    Says nothing of objects stored before, and of objects written with a retention of their own.
    Remediation: turn on Object Lock with a default retention; copy older objects over themselves so
        that it holds them, too.
    """
    elsewhere = outside(tags, scope_tag, scope_values, scope_names)
    if elsewhere is not None:
        return elsewhere
    if lock.is_on is None:
        return failed("no Object Lock")
    days = lock.years * DAYS_A_YEAR if lock.years else lock.days
    if lock.mode is None or days is None:
        return failed("Object Lock has no default retention")
    reason = f"Object Lock {lock.mode} holds new objects for {days} d"
    if days < min_days:
        return failed(f"{reason}, fewer than {min_days}")
    match lock.mode:
        case "GOVERNANCE" if require_compliance:
            return failed(f"{reason}, not in compliance mode")
        case "COMPLIANCE" | "GOVERNANCE":
            return passed(reason)
