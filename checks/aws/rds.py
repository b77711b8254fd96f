"""Amazon RDS: database instances and clusters, those of Aurora, DocumentDB and Neptune included."""

from collections.abc import Mapping, Sequence
from typing import Literal

from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Part, Resource, at, parent
from collector.source import Aws

Encryption = Literal["none", "sse-kms", "sse-rds"]

Engine = Literal[
    "aurora",
    "aurora-mysql",
    "aurora-postgresql",
    "db2-ae",
    "db2-ce",
    "db2-se",
    "docdb",
    "mariadb",
    "mysql",
    "neptune",
    "oracle-ee",
    "oracle-ee-cdb",
    "oracle-se",
    "oracle-se1",
    "oracle-se2",
    "oracle-se2-cdb",
    "postgres",
    "sqlserver-dev-ee",
    "sqlserver-ee",
    "sqlserver-ex",
    "sqlserver-se",
    "sqlserver-web",
]
"""Engines whose way to refuse plain connections is known. RDS Custom is not among them: there the
customer has the operating system, and the API does not show the setting."""

NEPTUNE_TLS_ONLY = (1, 0, 4)
"""Engine version from which Neptune refuses plain connections whatever its parameters say.
https://docs.aws.amazon.com/neptune/latest/userguide/security-ssl.html"""


MINIMUM_LOGS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "aurora": (("audit", "general"), ("error",)),
    "aurora-postgresql": (("postgresql",),),
    "db2": (("diag.log",),),
    "docdb": (("audit",),),
    "mariadb": (("audit", "general"), ("error",)),
    "mysql": (("audit", "general"), ("error",)),
    "neptune": (("audit",),),
    "oracle": (("alert",), ("audit",)),
    "postgres": (("postgresql",),),
    "sqlserver": (("error",),),
}
"""Engine, or its name before the first hyphen → the logs that tell who did what and what went
wrong; of several in brackets, one is enough. The rest serves tuning (slowquery, profiler, trace),
is not made by every edition (SQL Server Express has no agent) or by Aurora (upgrade)."""
MULTI_AZ_ENGINES = ("mysql", "postgres")
"""Engines of clusters that are no Aurora, DocumentDB or Neptune."""


class ParameterGroup(Part):
    """A parameter group as one instance uses it."""

    name: str = at("DBParameterGroupName")
    status: str | None = at("ParameterApplyStatus", default=None)


class Member(Part):
    """An instance of a cluster, and whether it runs with the cluster's parameters."""

    name: str = at("DBInstanceIdentifier")
    status: str | None = at("DBClusterParameterGroupStatus", default=None)


class Parameter(Part):
    """A parameter of a group. RDS lists no value where the engine's own default holds."""

    name: str = at("ParameterName")
    value: str | None = at("ParameterValue", default=None)


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

    @property
    def parameter_group(self) -> str | None:
        """The group whose parameters say whether plain connections are refused.

        None for members of a cluster: there the cluster's parameters say it.
        """
        return None if self.cluster is not None else _name(self.parameter_groups)


class DbParameters(Resource):
    """Parameters of an instance; none for a member of a cluster."""

    source = Aws(
        service="rds",
        operation="DescribeDBParameters",
        permission="rds:DescribeDBParameters",
        per=DbInstance,
        params={"DBParameterGroupName": "parameter_group"},
    )
    engine: Engine = parent("engine")
    cluster: str | None = parent("cluster", default=None)
    parameter_groups: tuple[ParameterGroup, ...] = parent("parameter_groups")
    parameters: tuple[Parameter, ...] = at("Parameters", absent=())


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


class DbClusterParameters(Resource):
    """Parameters of a cluster."""

    source = Aws(
        service="rds",
        operation="DescribeDBClusterParameters",
        permission="rds:DescribeDBClusterParameters",
        per=DbCluster,
        params={"DBClusterParameterGroupName": "parameter_group"},
    )
    engine: Engine = parent("engine")
    engine_version: str = parent("engine_version")
    parameter_group: str | None = parent("parameter_group", default=None)
    members: tuple[Member, ...] = parent("members")
    parameters: tuple[Parameter, ...] = at("Parameters", absent=())


@check(control="encryption-at-rest", severity="high")
def storage_encrypted(database: DbInstance | DbCluster, *, require_kms: bool = False) -> Verdict:
    """Databases are encrypted at rest.

    Passes: the storage is encrypted, with a KMS key, which the reason names, or with a key that AWS
        owns. Where RDS tells the type of encryption, the type counts: with a key that AWS owns,
        `StorageEncrypted` is false and the data are encrypted nevertheless.
    Fails: it is not encrypted; with `require_kms`, also where AWS owns the key.
    Members of a cluster are judged with their cluster, unless one says itself that it is not
    encrypted, which fails. Says nothing of snapshots, and of encryption inside the database.
    Remediation: encryption cannot be turned on in place. Restore an encrypted copy of a snapshot
        and put it in the place of the old database.
    """
    if database.is_encrypted and (elsewhere := _judged_elsewhere(database)):
        return elsewhere
    match database.encryption:
        case "none":
            return failed("storage is not encrypted")
        case "sse-rds":
            reason = "storage is encrypted with an AWS owned key"
            return failed(f"{reason}, not KMS") if require_kms else passed(reason)
        case None if not database.is_encrypted:
            return failed("storage is not encrypted")
        case "sse-kms" | None:
            if database.kms_key is None:
                return passed("storage is encrypted")
            return passed(f"storage is encrypted with key {database.kms_key}")


@check(control="encryption-in-transit", severity="medium")
def require_tls(database: DbParameters | DbClusterParameters) -> Verdict:
    """Databases refuse connections without TLS.

    Passes: the setting that refuses plain connections is on and in force. It is, by engine:
        `rds.force_ssl` 1 (PostgreSQL, SQL Server), `require_secure_transport` 1 or ON (MySQL,
        MariaDB), `tls` enabled, fips-140-3, tls1.2+ or tls1.3+ (DocumentDB), `db2comm` SSL alone
        (Db2). For clusters, Aurora's among them, the cluster's parameter group decides. Neptune
        answers over TLS only from engine version 1.0.4.0; before, it needs `neptune_enforce_ssl` 1.
    Fails: it is off or has no value, or the group's changes are not applied everywhere yet (any
        status but in-sync), because what is in force then cannot be told. Oracle always fails: its
        SSL option adds a port with TLS and leaves the plain one open. Native network encryption
        can be required instead; it is not TLS, so accept it as an exception if you do.
    Members of a cluster are judged with their cluster. RDS Custom, and engines that are not named
    above, are unknown. Says nothing of TLS versions and ciphers.
    Remediation: set the parameter in a parameter group of your own, use it for the database, and
        reboot where the group's status asks for it.
    """
    if isinstance(database, DbParameters) and database.cluster is not None:
        return _judged_there(database.cluster)
    match database.engine:
        case (
            "aurora-postgresql" | "postgres"
            | "sqlserver-dev-ee" | "sqlserver-ee" | "sqlserver-ex" | "sqlserver-se"
            | "sqlserver-web"
        ):  # fmt: skip
            return _by_parameter(database, "rds.force_ssl", "1")
        case "aurora" | "aurora-mysql" | "mariadb" | "mysql":
            return _by_parameter(database, "require_secure_transport", "1", "ON")
        case "docdb":
            # https://docs.aws.amazon.com/documentdb/latest/developerguide/API_Parameter.html
            return _by_parameter(database, "tls", "enabled", "fips-140-3", "tls1.2+", "tls1.3+")
        case "db2-ae" | "db2-ce" | "db2-se":
            return _by_parameter(database, "db2comm", "SSL")
        case "neptune":
            version = database.engine_version if isinstance(database, DbClusterParameters) else ""
            if _numbers(version) >= NEPTUNE_TLS_ONLY:
                return passed(f"Neptune {version} answers over TLS only")
            return _by_parameter(database, "neptune_enforce_ssl", "1")
        case (
            "oracle-ee" | "oracle-ee-cdb" | "oracle-se" | "oracle-se1" | "oracle-se2"
            | "oracle-se2-cdb"
        ):  # fmt: skip
            return failed("RDS for Oracle keeps a port without TLS open")


@check(control="backups", severity="high")
def backups(database: DbInstance | DbCluster, *, min_days: int = 7) -> Verdict:
    """Databases are backed up automatically, day by day.

    Passes: automated backups are kept `min_days` or more, which also lets the database be restored
        to any time within them.
    Fails: they are kept for fewer days, or, at 0, are off. Snapshots do not count, neither those
        made by hand nor those of AWS Backup.
    Members of a cluster are judged with their cluster. Instances that are read replicas are judged
    with the database they copy, in its region; what was written to a replica alone is not looked
    at. Says nothing of whether a restore was ever tried, and of copies in another region.
    Remediation: set the backup retention period of the database to `min_days` at least.
    """
    if elsewhere := _judged_elsewhere(database) or _replica(database):
        return elsewhere
    if database.backup_days == 0:
        return failed("automated backups are off")
    reason = f"automated backups are kept for {database.backup_days} d"
    if database.backup_days < min_days:
        return failed(f"{reason}, fewer than {min_days}")
    return passed(reason)


@check(control="deletion-protection", severity="medium")
def deletion_protection(database: DbInstance | DbCluster) -> Verdict:
    """Databases cannot be deleted before someone lifts their protection.

    Passes: deletion protection is on.
    Fails: it is off.
    Members of a cluster are judged with their cluster: they can be deleted one by one, and the
    cluster keeps the data. Read replicas are judged like all others. Says nothing of rows and
    tables, which any user of the database with the right to may delete, and of who may lift the
    protection.
    Remediation: turn deletion protection on for the instance or cluster.
    """
    if elsewhere := _judged_elsewhere(database):
        return elsewhere
    if database.is_protected:
        return passed("deletion protection is on")
    return failed("deletion protection is off")


@check(control="redundancy", severity="medium")
def multi_az(database: DbInstance | DbCluster, instances: Sequence[DbInstance]) -> Verdict:
    """Databases survive the loss of one zone.

    Passes: an instance has a standby in another zone (Multi-AZ); the instances of a cluster stand
        in two zones or more, so that one can take over from another.
    Fails: an instance has none; a cluster has no instance, or all of them in one zone. That Aurora
        keeps the data in three zones in any case does not count: nothing answers until a new
        instance is made. Clusters without instances of their own (Aurora Serverless v1, shard
        groups of Aurora Limitless) fail, too.
    Members of a cluster are judged with their cluster, instances that are read replicas with the
    database they copy, in its region. Says nothing of whether a failover was ever tried, and of the
    loss of a region.
    Remediation: turn on Multi-AZ for the instance, or add an instance in another zone to the
        cluster.
    """
    if elsewhere := _judged_elsewhere(database) or _replica(database):
        return elsewhere
    if isinstance(database, DbInstance):
        if database.is_multi_az:
            return passed("has a standby in another zone")
        return failed("has no standby in another zone")
    members = {member.name for member in database.members}
    zones = sorted({i.zone for i in instances if i.name in members and i.zone is not None})
    if len(zones) > 1:
        return passed(f"instances in {listed(zones)}")
    if not members:
        return failed("the cluster has no instance")
    return failed(f"instances in {zones[0]} alone" if zones else "instances in no known zone")


@check(control="service-logging", severity="medium")
def logs_exported(database: DbInstance | DbCluster) -> Verdict:
    """Databases send their logs to CloudWatch Logs.

    Passes: the logs that tell who did what and what went wrong are exported. They are, by engine:
        postgresql (PostgreSQL); error, and audit or general (MySQL, MariaDB); alert and audit
        (Oracle); error (SQL Server); diag.log (Db2); audit (DocumentDB, Neptune). Aurora is judged
        like the engine it speaks the language of.
    Fails: one of them is not exported, or no minimum is known for the engine, as for RDS Custom,
        which exports none.
    Members of a cluster are judged with their cluster, read replicas like all others. Says nothing
    of what the engine writes to these logs: for most, auditing is another setting, inside the
    database or among its parameters. Nor of how long CloudWatch keeps them.
    Remediation: add the missing logs to the log exports of the instance or cluster.
    """
    if elsewhere := _judged_elsewhere(database):
        return elsewhere
    engine = database.engine
    minimum = MINIMUM_LOGS.get(engine) or MINIMUM_LOGS.get(engine.partition("-")[0])
    if minimum is None:
        return failed(f"no log of the engine {engine} is known to be enough")
    missing = [" or ".join(logs) for logs in minimum if not {*logs} & {*database.exported_logs}]
    if missing:
        return failed(f"not exported: {', '.join(missing)}")
    return passed(f"exported: {listed(sorted(database.exported_logs))}")


def _judged_elsewhere(database: DbInstance | DbCluster) -> Verdict | None:
    if isinstance(database, DbInstance) and database.cluster is not None:
        return _judged_there(database.cluster)
    return None


def _replica(database: DbInstance | DbCluster) -> Verdict | None:
    if isinstance(database, DbCluster):
        return None
    copied = database.source_instance or database.source_cluster
    return not_applicable(f"read replica of {copied}, judged there") if copied else None


@check(control="network-boundary", severity="high")
def not_public(database: DbInstance | DbCluster) -> Verdict:
    """Databases have no public address.

    Passes: `PubliclyAccessible` is false, so that the name of the database stands for a private
        address.
    Fails: it is true, or the answer does not tell; or an Aurora cluster has an internet access
        gateway. It fails whatever the security groups let in: those are a second line.
    Members of a cluster are judged one by one, since each has a setting of its own. Of clusters,
    Multi-AZ ones have the setting too; others are judged by their gateway alone.
    Says nothing of proxies, and of load balancers in front of the database.
    Remediation: modify the database to be not publicly accessible; it keeps its name. Reach it
        from within the VPC or by VPN.
    """
    if isinstance(database, DbCluster):
        if database.has_gateway:
            return failed("the internet reaches the cluster through its gateway")
        if database.engine not in MULTI_AZ_ENGINES and not database.is_public:
            return not_applicable("a cluster whose instances have addresses, judged there")
    if database.is_public is None:
        return failed("the answer does not tell whether it is publicly accessible")
    if database.is_public:
        return failed("publicly accessible")
    return passed("not publicly accessible")


def _judged_there(cluster: str) -> Verdict:
    return not_applicable(f"member of cluster {cluster}, judged there")


def _by_parameter(database: DbParameters | DbClusterParameters, name: str, *on: str) -> Verdict:
    """The verdict where a parameter decides; `on` are its values that refuse plain connections."""
    if isinstance(database, DbParameters):
        group = _name(database.parameter_groups)
        states = [g.status for g in database.parameter_groups]
    else:
        group = database.parameter_group
        states = [m.status for m in database.members]
    if group is None:
        return failed("no parameter group")
    value = next(
        (p.value for p in database.parameters if p.name.casefold() == name.casefold()), None
    )
    if value is None:
        return failed(f"{name} is not set in parameter group {group}")
    setting = f"{name} is {value} in parameter group {group}"
    if value.casefold() not in [v.casefold() for v in on]:
        return failed(setting)
    return failed(f"{setting}, {_pending(states)}") if _pending(states) else passed(setting)


def _pending(states: Sequence[str | None]) -> str | None:
    """What is to be said of a group whose changes are not in force everywhere."""
    states = sorted({state or "of unknown state" for state in states} - {"in-sync"})
    return f"which is {' and '.join(states)}" if states else None


def _name(groups: Sequence[ParameterGroup]) -> str | None:
    """An instance has exactly one parameter group; RDS Custom may show none."""
    return groups[0].name if groups else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
