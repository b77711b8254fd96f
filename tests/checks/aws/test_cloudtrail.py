"""AWS CloudTrail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import boto3
import pytest
from pydantic import ValidationError

from checks.aws import cloudtrail
from checks.aws.cloudtrail import (
    AdvancedSelector,
    EventSelectors,
    Expiration,
    FieldSelector,
    LifecycleRule,
    OtherAction,
    Selector,
    Trail,
    TrailBucketLifecycle,
    TrailBucketLock,
    TrailStatus,
    bucket_retention,
    log_validation,
    multi_region,
)
from collector.check import Check
from collector.evaluate import evaluate
from collector.evidence.canonical import JSON
from collector.resource import Resource
from tests.botocore_paths import assert_paths
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 6, 30, tzinfo=UTC)
OWN = "123456789012"
REGIONS = ("us-east-1", "eu-west-1")


def trail(name: str = "main", **changes: object) -> Trail:
    """A trail for all regions, with some fields changed."""
    fields: dict[str, object] = {
        "id": f"arn:aws:cloudtrail:us-east-1:{OWN}:trail/{name}",
        "name": name,
        "region": "us-east-1",
        "is_multi_region": True,
        "is_organization": False,
        "has_custom_selectors": True,
        "is_validated": False,
        "bucket": "logs",
        **changes,
    }
    return Trail.model_validate(fields)


def management(name: str = "All", *excluded: str) -> Selector:
    """A basic selector of management events."""
    return Selector.model_validate(
        {"management": True, "read_write": name, "excluded": list(excluded)}
    )


def advanced(**conditions: object) -> AdvancedSelector:
    """An advanced selector: `readOnly={"equals": ["true"]}`."""
    fields = [FieldSelector.model_validate({"name": n, **c}) for n, c in conditions.items()]  # type: ignore[dict-item]
    return AdvancedSelector(fields=tuple(fields))


IS_MANAGEMENT = {"equals": ["Management"]}
READS, WRITES = {"equals": ["true"]}, {"equals": ["false"]}
NO_KMS = {"not_equals": ["kms.amazonaws.com"]}


def account(
    *selectors: Selector | AdvancedSelector,
    name: str = "main",
    is_logging: bool = True,
    error: str | None = None,
    **changes: object,
) -> tuple[list[Trail], list[TrailStatus], list[EventSelectors]]:
    """What `multi_region` takes in an account with one trail."""
    one = trail(name, **changes)
    return (
        [one],
        [TrailStatus(id=one.id, is_logging=is_logging, delivery_error=error)],
        [
            EventSelectors(
                id=one.id,
                basic=tuple(s for s in selectors if isinstance(s, Selector)),
                advanced=tuple(s for s in selectors if isinstance(s, AdvancedSelector)),
            )
        ],
    )


def both(
    one: tuple[list[Trail], list[TrailStatus], list[EventSelectors]],
    other: tuple[list[Trail], list[TrailStatus], list[EventSelectors]],
) -> tuple[Sequence[Resource], ...]:
    """Two accounts with a trail each as one with both."""
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def rule(
    *,
    days: int | None = None,
    date: datetime | None = None,
    tidies: bool | None = None,
    id: str | None = "tidy",
    status: str = "Enabled",
    **prefix: str,
) -> TrailBucketLifecycle:
    """A bucket with one lifecycle rule."""
    expiration = Expiration(days=days, date=date, tidies=tidies)
    one = LifecycleRule.model_validate(
        {"id": id, "status": status, "expiration": expiration, **prefix}
    )
    return TrailBucketLifecycle(rules=(one,))


RECORDS = {"outcome": "pass", "reason": "trail main records all management events"}
BUT_KMS = {
    "outcome": "pass",
    "reason": "trail main records all management events but those of kms.amazonaws.com",
}
NEITHER = {
    "outcome": "fail",
    "reason": "trail main does not record all read and write management events",
}
FOREVER = TrailBucketLifecycle(rules=())
MOVES = TrailBucketLifecycle(
    rules=(LifecycleRule(status="Enabled", transitions=(OtherAction(),), uploads=OtherAction()),)
)
UNLOCKED = TrailBucketLock()
KEPT = {
    "outcome": "pass",
    "reason": "no lifecycle rule deletes files before 365 days; no Object Lock by default",
}
EARLY = {
    "outcome": "fail",
    "reason": "lifecycle rule tidy deletes files after 30 days; no Object Lock by default",
}

CASES = [
    row(multi_region, [], [], [], outcome="fail", reason="no trail"),
    row(multi_region, *account(management()), **RECORDS),
    row(multi_region, *account(management("ReadOnly"), management("WriteOnly")), **RECORDS),
    row(multi_region, *account(advanced(eventCategory=IS_MANAGEMENT)), **RECORDS),
    row(multi_region,
        *account(advanced(eventCategory=IS_MANAGEMENT, readOnly=READS),
                 advanced(eventCategory=IS_MANAGEMENT, readOnly=WRITES)), **RECORDS),
    row(multi_region, *account(management("All", "kms.amazonaws.com")), **BUT_KMS),
    row(multi_region, *account(advanced(eventCategory=IS_MANAGEMENT, eventSource=NO_KMS)),
        **BUT_KMS),
    row(multi_region, *account(management("All", "kms.amazonaws.com"), management()), **RECORDS),
    row(multi_region, *account(management("All", "iam.amazonaws.com")), outcome="fail",
        reason="trail main leaves out the management events of iam.amazonaws.com"),

    row(multi_region, *account(), **NEITHER),
    row(multi_region, *account(Selector(management=False, read_write="All")), **NEITHER),
    row(multi_region, *account(management("WriteOnly")), outcome="fail",
        reason="trail main does not record all read management events"),
    row(multi_region, *account(advanced(eventCategory=IS_MANAGEMENT, readOnly=READS)),
        outcome="fail", reason="trail main does not record all write management events"),
    row(multi_region, *account(advanced(eventCategory={"equals": ["Data"]})), **NEITHER),
    row(multi_region, *account(advanced(readOnly=READS), advanced(readOnly=WRITES)), **NEITHER),
    row(multi_region,
        *account(advanced(eventCategory=IS_MANAGEMENT, eventSource={"equals": ["a"]})), **NEITHER),
    row(multi_region,
        *account(advanced(eventCategory=IS_MANAGEMENT, eventSource={"starts_with": ["a"]})),
        **NEITHER),
    row(multi_region,
        *account(advanced(eventCategory=IS_MANAGEMENT, eventName={"not_equals": ["a"]})),
        **NEITHER),
    row(multi_region,
        *account(advanced(eventCategory=IS_MANAGEMENT,
                          readOnly={"equals": ["true", "false"], "not_equals": ["true"]})),
        **NEITHER),

    row(multi_region, *account(management(), is_logging=False),
        outcome="fail", reason="trail main is not logging"),
    row(multi_region, *account(management(), is_multi_region=False, is_logging=False),
        outcome="fail", reason="trail main is for one region only and is not logging"),
    row(multi_region, *account(management(), error="NoSuchBucket"),
        outcome="fail", reason="trail main cannot deliver to its bucket (NoSuchBucket)"),
    row(multi_region, *account(management(), error=""), **RECORDS),
    row(multi_region, *account(is_organization=True, has_custom_selectors=False), **RECORDS),
    row(multi_region, *account(is_organization=None, has_custom_selectors=False), **NEITHER),
    row(multi_region, *account(is_organization=True, has_custom_selectors=None), **NEITHER),
    row(multi_region, *both(account(management(), is_logging=False, name="a"),
                            account(management(), name="main")), **RECORDS),
    row(multi_region, *both(account(management(), is_multi_region=False, name="b"),
                            account(management(), is_logging=False, name="a")),
        outcome="fail", reason="trail a is not logging; trail b is for one region only"),

    row(log_validation, trail(is_validated=True),
        outcome="pass", reason="log file validation is on"),
    row(log_validation, trail(), outcome="fail", reason="log file validation is off"),

    row(bucket_retention, trail(), FOREVER, UNLOCKED, **KEPT),
    row(bucket_retention, trail(), rule(days=30), UNLOCKED, **EARLY),
    row(bucket_retention, trail(), rule(days=365), UNLOCKED, **KEPT),
    row(bucket_retention, trail(), rule(days=365), TrailBucketLock(mode="COMPLIANCE", years=6),
        min_days=2190, outcome="fail",
        reason="lifecycle rule tidy deletes files after 365 days; Object Lock COMPLIANCE for 6"
        " years"),
    row(bucket_retention, trail(), FOREVER, TrailBucketLock(mode="GOVERNANCE", days=30),
        outcome="pass", reason="no lifecycle rule deletes files before 365 days;"
        " Object Lock GOVERNANCE for 30 days"),
    row(bucket_retention, trail(), rule(date=datetime(2040, 1, 1, tzinfo=UTC), id=None), UNLOCKED,
        outcome="fail", reason="a lifecycle rule deletes files of any age from 2040-01-01 on;"
        " no Object Lock by default"),
    row(bucket_retention, trail(), rule(tidies=True), UNLOCKED, **KEPT),
    row(bucket_retention, trail(), MOVES, UNLOCKED, **KEPT),
    row(bucket_retention, trail(), rule(days=30, status="Disabled"), UNLOCKED, **KEPT),
    row(bucket_retention, trail(), rule(days=30, prefix="AWSLogs/"), UNLOCKED, **EARLY),
    row(bucket_retention, trail(), rule(days=30, filter_prefix=""), UNLOCKED, **EARLY),
    row(bucket_retention, trail(),
        rule(days=30, filter_prefix=f"AWSLogs/{OWN}/CloudTrail/us-east-1/"), UNLOCKED, **EARLY),
    row(bucket_retention, trail(),
        rule(days=30, and_prefix=f"AWSLogs/{OWN}/CloudTrail-Digest/"), UNLOCKED, **EARLY),
    row(bucket_retention, trail(), rule(days=30, filter_prefix=f"AWSLogs/{OWN}/Config/"), UNLOCKED,
        **KEPT),
    row(bucket_retention, trail(), rule(days=30, and_prefix="reports/"), UNLOCKED, **KEPT),
    row(bucket_retention, trail(), rule(days=30, prefix="reports/"), UNLOCKED, **KEPT),
    row(bucket_retention, trail(), rule(days=30, filter_prefix="AWSLogs/999999999999/"), UNLOCKED,
        **KEPT),
    row(bucket_retention, trail(prefix="audit"), rule(days=30, filter_prefix="AWSLogs/"), UNLOCKED,
        **KEPT),
    row(bucket_retention, trail(prefix="audit"), rule(days=30, filter_prefix="audit/"), UNLOCKED,
        **EARLY),
    row(bucket_retention, trail(is_organization=True),
        rule(days=30, filter_prefix="AWSLogs/o-abc123/999999999999/"), UNLOCKED, **EARLY),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


RESOURCES = [v for v in vars(cloudtrail).values() if isinstance(v, type)]


@pytest.mark.parametrize(
    "resource", [r for r in RESOURCES if issubclass(r, Resource) and r is not Resource]
)
def test_paths_are_those_of_the_api(resource: type[Resource]) -> None:
    assert_paths(resource)


def test_trail_for_all_regions_is_one_trail_and_asked_once(aws: boto3.Session) -> None:
    aws.client("s3").create_bucket(Bucket="logs")
    client = aws.client("cloudtrail")
    arn = client.create_trail(
        Name="main", S3BucketName="logs", S3KeyPrefix="audit", IsMultiRegionTrail=True
    )["TrailARN"]
    client.start_logging(Name=arn)
    client.put_event_selectors(
        TrailName=arn,
        AdvancedEventSelectors=[
            {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
        ],
    )

    reads = read_aws(aws, multi_region, log_validation, bucket_retention, regions=REGIONS)

    asked = sorted((a.source, a.place) for _, a in reads.answers)
    assert asked == [
        ("cloudtrail:DescribeTrails", "eu-west-1"),
        ("cloudtrail:DescribeTrails", "us-east-1"),
        ("cloudtrail:GetEventSelectors", "us-east-1"),
        ("cloudtrail:GetTrailStatus", "us-east-1"),
        ("s3:GetBucketLifecycleConfiguration", "us-east-1"),
        ("s3:GetObjectLockConfiguration", "us-east-1"),
    ]
    (found,) = reads[Trail]
    assert (found.name, found.region) == (arn, "us-east-1")
    assert found.resource == trail(prefix="audit", has_custom_selectors=False)
    assert [o.resource for o in reads[TrailStatus]] == [TrailStatus(id=arn, is_logging=True)]
    assert [o.resource.advanced for o in reads[EventSelectors]] == [
        (advanced(eventCategory=IS_MANAGEMENT),)
    ]
    assert [o.resource for o in reads[TrailBucketLifecycle]] == [
        TrailBucketLifecycle(id=arn, rules=())
    ]
    assert [o.resource for o in reads[TrailBucketLock]] == [TrailBucketLock(id=arn)]
    (call,) = [a for _, a in reads.answers if a.source == "cloudtrail:GetTrailStatus"]
    assert not [
        key for page in call.pages if isinstance(page, dict) for key in page if "Latest" in key
    ]


def test_bucket_with_rules_and_lock_is_read(aws: boto3.Session) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="logs", ObjectLockEnabledForBucket=True)
    s3.put_object_lock_configuration(
        Bucket="logs",
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 400}},
        },
        ChecksumAlgorithm="SHA256",
    )
    tag = {"Key": "a", "Value": "b"}
    s3.put_bucket_lifecycle_configuration(
        Bucket="logs",
        LifecycleConfiguration={
            "Rules": [
                {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "AWSLogs/"},
                 "Expiration": {"Days": 30}},
                {"ID": "b", "Status": "Disabled", "Expiration": {"Date": datetime(2030, 1, 1)},
                 "Filter": {"And": {"Prefix": "x/", "Tags": [tag]}}},
            ]
        },
    )  # fmt: skip
    aws.client("cloudtrail").create_trail(Name="main", S3BucketName="logs")

    reads = read_aws(aws, bucket_retention)

    (lifecycle,) = (o.resource for o in reads[TrailBucketLifecycle])
    (lock,) = (o.resource for o in reads[TrailBucketLock])
    assert lifecycle.rules == (
        LifecycleRule(
            id="a", status="Enabled", filter_prefix="AWSLogs/", expiration=Expiration(days=30)
        ),
        LifecycleRule(
            id="b",
            status="Disabled",
            and_prefix="x/",
            expiration=Expiration(date=datetime(2030, 1, 1, tzinfo=UTC)),
        ),
    )
    assert (lock.mode, lock.days) == ("COMPLIANCE", 400)


@pytest.mark.parametrize("part", [{}, {"Expiration": {}}])
def test_rule_that_does_nothing_cannot_be_read(part: dict[str, JSON]) -> None:
    """S3 takes no such rule: a part of it is missing, and it might be what it deletes."""
    with pytest.raises(ValidationError):
        TrailBucketLifecycle.parse({"Rules": [{"Status": "Enabled", **part}]}, trail())


def test_trail_whose_bucket_is_not_to_be_seen_is_unknown(aws: boto3.Session) -> None:
    """The bucket may be in another account; here it was deleted, which S3 says as little of."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="logs")
    aws.client("cloudtrail").create_trail(Name="main", S3BucketName="logs")
    s3.delete_bucket(Bucket="logs")

    results = evaluate([bucket_retention], read_aws(aws, bucket_retention), settings={}, now=NOW)

    assert [(r.resource.id, r.outcome) for r in results] == [(trail().id, "unknown")]
    assert "s3:GetBucketLifecycleConfiguration in us-east-1: NoSuchBucket" in results[0].reason


def test_account_without_trails_has_none_in_any_region(aws: boto3.Session) -> None:
    checks: list[Check[...]] = [multi_region, log_validation, bucket_retention]

    reads = read_aws(aws, *checks, regions=REGIONS)

    results = evaluate(checks, reads, settings={}, now=NOW)
    assert [(r.check, r.outcome, r.reason) for r in results] == [
        (
            "aws.cloudtrail.bucket_retention",
            "not_applicable",
            "no aws.cloudtrail.trail in the account",
        ),
        (
            "aws.cloudtrail.log_validation",
            "not_applicable",
            "no aws.cloudtrail.trail in the account",
        ),
        ("aws.cloudtrail.multi_region", "fail", "no trail"),
    ]


def test_default_organization_trail_is_not_asked_for_its_selectors(aws: boto3.Session) -> None:
    """A member account would be refused."""
    aws.client("s3").create_bucket(Bucket="logs")
    client = aws.client("cloudtrail")
    arn = client.create_trail(
        Name="main", S3BucketName="logs", IsMultiRegionTrail=True, IsOrganizationTrail=True
    )["TrailARN"]
    client.start_logging(Name=arn)

    reads = read_aws(aws, multi_region)

    assert "cloudtrail:GetEventSelectors" not in [a.source for _, a in reads.answers]
    results = evaluate([multi_region], reads, settings={}, now=NOW)
    assert [(r.outcome, r.reason) for r in results] == [tuple(RECORDS.values())]
