"""Backups: vaults, snapshots, and the buckets of records with their locks, copies and ends."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends
from moto.efs.models import efs_backends

from collector.demo.adjust import EPOCH
from collector.demo.seed_storage import COMPANY, TRAIL_BUCKET
from collector.demo.simulator import ACCOUNT, INSIDE
from collector.demo.told import Refused, Reply

if TYPE_CHECKING:
    from collector.demo.simulator import Client, Clients

TAGS: Mapping[str, str] = {
    f"{COMPANY}-patient-documents": "phi",
    f"{COMPANY}-lab-results": "phi",
    f"{COMPANY}-uploads-v1": "phi",
    f"{COMPANY}-web-site": "public",
    TRAIL_BUCKET: "audit",
}
"""Bucket → what it holds."""

ARCHIVE = f"{COMPANY}-audit-archive"

COPIED: Mapping[str, str] = {
    f"{COMPANY}-patient-documents": "Enabled",
    f"{COMPANY}-lab-results": "Disabled",
}
"""Bucket → state of the rule that copies it to the other region."""

VAULTS: Mapping[str, Mapping[str, Mapping[str, object]]] = {
    "us-east-1": {
        "daily": {"Locked": True, "LockDate": EPOCH, "MinRetentionDays": 35},
        "Default": {"Locked": False},
    },
    "us-west-2": {"recovery": {"Locked": True, "MinRetentionDays": 35}},
}
"""Region → vault → its lock."""

BACKED_UP: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "us-east-1": {
        "daily": (
            "rds:db:ehr",
            "rds:db:scheduling",
            "rds:db:billing",
            "rds:cluster:messages",
            "dynamodb:table/appointments",
            "dynamodb:table/audit-events",
            "ec2:volume/ehr-api-1",
            "ec2:volume/ehr-api-2",
            "ec2:volume/search-1",
            "ec2:instance/*",
            "elasticfilesystem:file-system/scans",
        ),
        "Default": ("ec2:volume/fax-gateway",),
    },
    "us-west-2": {"recovery": ("rds:db:ehr-recovery", "dynamodb:table/backup-catalog")},
}
"""Region → vault → what it holds backups of; volumes by name, and all servers."""

KINDS: Mapping[str, str] = {
    "cluster": "Aurora",
    "db": "RDS",
    "file-system": "EFS",
    "instance": "EC2",
    "table": "DynamoDB",
    "volume": "EBS",
}
"""Kind of a resource in its ARN → as AWS Backup names it."""

NIGHTLY = "35-days-daily"


def seed(clients: Clients) -> None:
    """Tag the buckets that others made, make an archive, and let documents end.

    Good: patient documents, copied to the other region and deleted in the end, and an archive that
    nobody can change. Bad: lab results whose copy was paused, uploads of an earlier product, and
    the trail's bucket, which is tagged as a record and was never locked.
    """
    east = clients("s3", "us-east-1")
    _archive(east)
    for bucket, value in {**TAGS, ARCHIVE: "audit"}.items():
        tags = [{"Key": "data-classification", "Value": value}]
        east.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    rule = {
        "ID": "dispose",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": 2555},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
    }
    east.put_bucket_lifecycle_configuration(
        Bucket=f"{COMPANY}-patient-documents", LifecycleConfiguration={"Rules": [rule]}
    )


def _archive(s3: Client) -> None:
    arn = f"arn:aws:s3:::{ARCHIVE}"
    tls_only = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.create_bucket(Bucket=ARCHIVE, ObjectLockEnabledForBucket=True)
    s3.put_bucket_policy(Bucket=ARCHIVE, Policy=json.dumps({"Statement": [tls_only]}))
    s3.put_object_lock_configuration(
        Bucket=ARCHIVE,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 6}},
        },
    )
    s3.put_public_access_block(
        Bucket=ARCHIVE,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )


def _today() -> datetime:
    """The last night, in which everything was backed up."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _vault_arn(name: str, region: str) -> str:
    return f"arn:aws:backup:{region}:{ACCOUNT}:backup-vault:{name}"


def _vaults(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    found = [
        {
            "BackupVaultName": name,
            "BackupVaultArn": _vault_arn(name, region),
            "VaultType": "BACKUP_VAULT",
            "CreationDate": EPOCH,
            "EncryptionKeyArn": f"arn:aws:kms:{region}:{ACCOUNT}:alias/aws/backup",
            "NumberOfRecoveryPoints": len(list(_sources(region, name))),
            **lock,
        }
        for name, lock in VAULTS.get(region, {}).items()
    ]
    return {"BackupVaultList": found}


def _sources(region: str, vault: str) -> Iterator[str]:
    """ARNs of what a vault holds backups of."""
    disks, files = ec2_backends[INSIDE][region], efs_backends[INSIDE][region]
    servers = sorted(i.id for r in disks.reservations.values() for i in r.instances)
    ids = {
        **{v.get_tags()[0]["value"]: [v.id] for v in disks.volumes.values() if v.get_tags()},
        **{f.creation_token: [f.file_system_id] for f in files.file_systems_by_id.values()},
        "*": servers,
    }
    for each in BACKED_UP[region][vault]:
        service, _, name = each.partition(":")
        kind, _, own = name.partition("/")
        for one in ids.get(own, [own]):
            resource = f"{kind}/{one}" if own else name
            yield f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


def _recovery_points(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    vault = str(params["BackupVaultName"])
    return {"RecoveryPoints": [_point(arn, vault, region) for arn in _sources(region, vault)]}


def _point(resource: str, vault: str, region: str) -> Mapping[str, Any]:
    service, name = resource.split(":")[2], resource.replace("/", ":").rpartition(":")[2]
    own = f"continuous:{name}" if service == "rds" else f"nightly-{name}"
    # Of the early days, made by hand and never deleted.
    is_plain = vault == "Default"
    plan = {
        "BackupPlanArn": f"arn:aws:backup:{region}:{ACCOUNT}:plan:{NIGHTLY}",
        "BackupPlanId": NIGHTLY,
        "BackupPlanName": NIGHTLY,
    }
    return {
        "RecoveryPointArn": f"arn:aws:backup:{region}:{ACCOUNT}:recovery-point:{own}",
        "BackupVaultName": vault,
        "BackupVaultArn": _vault_arn(vault, region),
        "ResourceArn": resource,
        "ResourceType": KINDS[resource.split(":")[5].partition("/")[0]],
        "Status": "COMPLETED",
        "CreationDate": EPOCH if is_plain or service == "rds" else _today(),
        "Lifecycle": {"DeleteAfterDays": 35},
        "IsEncrypted": not is_plain,
        **({} if is_plain else {"CreatedBy": plan}),
    }


def _policy(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    raise Refused("ResourceNotFoundException", "the vault has no access policy")


def _restores(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    if region != "us-west-2":
        return {"RestoreJobs": []}
    plan = f"arn:aws:backup:{region}:{ACCOUNT}:restore-testing-plan:monthly"
    job = {
        "RestoreJobId": "7D1B0C5A-5F0E-4B7B-9B0E-0D1F5C6A7E11",
        "RecoveryPointArn": f"arn:aws:backup:{region}:{ACCOUNT}:recovery-point:continuous:ehr",
        "ResourceType": "RDS",
        "CreationDate": _today() - timedelta(days=20),
        "CompletionDate": _today() - timedelta(days=20),
        "Status": "COMPLETED",
        "CreatedBy": {"RestoreTestingPlanArn": plan},
        "ValidationStatus": "SUCCESSFUL",
    }
    return {"RestoreJobs": [job]}


def _replication(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    status = COPIED.get(str(params["Bucket"]))
    if status is None:
        raise Refused("ReplicationConfigurationNotFoundError", "there is no configuration")
    rule = {
        "ID": "recovery",
        "Priority": 1,
        "Status": status,
        "Filter": {"Prefix": ""},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {
            "Bucket": f"arn:aws:s3:::{COMPANY}-backups",
            "EncryptionConfiguration": {
                "ReplicaKmsKeyID": f"arn:aws:kms:us-west-2:{ACCOUNT}:alias/backups"
            },
        },
    }
    role = f"arn:aws:iam::{ACCOUNT}:role/replication"
    return {"ReplicationConfiguration": {"Role": role, "Rules": [rule]}}


def _disk_snapshots(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    """None is public. One is of the early days."""
    names = {"us-east-1": ("ehr-api-1", "search-1", "fax-gateway"), "us-west-2": ("backup-index",)}
    if params.get("RestorableByUserIds"):
        return {"Snapshots": []}
    found = [
        {
            "SnapshotId": f"snap-{index:017x}",
            "OwnerId": ACCOUNT,
            "Description": name,
            "State": "completed",
            "StartTime": EPOCH,
            "Encrypted": name != "fax-gateway",
        }
        for index, name in enumerate(names.get(region, ()), 0x9E1)
    ]
    return {"Snapshots": found}


def _disk_sharing(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    return {"State": "block-all-sharing", "ManagedBy": "account"}


def _database_snapshots(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    kinds = {
        "us-east-1": {"ehr-before-16": "manual", "reporting-v1-final": "manual"},
        "us-west-2": {"ehr-recovery-monthly": "manual"},
    }
    found = [
        {
            "DBSnapshotIdentifier": name,
            "DBSnapshotArn": f"arn:aws:rds:{region}:{ACCOUNT}:snapshot:{name}",
            "SnapshotType": kind,
            "Encrypted": not name.startswith("reporting"),
        }
        for name, kind in kinds.get(region, {}).items()
    ]
    return {"DBSnapshots": found}


def _cluster_snapshots(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    if region != "us-east-1":
        return {"DBClusterSnapshots": []}
    found = [
        {
            "DBClusterSnapshotIdentifier": name,
            "DBClusterSnapshotArn": f"arn:aws:rds:{region}:{ACCOUNT}:cluster-snapshot:{name}",
            "SnapshotType": "manual",
            "StorageEncrypted": is_encrypted,
        }
        for name, is_encrypted in (("messages-before-16", True), ("chat-v1-final", False))
    ]
    return {"DBClusterSnapshots": found}


def _database_sharing(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    restore = {"AttributeName": "restore", "AttributeValues": []}
    return {
        "DBSnapshotAttributesResult": {
            "DBSnapshotIdentifier": params["DBSnapshotIdentifier"],
            "DBSnapshotAttributes": [restore],
        }
    }


def _cluster_sharing(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    restore = {"AttributeName": "restore", "AttributeValues": []}
    return {
        "DBClusterSnapshotAttributesResult": {
            "DBClusterSnapshotIdentifier": params["DBClusterSnapshotIdentifier"],
            "DBClusterSnapshotAttributes": [restore],
        }
    }


TOLD: Mapping[str, Reply] = {
    "backup:GetBackupVaultAccessPolicy": _policy,
    "backup:ListBackupVaults": _vaults,
    "backup:ListRecoveryPointsByBackupVault": _recovery_points,
    "backup:ListRestoreJobs": _restores,
    "ec2:DescribeSnapshots": _disk_snapshots,
    "ec2:GetSnapshotBlockPublicAccessState": _disk_sharing,
    "rds:DescribeDBClusterSnapshotAttributes": _cluster_sharing,
    "rds:DescribeDBClusterSnapshots": _cluster_snapshots,
    "rds:DescribeDBSnapshotAttributes": _database_sharing,
    "rds:DescribeDBSnapshots": _database_snapshots,
    "s3:GetBucketReplication": _replication,
}
"""AWS Backup, which moto knows little of; snapshots, whose filters it leaves aside, and which it
names by the minute; replication, of which it loses the part about KMS."""
