"""AWS CloudTrail: trails."""

from checks.aws.cloudtrail._buckets import (
    Expiration,
    LifecycleRule,
    OtherAction,
    TrailBucketAcl,
    TrailBucketLifecycle,
    TrailBucketLock,
    TrailBucketLogging,
    TrailBucketPolicyStatus,
    TrailBucketPublicAccessBlock,
    TrailBucketVersioning,
    bucket_protected,
    bucket_retention,
)
from checks.aws.cloudtrail._events import (
    EXCLUDABLE,
    cloudwatch,
    kms_encrypted,
    log_validation,
    multi_region,
    s3_data_events,
)
from checks.aws.cloudtrail._selectors import (
    AdvancedSelector,
    DataResource,
    EventSelectors,
    FieldSelector,
    Selector,
)
from checks.aws.cloudtrail._trails import Trail, TrailStatus

__all__ = [
    "EXCLUDABLE",
    "AdvancedSelector",
    "DataResource",
    "EventSelectors",
    "Expiration",
    "FieldSelector",
    "LifecycleRule",
    "OtherAction",
    "Selector",
    "Trail",
    "TrailBucketAcl",
    "TrailBucketLifecycle",
    "TrailBucketLock",
    "TrailBucketLogging",
    "TrailBucketPolicyStatus",
    "TrailBucketPublicAccessBlock",
    "TrailBucketVersioning",
    "TrailStatus",
    "bucket_protected",
    "bucket_retention",
    "cloudwatch",
    "kms_encrypted",
    "log_validation",
    "multi_region",
    "s3_data_events",
]
