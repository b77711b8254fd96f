"""AWS CloudTrail: trails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Part, Resource, at
from collector.source import Aws

READ_AND_WRITE = frozenset({"read", "write"})

EXCLUDABLE = frozenset({"kms.amazonaws.com", "rdsdata.amazonaws.com"})
"""Sources of so many events that CloudTrail lets a trail leave them out, and no others.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html"""


class Trail(Resource):
    """A trail. One for all regions is listed in each of them, an organisation's in each account."""

    source = Aws(
        service="cloudtrail",
        operation="DescribeTrails",
        permission="cloudtrail:DescribeTrails",
        items="trailList",
    )
    id: Annotated[str, StringConstraints(pattern=r"^arn:[^:]+:cloudtrail:[^:]+:\d{12}:")] = at(
        "TrailARN"
    )
    name: str = at("Name")
    region: str = at("HomeRegion")
    is_multi_region: bool = at("IsMultiRegionTrail")
    is_organization: bool | None = at("IsOrganizationTrail", default=None)
    has_custom_selectors: bool | None = at("HasCustomEventSelectors", default=None)
    is_validated: bool = at("LogFileValidationEnabled")
    bucket: str = at("S3BucketName")
    prefix: str | None = at("S3KeyPrefix", default=None)

    @property
    def has_default_selectors(self) -> bool:
        """Whether it is an organisation's trail that records what trails record by default.

        Only the organisation's own account is told the selectors of its trails, so that the member
        accounts rely on this: without custom selectors, a trail records all management events.
        """
        return self.is_organization is True and self.has_custom_selectors is False

    @property
    def selectors_of(self) -> str | None:
        """The trail to ask for its selectors."""
        return None if self.has_default_selectors else self.id

    @property
    def key_prefix(self) -> str:
        """How the names of its log and digest files begin, as far as that is known.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
        """
        folder = f"{self.prefix}/AWSLogs/" if self.prefix else "AWSLogs/"
        if self.is_organization is False:
            return f"{folder}{self.id.split(':')[4]}/CloudTrail"
        return folder  # an organisation's files are below its id and the id of each account


class TrailStatus(Resource):
    """Whether a trail records now, and whether its files reach the bucket."""

    source = Aws(
        service="cloudtrail",
        operation="GetTrailStatus",
        permission="cloudtrail:GetTrailStatus",
        per=Trail,
        params={"Name": "id"},
        volatile=(
            "LatestCloudWatchLogsDeliveryTime",
            "LatestDeliveryAttemptSucceeded",
            "LatestDeliveryAttemptTime",
            "LatestDeliveryTime",
            "LatestDigestDeliveryTime",
            "LatestNotificationAttemptSucceeded",
            "LatestNotificationAttemptTime",
            "LatestNotificationTime",
        ),
    )
    is_logging: bool = at("IsLogging")
    delivery_error: str | None = at("LatestDeliveryError", default=None)


Selected = tuple[frozenset[str], frozenset[str]]
"""Kinds of management events (`read`, `write`) that are selected whole, but for these sources."""


class Selector(Part):
    """A basic event selector."""

    management: bool = at("IncludeManagementEvents")
    read_write: Literal["All", "ReadOnly", "WriteOnly"] = at("ReadWriteType")
    excluded: tuple[str, ...] = at("ExcludeManagementEventSources", default=())

    @property
    def selected(self) -> Selected:
        """What it selects of the management events."""
        kinds = {"All": READ_AND_WRITE, "ReadOnly": {"read"}, "WriteOnly": {"write"}}
        chosen = kinds[self.read_write] if self.management else ()
        return frozenset(chosen), frozenset(self.excluded)


class FieldSelector(Part):
    """A condition of an advanced event selector on one field of an event."""

    name: str = at("Field")
    equals: tuple[str, ...] = at("Equals", default=())
    not_equals: tuple[str, ...] = at("NotEquals", default=())
    starts_with: tuple[str, ...] = at("StartsWith", default=())
    not_starts_with: tuple[str, ...] = at("NotStartsWith", default=())
    ends_with: tuple[str, ...] = at("EndsWith", default=())
    not_ends_with: tuple[str, ...] = at("NotEndsWith", default=())

    @property
    def by_part(self) -> bool:
        """Whether it compares how the field begins or ends."""
        return any((self.starts_with, self.not_starts_with, self.ends_with, self.not_ends_with))


class AdvancedSelector(Part):
    """An advanced event selector: all its conditions hold of an event that it selects."""

    fields: tuple[FieldSelector, ...] = at("FieldSelectors")

    @property
    def selected(self) -> Selected:
        """What it selects of the management events; nothing where a condition narrows it in another
        way than by reading or writing, or by leaving sources out."""
        kinds, excluded = READ_AND_WRITE, frozenset[str]()
        is_management = False
        for field in self.fields:
            if field.by_part:
                is_narrowed = True
            elif field.name == "eventCategory":
                is_management = True
                is_narrowed = field.equals != ("Management",)
            elif field.name == "readOnly":
                kinds &= {"read" if value == "true" else "write" for value in field.equals}
                is_narrowed = bool(field.not_equals)
            else:
                excluded |= set(field.not_equals)
                is_narrowed = field.name != "eventSource" or bool(field.equals)
            if is_narrowed:
                return frozenset(), frozenset()
        return kinds if is_management else frozenset(), excluded


class EventSelectors(Resource):
    """Which events a trail records: by basic or by advanced selectors."""

    source = Aws(
        service="cloudtrail",
        operation="GetEventSelectors",
        permission="cloudtrail:GetEventSelectors",
        per=Trail,
        params={"TrailName": "selectors_of"},
        repeats={"TrailName": "TrailARN"},
    )
    basic: tuple[Selector, ...] | None = at("EventSelectors", default=None, absent=())
    advanced: tuple[AdvancedSelector, ...] | None = at(
        "AdvancedEventSelectors", default=None, absent=()
    )
    """None of the two that the trail does not use; it uses one."""

    @model_validator(mode="after")
    def _are_told(self) -> Self:
        if self.basic is None and self.advanced is None:
            raise ValueError("the answer tells of no selectors")
        return self

    @property
    def selected(self) -> Selected:
        """What all selectors together select of the management events."""
        every = [s.selected for s in self.basic or ()]
        every += [s.selected for s in self.advanced or ()]
        left_out: set[str] = set()
        for kind in READ_AND_WRITE:
            excluded = [sources for kinds, sources in every if kind in kinds]
            left_out |= frozenset.intersection(*excluded) if excluded else frozenset()
        return frozenset(kind for kinds, _ in every for kind in kinds), frozenset(left_out)


class Expiration(Part):
    """When a lifecycle rule deletes current versions, or that it only tidies delete markers."""

    days: int | None = at("Days", default=None)
    date: datetime | None = at("Date", default=None)
    tidies: bool | None = at("ExpiredObjectDeleteMarker", default=None)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.days is None and self.date is None and self.tidies is None:
            raise ValueError("an expiration has days, a date or delete markers")
        return self


class OtherAction(Part):
    """Something else that a lifecycle rule does, which deletes no current version."""


class LifecycleRule(Part):
    """A lifecycle rule of a bucket; its prefix stands in one of three places."""

    id: str | None = at("ID", default=None)
    status: Literal["Disabled", "Enabled"] = at("Status")
    prefix: str | None = at("Prefix", default=None)
    filter_prefix: str | None = at("Filter.Prefix", default=None)
    and_prefix: str | None = at("Filter.And.Prefix", default=None)
    expiration: Expiration | None = at("Expiration", default=None)
    transitions: tuple[OtherAction, ...] = at("Transitions", default=())
    old_versions: OtherAction | None = at("NoncurrentVersionExpiration", default=None)
    old_transitions: tuple[OtherAction, ...] = at("NoncurrentVersionTransitions", default=())
    uploads: OtherAction | None = at("AbortIncompleteMultipartUpload", default=None)

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        others = (self.transitions, self.old_versions, self.old_transitions, self.uploads)
        if self.expiration is None and others == ((), None, (), None):
            raise ValueError("a lifecycle rule does something")
        return self

    def deletes_early(self, key_prefix: str, min_days: int) -> str | None:
        """Why the rule deletes files below a prefix too early, as a phrase, or None."""
        own = self.filter_prefix or self.and_prefix or self.prefix or ""
        is_about = own.startswith(key_prefix) or key_prefix.startswith(own)
        if self.status == "Disabled" or self.expiration is None or not is_about:
            return None
        name = f"lifecycle rule {self.id}" if self.id else "a lifecycle rule"
        if self.expiration.date is not None:
            return f"{name} deletes files of any age from {self.expiration.date:%Y-%m-%d} on"
        if self.expiration.days is not None and self.expiration.days < min_days:
            return f"{name} deletes files after {self.expiration.days} days"
        return None


class TrailBucketLifecycle(Resource):
    """Lifecycle rules of the bucket that a trail delivers to."""

    source = Aws(
        service="s3",
        operation="GetBucketLifecycleConfiguration",
        permission="s3:GetLifecycleConfiguration",
        per=Trail,
        params={"Bucket": "bucket"},
        absent=("NoSuchLifecycleConfiguration",),
    )
    rules: tuple[LifecycleRule, ...] = at("Rules", absent=())


class TrailBucketLock(Resource):
    """Object Lock of the bucket that a trail delivers to, as it holds new files by default."""

    source = Aws(
        service="s3",
        operation="GetObjectLockConfiguration",
        permission="s3:GetBucketObjectLockConfiguration",
        per=Trail,
        params={"Bucket": "bucket"},
        absent=("ObjectLockConfigurationNotFoundError",),
    )
    mode: Literal["COMPLIANCE", "GOVERNANCE"] | None = at(
        "ObjectLockConfiguration.Rule.DefaultRetention.Mode", default=None
    )
    days: int | None = at("ObjectLockConfiguration.Rule.DefaultRetention.Days", default=None)
    years: int | None = at("ObjectLockConfiguration.Rule.DefaultRetention.Years", default=None)


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


@check(control="audit-trail-retention", severity="medium")
def bucket_retention(
    trail: Trail,
    lifecycle: TrailBucketLifecycle,
    lock: TrailBucketLock,
    *,
    min_days: int = 365,
) -> Verdict:
    """Trails' log files are kept for the period of the policy.

    Passes: no enabled lifecycle rule of the bucket deletes log files before `min_days` days.
    Fails: one does: its prefix is that of the trail's files or part of it, and it expires files
        after fewer days, or on a date, from which on it expires files of any age.
    A rule that is narrowed by tags or sizes counts like any other, and so does one that in a bucket
    with versions only hides the files. The reason records the bucket's Object Lock. Says nothing of
    files that people delete.
    Remediation: lengthen the rule, or give it a prefix that is not the trail's.
    """
    found = (rule.deletes_early(trail.key_prefix, min_days) for rule in lifecycle.rules)
    early = [phrase for phrase in found if phrase is not None]
    if early:
        return failed(f"{listed(early, '; ')}; {_lock(lock)}")
    return passed(f"no lifecycle rule deletes files before {min_days} days; {_lock(lock)}")


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


def _lock(lock: TrailBucketLock) -> str:
    if lock.mode is None:
        return "no Object Lock by default"
    period = f"{lock.years} years" if lock.years else f"{lock.days} days"
    return f"Object Lock {lock.mode} for {period}"
