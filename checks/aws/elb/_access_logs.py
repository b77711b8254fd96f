"""Access logs of load balancers."""

from typing import Self

from pydantic import model_validator

from checks.aws.elb._listeners import ClassicLoadBalancer, Kind, LoadBalancer, Protocol
from checks.aws.vended import Delivery, DeliverySource, delivered
from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Part, Resource, at, parent
from collector.source import Aws

ENABLED = "access_logs.s3.enabled"

LOG_TYPES = {"application": "ALB_ACCESS_LOGS", "network": "NLB_ACCESS_LOGS"}
"""Kind of load balancer → its access logs, as CloudWatch Logs names them."""


class OneListener(Part):
    """What a listener takes. Gateway load balancers have no protocol there."""

    protocol: Protocol | None = at("Protocol", default=None)


class NetworkListeners(Resource):
    """The listeners of a network load balancer; none for others, which log whatever they take."""

    source = Aws(
        service="elbv2",
        operation="DescribeListeners",
        permission="elasticloadbalancing:DescribeListeners",
        per=LoadBalancer,
        params={"LoadBalancerArn": "network_id"},
    )
    kind: Kind = parent("kind")
    listeners: tuple[OneListener, ...] = at("Listeners", absent=())


class Attribute(Part):
    """An attribute of a load balancer, such as `idle_timeout.timeout_seconds`, `60`."""

    key: str = at("Key")
    value: str | None = at("Value", default=None)


class Attributes(Resource):
    """Whether a load balancer writes access logs to a bucket; gateway load balancers cannot."""

    source = Aws(
        service="elbv2",
        operation="DescribeLoadBalancerAttributes",
        permission="elasticloadbalancing:DescribeLoadBalancerAttributes",
        per=NetworkListeners,
        params={"LoadBalancerArn": "id"},
    )
    kind: Kind = parent("kind")
    listeners: tuple[OneListener, ...] = parent("listeners")
    attributes: tuple[Attribute, ...] = at("Attributes")

    @model_validator(mode="after")
    def _says_whether_it_logs(self) -> Self:
        said = [a.value for a in self.attributes if a.key == ENABLED]
        if said not in ([], ["false"], ["true"]):
            raise ValueError(f"{ENABLED} is neither true nor false")
        return self


class LogSources(Resource):
    """All delivery sources of a load balancer's region, which are asked for once a region."""

    source = Aws(
        service="logs",
        operation="DescribeDeliverySources",
        permission="logs:DescribeDeliverySources",
        per=Attributes,
    )
    kind: Kind = parent("kind")
    listeners: tuple[OneListener, ...] = parent("listeners")
    attributes: tuple[Attribute, ...] = parent("attributes")
    sources: tuple[DeliverySource, ...] = at("deliverySources")


class AccessLogs(Resource):
    """Where the access logs of a load balancer may go. Deliveries are asked for once a region."""

    source = Aws(
        service="logs",
        operation="DescribeDeliveries",
        permission="logs:DescribeDeliveries",
        per=LogSources,
    )
    kind: Kind = parent("kind")
    listeners: tuple[OneListener, ...] = parent("listeners")
    attributes: tuple[Attribute, ...] = parent("attributes")
    sources: tuple[DeliverySource, ...] = parent("sources")
    deliveries: tuple[Delivery, ...] = at("deliveries")

    @property
    def destinations(self) -> tuple[str, ...]:
        """The kinds of destination that its access logs go to."""
        log_type = LOG_TYPES.get(self.kind, "")
        found = delivered(self.id, log_type, self.sources, self.deliveries)
        to_bucket = any(a.key == ENABLED and a.value == "true" for a in self.attributes)
        return tuple(sorted({*found, *(["S3"] if to_bucket else [])}))


class ClassicAccessLogs(Resource):
    """Whether a classic load balancer writes access logs."""

    source = Aws(
        service="elb",
        operation="DescribeLoadBalancerAttributes",
        permission="elasticloadbalancing:DescribeLoadBalancerAttributes",
        per=ClassicLoadBalancer,
        params={"LoadBalancerName": "id"},
    )
    is_on: bool = at("LoadBalancerAttributes.AccessLog.Enabled")
    bucket: str | None = at("LoadBalancerAttributes.AccessLog.S3BucketName", default=None)


@check(control="service-logging", severity="medium")
def access_logs(balancer: AccessLogs | ClassicAccessLogs) -> Verdict:
    """Load balancers log the requests they take.

    Passes: access logs go to a bucket, or CloudWatch Logs delivers them to a log group, a bucket or
        a stream. A classic load balancer passes where they go to a bucket.
    Fails: neither is so.
    Not judged: gateway load balancers, which have no access logs, and network load balancers
        without a TLS listener. Their access logs hold TLS connections alone, so that nothing would
        be written, whatever is set; flow logs of the VPC are their record.
    Internal load balancers are judged like those that face the internet, and new ones from the
    start. Says nothing of connection logs, and of whether the bucket is still there and takes them.
    Remediation: turn on access logs in the load balancer's attributes, to a bucket whose policy
        lets Elastic Load Balancing write; or add a log delivery under its integrations.
    """
    if isinstance(balancer, ClassicAccessLogs):
        if balancer.is_on and balancer.bucket:
            return passed(f"access logs go to bucket {balancer.bucket}")
        return failed("access logs are off")
    match balancer.kind:
        case "gateway":
            return not_applicable("gateway load balancers have no access logs")
        case "network" if all(one.protocol != "TLS" for one in balancer.listeners):
            return not_applicable("no listener is TLS, and access logs hold nothing else")
        case "application" | "network":
            if balancer.destinations:
                return passed(f"access logs go to {' and '.join(balancer.destinations)}")
            return failed("access logs are off")
