"""Amazon S3."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import boto3
import pytest
from pydantic import ValidationError

from checks.aws.policy import document
from checks.aws.s3 import (
    LOG_DELIVERY_GROUP,
    LOG_DELIVERY_SERVICE,
    PUBLIC_GROUPS,
    AccountPublicAccessBlock,
    Bucket,
    BucketAcl,
    BucketEncryption,
    BucketLogging,
    BucketPolicy,
    BucketPolicyStatus,
    BucketPublicAccessBlock,
    BucketVersioning,
    Grant,
    account_public_access_block,
    bucket_not_public,
    default_encryption,
    server_access_logging,
    tls_only,
    versioning,
)
from collector.evaluate import evaluate
from collector.evidence.canonical import JSON
from tests.botocore_shape import assert_shape
from tests.cases import Case, read_aws, row

ARN = "arn:aws:s3:::records"
OWNER = Grant(kind="CanonicalUser", permission="FULL_CONTROL")
BOTH = [ARN, f"{ARN}/*"]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
INSECURE = {"Bool": {"aws:SecureTransport": "false"}}


def deny(**changes: object) -> BucketPolicy:
    """A policy that refuses plain HTTP, with some elements changed; None leaves one out."""
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": BOTH,
        "Condition": INSECURE,
        **changes,
    }
    statement = {k: v for k, v in statement.items() if v is not None}
    return BucketPolicy(id="records", policy=document({"Statement": statement}))


def public(
    *, policy: bool = False, group: str | None = None, own: bool = False, account: bool = False
) -> tuple[object, ...]:
    """What `bucket_not_public` takes, with both flags of a block on or off together."""
    grants = [OWNER]
    if group is not None:
        grants.append(Grant(kind="Group", group=group, permission="READ"))
    return (
        BucketPolicyStatus(is_public=policy),
        BucketAcl(grants=tuple(grants)),
        BucketPublicAccessBlock(ignore_public_acls=own, restrict_public_buckets=own),
        account_block(ignore_public_acls=account, restrict_public_buckets=account),
    )


def account_block(**on: bool) -> AccountPublicAccessBlock:
    """The settings of an account, of which those that are named are on."""
    off = dict.fromkeys(AccountPublicAccessBlock.model_fields.keys() - {"id"}, False)
    return AccountPublicAccessBlock.model_validate({**off, **on})


def logging(
    target: str | None = None, *, grant: Grant | None = None, **lets: object
) -> tuple[object, ...]:
    """What `server_access_logging` takes; `lets` are elements of a statement of its policy."""
    statement = {"Effect": "Allow", "Resource": f"{ARN}/*", "Action": "s3:PutObject", **lets}
    return (
        BucketLogging(id="records", target=target),
        BucketPolicy(policy=document({"Statement": statement}) if lets else None),
        BucketAcl(grants=(OWNER, *([grant] if grant else []))),
    )


REFUSED = {"outcome": "pass", "reason": "the policy denies requests without TLS"}
TAKES = {"outcome": "not_applicable", "reason": "the bucket takes access logs"}
OPEN = {"outcome": "fail", "reason": "the policy does not deny every request without TLS"}

CASES = [
    row(default_encryption, BucketEncryption(algorithm=None),
        outcome="fail", reason="no default encryption"),
    row(default_encryption, BucketEncryption(algorithm="AES256"),
        outcome="pass", reason="default encryption is AES256"),
    row(default_encryption, BucketEncryption(algorithm="AES256"), require_kms=True,
        outcome="fail", reason="default encryption is AES256, not KMS"),
    row(default_encryption, BucketEncryption(algorithm="aws:kms:dsse", kms_key="alias/phi"),
        require_kms=True,
        outcome="pass", reason="default encryption is aws:kms:dsse with key alias/phi"),
    row(tls_only, BucketPolicy(id="records", policy=None),
        outcome="fail", reason="no bucket policy"),
    row(tls_only, deny(), **REFUSED),
    row(tls_only, deny(Principal={"AWS": ["*"]}, Action=["S3:*"]), **REFUSED),
    row(tls_only, deny(Action="*", Resource="*"), **REFUSED),
    row(tls_only, deny(Condition={"Bool": {"AWS:securetransport": [False]}}), **REFUSED),
    row(tls_only, deny(Resource=["arn:aws-us-gov:s3:::records", "arn:aws-us-gov:s3:::records/*"]),
        **REFUSED),
    row(tls_only, deny(Resource=[f"{ARN}/*"]), **OPEN),
    row(tls_only, deny(Resource=["arn:aws:s3:::other", "arn:aws:s3:::other/*"]), **OPEN),
    row(tls_only, deny(Effect="Allow"), **OPEN),
    row(tls_only, deny(Action="s3:GetObject"), **OPEN),
    row(tls_only, deny(Action=None, NotAction="s3:PutObject"), **OPEN),
    row(tls_only, deny(Principal=None, NotPrincipal={"AWS": "arn:aws:iam::1:root"}), **OPEN),
    row(tls_only, deny(Principal={"AWS": "arn:aws:iam::1:root"}), **OPEN),
    row(tls_only, deny(Condition=None), **OPEN),
    row(tls_only, deny(Condition={"Bool": {"aws:SecureTransport": "true"}}), **OPEN),
    row(tls_only, deny(Condition={**INSECURE, "StringEquals": {"aws:SourceVpc": "vpc-1"}}), **OPEN),
    row(bucket_not_public, *public(),
        outcome="pass", reason="neither the policy nor the ACL is public"),
    row(bucket_not_public, *public(policy=True),
        outcome="fail", reason="the bucket policy is public"),
    row(bucket_not_public, *public(group=PUBLIC_GROUPS[0]),
        outcome="fail", reason="the ACL grants READ to the public"),
    row(bucket_not_public, *public(group=PUBLIC_GROUPS[1]),
        outcome="fail", reason="the ACL grants READ to the public"),
    row(bucket_not_public, *public(group="http://acs.amazonaws.com/groups/s3/LogDelivery"),
        outcome="pass", reason="neither the policy nor the ACL is public"),
    row(bucket_not_public, *public(policy=True, group=PUBLIC_GROUPS[0], own=True),
        outcome="pass", reason="public policies are restricted and public ACLs ignored"),
    row(bucket_not_public, *public(policy=True, group=PUBLIC_GROUPS[0], account=True),
        outcome="pass", reason="public policies are restricted and public ACLs ignored"),
    row(account_public_access_block,
        account_block(block_public_acls=True, ignore_public_acls=True, block_public_policy=True,
                      restrict_public_buckets=True),
        outcome="pass", reason="all four settings are on for the account"),
    row(account_public_access_block,
        account_block(block_public_acls=True, ignore_public_acls=True, block_public_policy=True),
        outcome="fail", reason="off for the account: RestrictPublicBuckets"),
    row(account_public_access_block,
        account_block(ignore_public_acls=True, restrict_public_buckets=True),
        outcome="fail", reason="off for the account: BlockPublicAcls, BlockPublicPolicy"),
    row(account_public_access_block, AccountPublicAccessBlock.parse({}, is_absent=True),
        outcome="fail",
        reason="off for the account: BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy,"
               " RestrictPublicBuckets"),
    row(versioning, BucketVersioning(status="Enabled"),
        outcome="pass", reason="versioning is enabled"),
    row(versioning, BucketVersioning(status="Suspended"),
        outcome="fail", reason="versioning is suspended"),
    row(versioning, BucketVersioning(), outcome="fail", reason="versioning was never enabled"),
    row(server_access_logging, *logging("logs"),
        outcome="pass", reason="access is logged to bucket logs"),
    row(server_access_logging, *logging("records"),
        outcome="pass", reason="access is logged to the bucket itself"),
    row(server_access_logging, *logging(), outcome="fail", reason="access is not logged"),
    row(server_access_logging, *logging(Principal={"Service": LOG_DELIVERY_SERVICE}), **TAKES),
    row(server_access_logging, *logging("more", Principal={"Service": LOG_DELIVERY_SERVICE}),
        outcome="pass", reason="access is logged to bucket more"),
    row(server_access_logging,
        *logging(grant=Grant(kind="Group", group=LOG_DELIVERY_GROUP, permission="WRITE")), **TAKES),
    row(server_access_logging,
        *logging(grant=Grant(kind="Group", group=LOG_DELIVERY_GROUP, permission="FULL_CONTROL")),
        **TAKES),
    row(server_access_logging,
        *logging(grant=Grant(kind="Group", group=LOG_DELIVERY_GROUP, permission="READ_ACP")),
        outcome="fail", reason="access is not logged"),
    row(server_access_logging,
        *logging(grant=Grant(kind="Group", group=PUBLIC_GROUPS[0], permission="WRITE")),
        outcome="fail", reason="access is not logged"),
    row(server_access_logging, *logging(Principal={"Service": "cloudtrail.amazonaws.com"}),
        outcome="fail", reason="access is not logged"),
    row(server_access_logging, *logging(Principal="*"),
        outcome="fail", reason="access is not logged"),
    row(server_access_logging,
        *logging(Principal={"Service": LOG_DELIVERY_SERVICE}, Action="s3:GetBucketAcl"),
        outcome="fail", reason="access is not logged"),
    row(server_access_logging,
        *logging(Principal={"Service": LOG_DELIVERY_SERVICE}, Effect="Deny"),
        outcome="fail", reason="access is not logged"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_bucket_without_encryption_policy_or_block_is_read_as_such(aws: boto3.Session) -> None:
    """None of the three is an error: S3 answers with a code that says that there is none."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="plain")

    reads = read_aws(aws, default_encryption, tls_only, bucket_not_public)

    assert [o.resource.algorithm for o in reads[BucketEncryption]] == [None]
    assert [o.resource.policy for o in reads[BucketPolicy]] == [None]
    assert [o.resource.is_public for o in reads[BucketPolicyStatus]] == [False]
    assert [o.resource for o in reads[AccountPublicAccessBlock]] == [account_block()]
    for block in reads[BucketPublicAccessBlock]:
        assert not block.resource.ignore_public_acls
        assert not block.resource.restrict_public_buckets


@pytest.mark.parametrize(
    "grantee", [None, {"Type": "Group"}, {"Type": "CanonicalUser", "URI": "x"}]
)
def test_grant_that_lost_its_grantee_makes_the_acl_unreadable(grantee: JSON) -> None:
    owner: JSON = {"Grantee": {"Type": "CanonicalUser", "ID": "1"}, "Permission": "FULL_CONTROL"}
    other: JSON = {"Grantee": grantee, "Permission": "READ"}

    with pytest.raises(ValidationError):
        BucketAcl.parse({"Grants": [owner, other]})


def test_bucket_with_everything_set_is_read_as_set(aws: boto3.Session) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="records")
    rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/phi"}
    s3.put_bucket_encryption(
        Bucket="records",
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]},
    )
    policy = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}
    s3.put_bucket_policy(Bucket="records", Policy=json.dumps(policy))
    s3.put_bucket_acl(Bucket="records", ACL="public-read")
    s3.put_public_access_block(
        Bucket="records",
        PublicAccessBlockConfiguration={"IgnorePublicAcls": True, "RestrictPublicBuckets": True},
    )

    reads = read_aws(aws, default_encryption, tls_only, bucket_not_public)

    assert [o.name for o in reads[Bucket]] == [ARN]
    assert [o.resource for o in reads[BucketEncryption]] == [
        BucketEncryption(id="records", algorithm="aws:kms", kms_key="alias/phi")
    ]
    assert [o.resource.policy for o in reads[BucketPolicy]] == [document(policy)]
    assert PUBLIC_GROUPS[0] in [g.group for o in reads[BucketAcl] for g in o.resource.grants]
    assert [o.resource for o in reads[BucketPublicAccessBlock]] == [
        BucketPublicAccessBlock(id="records", ignore_public_acls=True, restrict_public_buckets=True)
    ]


def test_versions_and_access_logs_are_read_as_set_and_as_never_set(aws: boto3.Session) -> None:
    """S3 answers with an empty element where neither was ever set."""
    s3 = aws.client("s3")
    for name in ("logs", "plain", "records"):
        s3.create_bucket(Bucket=name)
    service = {"Service": LOG_DELIVERY_SERVICE}
    objects = "arn:aws:s3:::logs/*"
    lets = {"Effect": "Allow", "Principal": service, "Action": "s3:PutObject", "Resource": objects}
    s3.put_bucket_policy(Bucket="logs", Policy=json.dumps({"Statement": [lets]}))
    target = {"TargetBucket": "logs", "TargetPrefix": "records/"}
    s3.put_bucket_logging(Bucket="records", BucketLoggingStatus={"LoggingEnabled": target})
    s3.put_bucket_versioning(Bucket="records", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_versioning(Bucket="logs", VersioningConfiguration={"Status": "Suspended"})

    reads = read_aws(aws, versioning, server_access_logging)

    assert [(o.resource.id, o.resource.status) for o in reads[BucketVersioning]] == [
        ("logs", "Suspended"),
        ("plain", None),
        ("records", "Enabled"),
    ]
    assert [(o.resource.id, o.resource.target) for o in reads[BucketLogging]] == [
        ("logs", None),
        ("plain", None),
        ("records", "logs"),
    ]
    found = evaluate([server_access_logging], reads, settings={}, now=NOW)
    assert [(r.resource.id, r.outcome) for r in found] == [
        ("arn:aws:s3:::plain", "fail"),
        (ARN, "pass"),
    ]


def test_settings_of_the_account_are_read_one_by_one() -> None:
    answer: JSON = {
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "IgnorePublicAcls": False,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": False,
        }
    }
    assert_shape("s3control", "GetPublicAccessBlock", answer)

    read = AccountPublicAccessBlock.parse(answer)

    assert read == account_block(block_public_acls=True, block_public_policy=True)


def test_settings_of_which_one_is_left_out_are_unreadable() -> None:
    """Off is what S3 says, or that there are none; silence is neither."""
    partly: JSON = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}

    with pytest.raises(ValidationError, match="restrict_public_buckets"):
        AccountPublicAccessBlock.parse(partly)
