"""Database instances and clusters, as RDS lists them."""

from collections.abc import Sequence
from typing import Literal

from checks.aws.scope import Tag
from collector.check import Verdict, not_applicable
from collector.resource import Part, Resource, at
from collector.source import Aws

Encryption = Literal["none", "sse-kms", "sse-rds"]


class ParameterGroup(Part):
    """A parameter group as one instance uses it."""

    name: str = at("DBParameterGroupName")
    status: str | None = at("ParameterApplyStatus", default=None)


class Member(Part):
    """An instance of a cluster, and whether it runs with the cluster's parameters."""

    name: str = at("DBInstanceIdentifier")
    status: str | None = at("DBClusterParameterGroupStatus", default=None)


class DbInstance(Resource):
    """A database instance, a member of a cluster or on its own."""

    source = Aws(
        service="rds",
        operation="DescribeDBInstances",
        permission="rds:DescribeDBInstances",
        items="DBInstances",
        volatile=("DBInstances.LatestRestorableTime",),
    )
    id: str = at("DBInstanceArn")
    name: str = at("DBInstanceIdentifier")
    engine: str = at("Engine")
    cluster: str | None = at("DBClusterIdentifier", default=None)
    is_encrypted: bool = at("StorageEncrypted")
    encryption: Encryption | None = at("StorageEncryptionType", default=None)
    kms_key: str | None = at("KmsKeyId", default=None)
    parameter_groups: tuple[ParameterGroup, ...] = at("DBParameterGroups", default=())
    backup_days: int = at("BackupRetentionPeriod")
    is_multi_az: bool = at("MultiAZ")
    zone: str | None = at("AvailabilityZone", default=None)
    # Answers from before 2018 leave it out; no database was protected then.
    is_protected: bool = at("DeletionProtection", default=False)
    exported_logs: tuple[str, ...] = at("EnabledCloudwatchLogsExports", default=())
    source_instance: str | None = at("ReadReplicaSourceDBInstanceIdentifier", default=None)
    source_cluster: str | None = at("ReadReplicaSourceDBClusterIdentifier", default=None)
    is_public: bool | None = at("PubliclyAccessible", default=None)
    tags: tuple[Tag, ...] = at("TagList", default=())

    @property
    def parameter_group(self) -> str | None:
        """The group whose parameters say whether plain connections are refused.

        None for members of a cluster: there the cluster's parameters say it.
        """
        return None if self.cluster is not None else group_name(self.parameter_groups)


class DbCluster(Resource):
    """A database cluster: Aurora, Multi-AZ, DocumentDB or Neptune."""

    source = Aws(
        service="rds",
        operation="DescribeDBClusters",
        permission="rds:DescribeDBClusters",
        items="DBClusters",
        volatile=(
            "DBClusters.BacktrackConsumedChangeRecords",
            "DBClusters.Capacity",
            "DBClusters.EarliestBacktrackTime",
            "DBClusters.EarliestRestorableTime",
            "DBClusters.LatestRestorableTime",
        ),
    )
    id: str = at("DBClusterArn")
    engine: str = at("Engine")
    engine_version: str = at("EngineVersion", default="")
    is_encrypted: bool = at("StorageEncrypted")
    encryption: Encryption | None = at("StorageEncryptionType", default=None)
    kms_key: str | None = at("KmsKeyId", default=None)
    parameter_group: str | None = at("DBClusterParameterGroup", default=None)
    members: tuple[Member, ...] = at("DBClusterMembers", default=())
    backup_days: int = at("BackupRetentionPeriod")
    is_protected: bool = at("DeletionProtection", default=False)
    exported_logs: tuple[str, ...] = at("EnabledCloudwatchLogsExports", default=())
    # Said of Multi-AZ clusters alone; elsewhere the instances say it.
    is_public: bool | None = at("PubliclyAccessible", default=None)
    # Said of Aurora PostgreSQL alone.
    has_gateway: bool | None = at("InternetAccessGatewayEnabled", default=None)
    tags: tuple[Tag, ...] = at("TagList", default=())


def judged_elsewhere(database: DbInstance | DbCluster) -> Verdict | None:
    """What is to be said of a member of a cluster where its cluster is judged."""
    if isinstance(database, DbInstance) and database.cluster is not None:
        return judged_there(database.cluster)
    return None


def judged_as_replica(database: DbInstance | DbCluster) -> Verdict | None:
    """What is to be said of a read replica where the database it copies is judged."""
    if isinstance(database, DbCluster):
        return None
    copied = database.source_instance or database.source_cluster
    return not_applicable(f"read replica of {copied}, judged there") if copied else None


def judged_there(cluster: str) -> Verdict:
    """That the cluster is judged in the place of its member."""
    return not_applicable(f"member of cluster {cluster}, judged there")


def group_name(groups: Sequence[ParameterGroup]) -> str | None:
    """An instance has exactly one parameter group; RDS Custom may show none."""
    return groups[0].name if groups else None
