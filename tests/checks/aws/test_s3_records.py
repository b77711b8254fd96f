"""Amazon S3: what is asked of buckets that hold health information or records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from pydantic import ValidationError

from checks.aws.s3 import (
    Bucket,
    BucketEncryption,
    BucketKey,
    BucketLifecycle,
    BucketLock,
    BucketReplication,
    BucketTags,
    BucketVersioning,
    DisposalFilter,
    DisposalRule,
    Narrowing,
    ReplicationFilter,
    ReplicationRule,
    kms_encryption,
    lifecycle_disposal,
    object_lock,
    replication,
)
from checks.aws.scope import Tag, out_of_scope
from collector.check import Check
from collector.evaluate import evaluate
from collector.evidence.canonical import JSON
from tests.aws_told import Refused, told
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEY = "arn:aws:kms:us-east-1:123456789012:key/phi"
NARROW = Narrowing()


def tagged(value: str = "phi", key: str = "data-classification") -> BucketTags:
    return BucketTags(id="records", tags=(Tag(key="team", value="x"), Tag(key=key, value=value)))


def encrypted(
    algorithm: str | None, kms_key: str | None = None, **key: object
) -> tuple[BucketEncryption, BucketKey, BucketTags]:
    """What `kms_encryption` takes of a bucket in scope; `key` are facts of its key."""
    own = {"algorithm": algorithm, "kms_key": kms_key}
    facts = {"asked": kms_key, "arn": kms_key, "manager": None, "state": None, **key}
    return BucketEncryption.model_validate(own), BucketKey.model_validate(facts), tagged()


def lock(**facts: object) -> BucketLock:
    return BucketLock.model_validate({"is_on": "Enabled", **facts})


def copied(
    *rules: ReplicationRule, algorithm: str = "aws:kms", region: str | None = "us-east-1"
) -> tuple[object, ...]:
    """What `replication` takes of a bucket in scope."""
    others = (("backups", "us-west-2"), ("near", "us-east-1"), ("lost", None))
    buckets = [Bucket(id=name, region=place) for name, place in others]
    bucket = Bucket(id="records", region=region)
    encryption = BucketEncryption.model_validate({"algorithm": algorithm})
    return bucket, BucketReplication(rules=rules), encryption, tagged(), [*buckets, bucket]


def copy(to: str = "backups", **facts: object) -> ReplicationRule:
    """A rule that copies everything, with some of its facts changed."""
    usual = {"status": "Enabled", "filter": ReplicationFilter(), "kms": "Enabled"}
    target = f"arn:aws-us-gov:s3:::{to}"
    return ReplicationRule.model_validate({**usual, "target": target, **facts})


def disposed(*rules: DisposalRule, versions: str | None = None) -> tuple[object, ...]:
    """What `lifecycle_disposal` takes of a bucket in scope."""
    status = BucketVersioning.model_validate({"status": versions})
    return BucketLifecycle(rules=rules), status, tagged()


def ends(days: int | None = 2555, **facts: object) -> DisposalRule:
    """A rule that expires everything, with some of its facts changed."""
    usual = {"status": "Enabled", "filter": DisposalFilter(), "days": days}
    return DisposalRule.model_validate({**usual, **facts})


OUTSIDE = {
    "outcome": "not_applicable",
    "reason": "not in scope: no tag data-classification with phi",
}
NO_END = {
    "outcome": "fail",
    "reason": "no enabled lifecycle rule expires objects after a number of days",
}
PARTLY = {"outcome": "fail", "reason": "lifecycle rules expire a part of the objects only"}
OLD_STAY = {
    "outcome": "fail",
    "reason": "objects expire after 2555 d, but all or some old versions stay",
}
CUSTOMER = {"manager": "CUSTOMER", "state": "Enabled"}

CASES = [
    row(kms_encryption, *encrypted("aws:kms", KEY, **CUSTOMER),
        outcome="pass", reason=f"default encryption is aws:kms with key {KEY}"),
    row(kms_encryption, *encrypted("aws:kms:dsse", KEY, manager="CUSTOMER", state="Updating"),
        outcome="pass", reason=f"default encryption is aws:kms:dsse with key {KEY}"),
    row(kms_encryption, *encrypted("aws:kms", KEY, manager="AWS", state="Enabled"),
        outcome="fail", reason=f"default encryption is aws:kms, but AWS manages key {KEY}"),
    row(kms_encryption, *encrypted("aws:kms"),
        outcome="fail", reason="default encryption is aws:kms with the key of AWS, aws/s3"),
    row(kms_encryption, *encrypted("AES256"),
        outcome="fail", reason="default encryption is AES256, not KMS"),
    row(kms_encryption, *encrypted(None), outcome="fail", reason="no default encryption"),
    *(
        row(kms_encryption, *encrypted("aws:kms", KEY, manager="CUSTOMER", state=state),
            outcome="fail", reason=f"key {KEY} is {state}")
        for state in ("Disabled", "PendingDeletion", "Unavailable")
    ),
    row(kms_encryption, *encrypted("AES256")[:2], BucketTags(id="records", tags=()), **OUTSIDE),
    row(kms_encryption, *encrypted("AES256")[:2], tagged("internal"), **OUTSIDE),
    row(kms_encryption, *encrypted("AES256")[:2], tagged("PHI", "Data-Classification"),
        outcome="fail", reason="default encryption is AES256, not KMS"),
    row(kms_encryption, *encrypted("AES256")[:2], BucketTags(id="records", tags=()), scope_tag="",
        outcome="fail", reason="default encryption is AES256, not KMS"),

    row(object_lock, lock(mode="COMPLIANCE", years=6), tagged("audit"),
        outcome="pass", reason="Object Lock COMPLIANCE holds new objects for 2190 d"),
    row(object_lock, lock(mode="GOVERNANCE", days=400), tagged("evidence"),
        outcome="pass", reason="Object Lock GOVERNANCE holds new objects for 400 d"),
    row(object_lock, lock(mode="GOVERNANCE", days=400), tagged("audit"), require_compliance=True,
        outcome="fail",
        reason="Object Lock GOVERNANCE holds new objects for 400 d, not in compliance mode"),
    row(object_lock, lock(mode="COMPLIANCE", days=30), tagged("audit"),
        outcome="fail", reason="Object Lock COMPLIANCE holds new objects for 30 d, fewer than 365"),
    row(object_lock, lock(mode="COMPLIANCE", days=30), tagged("audit"), min_days=30,
        outcome="pass", reason="Object Lock COMPLIANCE holds new objects for 30 d"),
    row(object_lock, lock(), tagged("audit"),
        outcome="fail", reason="Object Lock has no default retention"),
    row(object_lock, lock(mode="COMPLIANCE"), tagged("audit"),
        outcome="fail", reason="Object Lock has no default retention"),
    row(object_lock, BucketLock(is_on=None), tagged("audit"),
        outcome="fail", reason="no Object Lock"),
    row(object_lock, BucketLock(is_on=None), tagged("phi"),
        outcome="not_applicable",
        reason="not in scope: no tag data-classification with audit or evidence"),

    row(replication, *copied(copy()),
        outcome="pass", reason="copied to backups in us-west-2"),
    row(replication, *copied(copy(kms=None), algorithm="AES256"),
        outcome="pass", reason="copied to backups in us-west-2"),
    row(replication, *copied(copy(filter=None, prefix="")),
        outcome="pass", reason="copied to backups in us-west-2"),
    row(replication, *copied(copy("near"), copy()),
        outcome="pass", reason="copied to backups in us-west-2"),
    row(replication, *copied(copy("theirs")), offsite=("theirs",),
        outcome="pass", reason="copied to theirs, which is known to be off site"),
    row(replication, *copied(copy("theirs")),
        outcome="fail",
        reason="the copy to theirs goes to another region or not, which is not known here"),
    row(replication, *copied(copy("lost")),
        outcome="fail",
        reason="the copy to lost goes to another region or not, which is not known here"),
    row(replication, *copied(copy("near")),
        outcome="fail", reason="the copy to near stays in us-east-1"),
    row(replication, *copied(copy(), region=None),
        outcome="fail",
        reason="the copy to backups goes to another region or not, which is not known here"),
    row(replication, *copied(copy(status="Disabled")),
        outcome="fail", reason="the copy to backups is disabled"),
    *(
        row(replication, *copied(copy(kms=kms), algorithm=algorithm),
            outcome="fail",
            reason="the copy to backups leaves out objects encrypted with KMS")
        for kms, algorithm in ((None, "aws:kms"), ("Disabled", "aws:kms:dsse"))
    ),
    *(
        row(replication, *copied(copy(**narrow)),
            outcome="fail", reason="the copy to backups is of a part of the objects")
        for narrow in (
            {"filter": ReplicationFilter(prefix="logs/")},
            {"filter": ReplicationFilter(tag=NARROW)},
            {"filter": ReplicationFilter(several=NARROW)},
            {"filter": None, "prefix": "logs/"},
        )
    ),
    row(replication, *copied(), outcome="fail", reason="no replication"),
    row(replication, *copied()[:3], tagged("internal"), [], **OUTSIDE),

    row(lifecycle_disposal, *disposed(ends()),
        outcome="pass", reason="objects are deleted after 2555 d"),
    row(lifecycle_disposal, *disposed(ends(filter=None, prefix=""), ends(9000)),
        outcome="pass", reason="objects are deleted after 2555 d"),
    row(lifecycle_disposal, *disposed(ends(old_days=30), versions="Enabled"),
        outcome="pass", reason="objects and their old versions are deleted after 2585 d"),
    row(lifecycle_disposal, *disposed(ends(), ends(None, old_days=30), versions="Suspended"),
        outcome="pass", reason="objects and their old versions are deleted after 2585 d"),
    row(lifecycle_disposal, *disposed(ends(), versions="Enabled"), **OLD_STAY),
    row(lifecycle_disposal, *disposed(ends(old_days=30, old_kept=5), versions="Enabled"),
        **OLD_STAY),
    row(lifecycle_disposal,
        *disposed(ends(), ends(None, old_days=30, filter=DisposalFilter(prefix="logs/")),
                  versions="Suspended"), **OLD_STAY),
    row(lifecycle_disposal, *disposed(ends(4000)),
        outcome="fail", reason="objects are deleted after 4000 d, more than 3650"),
    row(lifecycle_disposal, *disposed(ends(4000)), max_days=4000,
        outcome="pass", reason="objects are deleted after 4000 d"),
    row(lifecycle_disposal, *disposed(ends(3640, old_days=30), versions="Enabled"),
        outcome="fail",
        reason="objects and their old versions are deleted after 3670 d, more than 3650"),
    *(
        row(lifecycle_disposal, *disposed(ends(**narrow)), **PARTLY)
        for narrow in (
            {"filter": DisposalFilter(prefix="logs/")},
            {"filter": DisposalFilter(tag=NARROW)},
            {"filter": DisposalFilter(several=NARROW)},
            {"filter": DisposalFilter(larger=0)},
            {"filter": DisposalFilter(smaller=1000)},
            {"filter": None, "prefix": "logs/"},
        )
    ),
    row(lifecycle_disposal, *disposed(ends(status="Disabled")), **NO_END),
    row(lifecycle_disposal, *disposed(ends(None)), **NO_END),
    row(lifecycle_disposal, *disposed(), **NO_END),
    row(lifecycle_disposal, *disposed()[:2], tagged("internal"), **OUTSIDE),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


@pytest.mark.parametrize(
    ("tag", "values", "names", "reason"),
    [
        ("", (), (), None),
        ("class", ("phi",), (), None),
        ("CLASS", ("Phi",), (), None),
        ("class", (), (), None),
        ("class", ("pci", "phi"), (), None),
        ("class", ("pci",), ("rec*",), None),
        ("", (), ("*ords",), None),
        ("class", ("pci",), (), "not in scope: no tag class with pci"),
        ("owner", (), (), "not in scope: no tag owner"),
        ("", (), ("a*", "b*"), "not in scope: no name like a* or b*"),
        ("class", ("pci",), ("b*",), "not in scope: no tag class with pci and no name like b*"),
    ],
    ids=str,
)
def test_scope(
    tag: str, values: tuple[str, ...], names: tuple[str, ...], reason: str | None
) -> None:
    own = (Tag(key="Class", value="PHI"),)

    said = out_of_scope("records", own, scope_tag=tag, scope_values=values, scope_names=names)

    assert said == reason


def test_buckets_with_everything_set_and_with_nothing_set_are_read(aws: boto3.Session) -> None:
    s3 = aws.client("s3")
    kms_key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket="plain")
    s3.create_bucket(Bucket="records", ObjectLockEnabledForBucket=True)
    s3.put_bucket_tagging(
        Bucket="records", Tagging={"TagSet": [{"Key": "data-classification", "Value": "phi"}]}
    )
    rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms_key}
    s3.put_bucket_encryption(
        Bucket="records",
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]},
    )
    s3.put_object_lock_configuration(
        Bucket="records",
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 400}},
        },
    )
    s3.put_bucket_lifecycle_configuration(
        Bucket="records",
        LifecycleConfiguration={
            "Rules": [
                {
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "Expiration": {"Days": 100},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 10},
                }
            ]
        },
    )
    phi = {"scope_values": ("phi",)}
    checks: list[Check[...]] = [kms_encryption, lifecycle_disposal, object_lock, replication]

    reads = read_aws(aws, *checks)
    results = evaluate(checks, reads, settings={object_lock.id: phi}, now=NOW)

    assert [(r.check.removeprefix("aws.s3."), r.resource.id, r.outcome) for r in results] == [
        ("kms_encryption", "arn:aws:s3:::records", "pass"),
        ("lifecycle_disposal", "arn:aws:s3:::records", "pass"),
        ("object_lock", "arn:aws:s3:::records", "pass"),
        ("replication", "arn:aws:s3:::records", "fail"),
    ]
    assert [o.resource.manager for o in reads[BucketKey]] == [None, "CUSTOMER"]
    assert [o.resource.is_on for o in reads[BucketLock]] == [None, "Enabled"]
    assert [len(o.resource.tags) for o in reads[BucketTags]] == [0, 1]


def test_an_account_without_a_bucket_in_scope_says_so_and_does_not_pass(
    aws: boto3.Session,
) -> None:
    aws.client("s3").create_bucket(Bucket="plain")

    reads = read_aws(aws, kms_encryption)
    results = evaluate([kms_encryption], reads, settings={}, now=NOW)

    assert [(r.outcome, r.reason) for r in results] == [
        (
            "not_applicable",
            "nothing to judge: not in scope: no tag data-classification with phi",
        )
    ]


def test_tags_that_may_not_be_read_make_the_bucket_unknown() -> None:
    def refuse(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        raise Refused("AccessDenied", "no")

    session = told(
        {
            "s3:ListBuckets": {"Buckets": [{"Name": "records", "BucketRegion": "us-east-1"}]},
            "s3:GetBucketTagging": refuse,
            "s3:GetObjectLockConfiguration": {
                "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}
            },
        }
    )

    reads = read_aws(session, object_lock)
    results = evaluate([object_lock], reads, settings={}, now=NOW)

    assert [r.outcome for r in results] == ["unknown"]
    assert "s3:GetBucketTagging" in results[0].reason


def test_copies_are_read_with_what_they_leave_out() -> None:
    def rules(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        if params["Bucket"] == "backups":
            raise Refused("ReplicationConfigurationNotFoundError", "none")
        destination = {"Bucket": "arn:aws:s3:::backups"}
        usual = {"Status": "Enabled", "Destination": destination}
        with_kms = {"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}}}
        tag = {"Key": "keep", "Value": "yes"}
        several = {"Prefix": "", "Tags": [tag]}
        found = [
            {**usual, "Filter": {"Prefix": ""}, **with_kms},
            {**usual, "Filter": {"Tag": tag}},
            {**usual, "Filter": {"And": several}},
            {**usual, "Prefix": ""},
        ]
        return {"ReplicationConfiguration": {"Role": "arn:aws:iam::1:role/r", "Rules": found}}

    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    session = told(
        {
            "s3:ListBuckets": {
                "Buckets": [
                    {"Name": "records", "BucketRegion": "us-east-1"},
                    {"Name": "backups", "BucketRegion": "us-west-2"},
                ]
            },
            "s3:GetBucketReplication": rules,
            "s3:GetBucketTagging": {"TagSet": [{"Key": "data-classification", "Value": "phi"}]},
            "s3:GetBucketEncryption": {
                "ServerSideEncryptionConfiguration": {
                    "Rules": [{"ApplyServerSideEncryptionByDefault": default}]
                }
            },
        }
    )

    reads = read_aws(session, replication)
    results = evaluate([replication], reads, settings={}, now=NOW)

    found = reads[BucketReplication].by_name["arn:aws:s3:::records", "us-east-1"].resource.rules
    assert [(rule.is_whole, rule.kms) for rule in found] == [
        (True, "Enabled"),
        (False, None),
        (False, None),
        (True, None),
    ]
    assert [(r.resource.id, r.outcome, r.reason) for r in results] == [
        ("arn:aws:s3:::backups", "fail", "no replication"),
        ("arn:aws:s3:::records", "pass", "copied to backups in us-west-2"),
    ]


@pytest.mark.parametrize("part", ["Status", "Filter"])
def test_a_rule_that_lost_a_part_is_unreadable(part: str) -> None:
    disposal: dict[str, JSON] = {"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 30}}
    copying: dict[str, JSON] = {
        "Status": "Enabled",
        "Filter": {},
        "Destination": {"Bucket": "arn:aws:s3:::backups"},
    }
    for rule in (disposal, copying):
        del rule[part]

    with pytest.raises(ValidationError):
        BucketLifecycle.parse({"Rules": [disposal]})
    with pytest.raises(ValidationError):
        BucketReplication.parse({"ReplicationConfiguration": {"Rules": [copying]}})


def test_a_key_other_than_the_one_asked_for_is_unreadable() -> None:
    asked = BucketEncryption.model_validate({"algorithm": "aws:kms", "kms_key": KEY})
    other: JSON = {"Arn": f"{KEY}-2", "KeyManager": "CUSTOMER", "KeyState": "Enabled"}

    with pytest.raises(ValidationError, match="another key"):
        BucketKey.parse({"KeyMetadata": other}, asked)
