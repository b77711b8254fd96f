"""Load balancers and distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collector.demo.seed_storage import COMPANY
from collector.demo.simulator import ACCOUNT
from collector.resource import lookup

if TYPE_CHECKING:
    from collector.demo.simulator import Client, Clients

DOMAIN = "brackenfield.example"

SITE_ACL = f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/site/9e21b7d4"

TLS13 = "ELBSecurityPolicy-TLS13-1-2-2021-06"
OLD = "ELBSecurityPolicy-2016-08"
"""What a listener gets that names no policy. Lets in TLS 1.0."""


def seed(clients: Clients) -> None:
    """Make load balancers of both generations, and distributions.

    Good: the patient portal. Bad: the partners' interface, whose listener still takes TLS 1.0, the
    fax gateway, which takes plain HTTP, and a distribution for old browsers.
    """
    made = clients("acm", "us-east-1").request_certificate(DomainName=f"*.{DOMAIN}")
    certificate = str(lookup(made, "CertificateArn"))
    _seed_load_balancers(clients, certificate)
    _seed_distributions(clients("cloudfront", "us-east-1"), certificate)


def _seed_load_balancers(clients: Clients, certificate: str) -> None:
    ec2, elbv2 = clients("ec2", "us-east-1"), clients("elbv2", "us-east-1")
    subnets = sorted(
        s["SubnetId"]
        for s in lookup(ec2.describe_subnets(), "Subnets")
        if s["AvailabilityZone"] in ("us-east-1a", "us-east-1b")
    )
    portal = _load_balancer(elbv2, "patient-portal", subnets)
    _secure(elbv2, portal, certificate, TLS13)
    _http(elbv2, portal, to_https=True)
    partners = _load_balancer(elbv2, "partner-api", subnets)
    _secure(elbv2, partners, certificate, OLD)
    status = _load_balancer(elbv2, "status-page", subnets)
    _secure(elbv2, status, certificate, TLS13)
    _http(elbv2, status, to_https=False)
    lab = _load_balancer(elbv2, "lab-results", subnets, kind="network")
    _secure(elbv2, lab, certificate, TLS13, protocol="TLS")
    _classic(clients("elb", "us-east-1"))


def _load_balancer(
    elbv2: Client, name: str, subnets: list[str], *, kind: str = "application"
) -> str:
    made = elbv2.create_load_balancer(
        Name=name, Subnets=subnets, Scheme="internet-facing", Type=kind
    )
    return str(lookup(made, "LoadBalancers.0.LoadBalancerArn"))


def _secure(
    elbv2: Client, load_balancer: str, certificate: str, policy: str, *, protocol: str = "HTTPS"
) -> None:
    elbv2.create_listener(
        LoadBalancerArn=load_balancer,
        Protocol=protocol,
        Port=443,
        SslPolicy=policy,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[_answer("404")],
    )


def _http(elbv2: Client, load_balancer: str, *, to_https: bool) -> None:
    redirect = {
        "Type": "redirect",
        "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
    }
    elbv2.create_listener(
        LoadBalancerArn=load_balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[redirect if to_https else _answer("200")],
    )


def _answer(status: str) -> dict[str, object]:
    return {
        "Type": "fixed-response",
        "FixedResponseConfig": {
            "StatusCode": status,
            "ContentType": "text/plain",
            "MessageBody": "Brackenfield Health",
        },
    }


def _classic(elb: Client) -> None:
    elb.create_load_balancer(
        LoadBalancerName="fax-gateway",
        Listeners=[
            {
                "Protocol": "HTTP",
                "LoadBalancerPort": 80,
                "InstanceProtocol": "HTTP",
                "InstancePort": 8080,
            }
        ],
        AvailabilityZones=["us-east-1a"],
    )


def _seed_distributions(cloudfront: Client, certificate: str) -> None:
    _distribution(
        cloudfront, "portal", certificate, viewers="redirect-to-https", minimum="TLSv1.2_2021"
    )
    _distribution(
        cloudfront, "downloads", certificate, viewers="https-only", minimum="TLSv1.2_2021"
    )
    _distribution(cloudfront, "kiosk", certificate, viewers="allow-all", minimum="TLSv1")


def _distribution(
    cloudfront: Client, name: str, certificate: str, *, viewers: str, minimum: str
) -> None:
    origin = {
        "Id": "origin",
        "DomainName": f"{name}-origin.{DOMAIN}",
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "https-only",
            "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
        },
    }
    cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": name,
            "Comment": name,
            "Enabled": True,
            "WebACLId": "" if name == "kiosk" else SITE_ACL,
            "Logging": {
                "Enabled": name != "kiosk",
                "IncludeCookies": False,
                "Bucket": f"{COMPANY}-load-balancer-logs.s3.amazonaws.com",
                "Prefix": f"{name}/",
            },
            "Aliases": {"Quantity": 1, "Items": [f"{name}.{DOMAIN}"]},
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "origin",
                "ViewerProtocolPolicy": viewers,
                "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
                "MinTTL": 0,
            },
            "ViewerCertificate": {
                "CloudFrontDefaultCertificate": False,
                "ACMCertificateArn": certificate,
                "SSLSupportMethod": "sni-only",
                "MinimumProtocolVersion": minimum,
            },
        }
    )
