"""Logs of CloudFront."""

from __future__ import annotations

from typing import Any

import pytest

from checks.aws.cloudfront._distributions import Behavior
from checks.aws.cloudfront._logging import (
    DistributionLogs,
    RealtimeLogs,
    StandardLogs,
    logging,
)
from checks.aws.vended import Delivery, DeliverySource
from tests.aws_told import told
from tests.cases import Case, read_aws, row

ARN = "arn:aws:cloudfront::123456789012:distribution/E1"
REALTIME = "arn:aws:cloudfront::123456789012:realtime-log-config/all"


def distribution(**facts: object) -> DistributionLogs:
    """An enabled distribution without logs, with some of its facts changed."""
    return DistributionLogs.model_validate(
        {"id": ARN, "is_enabled": True, "to_bucket": False, "sources": (), "deliveries": (),
         **facts}
    )  # fmt: skip


def vended(kind: str, log_type: str = "ACCESS_LOGS", of: str = "site") -> dict[str, Any]:
    """A delivery source, and a delivery that belongs to it where `of` is site."""
    return {
        "sources": (DeliverySource(name="site", resources=(ARN,), log_type=log_type),),
        "deliveries": (Delivery.model_validate({"source": of, "kind": kind}),),
    }


NO_LOGS = {
    "outcome": "fail",
    "reason": "no standard logs, and no real-time logs of every behavior",
}

CASES = [
    row(logging, distribution(to_bucket=True, bucket="logs.s3.amazonaws.com"),
        outcome="pass", reason="standard logs go to logs.s3.amazonaws.com"),
    row(logging, distribution(to_bucket=True, bucket=""), **NO_LOGS),
    row(logging, distribution(bucket="logs.s3.amazonaws.com"), **NO_LOGS),
    row(logging, distribution(**vended("CWL")),
        outcome="pass", reason="standard logs go to CloudWatch Logs"),
    row(logging, distribution(**vended("FH")),
        outcome="pass", reason="standard logs go to Firehose"),
    row(logging, distribution(**vended("S3", of="other")), **NO_LOGS),
    row(logging, distribution(**vended("S3", log_type="CONNECTION_LOGS")), **NO_LOGS),
    row(logging, distribution(sampled_percent=100),
        outcome="pass", reason="real-time logs take down every request"),
    row(logging, distribution(sampled_percent=5),
        outcome="fail", reason="only real-time logs of 5% of the requests"),
    row(logging, distribution(), **NO_LOGS),
    row(logging, distribution(is_enabled=False),
        outcome="not_applicable", reason="the distribution is disabled"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_realtime_logs_are_asked_for_where_one_configuration_covers_all() -> None:
    def one(default: str | None, *others: str | None) -> str | None:
        behaviors = tuple(
            Behavior(pattern=str(n), viewer_policy="https-only", realtime_log=other)
            for n, other in enumerate(others)
        )
        logs = StandardLogs(
            is_enabled=True, realtime_log=default, behaviors=behaviors, to_bucket=False
        )
        return logs.one_realtime_log

    assert (one(REALTIME), one(REALTIME, REALTIME)) == (REALTIME, REALTIME)
    assert (one(REALTIME, None), one(None, REALTIME), one(REALTIME, "b"), one(None)) == (None,) * 4


def test_an_answer_about_another_configuration_is_unreadable() -> None:
    with pytest.raises(ValueError, match="another configuration"):
        RealtimeLogs(
            is_enabled=True,
            realtime_log=REALTIME,
            to_bucket=False,
            described="other",
            sampled_percent=100,
        )


def summary(name: str, *, is_enabled: bool = True, realtime: str = "") -> dict[str, Any]:
    behavior = {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"}
    if realtime:
        behavior["RealtimeLogConfigArn"] = realtime
    return {
        "Id": name,
        "ARN": f"arn:aws:cloudfront::123456789012:distribution/{name}",
        "Enabled": is_enabled,
        "DefaultCacheBehavior": behavior,
        "CacheBehaviors": {"Quantity": 0},
        "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "o.example.org"}]},
    }


def test_all_ways_to_log_are_read() -> None:
    """What is enabled has its configuration read; deliveries are asked for once."""

    def config(params: Any, region: str) -> Any:
        on = params["Id"] == "BUCKET"
        bucket = "logs.s3.amazonaws.com" if on else ""
        logs = {"Enabled": on, "Bucket": bucket, "Prefix": "", "IncludeCookies": False}
        return {"DistributionConfig": {"Logging": logs}}

    def realtime(params: Any, region: str) -> Any:
        assert params == {"ARN": REALTIME}
        return {"RealtimeLogConfig": {"ARN": REALTIME, "SamplingRate": 100}}

    stream = summary("STREAM")
    items = [summary("BUCKET"), stream, summary("NOW", realtime=REALTIME), summary("TENANT"),
             summary("OFF", is_enabled=False, realtime=REALTIME)]  # fmt: skip
    source = {"name": "s", "resourceArns": [stream["ARN"]], "logType": "ACCESS_LOGS"}
    delivery = {"deliverySourceName": "s", "deliveryDestinationType": "FH"}
    session = told(
        {
            "cloudfront:ListDistributions": {
                "DistributionList": {"IsTruncated": False, "Quantity": 5, "Items": items}
            },
            "cloudfront:GetDistributionConfig": lambda params, region: (
                {"DistributionConfig": {}} if params["Id"] == "TENANT" else config(params, region)
            ),
            "cloudfront:GetRealtimeLogConfig": realtime,
            "logs:DescribeDeliverySources": {"deliverySources": [source]},
            "logs:DescribeDeliveries": {"deliveries": [delivery]},
        }
    )

    reads = read_aws(session, logging)

    said = {o.name.rpartition("/")[2]: logging(o.resource).reason for o in reads[DistributionLogs]}
    assert said == {
        "BUCKET": "standard logs go to logs.s3.amazonaws.com",
        "STREAM": "standard logs go to Firehose",
        "NOW": "real-time logs take down every request",
        "TENANT": NO_LOGS["reason"],
        "OFF": "the distribution is disabled",
    }
    asked = [answer.source for _, answer in reads.answers]
    assert asked.count("cloudfront:GetDistributionConfig") == 4
    assert asked.count("logs:DescribeDeliverySources") == 1
    assert reads[DistributionLogs].unread == ()


def test_account_without_distributions_costs_one_call() -> None:
    empty = {"DistributionList": {"IsTruncated": False, "Quantity": 0}}

    reads = read_aws(told({"cloudfront:ListDistributions": empty}), logging)

    assert len(reads.answers) == 1
    assert reads[DistributionLogs].unread == ()
