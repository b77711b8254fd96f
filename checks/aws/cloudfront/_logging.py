"""Logs of the requests to distributions."""

from typing import Self

from pydantic import model_validator

from checks.aws.cloudfront._distributions import Behavior, Distribution
from checks.aws.vended import Delivery, DeliverySource, delivered
from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Resource, at, parent
from collector.source import Aws

EVERY_REQUEST = 100
"""Percentage of the requests that real-time logs take down."""


class StandardLogs(Resource):
    """Standard logs of the older kind, which go to a bucket. Not asked for where disabled."""

    source = Aws(
        service="cloudfront",
        operation="GetDistributionConfig",
        permission="cloudfront:GetDistributionConfig",
        per=Distribution,
        params={"Id": "enabled_id"},
        regions="home",
    )
    is_enabled: bool = parent("is_enabled")
    realtime_log: str | None = parent("realtime_log", default=None)
    behaviors: tuple[Behavior, ...] = parent("behaviors")
    # Left out where a distribution cannot have them, as one for tenants.
    to_bucket: bool = at("DistributionConfig.Logging.Enabled", default=False, absent=False)
    bucket: str | None = at("DistributionConfig.Logging.Bucket", default=None, absent=None)

    @property
    def one_realtime_log(self) -> str | None:
        """The configuration of real-time logs, where all behaviors have the same."""
        found = {self.realtime_log, *(b.realtime_log for b in self.behaviors)}
        one = found.pop() if len(found) == 1 else None
        return one if one and self.is_enabled else None


class RealtimeLogs(Resource):
    """Real-time logs, where one configuration covers all behaviors of a distribution."""

    source = Aws(
        service="cloudfront",
        operation="GetRealtimeLogConfig",
        permission="cloudfront:GetRealtimeLogConfig",
        per=StandardLogs,
        params={"ARN": "one_realtime_log"},
        regions="home",
    )
    is_enabled: bool = parent("is_enabled")
    realtime_log: str | None = parent("realtime_log", default=None)
    to_bucket: bool = parent("to_bucket")
    bucket: str | None = parent("bucket", default=None)
    described: str | None = at("RealtimeLogConfig.ARN", absent=None)
    sampled_percent: int | None = at("RealtimeLogConfig.SamplingRate", absent=None)

    @model_validator(mode="after")
    def _is_what_was_asked_for(self) -> Self:
        if self.described not in (None, self.realtime_log):
            raise ValueError("the answer is about another configuration")
        return self


class LogSources(Resource):
    """All delivery sources of CloudFront's home region, which are asked for once."""

    source = Aws(
        service="logs",
        operation="DescribeDeliverySources",
        permission="logs:DescribeDeliverySources",
        per=RealtimeLogs,
        regions="home",
    )
    is_enabled: bool = parent("is_enabled")
    to_bucket: bool = parent("to_bucket")
    bucket: str | None = parent("bucket", default=None)
    sampled_percent: int | None = parent("sampled_percent", default=None)
    sources: tuple[DeliverySource, ...] = at("deliverySources")


class DistributionLogs(Resource):
    """All ways in which a distribution logs. Deliveries are asked for once."""

    source = Aws(
        service="logs",
        operation="DescribeDeliveries",
        permission="logs:DescribeDeliveries",
        per=LogSources,
        regions="home",
    )
    is_enabled: bool = parent("is_enabled")
    to_bucket: bool = parent("to_bucket")
    bucket: str | None = parent("bucket", default=None)
    sampled_percent: int | None = parent("sampled_percent", default=None)
    sources: tuple[DeliverySource, ...] = parent("sources")
    deliveries: tuple[Delivery, ...] = at("deliveries")


@check(control="service-logging", severity="medium")
def logging(distribution: DistributionLogs) -> Verdict:
    """CloudFront logs the requests it answers.

    Passes: standard logs go to a bucket (the older kind), or CloudWatch Logs delivers them to a log
        group, a bucket or a stream (version 2); or real-time logs take down every request to every
        behavior, by one configuration.
    Fails: none of these is so. Real-time logs of a sample, of some behaviors, or by more than one
        configuration do not make up for standard logs.
    Disabled distributions answer no requests and are not judged. CloudFront delivers on a
    best-effort basis. Says nothing of whether the bucket or stream is still there.
    Remediation: turn on standard logging in the distribution's settings.
    """
    if not distribution.is_enabled:
        return not_applicable("the distribution is disabled")
    if distribution.to_bucket and distribution.bucket:
        return passed(f"standard logs go to {distribution.bucket}")
    kinds = delivered(distribution.id, "ACCESS_LOGS", distribution.sources, distribution.deliveries)
    if kinds:
        return passed(f"standard logs go to {' and '.join(kinds)}")
    percent = distribution.sampled_percent
    if percent == EVERY_REQUEST:
        return passed("real-time logs take down every request")
    if percent is not None:
        return failed(f"only real-time logs of {percent}% of the requests")
    return failed("no standard logs, and no real-time logs of every behavior")
