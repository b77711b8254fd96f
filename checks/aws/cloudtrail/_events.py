"""What trails record, and where it can be seen soon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from checks.aws.cloudtrail._selectors import READ_AND_WRITE, EventSelectors, Selected
from checks.aws.cloudtrail._trails import Trail, TrailStatus
from checks.aws.s3 import Bucket
from checks.aws.vpc import Caller
from collector.check import Verdict, check, failed, listed, not_applicable, passed

EXCLUDABLE = frozenset({"kms.amazonaws.com", "rdsdata.amazonaws.com"})
"""Sources of so many events that CloudTrail lets a trail leave them out, and no others.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html"""


@check(control="audit-logging", severity="high")
def multi_region(
    trails: Sequence[Trail],
    statuses: Sequence[TrailStatus],
    selectors: Sequence[EventSelectors],
) -> Verdict:
    """A trail records the management events of all regions.

    Passes: a trail for all regions is logging, no error is known of delivering to its bucket, and
        its event selectors, basic or advanced, select both the reading and the writing management
        events. Those of AWS KMS and of the RDS Data API may be left out; the reason says so.
    Fails: no trail does all of that.
    An organisation's trail counts in its member accounts as well. They are not told its selectors:
    with custom ones the result is unknown there, and has to come from the organisation's account.
    Remediation: make a trail for all regions with the default event selectors, and start it.
    """
    if not trails:
        return failed("no trail")
    status_of = {status.id: status for status in statuses}
    selectors_of = {each.id: each for each in selectors}
    recording, wanting = [], []
    for trail in sorted(trails, key=lambda trail: trail.id):
        default = READ_AND_WRITE, frozenset[str]()
        selected = default if trail.has_default_selectors else selectors_of[trail.id].selected
        problems = list(_problems(trail, status_of[trail.id], selected))
        if problems:
            wanting.append(f"trail {trail.name} {' and '.join(problems)}")
        else:
            but = f" but those of {', '.join(sorted(selected[1]))}" if selected[1] else ""
            recording.append(f"trail {trail.name} records all management events{but}")
    if recording:
        return passed(listed(recording, "; "))
    return failed(listed(wanting, "; "))


@check(control="log-integrity", severity="medium")
def log_validation(trail: Trail) -> Verdict:
    """Trails sign their log files.

    Passes: log file validation is on, so that CloudTrail delivers signed digests of the log files
        by which a changed or deleted one is found.
    Fails: it is off.
    Says nothing of whether anybody validates the files.
    Remediation: turn on log file validation for the trail.
    """
    if trail.is_validated:
        return passed("log file validation is on")
    return failed("log file validation is off")


@check(control="log-monitoring", severity="medium")
def cloudwatch(
    trail: Trail, status: TrailStatus, caller: Caller, *, max_hours: int = 24, now: datetime
) -> Verdict:
    """Trails deliver their events to CloudWatch Logs, where alarms and searches see them soon.

    Passes: the trail is logging, has a log group, no error is known of delivering to it, and
        events were last delivered within `max_hours`.
    Fails: one of these is not so. A trail that only records writing may rest for longer in an
        account where nothing changes: lengthen `max_hours` for it.
    Not judged: an organisation's trail in a member account that is not told of its deliveries,
    because CloudTrail tells of them to the trail's own account: judge it there. Says nothing of
    whether anything watches the log group.
    Remediation: give the trail a log group and a role that may write to it.
    """
    if trail.log_group is None:
        return failed("no log group")
    if not status.is_logging:
        return failed("the trail is not logging")
    if status.group_error:
        return failed(f"cannot deliver to its log group ({status.group_error})")
    if status.group_delivered is None and trail.account != caller.account:
        return not_applicable(f"a trail of account {trail.account}, where deliveries are told")
    if status.group_delivered is None:
        return failed("nothing was delivered to its log group yet")
    if now - status.group_delivered > timedelta(hours=max_hours):
        return failed(f"last delivered to its log group on {status.group_delivered:%Y-%m-%d}")
    return passed(f"delivers to log group {trail.log_group}")


@check(control="encryption-at-rest", severity="medium")
def kms_encrypted(trail: Trail) -> Verdict:
    """Trails' log files are encrypted with a KMS key.

    Passes: the trail has a KMS key, so that reading its files takes the right to use the key as
        well as that to read the bucket.
    Fails: it has none. CloudTrail then encrypts with a key of S3, whatever the bucket's default.
    Says nothing of who may use the key, and of files from before it was set.
    Remediation: make a KMS key that CloudTrail may encrypt with, and set it on the trail.
    """
    if trail.kms_key is None:
        return failed("no KMS key")
    return passed(f"encrypted with key {trail.kms_key}")


@check(control="service-logging", severity="medium")
def s3_data_events(
    trails: Sequence[Trail],
    statuses: Sequence[TrailStatus],
    selectors: Sequence[EventSelectors],
    every: Sequence[Bucket],
    *,
    buckets: tuple[str, ...] = (),
) -> Verdict:
    """Reading and writing of objects in buckets is recorded.

    Passes: for each bucket, trails that are logging and can deliver select the data events of all
        its objects, both reading and writing, by basic or by advanced selectors. A trail for one
        region counts for the buckets of its region. With `buckets`, those alone are judged: name
        the ones that hold health information.
    Fails: a bucket is covered in part or not at all: some objects only, reading or writing only,
        or under a further condition; or one of `buckets` is not in the account.
    Without `buckets`, those that trails deliver to are left out, because recording the delivery of
    records makes more of them. An organisation's trail with selectors of its own cannot be seen in
    member accounts: the result is unknown there. Says nothing of event data stores of CloudTrail
    Lake, and of server access logs.
    Remediation: select data events of S3 in an advanced event selector of a trail.
    """
    targets = {trail.bucket for trail in trails}
    wanted = set(buckets) or {bucket.id for bucket in every} - targets
    if not wanted:
        return not_applicable("no bucket but those that trails deliver to")
    regions = {bucket.id: bucket.region for bucket in every}
    if missing := sorted(wanted - set(regions)):
        return failed(f"no such bucket in the account: {listed(missing)}")
    status_of = {status.id: status for status in statuses}
    selectors_of = {each.id: each for each in selectors}
    recording = [
        trail
        for trail in trails
        if status_of[trail.id].is_logging and not status_of[trail.id].delivery_error
    ]
    lacking = []
    for name in sorted(wanted):
        kinds = frozenset[str]().union(
            *(
                selectors_of[trail.id].selected_of(f"arn:{trail.partition}:s3:::{name}/")
                for trail in recording
                if trail.is_multi_region or trail.region == regions[name]
            )
        )
        if missing := sorted(READ_AND_WRITE - kinds):
            lacking.append(f"{name} ({' and '.join(missing)})")
    if lacking:
        return failed(f"no trail records all of: {listed(lacking)}")
    return passed(f"reading and writing is recorded; buckets: {len(wanted)}")


def _problems(trail: Trail, status: TrailStatus, selected: Selected) -> Iterator[str]:
    """What keeps a trail from recording all management events in all regions."""
    kinds, left_out = selected
    if not trail.is_multi_region:
        yield "is for one region only"
    if not status.is_logging:
        yield "is not logging"
    if status.delivery_error:
        yield f"cannot deliver to its bucket ({status.delivery_error})"
    if missing := sorted(READ_AND_WRITE - kinds):
        yield f"does not record all {' and '.join(missing)} management events"
    if unusual := sorted(left_out - EXCLUDABLE):
        yield f"leaves out the management events of {', '.join(unusual)}"
