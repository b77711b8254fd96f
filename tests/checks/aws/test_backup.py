"""AWS Backup."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from checks.aws.backup import (
    RecoveryPoint,
    RestoreJob,
    TableTags,
    Vault,
    VaultContents,
    VaultPolicy,
    plans_cover_resources,
    recovery_points_encrypted,
    restore_tested,
    vault_lock,
)
from checks.aws.ebs import Attachment, Volume
from checks.aws.efs import FileSystem
from checks.aws.policy import document
from checks.aws.rds import DbCluster, DbInstance
from checks.aws.scope import Tag
from collector.check import Check
from collector.evaluate import Settings, evaluate
from collector.evidence.canonical import JSON
from tests.aws_told import Refused, told
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EAST = "us-east-1:123456789012"
DATABASE = f"arn:aws:rds:{EAST}:db:records"
TABLE = f"arn:aws:dynamodb:{EAST}:table/visits"
FILES = f"arn:aws:elasticfilesystem:{EAST}:file-system/fs-1"
PLAN = f"arn:aws:backup:{EAST}:plan:6f1c"
VAULT = f"arn:aws:backup:{EAST}:backup-vault:daily"
CONTINUOUS = f"arn:aws:backup:{EAST}:recovery-point:continuous:db-1"


def vault(**facts: object) -> Vault:
    return Vault.model_validate({"id": VAULT, "name": "daily", "count": 3, **facts})


def point(**facts: object) -> RecoveryPoint:
    """An encrypted backup of the database, made by a plan two hours ago, with changes."""
    usual = {
        "arn": f"arn:aws:rds:{EAST}:snapshot:awsbackup-1",
        "resource": DATABASE,
        "plan": PLAN,
        "plan_name": "nightly",
        "status": "COMPLETED",
        "created": NOW - timedelta(hours=2),
        "is_encrypted": True,
        "delete_after_days": 35,
    }
    return RecoveryPoint.model_validate({**usual, **facts})


def contents(*points: RecoveryPoint) -> VaultContents:
    return VaultContents(name="daily", points=points)


def policy(*denied: str, **changes: object) -> VaultPolicy:
    """The policy of a vault that denies everyone some actions, with changes; none denies none."""
    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": [f"backup:{action}" for action in denied],
        "Resource": "*",
        **changes,
    }
    own = document({"Statement": statement}) if denied else None
    return VaultPolicy(policy=own)


def job(days_ago: int = 30, **facts: object) -> RestoreJob:
    done = NOW - timedelta(days=days_ago)
    usual = {"id": "1", "kind": "RDS", "status": "COMPLETED", "completed": done, "point": "rp-1"}
    return RestoreJob.model_validate({**usual, **facts})


def database(**facts: object) -> DbInstance:
    usual = {"is_encrypted": True, "backup_days": 7, "is_multi_az": True, "engine": "postgres"}
    return DbInstance.model_validate({"id": DATABASE, "name": "records", **usual, **facts})


def cluster() -> DbCluster:
    return DbCluster.model_validate(
        {
            "id": f"arn:aws:rds:{EAST}:cluster:messages",
            "engine": "aurora-mysql",
            "is_encrypted": True,
            "backup_days": 1,
        }
    )


def volume(state: str = "in-use", *servers: str, tag: str = "") -> Volume:
    attached = tuple(Attachment(server=each) for each in servers)
    tags = (Tag(key="data", value=tag),) if tag else ()
    facts = {"id": "vol-1", "state": state, "is_encrypted": True}
    return Volume.model_validate({**facts, "attachments": attached, "tags": tags})


def files(state: str = "available") -> FileSystem:
    return FileSystem.model_validate({"id": FILES, "state": state, "is_encrypted": True})


def table(state: str = "ACTIVE", arn: str | None = TABLE) -> TableTags:
    return TableTags.model_validate({"id": "visits", "state": state, "arn": arn, "tags": ()})


BOTH = ("DeleteRecoveryPoint", "UpdateRecoveryPointLifecycle")
UNLOCKED = {
    "outcome": "fail",
    "reason": "not locked, and no policy denies everyone to delete recovery points",
}
DENIED = {
    "outcome": "pass",
    "reason": "not locked, but the policy denies everyone to delete recovery points",
}
COVERED = {"outcome": "pass", "reason": "backed up by plan nightly"}
UNCOVERED = {"outcome": "fail", "reason": "no complete recovery point that a plan made"}
COMPLIANCE = vault(is_locked=True, lock_date=NOW - timedelta(days=1))
COOLING = vault(is_locked=True, lock_date=NOW + timedelta(days=2))
GOVERNANCE = vault(is_locked=True)

CASES = [
    row(recovery_points_encrypted, vault(), contents(point(), point()),
        outcome="pass", reason="2 of 2 encrypted"),
    row(recovery_points_encrypted, vault(), contents(point(), point(is_encrypted=False)),
        outcome="fail", reason="1 of 2 not encrypted: awsbackup-1"),
    *(
        row(recovery_points_encrypted, vault(), contents(point(is_encrypted=False, status=status)),
            outcome="fail", reason="1 of 1 not encrypted: awsbackup-1")
        for status in ("AVAILABLE", "EXPIRED", "PARTIAL", "STOPPED")
    ),
    *(
        row(recovery_points_encrypted, vault(), contents(point(status=status)),
            outcome="not_applicable", reason="the vault is empty")
        for status in ("CREATING", "DELETING")
    ),
    row(recovery_points_encrypted, vault(), contents(),
        outcome="not_applicable", reason="the vault is empty"),
    row(recovery_points_encrypted, vault(kind="RESTORE_ACCESS_BACKUP_VAULT"), contents(),
        outcome="not_applicable", reason="the vault shows what another account keeps"),
    row(recovery_points_encrypted, vault(state="FAILED"), contents(),
        outcome="not_applicable", reason="the vault is FAILED"),

    row(vault_lock, COMPLIANCE, policy(), now=NOW,
        outcome="pass", reason="locked in compliance mode since 2026-11-21"),
    row(vault_lock, COMPLIANCE, policy(), now=NOW, require_compliance=True,
        outcome="pass", reason="locked in compliance mode since 2026-11-21"),
    row(vault_lock, COOLING, policy(), now=NOW,
        outcome="pass", reason="locked in compliance mode, which can be lifted until 2026-11-24"),
    row(vault_lock, COOLING, policy(), now=NOW, require_compliance=True,
        outcome="fail", reason="locked in compliance mode, which can be lifted until 2026-11-24"),
    row(vault_lock, GOVERNANCE, policy(), now=NOW,
        outcome="pass", reason="locked in governance mode, which can be lifted"),
    row(vault_lock, GOVERNANCE, policy(), now=NOW, require_compliance=True,
        outcome="fail", reason="locked in governance mode, which can be lifted"),
    row(vault_lock, vault(is_locked=True, count=0), policy(), now=NOW,
        outcome="pass", reason="locked in governance mode, which can be lifted"),
    row(vault_lock, vault(), policy(), now=NOW, **UNLOCKED),
    row(vault_lock, vault(count=None), policy(), now=NOW, **UNLOCKED),
    row(vault_lock, vault(count=0), policy(), now=NOW,
        outcome="not_applicable", reason="the vault is empty"),
    row(vault_lock, vault(kind="RESTORE_ACCESS_BACKUP_VAULT"), policy(), now=NOW,
        outcome="not_applicable", reason="the vault shows what another account keeps"),
    row(vault_lock, vault(), policy(*BOTH), now=NOW, **DENIED),
    row(vault_lock, vault(), policy("*"), now=NOW, **DENIED),
    row(vault_lock, vault(), policy(*BOTH), now=NOW, require_compliance=True,
        outcome="fail", reason="not locked"),
    row(vault_lock, vault(), policy(*BOTH[:1]), now=NOW, **UNLOCKED),
    row(vault_lock, vault(), policy(*BOTH, Effect="Allow"), now=NOW, **UNLOCKED),
    row(vault_lock, vault(), policy(*BOTH, Principal={"AWS": PLAN}), now=NOW, **UNLOCKED),
    row(vault_lock, vault(), policy(*BOTH, Resource=f"arn:aws:rds:{EAST}:*"), now=NOW, **UNLOCKED),
    row(vault_lock, vault(), policy(*BOTH, Condition={"Bool": {"aws:SecureTransport": "false"}}),
        now=NOW, **UNLOCKED),

    row(restore_tested, [job(30), job(10)], [], now=NOW,
        outcome="pass", reason="the last known restore, of RDS, was on 2026-11-12"),
    row(restore_tested, [job(testing_plan="arn", validation="SUCCESSFUL")], [], now=NOW,
        outcome="pass",
        reason="the last known restore, of RDS by a restore testing plan, was on 2026-10-23"),
    row(restore_tested, [job(30)], [], now=NOW, max_age_days=29,
        outcome="fail",
        reason="the last known restore, of RDS, was on 2026-10-23, more than 29 d ago"),
    row(restore_tested, [job(366)], [], now=NOW,
        outcome="fail",
        reason="the last known restore, of RDS, was on 2025-11-21, more than 365 d ago"),
    *(
        row(restore_tested, [job(**facts)], [], now=NOW,
            outcome="fail", reason="no restore by AWS Backup is known")
        for facts in (
            {"validation": "FAILED"},
            {"validation": "TIMED_OUT"},
            {"validation": "VALIDATING"},
            {"status": "FAILED"},
            {"status": "ABORTED"},
            {"status": "RUNNING", "completed": None},
            {"completed": None},
        )
    ),
    row(restore_tested, [], [contents(point(last_restored=NOW - timedelta(days=90), kind="EBS"))],
        now=NOW, outcome="pass", reason="the last known restore, of EBS, was on 2026-08-24"),
    row(restore_tested, [job(status="FAILED")], [contents(point(arn="rp-1", last_restored=NOW))],
        now=NOW, outcome="fail", reason="no restore by AWS Backup is known"),
    row(restore_tested, [], [contents(point())], now=NOW,
        outcome="fail", reason="no restore by AWS Backup is known"),
    row(restore_tested, [], [], now=NOW,
        outcome="fail", reason="no restore by AWS Backup is known"),

    row(plans_cover_resources, database(), [contents(), contents(point())], now=NOW, **COVERED),
    row(plans_cover_resources, database(), [contents(point(plan_name=None))], now=NOW,
        outcome="pass", reason="backed up by plan 6f1c"),
    row(plans_cover_resources, database(), [contents(point(delete_after_days=None))], now=NOW,
        **COVERED),
    row(plans_cover_resources, database(), [contents(point(delete_after_days=-1))], now=NOW,
        **COVERED),
    row(plans_cover_resources, database(),
        [contents(point(arn=CONTINUOUS, created=NOW - timedelta(days=400)))], now=NOW, **COVERED),
    row(plans_cover_resources, database(),
        [contents(point(arn=CONTINUOUS, status="STOPPED"))], now=NOW, **UNCOVERED),
    row(plans_cover_resources, database(), [], now=NOW, **UNCOVERED),
    row(plans_cover_resources, database(), [contents(point(plan=None))], now=NOW, **UNCOVERED),
    row(plans_cover_resources, database(), [contents(point(resource=f"{DATABASE}-2"))], now=NOW,
        **UNCOVERED),
    row(plans_cover_resources, database(), [contents(point(resource=None))], now=NOW, **UNCOVERED),
    *(
        row(plans_cover_resources, database(), [contents(point(status=status))], now=NOW,
            **UNCOVERED)
        for status in ("CREATING", "DELETING", "EXPIRED", "PARTIAL")
    ),
    row(plans_cover_resources, database(), [contents(point(created=NOW - timedelta(days=3)))],
        now=NOW, outcome="fail", reason="the last backup by a plan is of 2026-11-19"),
    row(plans_cover_resources, database(), [contents(point(created=NOW - timedelta(days=3)))],
        now=NOW, max_age_days=7, **COVERED),
    row(plans_cover_resources, database(), [contents(point(delete_after_days=3))], now=NOW,
        outcome="fail", reason="backups are kept for 3 d, fewer than 7"),
    row(plans_cover_resources, database(), [contents(point(delete_after_days=3))], now=NOW,
        min_days=3, **COVERED),
    row(plans_cover_resources, database(),
        [contents(point(delete_after_days=3), point(delete_after_days=400))], now=NOW, **COVERED),
    row(plans_cover_resources, database(cluster="messages"), [], now=NOW,
        outcome="not_applicable", reason="member of cluster messages, judged there"),
    row(plans_cover_resources, database(source_instance="ehr"), [], now=NOW,
        outcome="not_applicable", reason="read replica of ehr, judged there"),
    row(plans_cover_resources, cluster(), [contents(point(resource=cluster().id))], now=NOW,
        **COVERED),
    row(plans_cover_resources, volume(),
        [contents(point(resource=f"arn:aws:ec2:{EAST}:volume/vol-1"))], now=NOW, **COVERED),
    row(plans_cover_resources, volume("in-use", "i-1"),
        [contents(point(resource=f"arn:aws:ec2:{EAST}:instance/i-1"))], now=NOW, **COVERED),
    row(plans_cover_resources, volume("in-use", "i-1"),
        [contents(point(resource=f"arn:aws:ec2:{EAST}:instance/i-11"))], now=NOW, **UNCOVERED),
    row(plans_cover_resources, volume("available"), [], now=NOW, **UNCOVERED),
    row(plans_cover_resources, files(), [contents(point(resource=FILES))], now=NOW, **COVERED),
    row(plans_cover_resources, files("error"), [contents(point())], now=NOW, **UNCOVERED),
    row(plans_cover_resources, files("deleting"), [], now=NOW,
        outcome="not_applicable", reason="the file system is deleting"),
    row(plans_cover_resources, files(), [], now=NOW, scope_names=("fs-1",), **UNCOVERED),
    row(plans_cover_resources, volume().model_copy(update={"is_managed": True}), [], now=NOW,
        outcome="not_applicable", reason="a service runs the server of the volume"),
    row(plans_cover_resources, volume("deleting"), [], now=NOW,
        outcome="not_applicable", reason="the volume is deleting"),
    row(plans_cover_resources, table(), [contents(point(resource=TABLE))], now=NOW, **COVERED),
    row(plans_cover_resources, table(),
        [contents(point(resource=TABLE.replace("123456789012", "999999999999")))], now=NOW,
        **UNCOVERED),
    row(plans_cover_resources, table(arn=None), [contents(point())], now=NOW, **UNCOVERED),
    row(plans_cover_resources, table("ARCHIVED"), [], now=NOW,
        outcome="not_applicable", reason="the table is ARCHIVED"),
    row(plans_cover_resources, volume(tag="phi"), [], now=NOW, scope_tag="data",
        scope_values=("phi",), **UNCOVERED),
    row(plans_cover_resources, volume(tag="logs"), [], now=NOW, scope_tag="data",
        scope_values=("phi",),
        outcome="not_applicable", reason="not in scope: no tag data with phi"),
    row(plans_cover_resources, database(), [], now=NOW, scope_names=("rec*",), **UNCOVERED),
    row(plans_cover_resources, table(), [], now=NOW, scope_names=("rec*",),
        outcome="not_applicable", reason="not in scope: no name like rec*"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def item(name: str, **facts: object) -> dict[str, object]:
    """A recovery point as AWS Backup lists it."""
    usual = {
        "RecoveryPointArn": f"arn:aws:rds:{EAST}:snapshot:{name}",
        "BackupVaultName": "daily",
        "ResourceArn": DATABASE,
        "ResourceType": "RDS",
        "CreatedBy": {"BackupPlanArn": PLAN, "BackupPlanName": "nightly"},
        "Status": "COMPLETED",
        "CreationDate": NOW,
        "IsEncrypted": True,
        "Lifecycle": {"DeleteAfterDays": 35},
    }
    return {**usual, **facts}


VAULTS = {
    "BackupVaultList": [
        {"BackupVaultName": "daily", "BackupVaultArn": VAULT, "Locked": True, "LockDate": NOW},
        {
            "BackupVaultName": "Default",
            "BackupVaultArn": VAULT.replace("daily", "Default"),
            "NumberOfRecoveryPoints": 1,
        },
        {
            "BackupVaultName": "theirs",
            "BackupVaultArn": VAULT.replace("daily", "theirs"),
            "VaultType": "RESTORE_ACCESS_BACKUP_VAULT",
            "VaultState": "AVAILABLE",
        },
    ]
}


def test_vaults_are_read_page_by_page_and_those_of_others_left_alone() -> None:
    def points(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        vault = params["BackupVaultName"]
        assert vault in ("daily", "Default")
        if vault == "Default":
            plain = item("old", BackupVaultName=vault, IsEncrypted=False)
            return {"RecoveryPoints": [plain]}
        if "NextToken" not in params:
            return {"RecoveryPoints": [item("a")], "NextToken": "2"}
        return {"RecoveryPoints": [item("b", LastRestoreTime=NOW)]}

    def own_policy(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        assert params["BackupVaultName"] == "Default"
        raise Refused("ResourceNotFoundException", "no policy")

    session = told(
        {
            "backup:ListBackupVaults": VAULTS,
            "backup:ListRecoveryPointsByBackupVault": points,
            "backup:GetBackupVaultAccessPolicy": own_policy,
            "backup:ListRestoreJobs": {"RestoreJobs": []},
        }
    )
    checks: list[Check[...]] = [recovery_points_encrypted, restore_tested, vault_lock]

    reads = read_aws(session, *checks)
    results = evaluate(checks, reads, settings={}, now=NOW)

    assert [(r.check, r.resource.id.rpartition(":")[2], r.outcome) for r in results] == [
        ("aws.backup.recovery_points_encrypted", "Default", "fail"),
        ("aws.backup.recovery_points_encrypted", "daily", "pass"),
        ("aws.backup.restore_tested", "123456789012", "pass"),
        ("aws.backup.vault_lock", "Default", "fail"),
        ("aws.backup.vault_lock", "daily", "pass"),
    ]
    assert [len(o.resource.points) for o in reads[VaultContents]] == [1, 2, 0]


def test_a_policy_is_read_of_the_vault_that_was_asked_for() -> None:
    def own_policy(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        deny = (
            '{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "backup:*",'
            ' "Resource": "*"}}'
        )
        return {"BackupVaultName": params["BackupVaultName"], "Policy": deny}

    session = told(
        {"backup:ListBackupVaults": VAULTS, "backup:GetBackupVaultAccessPolicy": own_policy}
    )

    reads = read_aws(session, vault_lock)
    results = evaluate([vault_lock], reads, settings={}, now=NOW)

    assert {r.outcome for r in results} == {"pass"}
    assert [o.resource.policy is None for o in reads[VaultPolicy]] == [False, True, True]


def test_restore_jobs_are_read_in_every_region_and_one_is_enough() -> None:
    def jobs(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        if region == "us-east-1":
            return {"RestoreJobs": []}
        done = {
            "RestoreJobId": "1",
            "Status": "COMPLETED",
            "CompletionDate": NOW,
            "ResourceType": "EBS",
            "CreatedBy": {"RestoreTestingPlanArn": f"arn:aws:backup:{EAST}:restore-testing-plan:m"},
        }
        return {"RestoreJobs": [done]}

    session = told(
        {"backup:ListBackupVaults": {"BackupVaultList": []}, "backup:ListRestoreJobs": jobs}
    )

    reads = read_aws(session, restore_tested, regions=("us-east-1", "us-west-2"))
    results = evaluate([restore_tested], reads, settings={}, now=NOW)

    assert [(r.outcome, r.reason) for r in results] == [
        (
            "pass",
            "the last known restore, of EBS by a restore testing plan, was on 2026-11-22",
        )
    ]


def test_backups_are_matched_with_databases_volumes_and_tables_of_their_region() -> None:
    def points(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        covered = [DATABASE, TABLE, FILES, f"arn:aws:ec2:{EAST}:instance/i-1"]
        return {"RecoveryPoints": [item(f"p{n}", ResourceArn=a) for n, a in enumerate(covered)]}

    vaults = {"BackupVaultList": VAULTS["BackupVaultList"][:1]}
    records = {
        "DBInstanceArn": DATABASE,
        "DBInstanceIdentifier": "records",
        "Engine": "postgres",
        "StorageEncrypted": True,
        "BackupRetentionPeriod": 7,
        "MultiAZ": True,
        "TagList": [{"Key": "data", "Value": "phi"}],
    }
    attached = {"VolumeId": "vol-1", "Encrypted": True, "State": "in-use"}
    data = {"Key": "data", "Value": "PHI"}
    session = told(
        {
            "backup:ListBackupVaults": vaults,
            "backup:ListRecoveryPointsByBackupVault": points,
            "rds:DescribeDBInstances": {"DBInstances": [records]},
            "rds:DescribeDBClusters": {"DBClusters": []},
            "ec2:DescribeVolumes": {
                "Volumes": [
                    {**attached, "Attachments": [{"InstanceId": "i-1"}], "Tags": [data]},
                    {**attached, "VolumeId": "vol-2", "Attachments": []},
                ]
            },
            "efs:DescribeFileSystems": {
                "FileSystems": [
                    {
                        "OwnerId": "123456789012",
                        "CreationToken": "scans",
                        "FileSystemId": "fs-1",
                        "FileSystemArn": FILES,
                        "CreationTime": NOW,
                        "LifeCycleState": "available",
                        "NumberOfMountTargets": 1,
                        "SizeInBytes": {"Value": 1},
                        "PerformanceMode": "generalPurpose",
                        "Encrypted": True,
                        "Tags": [data],
                    }
                ]
            },
            "dynamodb:ListTables": {"TableNames": ["visits"]},
            "dynamodb:DescribeTable": {
                "Table": {"TableName": "visits", "TableArn": TABLE, "TableStatus": "ACTIVE"}
            },
            "dynamodb:ListTagsOfResource": {"Tags": [data]},
        }
    )

    reads = read_aws(session, plans_cover_resources)
    every = evaluate([plans_cover_resources], reads, settings={}, now=NOW)
    only: Settings = {plans_cover_resources.id: {"scope_tag": "data", "scope_values": ("phi",)}}
    tagged = evaluate([plans_cover_resources], reads, settings=only, now=NOW)

    assert [(r.resource.id.rpartition(":")[2], r.outcome) for r in every] == [
        ("table/visits", "pass"),
        ("volume/vol-1", "pass"),
        ("volume/vol-2", "fail"),
        ("file-system/fs-1", "pass"),
        ("records", "pass"),
    ]
    assert [r for r in every if r.outcome == "pass"] == tagged


@pytest.mark.parametrize(
    "spoiled",
    [{"IsEncrypted": None}, {"Status": "NEW"}, {"CreationDate": None}, {"BackupVaultName": "x"}],
    ids=str,
)
def test_a_recovery_point_that_does_not_tell_makes_the_vault_unreadable(
    spoiled: dict[str, JSON],
) -> None:
    listed = {**item("a", CreationDate="2026-11-22T12:00:00Z"), **spoiled}

    with pytest.raises(ValidationError):
        VaultContents.parse({"RecoveryPoints": [listed]}, vault())  # type: ignore[list-item]
