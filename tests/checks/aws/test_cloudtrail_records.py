"""AWS CloudTrail: where records go, what they hold of objects, and how they are guarded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from checks.aws.cloudtrail import (
    AdvancedSelector,
    DataResource,
    EventSelectors,
    FieldSelector,
    Selector,
    Trail,
    TrailBucketAcl,
    TrailBucketLock,
    TrailBucketLogging,
    TrailBucketPolicyStatus,
    TrailBucketPublicAccessBlock,
    TrailBucketVersioning,
    TrailStatus,
    bucket_protected,
    cloudwatch,
    kms_encrypted,
    s3_data_events,
)
from checks.aws.s3 import PUBLIC_GROUPS, Bucket, Grant
from checks.aws.vpc import Caller
from collector.evaluate import evaluate
from tests.aws_told import Refused, told
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
OWN, OTHER = "123456789012", "210987654321"
KEY = f"arn:aws:kms:us-east-1:{OWN}:key/1234"


def trail(name: str = "main", account: str = OWN, **changes: object) -> Trail:
    """A trail for all regions that delivers to bucket `logs`, with some fields changed."""
    fields: dict[str, object] = {
        "id": f"arn:aws:cloudtrail:us-east-1:{account}:trail/{name}",
        "name": name,
        "region": "us-east-1",
        "is_multi_region": True,
        "is_organization": False,
        "has_custom_selectors": True,
        "is_validated": True,
        "bucket": "logs",
        **changes,
    }
    return Trail.model_validate(fields)


def status(name: str = "main", account: str = OWN, **changes: object) -> TrailStatus:
    """The status of that trail: logging."""
    fields = {"id": trail(name, account).id, "is_logging": True, **changes}
    return TrailStatus.model_validate(fields)


TO_GROUP = trail(log_group_arn=f"arn:aws:logs:us-east-1:{OWN}:log-group:trail:*")
TO_OTHERS_GROUP = trail(
    account=OTHER,
    is_organization=True,
    log_group_arn=f"arn:aws:logs:us-east-1:{OTHER}:log-group:organization:*",
)
ME = Caller(account=OWN)
DELIVERED = status(group_delivered=NOW - timedelta(hours=1))


def basic(kinds: str = "All", *values: str, kind: str = "AWS::S3::Object") -> Selector:
    """A basic selector of the data events of some objects."""
    data = (DataResource(type=kind, values=values),)
    return Selector.model_validate({"management": True, "read_write": kinds, "data": data})


def advanced(**conditions: Mapping[str, object]) -> AdvancedSelector:
    """An advanced selector of data events of S3, further narrowed: `readOnly={"equals": …}`."""
    fields: dict[str, Mapping[str, object]] = {
        "eventCategory": {"equals": ["Data"]},
        "resources.type": {"equals": ["AWS::S3::Object"]},
        **conditions,
    }
    parts = [FieldSelector.model_validate({"name": n, **c}) for n, c in fields.items() if c]
    return AdvancedSelector(fields=tuple(parts))


def on(**condition: object) -> AdvancedSelector:
    """An advanced selector that is narrowed by the ARN of the object."""
    return advanced(**{"resources.ARN": condition})


def recorded(
    *selectors: Selector | AdvancedSelector, own: TrailStatus | None = None, **changes: object
) -> tuple[list[Trail], list[TrailStatus], list[EventSelectors], list[Bucket]]:
    """What `s3_data_events` takes in an account with one trail, and buckets in two regions."""
    one = trail().model_copy(update=changes)
    held = EventSelectors(
        id=one.id,
        basic=tuple(s for s in selectors if isinstance(s, Selector)),
        advanced=tuple(s for s in selectors if isinstance(s, AdvancedSelector)),
    )
    buckets = [
        Bucket(id="logs", region="us-east-1"),
        Bucket(id="records", region="us-east-1"),
        Bucket(id="scans", region="eu-west-1"),
    ]
    return [one], [own or status()], [held], buckets


def lacking(text: str) -> dict[str, str]:
    return {"outcome": "fail", "reason": f"no trail records all of: {text}"}


ALL = {"outcome": "pass", "reason": "reading and writing is recorded; buckets: 2"}
NEITHER = lacking("records (read and write), scans (read and write)")
READS, WRITES = {"equals": ["true"]}, {"equals": ["false"]}

PRIVATE = TrailBucketAcl(grants=(Grant(kind="CanonicalUser", permission="FULL_CONTROL"),))
PUBLIC_ACL = TrailBucketAcl(
    grants=(Grant(kind="Group", group=PUBLIC_GROUPS[0], permission="READ"),)
)
NOT_PUBLIC, PUBLIC = (
    TrailBucketPolicyStatus(is_public=False),
    TrailBucketPolicyStatus(is_public=True),
)
OPEN = TrailBucketPublicAccessBlock(ignore_public_acls=False, restrict_public_buckets=False)
BLOCKED = TrailBucketPublicAccessBlock(ignore_public_acls=True, restrict_public_buckets=True)
LOGGED, UNLOGGED = TrailBucketLogging(target="access"), TrailBucketLogging()
VERSIONED, PLAIN = TrailBucketVersioning(status="Enabled"), TrailBucketVersioning()
BY_MFA = TrailBucketVersioning(status="Enabled", mfa_delete="Enabled")
UNLOCKED, LOCKED = TrailBucketLock(), TrailBucketLock(mode="COMPLIANCE", days=400)
KEPT = "versioning enabled; no Object Lock by default"

CASES = [
    row(cloudwatch, TO_GROUP, DELIVERED, ME, now=NOW,
        outcome="pass", reason="delivers to log group trail"),
    row(cloudwatch, TO_OTHERS_GROUP, DELIVERED, ME, now=NOW,
        outcome="pass", reason="delivers to log group organization"),
    row(cloudwatch, trail(), DELIVERED, ME, now=NOW, outcome="fail", reason="no log group"),
    row(cloudwatch, TO_GROUP, status(is_logging=False, group_delivered=NOW), ME, now=NOW,
        outcome="fail", reason="the trail is not logging"),
    row(cloudwatch, TO_GROUP, status(group_delivered=NOW, group_error="AccessDenied"), ME, now=NOW,
        outcome="fail", reason="cannot deliver to its log group (AccessDenied)"),
    row(cloudwatch, TO_OTHERS_GROUP, status(account=OTHER), ME, now=NOW, outcome="not_applicable",
        reason=f"a trail of account {OTHER}, where deliveries are told"),
    row(cloudwatch, TO_OTHERS_GROUP, status(account=OTHER, is_logging=False), ME, now=NOW,
        outcome="fail", reason="the trail is not logging"),
    row(cloudwatch, TO_GROUP, status(), ME, now=NOW,
        outcome="fail", reason="nothing was delivered to its log group yet"),
    row(cloudwatch, TO_GROUP, status(group_delivered=NOW - timedelta(hours=24)), ME, now=NOW,
        outcome="pass", reason="delivers to log group trail"),
    row(cloudwatch, TO_GROUP, status(group_delivered=NOW - timedelta(hours=25)), ME, now=NOW,
        outcome="fail", reason="last delivered to its log group on 2026-06-29"),
    row(cloudwatch, TO_GROUP, status(group_delivered=NOW - timedelta(hours=25)), ME, now=NOW,
        max_hours=72, outcome="pass", reason="delivers to log group trail"),

    row(kms_encrypted, trail(kms_key=KEY), outcome="pass", reason=f"encrypted with key {KEY}"),
    row(kms_encrypted, trail(), outcome="fail", reason="no KMS key"),

    row(s3_data_events, *recorded(basic("All", "arn:aws:s3")), **ALL),
    row(s3_data_events, *recorded(basic("All", "arn:aws:s3:::")), **ALL),
    row(s3_data_events,
        *recorded(basic("All", "arn:aws:s3:::records/", "arn:aws:s3:::scans/")), **ALL),
    row(s3_data_events,
        *recorded(basic("ReadOnly", "arn:aws:s3"), basic("WriteOnly", "arn:aws:s3")), **ALL),
    row(s3_data_events, *recorded(basic("WriteOnly", "arn:aws:s3")),
        **lacking("records (read), scans (read)")),
    row(s3_data_events, *recorded(basic("All", "arn:aws:s3:::records/a", "arn:aws:s3:::scans/")),
        **lacking("records (read and write)")),
    row(s3_data_events, *recorded(basic("All", "arn:aws:s3:::rec")), **NEITHER),
    row(s3_data_events, *recorded(basic("All", "arn:aws:lambda", kind="AWS::Lambda::Function")),
        **NEITHER),
    row(s3_data_events, *recorded(basic("All", "arn:aws:s3", kind="AWS::DynamoDB::Table")),
        **NEITHER),
    row(s3_data_events, *recorded(), **NEITHER),
    row(s3_data_events, *recorded(advanced()), **ALL),
    row(s3_data_events, *recorded(advanced(readOnly=READS), advanced(readOnly=WRITES)), **ALL),
    row(s3_data_events, *recorded(advanced(readOnly=READS)),
        **lacking("records (write), scans (write)")),
    row(s3_data_events, *recorded(advanced(eventCategory={"equals": ["Management"]})), **NEITHER),
    row(s3_data_events, *recorded(advanced(eventCategory={})), **NEITHER),
    row(s3_data_events, *recorded(advanced(eventName={"equals": ["DeleteObject"]})), **NEITHER),
    row(s3_data_events, *recorded(advanced(eventName={"not_equals": ["GetObject"]})), **NEITHER),
    row(s3_data_events, *recorded(advanced(readOnly={"not_equals": ["true"]})), **NEITHER),
    row(s3_data_events, *recorded(on(starts_with=["arn:aws:s3:::records/", "arn:aws:s3:::sc"])),
        **ALL),
    row(s3_data_events, *recorded(on(starts_with=["arn:aws:s3:::records/a"])), **NEITHER),
    row(s3_data_events, *recorded(on(not_starts_with=["arn:aws:s3:::logs/"])), **ALL),
    row(s3_data_events, *recorded(on(not_starts_with=["arn:aws:s3:::records/tmp/"])),
        **lacking("records (read and write)")),
    row(s3_data_events, *recorded(on(not_starts_with=["arn:aws:s3:::rec"])),
        **lacking("records (read and write)")),
    row(s3_data_events, *recorded(on(not_equals=["arn:aws:s3:::scans/one"])),
        **lacking("scans (read and write)")),
    row(s3_data_events, *recorded(on(equals=["arn:aws:s3:::records/"])), **NEITHER),
    row(s3_data_events, *recorded(on(ends_with=["/"])), **NEITHER),
    row(s3_data_events, *recorded(advanced(), is_multi_region=False),
        **lacking("scans (read and write)")),
    row(s3_data_events, *recorded(advanced(), own=status(is_logging=False)), **NEITHER),
    row(s3_data_events, *recorded(advanced(), own=status(delivery_error="NoSuchBucket")),
        **NEITHER),
    row(s3_data_events, *recorded(basic("All", "arn:aws:s3:::records/")), buckets=("records",),
        outcome="pass", reason="reading and writing is recorded; buckets: 1"),
    row(s3_data_events, *recorded(advanced()), buckets=("recrods",),
        outcome="fail", reason="no such bucket in the account: recrods"),
    row(s3_data_events, [], [], [], [Bucket(id="records")], **lacking("records (read and write)")),
    row(s3_data_events, [trail()], [status()], [EventSelectors(basic=())], [Bucket(id="logs")],
        outcome="not_applicable", reason="no bucket but those that trails deliver to"),

    row(bucket_protected, PRIVATE, NOT_PUBLIC, OPEN, LOGGED, VERSIONED, UNLOCKED,
        outcome="pass", reason=f"not public, access is logged to bucket access; {KEPT}"),
    row(bucket_protected, PUBLIC_ACL, PUBLIC, BLOCKED, LOGGED, BY_MFA, LOCKED, outcome="pass",
        reason="not public, access is logged to bucket access; versioning enabled with MFA"
        " delete; Object Lock COMPLIANCE for 400 days"),
    row(bucket_protected, PRIVATE, NOT_PUBLIC, BLOCKED, LOGGED, PLAIN, UNLOCKED, outcome="pass",
        reason="not public, access is logged to bucket access; versioning never enabled; no"
        " Object Lock by default"),
    row(bucket_protected, PRIVATE, NOT_PUBLIC, BLOCKED, UNLOGGED, VERSIONED, UNLOCKED,
        outcome="fail", reason=f"access is not logged; {KEPT}"),
    row(bucket_protected, PRIVATE, PUBLIC, OPEN, LOGGED, VERSIONED, UNLOCKED,
        outcome="fail", reason=f"the bucket policy is public; {KEPT}"),
    row(bucket_protected, PUBLIC_ACL, NOT_PUBLIC, OPEN, UNLOGGED, VERSIONED, UNLOCKED,
        outcome="fail",
        reason=f"the ACL grants READ to the public and access is not logged; {KEPT}"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


TRAIL: Mapping[str, Any] = {
    "Name": "main",
    "S3BucketName": "logs",
    "IncludeGlobalServiceEvents": True,
    "IsMultiRegionTrail": True,
    "HomeRegion": "us-east-1",
    "TrailARN": trail().id,
    "LogFileValidationEnabled": True,
    "CloudWatchLogsLogGroupArn": f"arn:aws:logs:us-east-1:{OWN}:log-group:trail:*",
    "CloudWatchLogsRoleArn": f"arn:aws:iam::{OWN}:role/trail",
    "KmsKeyId": KEY,
    "HasCustomEventSelectors": True,
    "HasInsightSelectors": False,
    "IsOrganizationTrail": False,
}
STATUS: Mapping[str, Any] = {"IsLogging": True, "LatestCloudWatchLogsDeliveryTime": NOW}


def test_when_events_arrived_is_judged_but_is_no_part_of_the_answer() -> None:
    """Two reads of an unchanged account have the same evidence, however far apart."""
    bodies = []
    for hours, outcome in ((1, "pass"), (30, "fail")):
        late = {**STATUS, "LatestCloudWatchLogsDeliveryTime": NOW - timedelta(hours=hours)}
        session = told(
            {"cloudtrail:DescribeTrails": {"trailList": [TRAIL]},
             "cloudtrail:GetTrailStatus": late}
        )  # fmt: skip

        reads = read_aws(session, cloudwatch, regions=("us-east-1", "eu-west-1"))

        (found,) = evaluate([cloudwatch], reads, settings={}, now=NOW)
        assert (found.resource.id, found.outcome) == (trail().id, outcome)
        bodies.append([a.body() for _, a in reads.answers if "Status" in a.source])
    assert bodies[0] == bodies[1]
    assert len(bodies[0]) == 1


def test_log_group_that_nothing_can_be_delivered_to_is_read() -> None:
    broken = {**STATUS, "LatestCloudWatchLogsDeliveryError": "AccessDenied"}
    session = told(
        {"cloudtrail:DescribeTrails": {"trailList": [TRAIL]}, "cloudtrail:GetTrailStatus": broken}
    )

    results = evaluate([cloudwatch], read_aws(session, cloudwatch), settings={}, now=NOW)

    assert [r.reason for r in results] == ["cannot deliver to its log group (AccessDenied)"]


def test_data_events_are_read_from_selectors_of_both_kinds(aws: boto3.Session) -> None:
    s3, client = aws.client("s3"), aws.client("cloudtrail")
    for bucket in ("logs", "records"):
        s3.create_bucket(Bucket=bucket)
    for name in ("basic", "advanced"):
        client.create_trail(Name=name, S3BucketName="logs")
        client.start_logging(Name=name)
    data = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::records/"]}
    client.put_event_selectors(
        TrailName="basic", EventSelectors=[{"ReadWriteType": "ReadOnly", "DataResources": [data],
                                            "IncludeManagementEvents": True}],
    )  # fmt: skip
    client.put_event_selectors(
        TrailName="advanced",
        AdvancedEventSelectors=[{"FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
            {"Field": "readOnly", "Equals": ["false"]},
            {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::records/"]},
        ]}],
    )  # fmt: skip

    reads = read_aws(aws, s3_data_events)

    results = evaluate([s3_data_events], reads, settings={}, now=NOW)
    assert [(r.resource.id, r.outcome, r.reason) for r in results] == [
        # moto does not tell the region of a bucket, so that a trail for one covers none.
        (OWN, "fail", "no trail records all of: records (read and write)")
    ]
    selectors = {o.resource.id: o.resource for o in reads[EventSelectors]}
    by_kind = {i.rpartition("/")[2]: s.selected_of("arn:aws:s3:::records/")
               for i, s in selectors.items()}  # fmt: skip
    assert by_kind == {"basic": {"read"}, "advanced": {"write"}}


def test_bucket_of_a_trail_is_read_in_the_trails_name(aws: boto3.Session) -> None:
    s3 = aws.client("s3")
    for bucket in ("logs", "access"):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_acl(Bucket="access", ACL="log-delivery-write")
    target = {"TargetBucket": "access", "TargetPrefix": "logs/"}
    s3.put_bucket_logging(Bucket="logs", BucketLoggingStatus={"LoggingEnabled": target})
    s3.put_bucket_versioning(Bucket="logs", VersioningConfiguration={"Status": "Enabled"})
    aws.client("cloudtrail").create_trail(Name="main", S3BucketName="logs")

    results = evaluate([bucket_protected], read_aws(aws, bucket_protected), settings={}, now=NOW)

    assert [(r.resource.id, r.outcome, r.reason) for r in results] == [
        (trail().id, "pass", f"not public, access is logged to bucket access; {KEPT}")
    ]


def test_bucket_of_another_account_is_unknown() -> None:
    """The settings of this account's own buckets say nothing of it."""

    def denied(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        raise Refused("AccessDenied", "Access Denied")

    operations = (
        "GetBucketAcl",
        "GetBucketLogging",
        "GetBucketPolicyStatus",
        "GetBucketVersioning",
        "GetObjectLockConfiguration",
        "GetPublicAccessBlock",
    )
    session = told(
        {"cloudtrail:DescribeTrails": {"trailList": [TRAIL]}}
        | {f"s3:{operation}": denied for operation in operations}
    )

    (result,) = evaluate([bucket_protected], read_aws(session, bucket_protected), settings={},
                         now=NOW)  # fmt: skip

    assert (result.resource.id, result.outcome) == (trail().id, "unknown")
    assert "s3:GetBucketPolicyStatus in us-east-1: AccessDenied" in result.reason
