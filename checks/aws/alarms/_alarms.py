"""Alarms of CloudWatch, and the topics that they notify."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from collector.check import Verdict, check, failed, passed
from collector.resource import Part, Resource, at, parent
from collector.source import Aws

FORWARDING = frozenset({"events", "lambda", "sqs", "ssm", "ssm-incidents", "states"})
"""Services that may be notified in the place of a topic, and see to it that somebody learns of it:
functions, queues, workflows, incidents, and other buses and addresses of EventBridge. What only
stores (log groups, streams, buckets) or acts on a server or a group of them is none."""


class MetricAlarm(Resource):
    """An alarm on one metric, or on an expression over several."""

    source = Aws(
        service="cloudwatch",
        operation="DescribeAlarms",
        permission="cloudwatch:DescribeAlarms",
        items="MetricAlarms",
        # Without it, only alarms on metrics are listed.
        constants={"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]},
        volatile=(
            "CompositeAlarms.StateReason",
            "CompositeAlarms.StateReasonData",
            "CompositeAlarms.StateTransitionedTimestamp",
            "CompositeAlarms.StateUpdatedTimestamp",
            "CompositeAlarms.StateValue",
            "MetricAlarms.EvaluationState",
            "MetricAlarms.StateReason",
            "MetricAlarms.StateReasonData",
            "MetricAlarms.StateTransitionedTimestamp",
            "MetricAlarms.StateUpdatedTimestamp",
            "MetricAlarms.StateValue",
        ),
    )
    id: str = at("AlarmArn")
    name: str = at("AlarmName")
    has_actions_enabled: bool = at("ActionsEnabled")
    actions: tuple[str, ...] = at("AlarmActions")
    # The rest is left out of an alarm on an expression, or where it was not set.
    metric: str | None = at("MetricName", default=None)
    namespace: str | None = at("Namespace", default=None)
    statistic: Literal["Average", "Maximum", "Minimum", "SampleCount", "Sum"] | None = at(
        "Statistic", default=None
    )
    dimensions: tuple[Dimension, ...] = at("Dimensions", default=())
    unit: str | None = at("Unit", default=None)
    threshold: float | None = at("Threshold", default=None)
    comparison: (
        Literal[
            "GreaterThanOrEqualToThreshold",
            "GreaterThanThreshold",
            "GreaterThanUpperThreshold",
            "LessThanLowerOrGreaterThanUpperThreshold",
            "LessThanLowerThreshold",
            "LessThanOrEqualToThreshold",
            "LessThanThreshold",
        ]
        | None
    ) = at("ComparisonOperator", default=None)
    periods: int | None = at("EvaluationPeriods", default=None)
    datapoints: int | None = at("DatapointsToAlarm", default=None)

    def events_needed(self, value: float, *, is_sparse: bool) -> int | None:
        """How many events it takes to raise the alarm, each adding `value` to its metric.

        None where that cannot be said, or no number of them does. `is_sparse`: the metric has no
        value where there are no events.
        """
        datapoints = self.datapoints or self.periods
        if value <= 0 or not datapoints or self.threshold is None:
            return None
        match self.statistic:
            case "Sum":
                count = self._reached(self.threshold / value)
            case "SampleCount":
                count = self._reached(self.threshold) if is_sparse else None
            case "Average" if not is_sparse:
                count = None
            case "Average" | "Maximum":
                count = 1 if self._reached(self.threshold / value) == 1 else None
            case "Minimum" | None:
                count = None
        return count * datapoints if count is not None else None

    def _reached(self, level: float) -> int | None:
        """The first whole number at which the alarm is raised, if it is not so always."""
        if self.comparison == "GreaterThanOrEqualToThreshold" and level > 0:
            return math.ceil(level)
        if self.comparison == "GreaterThanThreshold" and level >= 0:
            return math.floor(level) + 1
        return None


class Dimension(Part):
    """What narrows a metric down."""

    name: str = at("Name")


class CompositeAlarm(Resource):
    """An alarm on the states of other alarms."""

    source = replace(MetricAlarm.source, items="CompositeAlarms")
    id: str = at("AlarmArn")
    name: str = at("AlarmName")
    has_actions_enabled: bool = at("ActionsEnabled")
    actions: tuple[str, ...] = at("AlarmActions")
    rule: str = at("AlarmRule")

    def is_raised_by(self, name: str, arn: str) -> bool:
        """Whether its rule names an alarm that is to be in alarm. Errs towards no: a rule that
        negates a whole bracket is taken for naming none."""
        if re.search(r"\bNOT\s*\(", self.rule, re.IGNORECASE):
            return False
        named = re.findall(
            r"(\bNOT\s+)?\bALARM\s*\(\s*(\"(?:[^\"\\]|\\.)*\"|[^\s()]+)\s*\)", self.rule
        )
        wanted = {text.strip('"') for negated, text in named if not negated}
        return name in wanted or arn in wanted


class AlarmAction(Resource):
    """What alarms do when they are raised, by the ARN of what they notify. Each is there once."""

    source = replace(MetricAlarm.source, items="MetricAlarms.*.AlarmActions")
    id: str = at("")

    @property
    def topic(self) -> str | None:
        """The topic that it is, if it is one."""
        return topic_of(self.id)


class Subscription(Part):
    """Who is sent what a topic is notified of."""

    arn: str = at("SubscriptionArn")
    protocol: str = at("Protocol")

    @property
    def is_delivered(self) -> bool:
        """Whether it was confirmed, and is more than a store. Of one that was not, the API gives
        `PendingConfirmation` in the place of an ARN."""
        return self.arn.startswith("arn:") and self.protocol != "firehose"


class AlarmTopic(Resource):
    """Subscriptions to a topic that alarms notify; none to what is no topic, or was deleted."""

    source = Aws(
        service="sns",
        operation="ListSubscriptionsByTopic",
        permission="sns:ListSubscriptionsByTopic",
        per=AlarmAction,
        params={"TopicArn": "topic"},
        repeats={"TopicArn": "Subscriptions.*.TopicArn"},
        absent=("NotFound",),
    )
    topic: str = parent("id")
    subscriptions: tuple[Subscription, ...] = at("Subscriptions", absent=())

    @property
    def reaches_somebody(self) -> bool:
        """Whether a subscription is confirmed."""
        return any(subscription.is_delivered for subscription in self.subscriptions)


def topic_of(arn: str) -> str | None:
    """The ARN, if it is one of a topic."""
    return arn if _service(arn) == "sns" else None


def reaches_somebody(arns: Iterable[str], topics: Iterable[str]) -> bool:
    """Whether one of these leads to somebody, `topics` being those with confirmed subscriptions."""
    reached = set(topics)
    return any(arn in reached or _service(arn) in FORWARDING for arn in arns)


def _service(arn: str) -> str:
    return arn.split(":")[2] if arn.count(":") >= 5 else ""  # an ARN has six parts


@check(control="finding-response", severity="medium")
def have_actions(
    alarm: MetricAlarm | CompositeAlarm, composites: Sequence[CompositeAlarm]
) -> Verdict:
    """Alarms do something when they are raised.

    Passes: actions are enabled, and there is one for the state ALARM; or a composite alarm of which
        that is true names this one in its rule, as one that is to be in alarm.
    Fails: none of these. Actions for other states only do not count.
    Says nothing of whether anybody gets the notice: `aws.alarms.auth_failures` and the two beside
    it look at subscriptions, for the alarms that they are about. An action may also be one of
    scaling. Alarms on queries of logs are not judged.
    Remediation: have the alarm notify a topic with a confirmed subscription, or delete it.
    """
    if alarm.has_actions_enabled and alarm.actions:
        return passed("an action is enabled")
    above = sorted(
        each.name
        for each in composites
        if each.has_actions_enabled and each.actions and each.is_raised_by(alarm.name, alarm.id)
    )
    if above:
        return passed(f"composite alarm {above[0]} acts for it")
    if alarm.actions:
        return failed("actions are disabled")
    return failed("no action")
