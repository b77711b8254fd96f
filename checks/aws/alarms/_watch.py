"""What raises an alarm that reaches somebody: metric filters with alarms, and rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from checks.aws.alarms import _filters
from checks.aws.alarms._alarms import AlarmTopic, MetricAlarm, reaches_somebody
from checks.aws.alarms._events import ORDINARY, Event, Kind, Truth
from checks.aws.alarms._rules import Rule, RuleTarget, RuleTopic
from checks.aws.cloudtrail import EXCLUDABLE, EventSelectors, Trail, TrailStatus
from checks.aws.vpc import Caller
from collector.check import Verdict, failed, listed, not_applicable, passed
from collector.resource import Part, Resource, at
from collector.source import Aws

GLOBAL_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where the events of IAM are sent to rules, by partition.
https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html"""


class EnabledRegion(Resource):
    """A region of the account, where rules would have to stand."""

    source = Aws(
        service="ec2",
        operation="DescribeRegions",
        permission="ec2:DescribeRegions",
        items="Regions",
        # What is the default anyway. A run that finds its regions by itself asks without; a replay
        # tells by that whether a run had a list of them.
        constants={"AllRegions": False},
        regions="home",
    )
    id: str = at("RegionName")
    opt_in: Literal["not-opted-in", "opt-in-not-required", "opted-in"] = at("OptInStatus")


class Transformation(Part):
    """What a metric filter adds to which metric."""

    metric: str = at("metricName")
    namespace: str = at("metricNamespace")
    value: str = at("metricValue")
    default: float | None = at("defaultValue", default=None)
    dimensions: dict[str, str] | None = at("dimensions", default=None)
    unit: str | None = at("unit", default=None)

    @property
    def added(self) -> float:
        """What an event adds; 0 where that depends on the event."""
        try:
            return float(self.value)
        except ValueError:
            return 0.0


class MetricFilter(Part):
    """A metric filter of a log group."""

    name: str = at("filterName")
    # Left out or empty, it selects everything, which counts for nothing here.
    pattern: str = at("filterPattern", default="")
    group: str = at("logGroupName")
    transformations: tuple[Transformation, ...] = at("metricTransformations")
    # Left out where they were not set.
    is_of_transformed: bool | None = at("applyOnTransformedLogs", default=None)
    criteria: str | None = at("fieldSelectionCriteria", default=None)
    emitted: tuple[str, ...] = at("emitSystemFieldDimensions", default=())

    def selects(self, event: Event) -> Truth:
        """Whether it selects an event, of its log group as CloudTrail delivers to it."""
        pattern = _filters.parsed(self.pattern)
        if pattern is None or self.is_of_transformed or self.criteria:
            return None
        return pattern.selects(event)

    def events_needed(self, alarm: MetricAlarm) -> int | None:
        """How many events raise an alarm, None where it is about something else."""
        for each in self.transformations:
            is_same = (each.metric, each.namespace) == (alarm.metric, alarm.namespace)
            is_narrowed = alarm.dimensions or each.dimensions or self.emitted
            if not is_same or is_narrowed or alarm.unit not in (None, each.unit or "None"):
                continue
            needed = alarm.events_needed(each.added, is_sparse=each.default is None)
            if needed is not None:
                return needed
        return None


class TrailFilters(Resource):
    """The metric filters of the log group that a trail delivers to.

    They are asked for by the group's name. Where the group is another account's, this account has
    none of that name, or another group that is not meant: `Caller` tells.
    """

    source = Aws(
        service="logs",
        operation="DescribeMetricFilters",
        permission="logs:DescribeMetricFilters",
        per=Trail,
        params={"logGroupName": "log_group"},
        repeats={"logGroupName": "metricFilters.*.logGroupName"},
        absent=("ResourceNotFoundException",),
    )
    filters: tuple[MetricFilter, ...] = at("metricFilters", absent=())


@dataclass(frozen=True)
class Watch:
    """All in the account that may raise an alarm on what CloudTrail records."""

    callers: Sequence[Caller]
    regions: Sequence[EnabledRegion]
    trails: Sequence[Trail]
    statuses: Sequence[TrailStatus]
    selectors: Sequence[EventSelectors]
    held: Sequence[TrailFilters]
    alarms: Sequence[MetricAlarm]
    topics: Sequence[AlarmTopic]
    rules: Sequence[Rule]
    targets: Sequence[RuleTarget]
    rule_topics: Sequence[RuleTopic]

    def verdict(self, *kinds: Kind, most_events: int) -> Verdict:
        """Whether an alarm is raised on all events of these kinds, by at most so many of them."""
        raised: set[str] = set()
        wanting, reasons = [], set()
        for kind in kinds:
            names = [self._raised_on(event, kind, most_events) for event in kind.events]
            raised |= set().union(*names)
            missing = [e for e, found in zip(kind.events, names, strict=True) if not found]
            if missing:
                wanting.append(kind.name)
                reasons.add(self._why_not(missing))
        if not wanting:
            return passed(f"an alarm is raised by {listed(sorted(raised))}")
        if away := sorted(
            f"organisation's trail {trail.name} sends the events to account"
            f" {trail.log_group_account}, where alarms on them are judged"
            for trail in self._delivering
            if trail.is_organization and not self._is_own(trail)
        ):
            return not_applicable(away[0])
        return failed(f"no alarm on {listed(wanting)}: {listed(sorted(reasons), '; ')}")

    def _raised_on(self, event: Event, kind: Kind, most_events: int) -> set[str]:
        """The alarms and rules that see to it that somebody learns of an event."""
        names = {
            f"alarm {alarm.name}"
            for each, region in self._filters
            if each.selects(event) and not each.selects(ORDINARY)
            for alarm in self.alarms
            if _region(alarm.id) == region and self._reaches(alarm)
            and (needed := each.events_needed(alarm)) is not None and needed <= most_events
        }  # fmt: skip
        return names or self._rules_on(event, kind)

    def _rules_on(self, event: Event, kind: Kind) -> set[str]:
        """The rules, if together they see the event wherever it happens.

        What CloudTrail records comes to rules only while a trail records it.
        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
        """
        if not self._recording:
            return set()
        reached = {topic.topic for topic in self.rule_topics if topic.reaches_somebody}
        found = [
            rule
            for rule in self.rules
            if rule.selects(event) and not rule.selects(ORDINARY)
            and reaches_somebody((t.arn for t in self.targets if t.rule == rule.id), reached)
        ]  # fmt: skip
        seen = {_region(rule.id) for rule in found}
        if kind.is_global:
            needed = {GLOBAL_REGIONS.get(rule.id.split(":")[1], "") for rule in found}
        else:
            needed = {region.id for region in self.regions if region.opt_in != "not-opted-in"}
        return {f"rule {rule.name}" for rule in found} if needed and needed <= seen else set()

    def _why_not(self, events: Sequence[Event]) -> str:
        """What is nearest to an alarm on events that none is raised on."""
        if not self._filters:
            return "no trail of all changes delivers to a log group of the account with filters"
        near = [each for each, _ in self._filters if all(each.selects(e) for e in events)]
        narrow = sorted({each.name for each in near if not each.selects(ORDINARY)})
        if narrow:
            names = listed(narrow)
            return f"filter {names} has no alarm that is raised in time and reaches somebody"
        if near:
            return (
                f"filter {listed(sorted({each.name for each in near}))} selects ordinary work too"
            )
        return "no metric filter selects all of the events"

    @property
    def _filters(self) -> list[tuple[MetricFilter, str]]:
        """The metric filters of log groups that see all changes, and the region they are in."""
        of_trail = {each.id: each.filters for each in self.held}
        return [
            (each, trail.region)
            for trail in self._delivering
            if self._is_own(trail)
            for each in of_trail[trail.id]
            if each.group == trail.log_group
        ]

    @property
    def _delivering(self) -> list[Trail]:
        """The trails that bring all changes in all regions to a log group."""
        undelivered = {status.id for status in self.statuses if status.group_error}
        return [t for t in self._recording if t.log_group is not None and t.id not in undelivered]

    @property
    def _recording(self) -> list[Trail]:
        """The trails that record all changes in all regions."""
        logging = {status.id for status in self.statuses if status.is_logging}
        return [
            trail
            for trail in self.trails
            if trail.is_multi_region and trail.id in logging and self._selects_changes(trail)
        ]

    def _selects_changes(self, trail: Trail) -> bool:
        if trail.has_default_selectors:
            return True
        kinds, left_out = next(each for each in self.selectors if each.id == trail.id).selected
        return "write" in kinds and left_out <= EXCLUDABLE

    def _is_own(self, trail: Trail) -> bool:
        return any(caller.account == trail.log_group_account for caller in self.callers)

    def _reaches(self, alarm: MetricAlarm) -> bool:
        reached = (topic.topic for topic in self.topics if topic.reaches_somebody)
        return alarm.has_actions_enabled and reaches_somebody(alarm.actions, reached)


def _region(arn: str) -> str:
    return arn.split(":")[3]
