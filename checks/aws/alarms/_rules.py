"""Rules of EventBridge, which may raise an alarm without a metric."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from checks.aws.alarms._alarms import AlarmTopic, topic_of
from checks.aws.alarms._events import KINDS, Event, Truth
from checks.aws.alarms._patterns import selects
from collector.resource import Resource, at, parent
from collector.source import Aws


class Rule(Resource):
    """A rule of the default bus of a region, to which the events of CloudTrail come."""

    source = Aws(
        service="events",
        operation="ListRules",
        permission="events:ListRules",
        items="Rules",
    )
    id: str = at("Arn")
    name: str = at("Name")
    state: Literal["DISABLED", "ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"] = at(
        "State"
    )
    # Left out of a rule that runs on a schedule.
    pattern: str | None = at("EventPattern", default=None)

    def selects(self, event: Event) -> Truth:
        """Whether it is on and selects an event."""
        if self.pattern is None or self.state == "DISABLED":
            return False
        return selects(self.pattern, event)

    @property
    def watching(self) -> str | None:
        """Its name, if it selects something that an alarm is to be raised on."""
        events = (event for kind in KINDS for event in kind.events)
        return self.name if any(self.selects(event) for event in events) else None


class RuleTarget(Resource):
    """What a rule notifies, asked for of those rules only that watch for something here."""

    source = Aws(
        service="events",
        operation="ListTargetsByRule",
        permission="events:ListTargetsByRule",
        per=Rule,
        params={"Rule": "watching"},
        items="Targets",
    )
    full_name = "{rule}/target/{id}"
    id: str = at("Id")
    rule: str = parent("id")
    arn: str = at("Arn")

    @property
    def topic(self) -> str | None:
        """The topic that it is, if it is one."""
        return topic_of(self.arn)


class RuleTopic(AlarmTopic):
    """Subscriptions to a topic that a rule notifies."""

    source = replace(AlarmTopic.source, per=RuleTarget)
    topic: str = parent("arn")
