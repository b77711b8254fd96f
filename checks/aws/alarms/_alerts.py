"""Alarms on sign-ins and on changes of security settings."""

from __future__ import annotations

from collections.abc import Sequence

from checks.aws.alarms._alarms import AlarmTopic, MetricAlarm
from checks.aws.alarms._events import FAILED_SIGN_INS, ROOT_USE, SECURITY_CHANGES
from checks.aws.alarms._rules import Rule, RuleTarget, RuleTopic
from checks.aws.alarms._watch import EnabledRegion, TrailFilters, Watch
from checks.aws.cloudtrail import EventSelectors, Trail, TrailStatus
from checks.aws.vpc import Caller
from collector.check import Verdict, check


@check(control="sign-in-alerts", severity="medium")
def auth_failures(
    callers: Sequence[Caller],
    regions: Sequence[EnabledRegion],
    trails: Sequence[Trail],
    statuses: Sequence[TrailStatus],
    selectors: Sequence[EventSelectors],
    held: Sequence[TrailFilters],
    alarms: Sequence[MetricAlarm],
    topics: Sequence[AlarmTopic],
    rules: Sequence[Rule],
    targets: Sequence[RuleTarget],
    rule_topics: Sequence[RuleTopic],
    *,
    max_failures: int = 10,
) -> Verdict:
    """Failed sign-ins to the console raise an alarm that reaches somebody.

    Passes: a metric filter selects failed sign-ins of users and of root; it belongs to the log
        group of this account that a trail for all regions delivers to, with all events of changing;
        and an alarm on its metric is raised by at most `max_failures` of them, has its actions
        enabled, and notifies a topic with a confirmed subscription. Or a rule of EventBridge does
        so in every enabled region.
    Fails: none does. A filter counts by the events that it selects, however it is written; not if
        it is narrowed by who signs in or from where, if it selects ordinary changes as well, or if
        it cannot be read.
    In the place of a topic, a function, queue, workflow, incident or other bus counts as well: that
    somebody learns of it there is for other evidence. Not judged: a member account whose
    organisation's trail delivers to another account's log group. Alarms are looked for in the
    regions that are read: the trail's home region has to be among them. Sign-ins through an
    identity provider fail there, and are not seen.
    Remediation: make the metric filter and alarm of the CIS benchmark, and confirm a subscription.
    """
    watch = Watch(
        callers, regions, trails, statuses, selectors, held, alarms, topics, rules, targets,
        rule_topics,
    )  # fmt: skip
    return watch.verdict(FAILED_SIGN_INS, most_events=max_failures)


@check(control="sign-in-alerts", severity="high")
def root_usage(
    callers: Sequence[Caller],
    regions: Sequence[EnabledRegion],
    trails: Sequence[Trail],
    statuses: Sequence[TrailStatus],
    selectors: Sequence[EventSelectors],
    held: Sequence[TrailFilters],
    alarms: Sequence[MetricAlarm],
    topics: Sequence[AlarmTopic],
    rules: Sequence[Rule],
    targets: Sequence[RuleTarget],
    rule_topics: Sequence[RuleTopic],
) -> Verdict:
    """Use of the root user raises an alarm that reaches somebody.

    Passes: a metric filter selects both signing in as root and changes that root makes, and the
        alarm on it is raised by a single one; else as in `aws.alarms.auth_failures`. Calls that
        services make in the name of root may be left out.
    Fails: no filter or rule does so.
    Remediation: make the metric filter and alarm of the CIS benchmark, and confirm a subscription.
    """
    watch = Watch(
        callers, regions, trails, statuses, selectors, held, alarms, topics, rules, targets,
        rule_topics,
    )  # fmt: skip
    return watch.verdict(ROOT_USE, most_events=1)


@check(control="change-alerts", severity="medium")
def security_changes(
    callers: Sequence[Caller],
    regions: Sequence[EnabledRegion],
    trails: Sequence[Trail],
    statuses: Sequence[TrailStatus],
    selectors: Sequence[EventSelectors],
    held: Sequence[TrailFilters],
    alarms: Sequence[MetricAlarm],
    topics: Sequence[AlarmTopic],
    rules: Sequence[Rule],
    targets: Sequence[RuleTarget],
    rule_topics: Sequence[RuleTopic],
) -> Verdict:
    """Changes of security settings raise an alarm that reaches somebody.

    Passes: each operation that changes trails, AWS Config, IAM policies, security groups, network
        ACLs, gateways, route tables, VPCs or the policies and ACLs of buckets is selected by a
        metric filter, whose alarm a single one raises; else as in `aws.alarms.auth_failures`.
        Several filters, alarms and rules add up. For IAM, a rule in the one region suffices that
        its events come to.
    Fails: for one of these nine, an operation is not selected. Operations are those of the CIS
        benchmark, without those of EC2-Classic, and of buckets without lifecycle, replication and
        CORS. A filter that leaves out who may make changes, such as a pipeline, fails.
    Remediation: make the metric filters and alarms of the CIS benchmark, and confirm a
        subscription.
    """
    watch = Watch(
        callers, regions, trails, statuses, selectors, held, alarms, topics, rules, targets,
        rule_topics,
    )  # fmt: skip
    return watch.verdict(*SECURITY_CHANGES, most_events=1)
