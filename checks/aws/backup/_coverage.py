"""Whether backup plans reach what they are to protect."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from checks.aws.backup._vaults import RecoveryPoint, VaultContents
from checks.aws.dynamodb import TableEncryption
from checks.aws.ebs import Volume
from checks.aws.efs import FileSystem
from checks.aws.rds import DbCluster, DbInstance
from checks.aws.rds._databases import judged_as_replica, judged_elsewhere
from checks.aws.scope import Tag, out_of_scope
from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Resource, at, parent
from collector.source import Aws


class TableTags(Resource):
    """Tags of a DynamoDB table."""

    source = Aws(
        service="dynamodb",
        operation="ListTagsOfResource",
        permission="dynamodb:ListTagsOfResource",
        per=TableEncryption,
        params={"ResourceArn": "arn"},
    )
    arn: str | None = parent("arn", default=None)
    state: Literal[
        "ACTIVE",
        "ARCHIVED",
        "ARCHIVING",
        "CREATING",
        "DELETING",
        "INACCESSIBLE_ENCRYPTION_CREDENTIALS",
        "REPLICATION_NOT_AUTHORIZED",
        "UPDATING",
    ] = parent("state")
    tags: tuple[Tag, ...] = at("Tags", absent=())


@check(control="backups", severity="high")
def plans_cover_resources(
    resource: DbInstance | DbCluster | FileSystem | Volume | TableTags,
    vaults: Sequence[VaultContents],
    *,
    max_age_days: int = 2,
    min_days: int = 7,
    scope_tag: str = "",
    scope_values: tuple[str, ...] = (),
    scope_names: tuple[str, ...] = (),
    now: datetime,
) -> Verdict:
    """Backup plans of AWS Backup cover databases, tables, file systems and volumes.

    Judged by what the plans brought about, not by what their selections, by tag or by name, are
    meant to reach: a selection that matches nothing, or a role that may not back up, shows here.
    Passes: a vault in the resource's region holds a recovery point of it that a plan made, that is
        complete, is kept for `min_days` or more, and is not older than `max_age_days` or, being
        continuous, still follows the resource. The reason names the plans. A backup of the server
        that a volume is attached to counts for the volume.
    Fails: there is none: no recovery point, none by a plan, none recent, or none kept for long
        enough. What was made since the last backup fails until the next one.
    Judged are RDS instances and clusters, DynamoDB tables, EFS file systems and EBS volumes: all of
    them, or, where `scope_tag` or `scope_names` is set, those whose tag `scope_tag` has one of
    `scope_values` (any value where there are none) or whose name is like one of `scope_names`.
    Where nothing is in scope nothing passes.
    Members of a cluster are judged with their cluster, read replicas with the database they copy.
    What is being deleted or made is not judged, nor a volume of a server that an AWS service runs
    for the account. Says nothing of other kinds of resources, and of backups without AWS Backup,
    such as those of RDS itself.
    Remediation: put the resource into the selection of a backup plan that runs daily.
    """
    elsewhere = _judged_elsewhere(resource)
    if elsewhere is not None:
        return elsewhere
    names, tags = _names(resource), resource.tags
    if names:
        own = names[0].replace("/", ":").rpartition(":")[2]
        outside = out_of_scope(
            own, tags, scope_tag=scope_tag, scope_values=scope_values, scope_names=scope_names
        )
        if outside is not None:
            return not_applicable(outside)
    points = [p for v in vaults for p in v.points if _is_of(p, names)]
    by_plan = [p for p in points if p.plan is not None and p.is_usable]
    if not by_plan:
        return failed("no complete recovery point that a plan made")
    since = now - timedelta(days=max_age_days)
    fresh = [p for p in by_plan if p.is_continuous or p.created >= since]
    if not fresh:
        return failed(f"the last backup by a plan is of {max(p.created for p in by_plan):%Y-%m-%d}")
    kept = [p for p in fresh if _days_kept(p) is None or (_days_kept(p) or 0) >= min_days]
    if not kept:
        longest = max(_days_kept(p) or 0 for p in fresh)
        return failed(f"backups are kept for {longest} d, fewer than {min_days}")
    plans = sorted({p.plan_name or str(p.plan).rpartition(":")[2] for p in kept})
    return passed(f"backed up by plan {listed(plans)}")


def _judged_elsewhere(
    resource: DbInstance | DbCluster | FileSystem | Volume | TableTags,
) -> Verdict | None:
    if isinstance(resource, DbInstance | DbCluster):
        return judged_elsewhere(resource) or judged_as_replica(resource)
    if isinstance(resource, Volume):
        if resource.is_managed:
            return not_applicable("a service runs the server of the volume")
        match resource.state:
            case "creating" | "deleted" | "deleting":
                return not_applicable(f"the volume is {resource.state}")
            case "available" | "error" | "in-use":
                return None
    if isinstance(resource, FileSystem):
        match resource.state:
            case "creating" | "deleted" | "deleting":
                return not_applicable(f"the file system is {resource.state}")
            case "available" | "error" | "updating" | None:
                return None
    match resource.state:
        case "ARCHIVED" | "ARCHIVING" | "CREATING" | "DELETING":
            return not_applicable(f"the table is {resource.state}")
        case (
            "ACTIVE"
            | "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
            | "REPLICATION_NOT_AUTHORIZED"
            | "UPDATING"
        ):
            return None


def _names(resource: DbInstance | DbCluster | FileSystem | Volume | TableTags) -> tuple[str, ...]:
    """ARNs, or ends of ARNs that no other account has, by which AWS Backup knows a resource."""
    if isinstance(resource, Volume):
        servers = (f":instance/{server}" for server in resource.servers)
        return (f":volume/{resource.id}", *servers)
    if isinstance(resource, TableTags):
        return (resource.arn,) if resource.arn is not None else ()
    return (resource.id,)


def _is_of(point: RecoveryPoint, names: Sequence[str]) -> bool:
    return point.resource is not None and point.resource.endswith(tuple(names))


def _days_kept(point: RecoveryPoint) -> int | None:
    """None: until somebody deletes it."""
    days = point.delete_after_days
    return None if days is None or days < 0 else days
