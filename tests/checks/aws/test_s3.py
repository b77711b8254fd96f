"""Amazon S3."""

from __future__ import annotations

import json

import boto3
import pytest
from pydantic import ValidationError

from checks.aws.policy import document
from checks.aws.s3 import (
    PUBLIC_GROUPS,
    AccountPublicAccessBlock,
    Bucket,
    BucketAcl,
    BucketEncryption,
    BucketPolicy,
    BucketPolicyStatus,
    BucketPublicAccessBlock,
    Grant,
    bucket_not_public,
    default_encryption,
    tls_only,
)
from collector.evidence.canonical import JSON
from tests.cases import Case, read_aws, row

ARN = "arn:aws:s3:::records"
BOTH = [ARN, f"{ARN}/*"]
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
    grants = [Grant(kind="CanonicalUser", permission="FULL_CONTROL")]
    if group is not None:
        grants.append(Grant(kind="Group", group=group, permission="READ"))
    return (
        BucketPolicyStatus(is_public=policy),
        BucketAcl(grants=tuple(grants)),
        BucketPublicAccessBlock(ignore_public_acls=own, restrict_public_buckets=own),
        AccountPublicAccessBlock(ignore_public_acls=account, restrict_public_buckets=account),
    )


REFUSED = {"outcome": "pass", "reason": "the policy denies requests without TLS"}
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
    for block in (*reads[BucketPublicAccessBlock], *reads[AccountPublicAccessBlock]):
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
