"""Amazon CloudFront."""

from __future__ import annotations

import boto3
import pytest

from checks.aws.cloudfront._distributions import (
    Behavior,
    BucketConnection,
    Distribution,
    DistributionConnections,
    Origin,
    OriginConnection,
    https_tls12,
)
from collector.evidence.canonical import JSON
from tests.botocore_shape import assert_shape
from tests.cases import Case, read_aws, row

ARN = "arn:aws:cloudfront::123456789012:distribution/E1"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"
SECURE = OriginConnection(policy="https-only", versions=("TLSv1.2",))
BUCKET = Origin(id="files", domain="files.s3.eu-west-1.amazonaws.com", bucket=BucketConnection())
VPC = Origin(id="app", domain="app.internal", vpc_origin="vo_1")


def server(policy: str, *versions: str, id: str = "api") -> Origin:
    """An origin that is reached like this."""
    connection = {"policy": policy, "versions": versions}
    return Origin.model_validate({"id": id, "domain": "api.example.org", "custom": connection})


def distribution(*origins: Origin, **facts: object) -> DistributionConnections:
    """A distribution that does it all right, with some of its facts changed."""
    return DistributionConnections.model_validate(
        {
            "is_enabled": True,
            "viewer_policy": "redirect-to-https",
            "behaviors": (Behavior(pattern="/api/*", viewer_policy="https-only"),),
            "origins": origins or (server("https-only", "TLSv1.2"),),
            "acm_certificate": CERTIFICATE,
            "minimum_version": "TLSv1.2_2021",
            "vpc_connection": None,
            **facts,
        }
    )


def secure(policy: str = "TLSv1.2_2021") -> dict[str, str]:
    return {
        "outcome": "pass",
        "reason": f"viewers use HTTPS with policy {policy}, origins are reached over HTTPS",
    }


def faulty(reason: str) -> dict[str, str]:
    return {"outcome": "fail", "reason": reason}


def faulty_origin(fault: str) -> dict[str, str]:
    return faulty(f"origins without HTTPS and TLS 1.2 only: {fault}")


CASES = [
    row(https_tls12, distribution(), **secure()),
    row(https_tls12, distribution(minimum_version="TLSv1.2_2018"), **secure("TLSv1.2_2018")),
    row(https_tls12, distribution(minimum_version="TLSv1.3_2025"), **secure("TLSv1.3_2025")),
    row(https_tls12, distribution(minimum_version="TLSv1.1_2016"),
        **faulty("the minimum TLS version is TLSv1.1_2016")),
    row(https_tls12, distribution(minimum_version=None),
        **faulty("there is no minimum TLS version")),
    row(https_tls12, distribution(acm_certificate="", iam_certificate="site"), **secure()),
    row(https_tls12, distribution(acm_certificate="", iam_certificate=""),
        **faulty("the default certificate accepts TLS 1.0")),
    row(https_tls12, distribution(viewer_policy="allow-all"),
        **faulty("plain HTTP is served for default")),
    row(https_tls12,
        distribution(behaviors=(Behavior(pattern="/b", viewer_policy="allow-all"),
                                Behavior(pattern="/a", viewer_policy="allow-all"))),
        **faulty("plain HTTP is served for /a, /b")),
    row(https_tls12, distribution(BUCKET), **secure()),
    row(https_tls12, distribution(Origin(id="files", domain="files.s3.amazonaws.com")), **secure()),
    row(https_tls12, distribution(server("http-only", "TLSv1.2")),
        **faulty_origin("api (http-only)")),
    row(https_tls12, distribution(server("match-viewer", "TLSv1.2")),
        **faulty_origin("api (match-viewer)")),
    row(https_tls12, distribution(server("https-only", "TLSv1.2", "TLSv1")),
        **faulty_origin("api (allows TLSv1, TLSv1.2)")),
    row(https_tls12, distribution(server("https-only")),
        **faulty_origin("api (allows no TLS version)")),
    row(https_tls12, distribution(Origin(id="new", domain="site.s3-website-eu.amazonaws.com")),
        **faulty_origin("new (not known)")),
    row(https_tls12, distribution(VPC, vpc_connection=SECURE), **secure()),
    row(https_tls12, distribution(VPC, vpc_connection=OriginConnection(policy="http-only")),
        **faulty_origin("app (http-only)")),
    row(https_tls12, distribution(VPC), **faulty_origin("app (not known)")),
    row(https_tls12,
        distribution(*(server("http-only", id=f"o{n}") for n in range(7)),
                     viewer_policy="allow-all", acm_certificate=None),
        **faulty("plain HTTP is served for default; the default certificate accepts TLS 1.0;"
                 " origins without HTTPS and TLS 1.2 only: o0 (http-only), o1 (http-only),"
                 " o2 (http-only), o3 (http-only), o4 (http-only) and 2 more")),
    row(https_tls12, distribution(is_enabled=False, viewer_policy="allow-all"),
        outcome="not_applicable", reason="the distribution is disabled"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_distribution_is_read_from_the_listing_alone(aws: boto3.Session) -> None:
    behavior = {
        "TargetOriginId": "api",
        "ViewerProtocolPolicy": "https-only",
        "MinTTL": 0,
        "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
    }
    origin = {
        "Id": "api",
        "DomainName": "api.example.org",
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "https-only",
            "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
        },
    }
    made = aws.client("cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": "1",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {**behavior, "ViewerProtocolPolicy": "redirect-to-https"},
            "CacheBehaviors": {"Quantity": 1, "Items": [{"PathPattern": "/api/*", **behavior}]},
            "ViewerCertificate": {
                "ACMCertificateArn": CERTIFICATE,
                "SSLSupportMethod": "sni-only",
                "MinimumProtocolVersion": "TLSv1.2_2021",
            },
        }
    )["Distribution"]

    reads = read_aws(aws, https_tls12)

    told = Behavior(pattern="/api/*", viewer_policy="https-only", realtime_log="")
    assert [o.resource for o in reads[DistributionConnections]] == [
        distribution(id=made["ARN"], iam_certificate="", behaviors=(told,))
    ]
    assert [answer.source for _, answer in reads.answers] == ["cloudfront:ListDistributions"]


def test_account_without_distributions_is_read_as_empty(aws: boto3.Session) -> None:
    """CloudFront then leaves the list out; that is not a malformed answer."""
    reads = read_aws(aws, https_tls12)

    assert reads[Distribution].observed == ()
    assert reads[Distribution].unread == ()
    assert reads[Distribution].listed


def test_bucket_and_vpc_origins_are_read_as_such() -> None:
    """The simulated CloudFront leaves both out of its answers."""
    item: JSON = {
        "ARN": ARN,
        "Enabled": True,
        "DefaultCacheBehavior": {"ViewerProtocolPolicy": "https-only"},
        "CacheBehaviors": {"Quantity": 0},
        "Origins": {
            "Quantity": 2,
            "Items": [
                {
                    "Id": "files",
                    "DomainName": "files.s3.eu-west-1.amazonaws.com",
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                },
                {
                    "Id": "app",
                    "DomainName": "app.internal",
                    "VpcOriginConfig": {"VpcOriginId": "vo_1"},
                },
            ],
        },
        "ViewerCertificate": {"CloudFrontDefaultCertificate": True},
    }
    assert_shape("cloudfront", "ListDistributions", {"DistributionList": {"Items": [item]}})
    described: JSON = {
        "VpcOrigin": {
            "Id": "vo_1",
            "VpcOriginEndpointConfig": {
                "OriginProtocolPolicy": "https-only",
                "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
            },
        }
    }
    assert_shape("cloudfront", "GetVpcOrigin", described)

    listed = Distribution.parse(item)
    read = DistributionConnections.parse(described, listed)

    assert listed.vpc_origin == "vo_1"
    assert read.origins == (
        BUCKET.model_copy(update={"bucket": BucketConnection(identity="")}),
        VPC,
    )
    assert (read.acm_certificate, read.vpc_connection) == (None, SECURE)


def test_vpc_origin_is_asked_for_only_where_there_is_exactly_one() -> None:
    facts = distribution().model_dump(exclude={"id", "origins", "vpc_connection"})

    asked = [
        Distribution(
            id=ARN, origins=origins, origin_count=len(origins), behavior_count=1, **facts
        ).vpc_origin
        for origins in ((VPC,), (BUCKET,), (VPC, VPC.model_copy(update={"vpc_origin": "vo_2"})))
    ]

    assert asked == ["vo_1", None, None]
