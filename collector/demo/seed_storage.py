"""Buckets and volumes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from collector.demo.simulator import HOME_REGION

if TYPE_CHECKING:
    from collector.demo.seed_keys import Keys
    from collector.demo.simulator import Client, Clients

COMPANY = "brackenfield"

TRAIL_BUCKET = f"{COMPANY}-cloudtrail"
REGIONAL_TRAIL_BUCKET = f"{COMPANY}-cloudtrail-migration"


def seed(clients: Clients, keys: Keys) -> None:
    """Make buckets and volumes in both regions.

    Good: those of patient records, backups and the trail. Bad: exports of a departed team that take
    plain HTTP, logs without encryption, and a web site whose policy is public.
    """
    _seed_buckets(clients, keys)
    _seed_volumes(clients, keys)


def _seed_buckets(clients: Clients, keys: Keys) -> None:
    east, west = clients("s3", "us-east-1"), clients("s3", "us-west-2")
    for name in ("patient-documents", "lab-results"):
        bucket = _private_bucket(east, f"{COMPANY}-{name}", kms_key=keys.records)
        _put_policy(east, bucket, _deny_plain_http(bucket))
    bucket = _private_bucket(west, f"{COMPANY}-backups", region="us-west-2", kms_key=keys.backups)
    _put_policy(west, bucket, _deny_plain_http(bucket))
    bucket = _private_bucket(east, TRAIL_BUCKET)
    _put_policy(east, bucket, _deny_plain_http(bucket), _take_trail(bucket))
    _keep_days(east, bucket, 2555)
    bucket = _private_bucket(east, REGIONAL_TRAIL_BUCKET)
    _put_policy(east, bucket, _deny_plain_http(bucket), _take_trail(bucket))
    _keep_days(east, bucket, 90)
    _private_bucket(east, f"{COMPANY}-data-exports")
    bucket = _private_bucket(east, f"{COMPANY}-load-balancer-logs")
    _put_policy(east, bucket, _deny_plain_http(bucket))
    # Since 2023 S3 itself sets AES256 here. Without it, so that the check has something to find.
    east.delete_bucket_encryption(Bucket=bucket)
    bucket = f"{COMPANY}-web-site"
    _make_bucket(east, bucket, HOME_REGION)
    _encrypt(east, bucket, None)
    _put_policy(east, bucket, _let_all_read(bucket))
    # An ACL of the time before ownership controls, without effect because public ACLs are ignored.
    bucket = _private_bucket(east, f"{COMPANY}-uploads-v1")
    east.put_bucket_acl(Bucket=bucket, ACL="public-read")
    _put_policy(east, bucket, _deny_plain_http(bucket))


def _make_bucket(s3: Client, bucket: str, region: str) -> None:
    if region == HOME_REGION:
        s3.create_bucket(Bucket=bucket)
    else:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})


def _private_bucket(
    s3: Client, bucket: str, *, region: str = HOME_REGION, kms_key: str | None = None
) -> str:
    _make_bucket(s3, bucket, region)
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    _encrypt(s3, bucket, kms_key)
    return bucket


def _encrypt(s3: Client, bucket: str, kms_key: str | None) -> None:
    default = {"SSEAlgorithm": "AES256"}
    if kms_key is not None:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms_key}
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": default}]
        },
    )


def _put_policy(s3: Client, bucket: str, *statements: dict[str, object]) -> None:
    policy = {"Version": "2012-10-17", "Statement": statements}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def _deny_plain_http(bucket: str) -> dict[str, object]:
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _take_trail(bucket: str) -> dict[str, object]:
    return {
        "Sid": "Trail",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/*",
    }


def _let_all_read(bucket: str) -> dict[str, object]:
    return {
        "Sid": "WebSite",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }


def _keep_days(s3: Client, bucket: str, days: int) -> None:
    rule = {
        "ID": "expire",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": days},
    }
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})


def _seed_volumes(clients: Clients, keys: Keys) -> None:
    east, west = clients("ec2", "us-east-1"), clients("ec2", "us-west-2")
    for name, size in (("ehr-api-1", 100), ("ehr-api-2", 100), ("search-1", 500)):
        _volume(east, "us-east-1a", name, size, keys.records)
    _volume(west, "us-west-2a", "backup-index", 200, keys.backups)
    # Made before encryption by default was turned on.
    _volume(east, "us-east-1b", "fax-gateway", 40, None)
    east.enable_ebs_encryption_by_default()


def _volume(ec2: Client, zone: str, name: str, size_gib: int, kms_key: str | None) -> None:
    encryption = {"Encrypted": True, "KmsKeyId": kms_key} if kms_key is not None else {}
    ec2.create_volume(
        AvailabilityZone=zone,
        Size=size_gib,
        VolumeType="gp3",
        TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": name}]}],
        **encryption,
    )
