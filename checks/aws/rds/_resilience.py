"""How databases outlive a loss: of data, of themselves, of a zone."""

from collections.abc import Sequence

from checks.aws.rds._databases import DbCluster, DbInstance, judged_as_replica, judged_elsewhere
from collector.check import Verdict, check, failed, listed, passed


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
    if elsewhere := judged_elsewhere(database) or judged_as_replica(database):
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
    if elsewhere := judged_elsewhere(database):
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
    if elsewhere := judged_elsewhere(database) or judged_as_replica(database):
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
