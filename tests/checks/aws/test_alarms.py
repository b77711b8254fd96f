"""Alarms of CloudWatch, and on what CloudTrail records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.aws.alarms._alarms import (
    AlarmTopic,
    CompositeAlarm,
    MetricAlarm,
    Subscription,
    have_actions,
)
from checks.aws.alarms._alerts import auth_failures, root_usage, security_changes
from checks.aws.alarms._events import ORDINARY, SECURITY_CHANGES
from checks.aws.alarms._filters import parsed
from checks.aws.alarms._patterns import selects
from checks.aws.alarms._rules import Rule, RuleTarget, RuleTopic
from checks.aws.alarms._watch import (
    EnabledRegion,
    MetricFilter,
    TrailFilters,
    Transformation,
)
from checks.aws.cloudtrail import EventSelectors, Selector, Trail, TrailStatus
from checks.aws.vpc import Caller
from collector.evaluate import evaluate
from collector.resource import Resource
from tests.aws_told import Refused, told
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 6, 30, tzinfo=UTC)
OWN, OTHER = "123456789012", "210987654321"
EAST = f"us-east-1:{OWN}"
TOPIC = f"arn:aws:sns:{EAST}:security"
TOPIC_WEST = f"arn:aws:sns:eu-west-1:{OWN}:security"
FUNCTION = f"arn:aws:lambda:{EAST}:function:tell"
SCALING = f"arn:aws:autoscaling:{EAST}:scalingPolicy:x:autoScalingGroupName/a:policyName/b"

FAILURES = '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }'
ROOT = (
    '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS'
    ' && $.eventType != "AwsServiceEvent" }'
)
CHANGES = {
    kind.name: "{ "
    + " || ".join(f"($.eventName = {event['eventName']})" for event in kind.events)
    + " }"
    for kind in SECURITY_CHANGES
}


def alarm(name: str = "a", region: str = "us-east-1", **changes: object) -> MetricAlarm:
    """An alarm that a single event raises and the topic is told of, with some fields changed."""
    fields: dict[str, object] = {
        "id": f"arn:aws:cloudwatch:{region}:{OWN}:alarm:{name}",
        "name": name,
        "has_actions_enabled": True,
        "actions": (TOPIC,),
        "metric": "m",
        "namespace": "n",
        "statistic": "Sum",
        "threshold": 1.0,
        "comparison": "GreaterThanOrEqualToThreshold",
        "periods": 1,
        **changes,
    }
    return MetricAlarm.model_validate(fields)


def composite(rule: str, name: str = "all", **changes: object) -> CompositeAlarm:
    """A composite alarm that notifies the topic."""
    fields: dict[str, object] = {
        "id": f"arn:aws:cloudwatch:{EAST}:alarm:{name}",
        "name": name,
        "has_actions_enabled": True,
        "actions": (TOPIC,),
        "rule": rule,
        **changes,
    }
    return CompositeAlarm.model_validate(fields)


def topic(*arns: str, protocol: str = "email") -> AlarmTopic:
    """The topic, with subscriptions."""
    held = tuple(Subscription(arn=arn, protocol=protocol) for arn in arns)
    return AlarmTopic(topic=TOPIC, subscriptions=held)


CONFIRMED = topic(f"{TOPIC}:5be8")
PENDING = topic("PendingConfirmation")


def metric(**changes: object) -> Transformation:
    """Each event adds one to the metric of `alarm`."""
    fields = {"metric": "m", "namespace": "n", "value": "1", **changes}
    return Transformation.model_validate(fields)


def trail(account: str = OWN, group_account: str = OWN, **changes: object) -> Trail:
    """A trail for all regions with a log group."""
    fields: dict[str, object] = {
        "id": f"arn:aws:cloudtrail:us-east-1:{account}:trail/main",
        "name": "main",
        "region": "us-east-1",
        "is_multi_region": True,
        "is_organization": account != OWN,
        "has_custom_selectors": False,
        "is_validated": True,
        "bucket": "logs",
        "log_group_arn": f"arn:aws:logs:us-east-1:{group_account}:log-group:trail:*",
        **changes,
    }
    return Trail.model_validate(fields)


def rule(pattern: object, region: str = "us-east-1", state: str = "ENABLED") -> Rule:
    """A rule of the default bus."""
    fields = {
        "id": f"arn:aws:events:{region}:{OWN}:rule/watch",
        "name": "watch",
        "state": state,
        "pattern": json.dumps(pattern) if pattern is not None else None,
    }
    return Rule.model_validate(fields)


@dataclass
class Account:
    """An account in which everything raises an alarm, as far as the patterns select it."""

    patterns: Sequence[str] = ()
    trail: Trail = field(default_factory=trail)
    logs: bool = True
    group_error: str | None = None
    selector: str = "All"
    excluded: tuple[str, ...] = ()
    alarm: MetricAlarm = field(default_factory=alarm)
    topic: AlarmTopic = CONFIRMED
    metric: Transformation = field(default_factory=metric)
    filter: Mapping[str, object] = field(default_factory=dict)
    rules: Sequence[Rule] = ()
    target: str = TOPIC
    rule_subscription: str = f"{TOPIC}:77aa"

    def given(self) -> tuple[Sequence[Resource], ...]:
        """What the checks take, in their order."""
        filters = [
            MetricFilter.model_validate(
                {"name": f"f{number}", "pattern": text, "group": "trail",
                 "transformations": (self.metric,), **self.filter}
            )
            for number, text in enumerate(self.patterns)
        ]  # fmt: skip
        selector = Selector.model_validate(
            {"management": True, "read_write": self.selector, "excluded": self.excluded}
        )
        regions = [
            EnabledRegion(id="us-east-1", opt_in="opt-in-not-required"),
            EnabledRegion(id="eu-west-1", opt_in="opted-in"),
            EnabledRegion(id="af-south-1", opt_in="not-opted-in"),
        ]
        subscription = Subscription(arn=self.rule_subscription, protocol="email")
        held = (subscription,) if ":sns:" in self.target else ()
        status = TrailStatus(id=self.trail.id, is_logging=self.logs, group_error=self.group_error)
        return (
            [Caller(account=OWN)],
            regions,
            [self.trail],
            [status],
            [EventSelectors(id=self.trail.id, basic=(selector,))],
            [TrailFilters(id=self.trail.id, filters=tuple(filters))],
            [self.alarm],
            [self.topic],
            self.rules,
            [RuleTarget(id="1", rule=each.id, arn=self.target) for each in self.rules],
            [RuleTopic(topic=self.target, subscriptions=held) for _ in self.rules],
        )


def of(*patterns: str, **changes: Any) -> tuple[Sequence[Resource], ...]:
    """What the checks take in an account with these patterns of metric filters."""
    return Account(patterns, **changes).given()


BY_ALARM = {"outcome": "pass", "reason": "an alarm is raised by alarm a"}
BY_RULE = {"outcome": "pass", "reason": "an alarm is raised by rule watch"}
NO_FILTER = "no metric filter selects all of the events"
NO_GROUP = "no trail of all changes delivers to a log group of the account with filters"
TOO_WIDE = "filter f0 selects ordinary work too"
NO_ALARM = "filter f0 has no alarm that is raised in time and reaches somebody"


def no(kind: str, why: str = NO_FILTER) -> dict[str, str]:
    return {"outcome": "fail", "reason": f"no alarm on {kind}: {why}"}


def lacks(why: str = NO_FILTER) -> dict[str, str]:
    return no("failed sign-ins", why)


SIGN_IN_DETAIL = {"eventName": ["ConsoleLogin"], "errorMessage": ["Failed authentication"]}
SIGN_IN = {"detail-type": ["AWS Console Sign In via CloudTrail"], "detail": SIGN_IN_DETAIL}
EVERYWHERE = (rule(SIGN_IN), rule(SIGN_IN, "eu-west-1"))
BY_ROOT = {
    "detail-type": ["AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail"],
    "detail": {"userIdentity": {"type": ["Root"]}},
}
POLICIES = [event["eventName"] for event in SECURITY_CHANGES[2].events]
IAM_RULE = rule({"source": ["aws.iam"], "detail": {"eventName": POLICIES}})
ALL_BUT_IAM = [text for name, text in CHANGES.items() if name != "IAM policies"]

SAME_FAILURES = [
    '{($.eventName=ConsoleLogin)&&($.errorMessage="Failed authentication")}',
    '{ ($.errorMessage = "Failed authentication") && ($.eventName = "ConsoleLogin") }',
    '{ $.eventName = "ConsoleLogin" && $.errorMessage = "Failed *" }',
    "{ (($.eventName = Console*) && (($.errorMessage = %Failed.authentication%))) }",
    '{ $.eventName = ConsoleLogin && $.responseElements.ConsoleLogin != "Success" }',
    '{ $.eventSource = "signin.amazonaws.com" && $.responseElements.ConsoleLogin = Failure }',
    '{ $.eventName = Other || $.eventName = ConsoleLogin && $.errorMessage = "Failed*" }',
    '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") &&\n'
    "  ($.userIdentity.invokedBy not exists) }",
]
OTHER_FAILURES = [
    "",
    "ConsoleLogin",
    '"Failed authentication"',
    "[ip, user, action = ConsoleLogin]",
    "{ }",
    "{ ConsoleLogin }",
    "{ $.eventName = ConsoleLogin ",
    "{ ($.eventName = ConsoleLogin }",
    "{ $.eventName = ConsoleLogin && }",
    "{ $.eventName ConsoleLogin }",
    "{ $.eventName = %[% }",
    "{ $.eventName = ConsoleLogin } x",
    "{ $.eventName IS SET }",
    "{ $.eventName = (ConsoleLogin) }",
    "{ $.errorMessage IS NULL }",
    "{ $.eventName = ConsoleLogin && $.latency > 5 }",
    '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "failed authentication") }',
    '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "No username found") }',
    '{ ($.eventName = ConsoleLogin) && ($.sourceIPAddress != "10.*") }',
    '{ ($.eventName = ConsoleLogin) && ($.awsRegion = "us-east-1") }',
    '{ ($.eventName = ConsoleLogin) && ($.userIdentity.type = "IAMUser") }',
    '{ ($.eventName = ConsoleLogin) && ($.errorCode = "*") }',
    "{ ($.eventName = ConsoleLogin) && ($.errorMessage NOT EXISTS) }",
    "{ ($.eventName = ConsoleLogin) && ($.readOnly IS TRUE) }",
]

CASES = [
    row(have_actions, alarm(), [], outcome="pass", reason="an action is enabled"),
    row(have_actions, alarm(actions=(SCALING,)), [],
        outcome="pass", reason="an action is enabled"),
    row(have_actions, alarm(actions=()), [], outcome="fail", reason="no action"),
    row(have_actions, alarm(has_actions_enabled=False), [],
        outcome="fail", reason="actions are disabled"),
    row(have_actions, alarm(actions=()), [composite('ALARM("a") OR ALARM(b)')],
        outcome="pass", reason="composite alarm all acts for it"),
    row(have_actions, alarm(actions=()),
        [composite(f"ALARM({alarm().id}) AND NOT ALARM(b)")],
        outcome="pass", reason="composite alarm all acts for it"),
    row(have_actions, alarm(actions=()), [composite("ALARM(b) AND NOT ALARM(a)")],
        outcome="fail", reason="no action"),
    row(have_actions, alarm(actions=()), [composite("ALARM(b) AND NOT (ALARM(c) OR ALARM(a))")],
        outcome="fail", reason="no action"),
    row(have_actions, alarm(actions=()), [composite("OK(a) OR ALARM(aa)")],
        outcome="fail", reason="no action"),
    row(have_actions, alarm(actions=()), [composite("ALARM(a)", has_actions_enabled=False)],
        outcome="fail", reason="no action"),
    row(have_actions, alarm(actions=()), [composite("ALARM(a)", actions=())],
        outcome="fail", reason="no action"),
    row(have_actions, composite("ALARM(a)"), [],
        outcome="pass", reason="an action is enabled"),
    row(have_actions, composite("ALARM(a)", actions=()), [composite("ALARM(all)", "top")],
        outcome="pass", reason="composite alarm top acts for it"),

    *(row(auth_failures, *of(text), **BY_ALARM) for text in SAME_FAILURES),
    *(row(auth_failures, *of(text), **lacks()) for text in OTHER_FAILURES),
    row(auth_failures, *of("{ $.eventName != DescribeInstances }"), **lacks(TOO_WIDE)),
    row(auth_failures, *of('{ $.eventName = "*" }'), **lacks(TOO_WIDE)),
    row(auth_failures, *of(FAILURES, "{ $.eventName = Other }"), **BY_ALARM),
    row(auth_failures, *of(), **lacks(NO_GROUP)),
    row(auth_failures, *of(FAILURES, trail=trail(is_multi_region=False)), **lacks(NO_GROUP)),
    row(auth_failures, *of(FAILURES, trail=trail(log_group_arn=None)), **lacks(NO_GROUP)),
    row(auth_failures, *of(FAILURES, logs=False), **lacks(NO_GROUP)),
    row(auth_failures, *of(FAILURES, group_error="AccessDenied"), **lacks(NO_GROUP)),
    row(auth_failures, *of(FAILURES, selector="ReadOnly"), **lacks(NO_GROUP)),
    row(auth_failures, *of(FAILURES, selector="WriteOnly"), **BY_ALARM),
    row(auth_failures, *of(FAILURES, excluded=("signin.amazonaws.com",)), **lacks(NO_GROUP)),
    row(auth_failures, *of(FAILURES, excluded=("kms.amazonaws.com",)), **BY_ALARM),
    row(auth_failures, *of(FAILURES, trail=trail(is_organization=True)), **BY_ALARM),
    row(auth_failures, *of(FAILURES, trail=trail(OTHER, OTHER)), outcome="not_applicable",
        reason=f"organisation's trail main sends the events to account {OTHER}, where alarms on"
        " them are judged"),
    row(auth_failures, *of(FAILURES, trail=trail(OWN, OTHER)), **lacks(NO_GROUP)),
    row(auth_failures, *of(FAILURES, filter={"group": "other"}), **lacks(NO_GROUP)),
    row(auth_failures, *of(FAILURES, filter={"is_of_transformed": True}), **lacks()),
    row(auth_failures, *of(FAILURES, filter={"criteria": '@aws.account = "1"'}), **lacks()),

    row(auth_failures, *of(FAILURES, topic=PENDING), **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, topic=topic()), **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, topic=topic(f"{TOPIC}:1", protocol="firehose")),
        **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, topic=topic("PendingConfirmation", f"{TOPIC}:1")),
        **BY_ALARM),
    row(auth_failures, *of(FAILURES, alarm=alarm(actions=(FUNCTION,))), **BY_ALARM),
    row(auth_failures, *of(FAILURES, alarm=alarm(actions=(SCALING,))), **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, alarm=alarm(actions=())), **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, alarm=alarm(has_actions_enabled=False)), **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, alarm=alarm(metric="x")), **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, alarm=alarm(namespace="x")), **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, alarm=alarm(region="eu-west-1")), **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, alarm=alarm(dimensions=({"name": "User"},))),
        **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, alarm=alarm(unit="Bytes")), **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, alarm=alarm(unit="None")), **BY_ALARM),
    row(auth_failures, *of(FAILURES, metric=metric(dimensions={"User": "$.user"})),
        **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, filter={"emitted": ("@aws.account",)}), **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, metric=metric(value="0")), **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, metric=metric(value="$.count")), **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, alarm=alarm(threshold=10.0)), **BY_ALARM),
    row(auth_failures, *of(FAILURES, alarm=alarm(threshold=11.0)), **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, alarm=alarm(threshold=11.0)), max_failures=11, **BY_ALARM),
    row(auth_failures, *of(FAILURES, alarm=alarm(threshold=5.0, periods=3)), **lacks(NO_ALARM)),
    row(auth_failures, *of(FAILURES, alarm=alarm(threshold=5.0, periods=3, datapoints=2)),
        **BY_ALARM),

    row(auth_failures, *of(rules=EVERYWHERE), **BY_RULE),
    row(auth_failures, *of(rules=EVERYWHERE[:1]), **lacks(NO_GROUP)),
    row(auth_failures, *of(rules=EVERYWHERE, logs=False), **lacks(NO_GROUP)),
    row(auth_failures, *of(rules=EVERYWHERE, trail=trail(OTHER, OTHER)), **BY_RULE),
    row(auth_failures, *of(rules=EVERYWHERE, rule_subscription="PendingConfirmation"),
        **lacks(NO_GROUP)),
    row(auth_failures, *of(rules=EVERYWHERE, target=FUNCTION), **BY_RULE),
    row(auth_failures, *of(rules=EVERYWHERE, target=f"arn:aws:logs:{EAST}:log-group:x"),
        **lacks(NO_GROUP)),
    row(auth_failures,
        *of(rules=(rule(SIGN_IN, state="DISABLED"), rule(SIGN_IN, "eu-west-1"))),
        **lacks(NO_GROUP)),

    row(root_usage, *of(ROOT), **BY_ALARM),
    row(root_usage, *of('{ $.userIdentity.type = "Root" }'), **BY_ALARM),
    row(root_usage, *of('{ $.userIdentity.type = "Root" && $.eventName = ConsoleLogin }'),
        **no("use of root")),
    row(root_usage, *of('{ $.userIdentity.type = "Root" && $.eventType = AwsApiCall }',
                        "{ $.userIdentity.type = Root && $.eventType = AwsConsoleSignIn }"),
        **BY_ALARM),
    row(root_usage, *of(ROOT, alarm=alarm(threshold=2.0)), **no("use of root", NO_ALARM)),
    row(root_usage, *of(ROOT, alarm=alarm(periods=2)), **no("use of root", NO_ALARM)),
    row(root_usage, *of(ROOT, alarm=alarm(periods=2, datapoints=1)), **BY_ALARM),
    row(root_usage,
        *of(ROOT, alarm=alarm(threshold=0.0, comparison="GreaterThanThreshold")), **BY_ALARM),
    row(root_usage,
        *of(ROOT, alarm=alarm(threshold=1.0, comparison="GreaterThanThreshold")),
        **no("use of root", NO_ALARM)),
    row(root_usage, *of(ROOT, alarm=alarm(threshold=0.0)), **no("use of root", NO_ALARM)),
    row(root_usage, *of(ROOT, alarm=alarm(comparison="LessThanThreshold")),
        **no("use of root", NO_ALARM)),
    row(root_usage, *of(ROOT, alarm=alarm(statistic="SampleCount")), **BY_ALARM),
    row(root_usage, *of(ROOT, alarm=alarm(statistic="SampleCount"), metric=metric(default=0.0)),
        **no("use of root", NO_ALARM)),
    row(root_usage, *of(ROOT, alarm=alarm(statistic="Maximum"), metric=metric(default=0.0)),
        **BY_ALARM),
    row(root_usage, *of(ROOT, alarm=alarm(statistic="Maximum", threshold=5.0)),
        **no("use of root", NO_ALARM)),
    row(root_usage, *of(ROOT, alarm=alarm(statistic="Average")), **BY_ALARM),
    row(root_usage, *of(ROOT, alarm=alarm(statistic="Average"), metric=metric(default=0.0)),
        **no("use of root", NO_ALARM)),
    row(root_usage, *of(ROOT, alarm=alarm(statistic="Minimum")), **no("use of root", NO_ALARM)),
    row(root_usage, *of(ROOT, alarm=alarm(statistic=None)), **no("use of root", NO_ALARM)),
    row(root_usage, *of(ROOT, alarm=alarm(threshold=None)), **no("use of root", NO_ALARM)),
    row(root_usage, *of(rules=(rule(BY_ROOT), rule(BY_ROOT, "eu-west-1"))), **BY_RULE),

    row(security_changes, *of(*CHANGES.values()), **BY_ALARM),
    row(security_changes, *of(" || ".join(CHANGES.values()).replace("} || {", "||")), **BY_ALARM),
    row(security_changes, *of(*list(CHANGES.values())[1:]), **no("trails")),
    row(security_changes, *of(*CHANGES.values(), topic=PENDING),
        outcome="fail", reason="no alarm on trails, AWS Config, IAM policies, security groups,"
        " network ACLs and 4 more: "
        + "; ".join(f"filter f{n} has no alarm that is raised in time and reaches somebody"
                    for n in range(5)) + " and 4 more"),
    row(security_changes, *of(*ALL_BUT_IAM), **no("IAM policies")),
    row(security_changes, *of(*ALL_BUT_IAM, CHANGES["IAM policies"].replace(
        "{", '{ ($.eventSource = "iam.amazonaws.com") && (').replace("}", ")}")), **BY_ALARM),
    row(security_changes, *of(*ALL_BUT_IAM, CHANGES["IAM policies"].replace(
        "{", '{ ($.userIdentity.arn != "*pipeline*") && (').replace("}", ")}")),
        **no("IAM policies")),
    row(security_changes, *of(*ALL_BUT_IAM, rules=(IAM_RULE,)),
        outcome="pass", reason="an alarm is raised by alarm a, rule watch"),
    row(security_changes, *of(*ALL_BUT_IAM, rules=(IAM_RULE.model_copy(
        update={"id": f"arn:aws:events:eu-west-1:{OWN}:rule/watch"}),)), **no("IAM policies")),
    row(security_changes, *of('{ $.eventType = "AwsApiCall" }'),
        outcome="fail", reason="no alarm on trails, AWS Config, IAM policies, security groups,"
        f" network ACLs and 4 more: {TOO_WIDE}"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


PATTERNS: list[tuple[object, bool]] = [
    (SIGN_IN, True),
    ({"source": ["aws.signin"], "detail": {"eventName": ["ConsoleLogin"]}}, True),
    ({"detail": {"eventName": [{"prefix": "Console"}]}}, True),
    ({"detail": {"eventName": [{"suffix": "Login"}], "errorCode": [{"exists": False}]}}, True),
    ({"detail": {"eventName": [{"equals-ignore-case": "consolelogin"}]}}, True),
    ({"detail": {"eventName": ["Other", "ConsoleLogin"], "readOnly": [False]}}, True),
    ({"detail": {"eventName": [{"anything-but": "CreateTags"}]}}, True),
    ({"detail": {"eventName": [{"anything-but": ["CreateTags", "RunTask"]}]}}, True),
    ({"$or": [{"source": ["aws.x"]}, {"source": ["aws.signin"]}]}, True),
    ({"detail": {"responseElements": {"ConsoleLogin": ["Failure"]}}}, True),
    ({"detail": {"responseElements": {"ConsoleLogin": ["Success"]}}}, False),
    ({"detail-type": ["AWS API Call via CloudTrail"]}, False),
    ({"detail": {"eventName": [{"anything-but": ["ConsoleLogin"]}]}}, False),
    ({"detail": {"eventName": ["ConsoleLogin"], "errorCode": [{"exists": True}]}}, False),
    ({"detail": {"eventName": ["ConsoleLogin"], "errorCode": ["x"]}}, False),
    ({"detail": {"eventName": ["ConsoleLogin"], "readOnly": ["false"]}}, False),
    ({"detail": {"eventName": ["ConsoleLogin"], "awsRegion": ["us-east-1"]}}, False),
    ({"detail": {"eventName": ["ConsoleLogin"]}, "region": ["us-east-1"]}, False),
    ({"detail": {"eventName": [{"wildcard": "Console*"}]}}, False),
    ({"detail": {"eventName": [{"anything-but": {"prefix": "x"}}]}}, False),
    ({"detail": {"eventName": []}}, False),
    ({"detail": "ConsoleLogin"}, False),
    (["detail"], False),
    ({"source": ["aws.signin", "aws.ec2"]}, False),
    ({}, False),
    (None, False),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "is_enough"), PATTERNS, ids=str)
def test_rule_counts_by_the_events_that_it_selects(pattern: object, is_enough: bool) -> None:
    """Not one that selects ordinary changes as well, and not one that is not understood."""
    rules = (rule(pattern), rule(pattern, "eu-west-1"))

    verdict = auth_failures(*of(rules=rules))  # type: ignore[arg-type]

    assert (verdict.outcome == "pass") is is_enough


@given(st.text('{}()&|=!<>%"\\\\ $.*aI NOTEXISULL', max_size=60))
def test_any_text_is_a_pattern_or_none(text: str) -> None:
    """What is not understood selects nothing for sure, and stops nothing."""
    for pattern in (parsed(text), parsed(f"{{ {text} }}")):
        assert pattern is None or pattern.selects(ORDINARY) in (True, False, None)


@settings(max_examples=20)
@given(st.permutations(list(CHANGES.values())), st.sampled_from(["", " ", "\n", "  "]))
def test_changes_may_stand_in_any_order_and_layout(texts: list[str], space: str) -> None:
    inner = f"{space}||{space}".join(f"({text.strip('{ }')})" for text in texts)

    verdict = security_changes(*of(f"{{{space}{inner}{space}}}"))  # type: ignore[arg-type]

    assert verdict.outcome == "pass"


def test_pattern_that_is_nested_too_deep_counts_for_nothing() -> None:
    depth = 5000
    deep: object = json.loads('{"a":' * 300 + "[]" + "}" * 300)

    assert parsed("{" + "(" * depth + "$.a = b" + ")" * depth + "}") is None
    assert rule(deep).watching is None
    assert not selects('{"a":' * depth + "[]" + "}" * depth, ORDINARY)


def test_rule_whose_pattern_is_no_json_counts_for_nothing() -> None:
    broken = rule(SIGN_IN).model_copy(update={"pattern": "{"})

    assert broken.watching is None


def arn(kind: str, name: str, region: str = "us-east-1") -> str:
    return f"arn:aws:{kind}:{region}:{OWN}:{name}"


ALARM: Mapping[str, Any] = {
    "AlarmName": "a",
    "AlarmArn": arn("cloudwatch", "alarm:a"),
    "ActionsEnabled": True,
    "AlarmActions": [TOPIC, SCALING],
    "StateValue": "OK",
    "StateUpdatedTimestamp": NOW,
    "MetricName": "m",
    "Namespace": "n",
    "Statistic": "Sum",
    "Dimensions": [],
    "Period": 300,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
}
COMPOSITE: Mapping[str, Any] = {
    "AlarmName": "all",
    "AlarmArn": arn("cloudwatch", "alarm:all"),
    "AlarmRule": 'ALARM("b")',
    "ActionsEnabled": True,
    "AlarmActions": [TOPIC],
}


def alarms(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    """Two alarms, one of which acts through a composite one."""
    assert params["AlarmTypes"] == ["MetricAlarm", "CompositeAlarm"]
    if region != "us-east-1":
        return {"MetricAlarms": [], "CompositeAlarms": []}
    second = {**ALARM, "AlarmName": "b", "AlarmArn": arn("cloudwatch", "alarm:b")}
    second["AlarmActions"] = []
    return {"MetricAlarms": [ALARM, second], "CompositeAlarms": [COMPOSITE]}


def test_alarms_of_both_kinds_are_read_by_one_call_a_region() -> None:
    session = told({"cloudwatch:DescribeAlarms": alarms})

    reads = read_aws(session, have_actions, regions=("us-east-1", "eu-west-1"))

    results = evaluate([have_actions], reads, settings={}, now=NOW)
    assert [(r.resource.type, r.resource.id, r.outcome, r.reason) for r in results] == [
        ("aws.alarms.metric_alarm", arn("cloudwatch", "alarm:a"), "pass", "an action is enabled"),
        ("aws.alarms.composite_alarm", arn("cloudwatch", "alarm:all"), "pass",
         "an action is enabled"),
        ("aws.alarms.metric_alarm", arn("cloudwatch", "alarm:b"), "pass",
         "composite alarm all acts for it"),
    ]  # fmt: skip
    assert len(reads.answers) == 2
    assert b"StateValue" not in b"".join(a.body() or b"" for _, a in reads.answers)


TRAIL: Mapping[str, Any] = {
    "Name": "main",
    "S3BucketName": "logs",
    "IsMultiRegionTrail": True,
    "HomeRegion": "us-east-1",
    "TrailARN": trail().id,
    "LogFileValidationEnabled": True,
    "CloudWatchLogsLogGroupArn": f"arn:aws:logs:us-east-1:{OWN}:log-group:trail:*",
    "HasCustomEventSelectors": False,
    "IsOrganizationTrail": False,
}
FILTER: Mapping[str, Any] = {
    "filterName": "failures",
    "filterPattern": FAILURES,
    "logGroupName": "trail",
    "metricTransformations": [
        {"metricName": "m", "metricNamespace": "n", "metricValue": "1", "defaultValue": 0.0}
    ],
}
SELECTOR: Mapping[str, Any] = {"ReadWriteType": "All", "IncludeManagementEvents": True}


def regions(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    return {
        "Regions": [
            {"RegionName": "us-east-1", "OptInStatus": "opt-in-not-required"},
            {"RegionName": "eu-west-1", "OptInStatus": "opt-in-not-required"},
        ]
    }


def rules(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    """A rule on root in each region, and one that runs nightly."""
    watch = {"Name": "root", "Arn": arn("events", "rule/root", region), "State": "ENABLED"}
    nightly = {"Name": "nightly", "Arn": arn("events", "rule/nightly", region), "State": "ENABLED"}
    return {
        "Rules": [
            {**watch, "EventPattern": json.dumps(BY_ROOT)},
            {**nightly, "ScheduleExpression": "rate(1 day)"},
        ]
    }


def targets(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    assert params == {"Rule": "root"}
    return {"Targets": [{"Id": "t", "Arn": TOPIC if region == "us-east-1" else TOPIC_WEST}]}


def subscriptions(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    if params["TopicArn"] == TOPIC_WEST:
        raise Refused("NotFound", "Topic does not exist")
    confirmed = {"SubscriptionArn": f"{TOPIC}:1", "Protocol": "email", "TopicArn": TOPIC}
    return {"Subscriptions": [{**confirmed, "Owner": OWN, "Endpoint": "soc@example.com"}]}


EVERYTHING: Mapping[str, Any] = {
    "cloudtrail:DescribeTrails": {"trailList": [TRAIL]},
    "cloudtrail:GetTrailStatus": {"IsLogging": True},
    "cloudtrail:GetEventSelectors": {"TrailARN": trail().id, "EventSelectors": [SELECTOR]},
    "cloudwatch:DescribeAlarms": alarms,
    "ec2:DescribeRegions": regions,
    "events:ListRules": rules,
    "events:ListTargetsByRule": targets,
    "logs:DescribeMetricFilters": {"metricFilters": [FILTER]},
    "sns:ListSubscriptionsByTopic": subscriptions,
}


def test_all_that_raises_an_alarm_is_read() -> None:
    """The topic of the second region was deleted; the scaling action is no topic to ask for."""
    session = told(EVERYTHING)

    reads = read_aws(
        session, auth_failures, root_usage, security_changes, regions=("us-east-1", "eu-west-1")
    )

    results = evaluate([auth_failures, root_usage], reads, settings={}, now=NOW)
    assert [(r.resource.id, r.outcome, r.reason) for r in results] == [
        (OWN, "pass", "an alarm is raised by alarm a"),
        (OWN, "fail", f"no alarm on use of root: {NO_FILTER}"),
    ]
    asked = [a.source for _, a in reads.answers]
    assert asked.count("sns:ListSubscriptionsByTopic") == 2
    assert asked.count("events:ListTargetsByRule") == 2
    assert asked.count("logs:DescribeMetricFilters") == 1


def test_group_of_the_same_name_as_another_accounts_is_not_taken_for_it() -> None:
    group = f"arn:aws:logs:us-east-1:{OTHER}:log-group:trail:*"
    foreign = {
        **TRAIL,
        "TrailARN": trail(OTHER).id,
        "CloudWatchLogsLogGroupArn": group,
        "IsOrganizationTrail": True,
    }
    session = told({**EVERYTHING, "cloudtrail:DescribeTrails": {"trailList": [foreign]}})

    reads = read_aws(session, auth_failures)

    (result,) = evaluate([auth_failures], reads, settings={}, now=NOW)
    assert result.outcome == "not_applicable"


def test_topic_that_may_not_be_looked_into_makes_the_result_unknown() -> None:
    def denied(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        raise Refused("AuthorizationError", "not authorized")

    session = told({**EVERYTHING, "sns:ListSubscriptionsByTopic": denied})

    (result,) = evaluate([auth_failures], read_aws(session, auth_failures), settings={}, now=NOW)

    assert result.outcome == "unknown"
    assert "missing permission sns:ListSubscriptionsByTopic" in result.reason
