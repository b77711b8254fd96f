"""Amazon CloudWatch Logs: log groups."""

from typing import Literal

from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Resource, at
from collector.source import Aws


class LogGroup(Resource):
    """A log group, by name."""

    source = Aws(
        service="logs",
        operation="DescribeLogGroups",
        permission="logs:DescribeLogGroups",
        items="logGroups",
        volatile=("logGroups.storedBytes",),
    )
    full_name = "arn:{partition}:logs:{region}:{account}:log-group:{id}"
    id: str = at("logGroupName")
    log_class: Literal["DELIVERY", "ESSENTIALS", "INFREQUENT_ACCESS", "STANDARD"] | None = at(
        "logGroupClass", default=None
    )
    # Left out where events never expire, by the group's own setting or by a policy of the account.
    retention_days: int | None = at("retentionInDays", default=None)
    # Left out where the service's own key is used.
    kms_key: str | None = at("kmsKeyId", default=None)


@check(control="log-retention", severity="medium")
def retention(group: LogGroup, *, min_days: int = 365) -> Verdict:
    """Log groups keep their events for the period of the policy.

    Passes: events never expire, or only after `min_days` days.
    Fails: they expire earlier.
    Not judged: groups of class DELIVERY, which hold events for one day on their way to a store.
    Says nothing of events that are kept elsewhere as well, and of log groups that people delete.
    Remediation: set the retention of the log group.
    """
    if group.log_class == "DELIVERY":
        return not_applicable("log class DELIVERY, on the way to a store")
    if group.retention_days is None:
        return passed("events never expire")
    if group.retention_days < min_days:
        return failed(f"events expire after {group.retention_days} days, before {min_days}")
    return passed(f"events expire after {group.retention_days} days")


@check(control="encryption-at-rest", severity="medium")
def group_encrypted(group: LogGroup, *, prefixes: tuple[str, ...] = ()) -> Verdict:
    """Log groups are encrypted with a KMS key.

    Passes: the group has a KMS key, so that reading it takes the right to use the key as well.
    Fails: it has none. CloudWatch Logs then encrypts it with a key of its own, which nobody can
        take away from a reader.
    With `prefixes`, only groups are judged whose names begin with one of them: name those that may
    hold health information. Says nothing of events from before the key was set, which keep the
    encryption that they came with.
    Remediation: make a KMS key that CloudWatch Logs may use, and associate it with the group.
    """
    if prefixes and not group.id.startswith(prefixes):
        return not_applicable("not among the log groups to judge")
    if group.kms_key is None:
        return failed("no KMS key")
    return passed(f"encrypted with key {group.kms_key}")
