"""What brings data back and tells who used it: versions, backups, second zones, access logs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from collector.demo.seed_storage import COMPANY, REGIONAL_TRAIL_BUCKET, TRAIL_BUCKET
from collector.demo.simulator import ACCOUNT

if TYPE_CHECKING:
    from collector.demo.simulator import Client, Clients

VERSIONED = (
    f"{COMPANY}-patient-documents",
    f"{COMPANY}-lab-results",
    TRAIL_BUCKET,
    REGIONAL_TRAIL_BUCKET,
)
LOGGED = (*VERSIONED, f"{COMPANY}-uploads-v1", f"{COMPANY}-web-site")
LOG_BUCKET = f"{COMPANY}-access-logs"

INSTANCES: Mapping[str, Mapping[str, str]] = {
    "us-east-1": {"ehr": "postgresql", "scheduling": "postgresql", "billing": "error"},
    "us-west-2": {"ehr-recovery": "postgresql"},
}
"""Region → instance that is guarded → the log that it exports."""


def seed(clients: Clients) -> None:
    """Guard the buckets, databases and tables that others made.

    Good: what holds patient records. Bad: uploads whose versions were suspended, buckets that
    nobody thought of, an account that lets policies be public for its web site, a billing database
    without an audit log, and the reporting database of the early days.
    """
    _seed_buckets(clients)
    _seed_databases(clients)
    _seed_tables(clients)


def _seed_buckets(clients: Clients) -> None:
    east, west = clients("s3", "us-east-1"), clients("s3", "us-west-2")
    for bucket in VERSIONED:
        _version(east, bucket, "Enabled")
    _version(west, f"{COMPANY}-backups", "Enabled")
    _version(east, f"{COMPANY}-uploads-v1", "Suspended")
    _log_bucket(east)
    for bucket in LOGGED:
        target = {"TargetBucket": LOG_BUCKET, "TargetPrefix": f"{bucket}/"}
        east.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": target})
    clients("s3control", "us-east-1").put_public_access_block(
        AccountId=ACCOUNT, PublicAccessBlockConfiguration=_block(policies=False)
    )


def _version(s3: Client, bucket: str, status: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


def _log_bucket(s3: Client) -> None:
    objects = f"arn:aws:s3:::{LOG_BUCKET}/*"
    # In this order: moto looks no further than the statement that lets the logs in.
    statements = [
        {
            "Sid": "AccessLogs",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": objects,
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{LOG_BUCKET}", objects],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
    policy = {"Version": "2012-10-17", "Statement": statements}
    s3.create_bucket(Bucket=LOG_BUCKET)
    s3.put_public_access_block(
        Bucket=LOG_BUCKET, PublicAccessBlockConfiguration=_block(policies=True)
    )
    s3.put_bucket_policy(Bucket=LOG_BUCKET, Policy=json.dumps(policy))


def _block(*, policies: bool) -> dict[str, bool]:
    return {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": policies,
        "RestrictPublicBuckets": policies,
    }


def _seed_databases(clients: Clients) -> None:
    for region, instances in INSTANCES.items():
        for name, log in instances.items():
            clients("rds", region).modify_db_instance(
                DBInstanceIdentifier=name,
                DeletionProtection=True,
                CloudwatchLogsExportConfiguration={"EnableLogTypes": [log]},
                ApplyImmediately=True,
            )
    east = clients("rds", "us-east-1")
    east.modify_db_instance(
        DBInstanceIdentifier="reporting-v1",
        MultiAZ=False,
        BackupRetentionPeriod=1,
        ApplyImmediately=True,
    )
    east.create_db_instance(
        DBInstanceIdentifier="messages-2",
        DBInstanceClass="db.r6g.large",
        Engine="aurora-postgresql",
        EngineVersion="16.4",
        DBClusterIdentifier="messages",
        AvailabilityZone="us-east-1b",
    )
    east.modify_db_cluster(
        DBClusterIdentifier="messages",
        BackupRetentionPeriod=35,
        DeletionProtection=True,
        ApplyImmediately=True,
    )


def _seed_tables(clients: Clients) -> None:
    for region, name, days in (
        ("us-east-1", "appointments", 35),
        ("us-east-1", "audit-events", 35),
        ("us-west-2", "backup-catalog", 14),
    ):
        clients("dynamodb", region).update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification={
                "PointInTimeRecoveryEnabled": True,
                "RecoveryPeriodInDays": days,
            },
        )
