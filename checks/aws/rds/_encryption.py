"""How databases are encrypted: on disk and on the way."""

from collections.abc import Sequence
from typing import Literal

from checks.aws.rds._databases import (
    DbCluster,
    DbInstance,
    Member,
    ParameterGroup,
    group_name,
    judged_elsewhere,
    judged_there,
)
from collector.check import Verdict, check, failed, passed
from collector.resource import Part, Resource, at, parent
from collector.source import Aws

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


class Parameter(Part):
    """A parameter of a group. RDS lists no value where the engine's own default holds."""

    name: str = at("ParameterName")
    value: str | None = at("ParameterValue", default=None)


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
    if database.is_encrypted and (elsewhere := judged_elsewhere(database)):
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
        return judged_there(database.cluster)
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


def _by_parameter(database: DbParameters | DbClusterParameters, name: str, *on: str) -> Verdict:
    """The verdict where a parameter decides; `on` are its values that refuse plain connections."""
    if isinstance(database, DbParameters):
        group = group_name(database.parameter_groups)
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


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
