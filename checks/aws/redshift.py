"""Amazon Redshift: clusters, and the workgroups and namespaces of Redshift Serverless."""

from collections.abc import Iterable
from typing import Literal

from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Part, Resource, at, parent
from collector.source import Aws

LogType = Literal["connectionlog", "useractivitylog", "userlog"]

MINIMUM_LOGS = ("connectionlog", "userlog")
"""The logs that tell who connected and who changed users. What users asked is in useractivitylog,
which clusters write only if the parameter enable_user_activity_logging says so."""

MINIMUM_TABLES = ("sys_connection_log", "sys_userlog")
"""The system tables that hold the same."""

OWNED_BY_AWS = "AWS_OWNED_KMS_KEY"
"""What Redshift Serverless gives in the place of a key's ARN where the key is not the account's."""


class ParameterState(Part):
    """Whether one parameter is in force."""

    name: str = at("ParameterName")
    status: str = at("ParameterApplyStatus")


class ParameterGroup(Part):
    """A parameter group as one cluster uses it."""

    name: str = at("ParameterGroupName")
    status: str | None = at("ParameterApplyStatus", default=None)
    parameters: tuple[ParameterState, ...] = at("ClusterParameterStatusList", default=())


class Parameter(Part):
    """A parameter of a group, those with the engine's own default included."""

    name: str = at("ParameterName")
    value: str | None = at("ParameterValue", default=None)


class ConfigParameter(Part):
    """A parameter of a workgroup."""

    name: str = at("parameterKey")
    value: str | None = at("parameterValue", default=None)


class Cluster(Resource):
    """A provisioned cluster."""

    source = Aws(
        service="redshift",
        operation="DescribeClusters",
        permission="redshift:DescribeClusters",
        items="Clusters",
        volatile=(
            "Clusters.ExpectedNextSnapshotScheduleTime",
            "Clusters.LoggingPublishStatus.S3Tables.LastIngestionTimes",
            "Clusters.NextMaintenanceWindowStartTime",
        ),
    )
    full_name = "arn:{partition}:redshift:{region}:{account}:cluster:{id}"
    id: str = at("ClusterIdentifier")
    is_public: bool = at("PubliclyAccessible")
    is_encrypted: bool = at("Encrypted")
    kms_key: str | None = at("KmsKeyId", default=None)
    groups: tuple[ParameterGroup, ...] = at("ClusterParameterGroups", default=())

    @property
    def group(self) -> str | None:
        """A cluster has exactly one parameter group."""
        return self.groups[0].name if len(self.groups) == 1 else None


class ClusterParameters(Resource):
    """The parameters of a cluster."""

    source = Aws(
        service="redshift",
        operation="DescribeClusterParameters",
        permission="redshift:DescribeClusterParameters",
        per=Cluster,
        params={"ParameterGroupName": "group"},
    )
    groups: tuple[ParameterGroup, ...] = parent("groups")
    parameters: tuple[Parameter, ...] = at("Parameters", absent=())


class ClusterLogging(Resource):
    """Where a cluster sends its audit logs."""

    source = Aws(
        service="redshift",
        operation="DescribeLoggingStatus",
        permission="redshift:DescribeLoggingStatus",
        per=Cluster,
        params={"ClusterIdentifier": "id"},
        volatile=(
            "LastFailureTime",
            "LastSuccessfulDeliveryTime",
            "S3Tables.LastIngestionTimes",
        ),
    )
    is_on: bool = at("LoggingEnabled")
    # Left out of answers from before there was anything but S3.
    destination: Literal["cloudwatch", "s3", "s3table"] | None = at(
        "LogDestinationType", default=None
    )
    bucket: str | None = at("BucketName", default=None)
    logs: tuple[str, ...] = at("LogExports", default=())
    tables: tuple[str, ...] = at("S3Tables.S3Tables", default=())
    has_all_tables: bool = at("S3Tables.EnabledAll", default=False)


class Workgroup(Resource):
    """The computing part of a serverless warehouse: what clients connect to."""

    source = Aws(
        service="redshift-serverless",
        operation="ListWorkgroups",
        permission="redshift-serverless:ListWorkgroups",
        items="workgroups",
    )
    id: str = at("workgroupArn")
    is_public: bool = at("publiclyAccessible")
    parameters: tuple[ConfigParameter, ...] = at("configParameters", default=())


class Namespace(Resource):
    """The storing part of a serverless warehouse: data, users and logs."""

    source = Aws(
        service="redshift-serverless",
        operation="ListNamespaces",
        permission="redshift-serverless:ListNamespaces",
        items="namespaces",
        volatile=("namespaces.s3TablePublishStatus.lastIngestionTimes",),
    )
    id: str = at("namespaceArn")
    kms_key: str = at("kmsKeyId")
    logs: tuple[LogType, ...] = at("logExports", default=())
    tables: tuple[str, ...] = at("s3TablePublishStatus.s3Tables", default=())
    has_all_tables: bool = at("s3TablePublishStatus.enabledAll", default=False)


@check(control="network-boundary", severity="high")
def not_public(warehouse: Cluster | Workgroup) -> Verdict:
    """Warehouses have no public address.

    Passes: the cluster or workgroup is not publicly accessible, so that its name stands for a
        private address.
    Fails: it is publicly accessible, whatever the security groups let in: those are a second line.
    Judged in every state, also paused. Says nothing of VPC endpoints that others were given, and of
    the Data API, which IAM guards.
    Remediation: turn public access off; the name stays. Reach the warehouse from within the VPC or
        by VPN.
    """
    if warehouse.is_public:
        return failed("publicly accessible")
    return passed("not publicly accessible")


@check(control="encryption-at-rest", severity="high")
def encrypted(warehouse: Cluster | Namespace, *, require_kms: bool = False) -> Verdict:
    """Warehouses are encrypted at rest.

    Passes: the cluster is encrypted; namespaces of Redshift Serverless always are, and say with
        which key. The reason names the KMS key where there is one.
    Fails: the cluster is not encrypted, which it also says until a change to encryption is done;
        with `require_kms`, no KMS key of the account is named.
    Snapshots are encrypted as what they were made of was then. Says nothing of what is unloaded to
    S3.
    Remediation: turn on encryption with a KMS key; Redshift moves the data in the background.
    """
    if isinstance(warehouse, Namespace):
        kms_key = None if warehouse.kms_key == OWNED_BY_AWS else warehouse.kms_key
    elif not warehouse.is_encrypted:
        return failed("the cluster is not encrypted")
    else:
        kms_key = warehouse.kms_key
    if kms_key is not None:
        return passed(f"encrypted with key {kms_key}")
    reason = "encrypted without a KMS key of the account"
    return failed(reason) if require_kms else passed(reason)


@check(control="encryption-in-transit", severity="medium")
def require_ssl(warehouse: ClusterParameters | Workgroup) -> Verdict:
    """Warehouses refuse connections without TLS.

    Passes: `require_ssl` is true, in the parameter group of the cluster, and in force, or in the
        configuration of the workgroup. The value counts, not the group: default.redshift-2.0 has it
        true, default.redshift-1.0 false.
    Fails: it is false or has no value; or it is true, and the cluster says of it, or, where it says
        nothing of it, of the group, anything but in-sync: most often, it waits for a reboot. A
        cluster that does not have exactly one parameter group fails as well.
    Says nothing of TLS versions and ciphers.
    Remediation: set require_ssl to true in a parameter group of your own, use it for the cluster,
        and reboot; for a workgroup, set it in the configuration.
    """
    if isinstance(warehouse, Workgroup):
        value = _value(warehouse.parameters)
        reason = f"require_ssl is {value}" if value is not None else "require_ssl is not set"
        return passed(reason) if value == "true" else failed(reason)
    if len(warehouse.groups) != 1:
        return failed("the cluster does not have exactly one parameter group")
    (group,) = warehouse.groups
    value = _value(warehouse.parameters)
    if value is None:
        return failed(f"require_ssl is not set in parameter group {group.name}")
    reason = f"require_ssl is {value} in parameter group {group.name}"
    if value != "true":
        return failed(reason)
    status = next((p.status for p in group.parameters if p.name == "require_ssl"), group.status)
    if status != "in-sync":
        return failed(f"{reason}, which is {status or 'of unknown state'}")
    return passed(reason)


@check(control="service-logging", severity="medium")
def audit_logging(warehouse: ClusterLogging | Namespace) -> Verdict:
    """Warehouses write audit logs: who connected, and who changed users.

    Passes: audit logging of the cluster goes to a bucket, where all types of logs are kept, or to
        CloudWatch with connectionlog and userlog among them; a namespace exports these two; or the
        system tables sys_connection_log and sys_userlog are published to S3 Tables.
    Fails: audit logging is off, or one of the two is left out.
    Says nothing of whether logs arrive, and of what users asked: for that, export useractivitylog
    and set enable_user_activity_logging. System tables inside the warehouse do not count: they hold
    a few days, and those who run the warehouse can reach them.
    Remediation: turn on audit logging to S3 or CloudWatch with all three types of logs.
    """
    if warehouse.has_all_tables or set(warehouse.tables) >= set(MINIMUM_TABLES):
        return passed(f"published to S3 Tables: {listed(MINIMUM_TABLES)}")
    if isinstance(warehouse, Namespace):
        return _exported(warehouse.logs)
    if not warehouse.is_on:
        return failed("audit logging is off")
    match warehouse.destination:
        case "cloudwatch":
            return _exported(warehouse.logs)
        case "s3" | None:
            if warehouse.bucket is None:
                return failed("audit logging names no bucket")
            if warehouse.logs and set(MINIMUM_LOGS) - {*warehouse.logs}:
                return _exported(warehouse.logs)
            return passed(f"audit logging goes to bucket {warehouse.bucket}")
        case "s3table":
            return failed(
                f"not published to S3 Tables: {_missing(MINIMUM_TABLES, warehouse.tables)}"
            )


def _exported(logs: Iterable[str]) -> Verdict:
    """The verdict on types of logs that are exported."""
    exported = {*logs}
    if set(MINIMUM_LOGS) - exported:
        return failed(f"not exported: {_missing(MINIMUM_LOGS, exported)}")
    return passed(f"exported: {listed(sorted(exported))}")


def _missing(wanted: Iterable[str], found: Iterable[str]) -> str:
    return listed(sorted({*wanted} - {*found}))


def _value(parameters: Iterable[Parameter | ConfigParameter]) -> str | None:
    """The value of require_ssl."""
    value = next((p.value for p in parameters if p.name == "require_ssl"), None)
    return value.casefold() if value is not None else None
