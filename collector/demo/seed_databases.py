"""Databases and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collector.demo.seed_keys import Keys
    from collector.demo.simulator import Client, Clients


def seed(clients: Clients, keys: Keys) -> None:
    """Make RDS instances, an Aurora cluster and DynamoDB tables in both regions.

    Good: what holds patient records. Bad: an unencrypted reporting database of the early days, and
    a MySQL database that lets in plain connections.
    """
    _seed_rds(clients, keys)
    _seed_tables(clients, keys)


def _seed_rds(clients: Clients, keys: Keys) -> None:
    east, west = clients("rds", "us-east-1"), clients("rds", "us-west-2")
    for rds in (east, west):
        _parameter_group(rds, "postgres16-tls", "postgres16", "rds.force_ssl", "1")
    _parameter_group(east, "mysql80-mixed", "mysql8.0", "require_secure_transport", "0")
    _parameter_group(east, "postgres13-plain", "postgres13", "rds.force_ssl", "0")
    _instance(east, "ehr", "postgres", "16.4", "postgres16-tls", keys.records)
    _instance(east, "scheduling", "postgres", "16.4", "postgres16-tls", keys.records)
    _instance(east, "billing", "mysql", "8.0.39", "mysql80-mixed", keys.records)
    _instance(east, "reporting-v1", "postgres", "13.16", "postgres13-plain", None)
    _instance(west, "ehr-recovery", "postgres", "16.4", "postgres16-tls", keys.backups)
    _cluster(east, "messages", keys.records)


def _parameter_group(rds: Client, name: str, family: str, parameter: str, value: str) -> None:
    rds.create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily=family, Description=f"{parameter}={value}"
    )
    rds.modify_db_parameter_group(DBParameterGroupName=name, Parameters=[_set(parameter, value)])


def _set(parameter: str, value: str) -> dict[str, object]:
    return {
        "ParameterName": parameter,
        "ParameterValue": value,
        "ApplyMethod": "pending-reboot",
        "Source": "user",
        "ApplyType": "dynamic",
        "IsModifiable": True,
        "DataType": "boolean",
    }


def _instance(
    rds: Client, name: str, engine: str, version: str, group: str, kms_key: str | None
) -> None:
    encryption = {"StorageEncrypted": True, "KmsKeyId": kms_key} if kms_key is not None else {}
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.m6g.large",
        Engine=engine,
        EngineVersion=version,
        AllocatedStorage=200,
        MasterUsername="owner",
        ManageMasterUserPassword=False,
        MasterUserPassword="not-a-password",
        DBParameterGroupName=group,
        MultiAZ=True,
        # The reporting tool was an outside service once.
        PubliclyAccessible=name == "reporting-v1",
        BackupRetentionPeriod=35,
        **encryption,
    )


def _cluster(rds: Client, name: str, kms_key: str) -> None:
    group = "aurora-postgresql16-tls"
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=group,
        DBParameterGroupFamily="aurora-postgresql16",
        Description="rds.force_ssl=1",
    )
    rds.modify_db_cluster_parameter_group(
        DBClusterParameterGroupName=group, Parameters=[_set("rds.force_ssl", "1")]
    )
    rds.create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        EngineVersion="16.4",
        MasterUsername="owner",
        MasterUserPassword="not-a-password",
        DBClusterParameterGroupName=group,
        StorageEncrypted=True,
        KmsKeyId=kms_key,
        EnableCloudwatchLogsExports=["postgresql"],
    )
    rds.create_db_instance(
        DBInstanceIdentifier=f"{name}-1",
        DBInstanceClass="db.r6g.large",
        Engine="aurora-postgresql",
        EngineVersion="16.4",
        DBClusterIdentifier=name,
        PubliclyAccessible=False,
    )


def _seed_tables(clients: Clients, keys: Keys) -> None:
    east, west = clients("dynamodb", "us-east-1"), clients("dynamodb", "us-west-2")
    for name in ("appointments", "audit-events"):
        _table(east, name, keys.records)
    _table(west, "backup-catalog", keys.backups)
    # Encrypted by the key that DynamoDB owns, as every table is that asks for nothing else.
    _table(east, "feature-flags", None)


def _table(dynamodb: Client, name: str, kms_key: str | None) -> None:
    encryption = {}
    if kms_key is not None:
        encryption = {
            "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": kms_key}
        }
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        **encryption,
    )
