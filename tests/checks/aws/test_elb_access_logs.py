"""Access logs of load balancers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from checks.aws.elb._access_logs import (
    AccessLogs,
    Attribute,
    Attributes,
    ClassicAccessLogs,
    OneListener,
    access_logs,
)
from checks.aws.vended import Delivery, DeliverySource
from collector.evaluate import evaluate
from tests.aws_told import told
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 6, 30, tzinfo=UTC)
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/{}/{}/1"
WEB, NETWORK, GATEWAY = ARN.format("app", "web"), ARN.format("net", "n"), ARN.format("gwy", "g")
ON, OFF = (Attribute(key="access_logs.s3.enabled", value=v) for v in ("true", "false"))


def balancer(*attributes: Attribute, **facts: object) -> AccessLogs:
    """An application load balancer, with some of its facts changed."""
    return AccessLogs.model_validate(
        {
            "id": WEB,
            "kind": "application",
            "listeners": (),
            "attributes": attributes,
            "sources": (),
            "deliveries": (),
            **facts,
        }
    )


def network(*attributes: Attribute, protocol: str = "TLS", **facts: object) -> AccessLogs:
    listeners = (OneListener.model_validate({"protocol": protocol}), OneListener(protocol="TCP"))
    return balancer(*attributes, id=NETWORK, kind="network", listeners=listeners, **facts)


def vended(
    log_type: str, *resources: str, kind: str = "CWL", of: str = "a", status: str | None = None
) -> dict[str, Any]:
    """A delivery source and a delivery, which belong together where `of` is a."""
    source = {"name": "a", "resources": resources, "log_type": log_type, "status": status}
    return {
        "sources": (DeliverySource.model_validate(source),),
        "deliveries": (Delivery.model_validate({"source": of, "kind": kind}),),
    }


OFF_SAID = {"outcome": "fail", "reason": "access logs are off"}
NOTHING_TO_LOG = {
    "outcome": "not_applicable",
    "reason": "no listener is TLS, and access logs hold nothing else",
}

CASES = [
    row(access_logs, balancer(ON), outcome="pass", reason="access logs go to S3"),
    row(access_logs, balancer(OFF), **OFF_SAID),
    row(access_logs, balancer(), **OFF_SAID),
    row(access_logs, balancer(OFF, **vended("ALB_ACCESS_LOGS", WEB)),
        outcome="pass", reason="access logs go to CloudWatch Logs"),
    row(access_logs, balancer(ON, **vended("ALB_ACCESS_LOGS", WEB, kind="FH")),
        outcome="pass", reason="access logs go to Firehose and S3"),
    row(access_logs, balancer(OFF, **vended("ALB_ACCESS_LOGS", NETWORK)), **OFF_SAID),
    row(access_logs, balancer(OFF, **vended("ALB_ACCESS_LOGS", WEB, of="b")), **OFF_SAID),
    row(access_logs, balancer(OFF, **vended("ALB_CONNECTION_LOGS", WEB)), **OFF_SAID),
    row(access_logs, balancer(OFF, **vended("ALB_ACCESS_LOGS", WEB, kind="XRAY")), **OFF_SAID),
    row(access_logs, balancer(OFF, **vended("ALB_ACCESS_LOGS", WEB, status="INACTIVE")),
        **OFF_SAID),
    row(access_logs, balancer(OFF, **vended("ALB_ACCESS_LOGS", WEB, status="ACTIVE")),
        outcome="pass", reason="access logs go to CloudWatch Logs"),
    row(access_logs, network(ON), outcome="pass", reason="access logs go to S3"),
    row(access_logs, network(OFF, **vended("NLB_ACCESS_LOGS", NETWORK, kind="S3")),
        outcome="pass", reason="access logs go to S3"),
    row(access_logs, network(OFF), **OFF_SAID),
    row(access_logs, network(ON, protocol="TCP_UDP"), **NOTHING_TO_LOG),
    row(access_logs, network(OFF, protocol="QUIC"), **NOTHING_TO_LOG),
    row(access_logs, balancer(id=GATEWAY, kind="gateway"),
        outcome="not_applicable", reason="gateway load balancers have no access logs"),
    row(access_logs, ClassicAccessLogs(is_on=True, bucket="logs"),
        outcome="pass", reason="access logs go to bucket logs"),
    row(access_logs, ClassicAccessLogs(is_on=False, bucket="logs"), **OFF_SAID),
    row(access_logs, ClassicAccessLogs(is_on=True), **OFF_SAID),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


@pytest.mark.parametrize("attributes", [(ON, OFF), (Attribute(key=ON.key, value="maybe"),)])
def test_attributes_that_do_not_say_are_unreadable(attributes: tuple[Attribute, ...]) -> None:
    with pytest.raises(ValueError, match="neither true nor false"):
        Attributes(kind="application", listeners=(), attributes=attributes)


def test_access_logs_are_read_with_what_cloudwatch_logs_delivers() -> None:
    """Deliveries once a region; listeners of network load balancers alone."""

    def attributes(params: Any, region: str) -> Any:
        value = "true" if params["LoadBalancerArn"] == NETWORK else "false"
        gateway = params["LoadBalancerArn"] == GATEWAY
        return {"Attributes": [] if gateway else [{"Key": ON.key, "Value": value}]}

    session = told(
        {
            "elbv2:DescribeLoadBalancers": {
                "LoadBalancers": [
                    {"LoadBalancerArn": WEB, "Type": "application", "Scheme": "internal"},
                    {"LoadBalancerArn": NETWORK, "Type": "network", "Scheme": "internal"},
                    {"LoadBalancerArn": GATEWAY, "Type": "gateway"},
                ]
            },
            "elbv2:DescribeListeners": {"Listeners": [{"Protocol": "TLS"}]},
            "elbv2:DescribeLoadBalancerAttributes": attributes,
            "logs:DescribeDeliverySources": {
                "deliverySources": [
                    {"name": "web", "resourceArns": [WEB], "logType": "ALB_ACCESS_LOGS"}
                ]
            },
            "logs:DescribeDeliveries": {
                "deliveries": [{"deliverySourceName": "web", "deliveryDestinationType": "CWL"}]
            },
            "elb:DescribeLoadBalancers": {"LoadBalancerDescriptions": []},
        }
    )

    reads = read_aws(session, access_logs)

    said = {
        r.resource.id: (r.outcome, r.reason)
        for r in evaluate([access_logs], reads, settings={}, now=NOW)
    }
    assert said == {
        WEB: ("pass", "access logs go to CloudWatch Logs"),
        NETWORK: ("pass", "access logs go to S3"),
    }
    asked = sorted(answer.source for _, answer in reads.answers)
    assert asked.count("logs:DescribeDeliverySources") == 1
    assert asked.count("logs:DescribeDeliveries") == 1
    assert asked.count("elbv2:DescribeListeners") == 1


def test_region_without_load_balancers_costs_one_call_for_each_generation() -> None:
    session = told(
        {
            "elbv2:DescribeLoadBalancers": {"LoadBalancers": []},
            "elb:DescribeLoadBalancers": {"LoadBalancerDescriptions": []},
        }
    )

    reads = read_aws(session, access_logs)

    assert len(reads.answers) == 2
    assert (reads[AccessLogs].observed, reads[AccessLogs].unread) == ((), ())


def test_attributes_of_a_classic_load_balancer_are_read(aws: boto3.Session) -> None:
    elb = aws.client("elb")
    elb.create_load_balancer(
        LoadBalancerName="old",
        Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}],
        AvailabilityZones=["us-east-1a"],
    )
    aws.client("s3").create_bucket(Bucket="logs")
    elb.modify_load_balancer_attributes(
        LoadBalancerName="old",
        LoadBalancerAttributes={
            "AccessLog": {"Enabled": True, "S3BucketName": "logs", "EmitInterval": 5}
        },
    )

    reads = read_aws(aws, access_logs)

    assert [o.resource for o in reads[ClassicAccessLogs]] == [
        ClassicAccessLogs(id="old", is_on=True, bucket="logs")
    ]
