"""Elastic Load Balancing."""

from __future__ import annotations

import boto3
import pytest

from checks.aws.elb._listeners import (
    Action,
    ClassicListener,
    ClassicLoadBalancer,
    ClassicPolicies,
    ClassicPolicy,
    Listener,
    ListenerRules,
    LoadBalancer,
    PolicyAttribute,
    Rule,
    SslPolicy,
    https_listeners,
    tls12_policy,
)
from tests.cases import Case, read_aws, row

MODERN = "ELBSecurityPolicy-TLS13-1-2-2021-06"
OLD = "ELBSecurityPolicy-2016-08"
TO_HTTPS = Action(type="redirect", redirect_protocol="HTTPS")
FORWARD = Action(type="forward")
CLASSIC = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/old"


def policy(*versions: str, protocol: str = "HTTPS", name: str | None = "custom") -> SslPolicy:
    """A listener whose policy allows the versions."""
    return SslPolicy.model_validate({"protocol": protocol, "name": name, "versions": versions})


def listener(protocol: str | None, *actions: Action, **facts: object) -> ListenerRules:
    """A listener of a load balancer that faces the internet, with one rule for each action."""
    rules = tuple(Rule(priority=str(n), actions=(a,)) for n, a in enumerate(actions, start=1))
    return ListenerRules.model_validate(
        {
            "kind": "application",
            "scheme": "internet-facing",
            "port": 443,
            "protocol": protocol,
            "rules": rules,
            **facts,
        }
    )


def classic(*protocols: str, scheme: str = "internet-facing") -> ClassicLoadBalancer:
    """A classic load balancer that listens on the ports from 443 on."""
    listeners = tuple(
        {"protocol": protocol, "port": port} for port, protocol in enumerate(protocols, start=443)
    )
    return ClassicLoadBalancer.model_validate(
        {"id": "old", "scheme": scheme, "listeners": listeners}
    )


def classic_policies(protocol: str, *attributes: tuple[str, str]) -> ClassicPolicies:
    """A classic load balancer with one listener and a policy with the attributes."""
    return ClassicPolicies.model_validate(
        {
            "listeners": ({"protocol": protocol, "port": 443, "policies": ("own",)},),
            "policies": (
                {"name": "other", "type": "SSLNegotiationPolicyType",
                 "attributes": ({"name": "Protocol-SSLv3", "value": "true"},)},
                {"name": "own", "type": "SSLNegotiationPolicyType",
                 "attributes": tuple({"name": n, "value": v} for n, v in attributes)},
            ),
        }
    )  # fmt: skip


REFUSED = {"outcome": "pass", "reason": "plain HTTP is only redirected to HTTPS or refused"}
SERVED = {"outcome": "fail", "reason": "plain HTTP is served by rules: 2"}

CASES = [
    row(tls12_policy, policy("TLSv1.2", "TLSv1.3"),
        outcome="pass", reason="policy custom allows TLSv1.2, TLSv1.3"),
    row(tls12_policy, policy("TLSv1.3", protocol="TLS"),
        outcome="pass", reason="policy custom allows TLSv1.3"),
    row(tls12_policy, policy("TLSv1.3", "TLSv1.2", "TLSv1.1"),
        outcome="fail", reason="policy custom allows TLSv1.1, TLSv1.2, TLSv1.3"),
    row(tls12_policy, policy(),
        outcome="fail", reason="no security policy names the protocol versions"),
    row(tls12_policy, policy(name=None),
        outcome="fail", reason="no security policy names the protocol versions"),
    row(tls12_policy, policy("TLSv1", protocol="HTTP"),
        outcome="not_applicable", reason="the listener has no TLS"),
    row(tls12_policy, classic_policies("HTTPS", ("Protocol-TLSv1.2", "true"),
                                       ("Protocol-TLSv1", "false"), ("AES128-SHA", "true")),
        outcome="pass", reason="the load balancer allows TLSv1.2"),
    row(tls12_policy, classic_policies("SSL", ("Protocol-TLSv1.2", "true"),
                                       ("Protocol-TLSv1", "true")),
        outcome="fail", reason="the load balancer allows TLSv1, TLSv1.2"),
    row(tls12_policy, classic_policies("HTTPS", ("Reference-Security-Policy", OLD)),
        outcome="fail", reason="no policy names the protocol versions of port 443"),
    row(tls12_policy, classic_policies("TCP"),
        outcome="not_applicable", reason="no listener has TLS"),
    row(https_listeners, listener("HTTPS"), outcome="pass", reason="the listener is HTTPS"),
    row(https_listeners, listener("TLS", kind="network"),
        outcome="pass", reason="the listener is TLS"),
    row(https_listeners, listener("HTTP", TO_HTTPS, TO_HTTPS), **REFUSED),
    row(https_listeners, listener("HTTP", TO_HTTPS, Action(type="fixed-response",
                                                           status_code="404")), **REFUSED),
    row(https_listeners, listener("HTTP", TO_HTTPS, FORWARD), **SERVED),
    row(https_listeners, listener("HTTP", TO_HTTPS, Action(type="fixed-response",
                                                           status_code="200")), **SERVED),
    row(https_listeners, listener("HTTP", TO_HTTPS, Action(type="redirect",
                                                           redirect_protocol="#{protocol}")),
        **SERVED),
    row(https_listeners, listener("HTTP", rules=(Rule(priority="2", actions=()),)), **SERVED),
    row(https_listeners, listener("HTTP", *[FORWARD] * 7),
        outcome="fail", reason="plain HTTP is served by rules: 1, 2, 3, 4, 5 and 2 more"),
    row(https_listeners, listener("HTTP"),
        outcome="fail", reason="the listener is HTTP and no rule redirects to HTTPS"),
    row(https_listeners, listener("TCP", kind="network"),
        outcome="fail", reason="the listener is TCP, which does not show encryption"),
    row(https_listeners, listener("TCP", kind="network"), passthrough_ports=("443",),
        outcome="not_applicable", reason="port 443 leaves TLS to the targets, by setting"),
    row(https_listeners, listener("HTTP", FORWARD), passthrough_ports=("443",),
        outcome="fail", reason="plain HTTP is served by rules: 1"),
    row(https_listeners, listener("HTTP", FORWARD, scheme="internal"),
        outcome="not_applicable", reason="the load balancer is internal"),
    row(https_listeners, listener("HTTP", FORWARD, scheme="internal"), include_internal=True,
        outcome="fail", reason="plain HTTP is served by rules: 1"),
    row(https_listeners, listener(None, kind="gateway"),
        outcome="not_applicable",
        reason="the load balancer is a gateway for network appliances"),
    row(https_listeners, listener(None), outcome="fail", reason="the listener has no protocol"),
    row(https_listeners, classic("HTTPS", "SSL"),
        outcome="pass", reason="all listeners are HTTPS or SSL"),
    row(https_listeners, classic("HTTPS", "HTTP", "TCP"),
        outcome="fail", reason="listeners without TLS: HTTP on 444, TCP on 445"),
    row(https_listeners, classic("TCP"), passthrough_ports=("443",),
        outcome="not_applicable", reason="no listener is to be judged"),
    row(https_listeners, classic("HTTP"), passthrough_ports=("443",),
        outcome="fail", reason="listeners without TLS: HTTP on 443"),
    row(https_listeners, classic("HTTP", scheme="internal"),
        outcome="not_applicable", reason="the load balancer is internal"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def certificate(aws: boto3.Session) -> str:
    """The name of a server certificate that load balancers may use."""
    made = aws.client("iam").upload_server_certificate(
        ServerCertificateName="site", CertificateBody="body", PrivateKey="key"
    )
    return str(made["ServerCertificateMetadata"]["Arn"])


def test_listeners_are_read_with_their_policy_and_their_rules(aws: boto3.Session) -> None:
    """Rules are asked for only where plain HTTP comes in."""
    ec2, elb = aws.client("ec2"), aws.client("elbv2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    made = elb.create_load_balancer(Name="site", Subnets=[subnet])["LoadBalancers"][0]
    arn = made["LoadBalancerArn"]
    refuse = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    redirect = {
        "Type": "redirect",
        "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
    }
    elb.create_listener(
        LoadBalancerArn=arn,
        Protocol="HTTPS",
        Port=443,
        SslPolicy=MODERN,
        Certificates=[{"CertificateArn": certificate(aws)}],
        DefaultActions=[refuse],
    )
    plain = elb.create_listener(
        LoadBalancerArn=arn,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[refuse],
    )["Listeners"][0]["ListenerArn"]
    elb.create_rule(
        ListenerArn=plain,
        Priority=7,
        Conditions=[{"Field": "path-pattern", "Values": ["/login"]}],
        Actions=[redirect],
    )

    reads = read_aws(aws, tls12_policy, https_listeners)

    assert [o.resource for o in reads[LoadBalancer]] == [
        LoadBalancer(id=arn, kind="application", scheme="internet-facing", dns_name=made["DNSName"])
    ]
    ports = {o.resource.port: o.resource for o in reads[Listener]}
    assert (ports[443].protocol, ports[443].ssl_policy) == ("HTTPS", MODERN)
    policies = {o.resource.name: set(o.resource.versions) for o in reads[SslPolicy]}
    assert policies[MODERN] == {"TLSv1.2", "TLSv1.3"}
    assert {o.resource.port: o.resource.rules for o in reads[ListenerRules]} == {
        443: (),
        80: (
            Rule(priority="7", actions=(TO_HTTPS,)),
            Rule(priority="default", actions=(Action(type="fixed-response", status_code="404"),)),
        ),
    }


def test_classic_load_balancer_is_read_with_its_listeners_and_policies(aws: boto3.Session) -> None:
    elb = aws.client("elb")
    made = elb.create_load_balancer(
        LoadBalancerName="old",
        Listeners=[
            {
                "Protocol": "HTTPS",
                "LoadBalancerPort": 443,
                "InstancePort": 80,
                "SSLCertificateId": certificate(aws),
            },
            {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80},
        ],
        AvailabilityZones=["us-east-1a"],
        Scheme="internal",
    )
    elb.create_load_balancer_policy(
        LoadBalancerName="old",
        PolicyName="own",
        PolicyTypeName="SSLNegotiationPolicyType",
        PolicyAttributes=[{"AttributeName": "Protocol-TLSv1.2", "AttributeValue": "true"}],
    )
    elb.set_load_balancer_policies_of_listener(
        LoadBalancerName="old", LoadBalancerPort=443, PolicyNames=["own"]
    )

    reads = read_aws(aws, tls12_policy, https_listeners)

    listeners = (
        ClassicListener(protocol="HTTPS", port=443, policies=("own",)),
        ClassicListener(protocol="HTTP", port=80),
    )
    assert {o.name: o.resource for o in reads[ClassicLoadBalancer]} == {
        CLASSIC: ClassicLoadBalancer(
            id="old", scheme="internal", dns_name=made["DNSName"], listeners=listeners
        )
    }
    attribute = PolicyAttribute(name="Protocol-TLSv1.2", value="true")
    own = ClassicPolicy(name="own", type="SSLNegotiationPolicyType", attributes=(attribute,))
    assert [o.resource for o in reads[ClassicPolicies]] == [
        ClassicPolicies(id="old", listeners=listeners, policies=(own,))
    ]
