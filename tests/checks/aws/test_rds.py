"""Amazon RDS."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
import pytest
from pydantic import ValidationError

from checks.aws.rds import (
    DbCluster,
    DbClusterParameters,
    DbInstance,
    DbParameters,
    Member,
    Parameter,
    ParameterGroup,
    backups,
    deletion_protection,
    logs_exported,
    multi_az,
    not_public,
    require_tls,
    storage_encrypted,
)
from collector.check import Check
from collector.evaluate import evaluate
from collector.evidence.canonical import JSON
from tests.botocore_shape import assert_shape
from tests.cases import Case, read_aws, row

ARN = "arn:aws:rds:us-east-1:123456789012:db:records"
CLUSTER = "arn:aws:rds:us-east-1:123456789012:cluster:records"
KEY = "arn:aws:kms:us-east-1:123456789012:key/phi"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def instance(**facts: object) -> DbInstance:
    """An instance without encryption, backups and standby, with some of its facts changed."""
    return DbInstance.model_validate(
        {
            "id": ARN,
            "name": "records",
            "engine": "postgres",
            "is_encrypted": False,
            "backup_days": 0,
            "is_multi_az": False,
            **facts,
        }
    )


def cluster(**facts: object) -> DbCluster:
    """A cluster without encryption, with some of its facts changed."""
    return DbCluster.model_validate(
        {
            "id": CLUSTER,
            "engine": "aurora-mysql",
            "is_encrypted": False,
            "backup_days": 1,
            **facts,
        }
    )


def spread(*zones: str | None) -> tuple[DbCluster, list[DbInstance]]:
    """What `multi_az` takes: a cluster with an instance in each zone, and others in the region."""
    members = [instance(name=f"db-{n}", cluster="records", zone=z) for n, z in enumerate(zones)]
    others = [instance(name="other", zone="z"), instance(name="new", cluster="other", zone="y")]
    return cluster(members=tuple(Member(name=m.name) for m in members)), [*members, *others]


def exports(engine: str, *logs: str) -> DbInstance:
    return instance(engine=engine, exported_logs=logs)


def parameters(
    engine: str, name: str = "", value: str | None = None, status: str | None = "in-sync"
) -> DbParameters:
    """An instance whose parameter group `own` holds one parameter."""
    return DbParameters.model_validate(
        {
            "engine": engine,
            "parameter_groups": (ParameterGroup(name="own", status=status),),
            "parameters": (Parameter(name=name, value=value),) if name else (),
        }
    )


def cluster_parameters(
    engine: str, name: str, value: str | None, *members: str | None, version: str = ""
) -> DbClusterParameters:
    """A cluster whose parameter group `own` holds one parameter; a state for each member."""
    return DbClusterParameters.model_validate(
        {
            "engine": engine,
            "engine_version": version,
            "parameter_group": "own",
            "members": tuple(Member(name=f"db-{n}", status=s) for n, s in enumerate(members)),
            "parameters": (Parameter(name="autocommit"), Parameter(name=name, value=value)),
        }
    )


THERE = {"outcome": "not_applicable", "reason": "member of cluster records, judged there"}
COPY = {"outcome": "not_applicable", "reason": "read replica of ehr, judged there"}

CASES = [
    row(storage_encrypted, instance(is_encrypted=True, kms_key=KEY), require_kms=True,
        outcome="pass", reason=f"storage is encrypted with key {KEY}"),
    row(storage_encrypted, instance(is_encrypted=True),
        outcome="pass", reason="storage is encrypted"),
    row(storage_encrypted, instance(), outcome="fail", reason="storage is not encrypted"),
    row(storage_encrypted, instance(is_encrypted=True, encryption="none"),
        outcome="fail", reason="storage is not encrypted"),
    row(storage_encrypted, instance(encryption="sse-rds"),
        outcome="pass", reason="storage is encrypted with an AWS owned key"),
    row(storage_encrypted, instance(encryption="sse-rds"), require_kms=True,
        outcome="fail", reason="storage is encrypted with an AWS owned key, not KMS"),
    row(storage_encrypted, instance(cluster="records", is_encrypted=True),
        outcome="not_applicable", reason="member of cluster records, judged there"),
    row(storage_encrypted, instance(cluster="records", is_encrypted=False),
        outcome="fail", reason="storage is not encrypted"),
    row(storage_encrypted, cluster(is_encrypted=True, encryption="sse-kms", kms_key=KEY),
        outcome="pass", reason=f"storage is encrypted with key {KEY}"),
    row(storage_encrypted, cluster(), outcome="fail", reason="storage is not encrypted"),
    row(require_tls, parameters("postgres", "rds.force_ssl", "1"),
        outcome="pass", reason="rds.force_ssl is 1 in parameter group own"),
    row(require_tls, parameters("sqlserver-se", "rds.force_ssl", "0"),
        outcome="fail", reason="rds.force_ssl is 0 in parameter group own"),
    row(require_tls, parameters("postgres", "rds.force_ssl", "1", "pending-reboot"),
        outcome="fail",
        reason="rds.force_ssl is 1 in parameter group own, which is pending-reboot"),
    row(require_tls, parameters("postgres", "rds.force_ssl", "1", None),
        outcome="fail",
        reason="rds.force_ssl is 1 in parameter group own, which is of unknown state"),
    row(require_tls, parameters("mysql", "require_secure_transport", "1"),
        outcome="pass", reason="require_secure_transport is 1 in parameter group own"),
    row(require_tls, parameters("mariadb", "require_secure_transport", "OFF"),
        outcome="fail", reason="require_secure_transport is OFF in parameter group own"),
    row(require_tls, parameters("mysql", "require_secure_transport", None),
        outcome="fail", reason="require_secure_transport is not set in parameter group own"),
    row(require_tls, parameters("mysql", "rds.force_ssl", "1"),
        outcome="fail", reason="require_secure_transport is not set in parameter group own"),
    row(require_tls, parameters("db2-se", "DB2COMM", "SSL"),
        outcome="pass", reason="db2comm is SSL in parameter group own"),
    row(require_tls, parameters("db2-se", "db2comm", "TCPIP,SSL"),
        outcome="fail", reason="db2comm is TCPIP,SSL in parameter group own"),
    row(require_tls, parameters("oracle-se2"),
        outcome="fail", reason="RDS for Oracle keeps a port without TLS open"),
    row(require_tls, DbParameters(engine="postgres", parameter_groups=(), parameters=()),
        outcome="fail", reason="no parameter group"),
    row(require_tls, DbParameters(engine="docdb", cluster="records", parameter_groups=(),
                                  parameters=()),
        outcome="not_applicable", reason="member of cluster records, judged there"),
    row(require_tls, cluster_parameters("aurora-postgresql", "rds.force_ssl", "1", "in-sync"),
        outcome="pass", reason="rds.force_ssl is 1 in parameter group own"),
    row(require_tls, cluster_parameters("aurora-mysql", "require_secure_transport", "ON",
                                        "in-sync", "pending-reboot", "pending-reboot"),
        outcome="fail",
        reason="require_secure_transport is ON in parameter group own, which is pending-reboot"),
    row(require_tls, cluster_parameters("mysql", "require_secure_transport", "0", "in-sync"),
        outcome="fail", reason="require_secure_transport is 0 in parameter group own"),
    row(require_tls, cluster_parameters("docdb", "tls", "tls1.2+", "in-sync"),
        outcome="pass", reason="tls is tls1.2+ in parameter group own"),
    row(require_tls, cluster_parameters("docdb", "tls", "disabled", "in-sync"),
        outcome="fail", reason="tls is disabled in parameter group own"),
    row(require_tls, cluster_parameters("neptune", "x", None, "in-sync", version="1.3.2.0"),
        outcome="pass", reason="Neptune 1.3.2.0 answers over TLS only"),
    row(require_tls, cluster_parameters("neptune", "neptune_enforce_ssl", "0", version="1.0.3.0"),
        outcome="fail", reason="neptune_enforce_ssl is 0 in parameter group own"),
    row(require_tls, cluster_parameters("neptune", "neptune_enforce_ssl", "1"),
        outcome="pass", reason="neptune_enforce_ssl is 1 in parameter group own"),
    row(backups, instance(backup_days=7),
        outcome="pass", reason="automated backups are kept for 7 d"),
    row(backups, instance(backup_days=6),
        outcome="fail", reason="automated backups are kept for 6 d, fewer than 7"),
    row(backups, instance(backup_days=7), min_days=35,
        outcome="fail", reason="automated backups are kept for 7 d, fewer than 35"),
    row(backups, instance(), outcome="fail", reason="automated backups are off"),
    row(backups, instance(), min_days=0, outcome="fail", reason="automated backups are off"),
    row(backups, cluster(backup_days=35),
        outcome="pass", reason="automated backups are kept for 35 d"),
    row(backups, cluster(),
        outcome="fail", reason="automated backups are kept for 1 d, fewer than 7"),
    row(backups, instance(cluster="records", backup_days=35), **THERE),
    row(backups, instance(source_instance="ehr", backup_days=35), **COPY),
    row(backups, instance(source_cluster="ehr"), **COPY),
    row(deletion_protection, instance(is_protected=True),
        outcome="pass", reason="deletion protection is on"),
    row(deletion_protection, instance(), outcome="fail", reason="deletion protection is off"),
    row(deletion_protection, instance(source_instance="ehr"),
        outcome="fail", reason="deletion protection is off"),
    row(deletion_protection, instance(cluster="records"), **THERE),
    row(deletion_protection, cluster(is_protected=True),
        outcome="pass", reason="deletion protection is on"),
    row(deletion_protection, cluster(), outcome="fail", reason="deletion protection is off"),
    row(multi_az, instance(is_multi_az=True), [],
        outcome="pass", reason="has a standby in another zone"),
    row(multi_az, instance(), [], outcome="fail", reason="has no standby in another zone"),
    row(multi_az, instance(cluster="records"), [], **THERE),
    row(multi_az, instance(source_instance="ehr"), [], **COPY),
    row(multi_az, instance(source_cluster="ehr", is_multi_az=True), [], **COPY),
    row(multi_az, *spread("b", "a", "b"), outcome="pass", reason="instances in a, b"),
    row(multi_az, *spread("a"), outcome="fail", reason="instances in a alone"),
    row(multi_az, *spread("a", "a"), outcome="fail", reason="instances in a alone"),
    row(multi_az, *spread("a", None), outcome="fail", reason="instances in a alone"),
    row(multi_az, *spread(None), outcome="fail", reason="instances in no known zone"),
    row(multi_az, *spread(), outcome="fail", reason="the cluster has no instance"),
    row(logs_exported, exports("postgres", "upgrade", "postgresql"),
        outcome="pass", reason="exported: postgresql, upgrade"),
    row(logs_exported, exports("postgres", "upgrade"),
        outcome="fail", reason="not exported: postgresql"),
    row(logs_exported, exports("mysql", "error", "audit"),
        outcome="pass", reason="exported: audit, error"),
    row(logs_exported, exports("mariadb", "error", "general"),
        outcome="pass", reason="exported: error, general"),
    row(logs_exported, exports("mysql", "error", "slowquery"),
        outcome="fail", reason="not exported: audit or general"),
    row(logs_exported, exports("mysql"),
        outcome="fail", reason="not exported: audit or general, error"),
    row(logs_exported, exports("oracle-se2-cdb", "alert", "audit"),
        outcome="pass", reason="exported: alert, audit"),
    row(logs_exported, exports("oracle-ee", "alert", "listener"),
        outcome="fail", reason="not exported: audit"),
    row(logs_exported, exports("sqlserver-ex", "error"),
        outcome="pass", reason="exported: error"),
    row(logs_exported, exports("sqlserver-se", "agent"),
        outcome="fail", reason="not exported: error"),
    row(logs_exported, exports("db2-se", "diag.log"), outcome="pass", reason="exported: diag.log"),
    row(logs_exported, exports("custom-oracle-ee", "alert", "audit"),
        outcome="fail", reason="no log of the engine custom-oracle-ee is known to be enough"),
    row(logs_exported, instance(cluster="records"), **THERE),
    row(logs_exported, cluster(exported_logs=("audit", "error")),
        outcome="pass", reason="exported: audit, error"),
    row(logs_exported, cluster(), outcome="fail", reason="not exported: audit or general, error"),
    row(logs_exported, cluster(engine="aurora-postgresql", exported_logs=("postgresql",)),
        outcome="pass", reason="exported: postgresql"),
    row(logs_exported, cluster(engine="aurora-postgresql", exported_logs=("audit", "error")),
        outcome="fail", reason="not exported: postgresql"),
    row(logs_exported, cluster(engine="docdb", exported_logs=("audit", "profiler")),
        outcome="pass", reason="exported: audit, profiler"),
    row(logs_exported, cluster(engine="neptune", exported_logs=("slowquery",)),
        outcome="fail", reason="not exported: audit"),
    row(not_public, instance(is_public=False), outcome="pass", reason="not publicly accessible"),
    row(not_public, instance(is_public=True), outcome="fail", reason="publicly accessible"),
    row(not_public, instance(cluster="records", is_public=True),
        outcome="fail", reason="publicly accessible"),
    row(not_public, instance(),
        outcome="fail", reason="the answer does not tell whether it is publicly accessible"),
    row(not_public, cluster(engine="postgres", is_public=False),
        outcome="pass", reason="not publicly accessible"),
    row(not_public, cluster(engine="mysql", is_public=True),
        outcome="fail", reason="publicly accessible"),
    row(not_public, cluster(engine="mysql"),
        outcome="fail", reason="the answer does not tell whether it is publicly accessible"),
    row(not_public, cluster(is_public=True), outcome="fail", reason="publicly accessible"),
    row(not_public, cluster(is_public=False), outcome="not_applicable",
        reason="a cluster whose instances have addresses, judged there"),
    row(not_public, cluster(engine="docdb"), outcome="not_applicable",
        reason="a cluster whose instances have addresses, judged there"),
    row(not_public, cluster(engine="aurora-postgresql", is_public=False, has_gateway=True),
        outcome="fail", reason="the internet reaches the cluster through its gateway"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def create(aws: boto3.Session, name: str, engine: str, **more: object) -> None:
    aws.client("rds").create_db_instance(
        DBInstanceIdentifier=name,
        Engine=engine,
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        MasterUsername="root",
        MasterUserPassword="not-a-secret",
        **more,
    )


def test_instance_is_read_with_its_key_and_the_parameters_of_its_group(aws: boto3.Session) -> None:
    rds = aws.client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName="tls", DBParameterGroupFamily="postgres17", Description="TLS only"
    )
    rds.modify_db_parameter_group(
        DBParameterGroupName="tls",
        Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "1"}],
    )
    create(aws, "records", "postgres", DBParameterGroupName="tls",
           StorageEncrypted=True, KmsKeyId=KEY)  # fmt: skip

    reads = read_aws(aws, storage_encrypted, require_tls)

    groups = (ParameterGroup(name="tls", status="in-sync"),)
    assert [o.resource for o in reads[DbInstance]] == [
        instance(
            is_encrypted=True,
            kms_key=KEY,
            parameter_groups=groups,
            backup_days=1,
            zone="us-east-1a",
        )
    ]
    assert [o.resource for o in reads[DbParameters]] == [
        DbParameters(
            id=ARN,
            engine="postgres",
            parameter_groups=groups,
            parameters=(Parameter(name="rds.force_ssl", value="1"),),
        )
    ]


def test_instance_is_read_with_whether_it_is_public(aws: boto3.Session) -> None:
    create(aws, "open", "postgres", PubliclyAccessible=True)
    create(aws, "records", "postgres", PubliclyAccessible=False)

    reads = read_aws(aws, not_public)

    said = {o.name.rpartition(":")[2]: o.resource.is_public for o in reads[DbInstance]}
    assert said == {"open": True, "records": False}


def test_cluster_is_read_with_its_members_and_decides_for_them(aws: boto3.Session) -> None:
    rds = aws.client("rds")
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="tls",
        DBParameterGroupFamily="aurora-mysql8.0",
        Description="TLS only",
    )
    rds.modify_db_cluster_parameter_group(
        DBClusterParameterGroupName="tls",
        Parameters=[{"ParameterName": "require_secure_transport", "ParameterValue": "ON"}],
    )
    rds.create_db_cluster(
        DBClusterIdentifier="records",
        Engine="aurora-mysql",
        MasterUsername="root",
        MasterUserPassword="not-a-secret",
        DBClusterParameterGroupName="tls",
        StorageEncrypted=True,
        KmsKeyId=KEY,
    )
    rds.create_db_instance(
        DBInstanceIdentifier="member",
        Engine="aurora-mysql",
        DBClusterIdentifier="records",
        DBInstanceClass="db.r6g.large",
    )

    reads = read_aws(aws, storage_encrypted, require_tls)

    (found,) = reads[DbClusterParameters]
    assert found.resource.members == (Member(name="member", status="in-sync"),)
    assert found.resource.parameters == (Parameter(name="require_secure_transport", value="ON"),)
    results = evaluate([storage_encrypted, require_tls], reads, settings={}, now=NOW)
    assert [(r.resource.id, r.outcome, r.reason) for r in results] == [
        (CLUSTER, "pass", "require_secure_transport is ON in parameter group tls"),
        (CLUSTER, "pass", f"storage is encrypted with key {KEY}"),
    ]


def test_engine_that_is_not_known_is_unreadable_for_tls_alone() -> None:
    """So it becomes unknown there, and is judged by its storage nevertheless."""
    item: JSON = {
        "BackupRetentionPeriod": 0,
        "DBInstanceArn": ARN,
        "DBInstanceIdentifier": "records",
        "MultiAZ": False,
        "Engine": "custom-sqlserver-ee",
        "StorageEncrypted": True,
        "KmsKeyId": KEY,
    }
    assert_shape("rds", "DescribeDBInstances", {"DBInstances": [item]})

    read = DbInstance.parse(item)

    assert read == instance(engine="custom-sqlserver-ee", is_encrypted=True, kms_key=KEY)
    with pytest.raises(ValidationError, match="engine"):
        DbParameters.parse({"Parameters": []}, read)


def test_time_to_which_a_database_can_be_restored_is_no_part_of_its_evidence(
    aws: boto3.Session,
) -> None:
    """It moves on every few minutes, and with it every digest would."""
    create(aws, "records", "postgres")

    ((_, answer),) = read_aws(aws, storage_encrypted).answers[:1]

    assert b"LatestRestorableTime" not in (answer.body() or b"")
    assert "DBInstances.LatestRestorableTime" in str(answer.provenance["volatile"])


def test_database_with_a_key_that_aws_owns_is_read_as_encrypted() -> None:
    """RDS says there that the storage is not encrypted, and tells the truth beside it."""
    item: JSON = {
        "BackupRetentionPeriod": 1,
        "DBClusterArn": CLUSTER,
        "Engine": "aurora-mysql",
        "StorageEncrypted": False,
        "StorageEncryptionType": "sse-rds",
    }
    assert_shape("rds", "DescribeDBClusters", {"DBClusters": [item]})

    read = DbCluster.parse(item)

    assert read == cluster(encryption="sse-rds")


def test_guards_of_instance_replica_and_cluster_are_read(aws: boto3.Session) -> None:
    rds = aws.client("rds")
    create(aws, "records", "postgres", MultiAZ=True, BackupRetentionPeriod=35,
           DeletionProtection=True, EnableCloudwatchLogsExports=["postgresql"])  # fmt: skip
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="copy", SourceDBInstanceIdentifier="records"
    )
    rds.create_db_cluster(
        DBClusterIdentifier="claims",
        Engine="aurora-mysql",
        MasterUsername="root",
        MasterUserPassword="not-a-secret",
        BackupRetentionPeriod=14,
        DeletionProtection=True,
        EnableCloudwatchLogsExports=["audit", "error"],
    )
    for zone in ("us-east-1a", "us-east-1b"):
        rds.create_db_instance(
            DBInstanceIdentifier=f"claims-{zone}",
            Engine="aurora-mysql",
            DBClusterIdentifier="claims",
            DBInstanceClass="db.r6g.large",
            AvailabilityZone=zone,
        )
    every: list[Check[...]] = [backups, deletion_protection, multi_az, logs_exported]

    results = evaluate(every, read_aws(aws, *every), settings={}, now=NOW)

    said = {(r.resource.id.rpartition(":")[2], r.check.rpartition(".")[2]): r for r in results}
    assert {key: r.reason for key, r in said.items() if key[0] != "copy"} == {
        ("records", "backups"): "automated backups are kept for 35 d",
        ("records", "deletion_protection"): "deletion protection is on",
        ("records", "multi_az"): "has a standby in another zone",
        ("records", "logs_exported"): "exported: postgresql",
        ("claims", "backups"): "automated backups are kept for 14 d",
        ("claims", "deletion_protection"): "deletion protection is on",
        ("claims", "multi_az"): "instances in us-east-1a, us-east-1b",
        ("claims", "logs_exported"): "exported: audit, error",
    }
    assert sorted(check for name, check in said if name == "copy") == [
        "deletion_protection",
        "logs_exported",
    ]


def test_instances_of_another_region_are_no_part_of_a_cluster(aws: boto3.Session) -> None:
    """Names repeat between regions."""
    for region, zone in (("us-east-1", "us-east-1a"), ("us-west-2", "us-west-2b")):
        rds = aws.client("rds", region_name=region)
        rds.create_db_cluster(
            DBClusterIdentifier="claims",
            Engine="aurora-mysql",
            MasterUsername="root",
            MasterUserPassword="not-a-secret",
        )
        rds.create_db_instance(
            DBInstanceIdentifier="claims-1",
            Engine="aurora-mysql",
            DBClusterIdentifier="claims",
            DBInstanceClass="db.r6g.large",
            AvailabilityZone=zone,
        )

    reads = read_aws(aws, multi_az, regions=("us-east-1", "us-west-2"))
    results = evaluate([multi_az], reads, settings={}, now=NOW)

    assert [(r.outcome, r.reason) for r in results] == [
        ("fail", "instances in us-east-1a alone"),
        ("fail", "instances in us-west-2b alone"),
    ]


def test_answer_from_before_deletion_protection_is_read_as_without() -> None:
    item: dict[str, JSON] = {
        "BackupRetentionPeriod": 7,
        "DBInstanceArn": ARN,
        "DBInstanceIdentifier": "records",
        "Engine": "postgres",
        "MultiAZ": False,
        "StorageEncrypted": False,
    }

    assert not DbInstance.parse(item).is_protected
    del item["BackupRetentionPeriod"]
    with pytest.raises(ValidationError, match="backup_days"):
        DbInstance.parse(item)
