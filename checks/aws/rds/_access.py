"""Who reaches databases, and what these write down of it."""

from collections.abc import Mapping

from checks.aws.rds._databases import DbCluster, DbInstance, judged_elsewhere
from collector.check import Verdict, check, failed, listed, not_applicable, passed

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
    if elsewhere := judged_elsewhere(database):
        return elsewhere
    engine = database.engine
    minimum = MINIMUM_LOGS.get(engine) or MINIMUM_LOGS.get(engine.partition("-")[0])
    if minimum is None:
        return failed(f"no log of the engine {engine} is known to be enough")
    missing = [" or ".join(logs) for logs in minimum if not {*logs} & {*database.exported_logs}]
    if missing:
        return failed(f"not exported: {', '.join(missing)}")
    return passed(f"exported: {listed(sorted(database.exported_logs))}")


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
