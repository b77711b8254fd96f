"""Distributions, and the TLS of them."""

import re
from collections.abc import Iterator
from typing import Literal, Self

from pydantic import model_validator

from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Part, Resource, at, parent
from collector.source import Aws

ViewerPolicy = Literal["allow-all", "https-only", "redirect-to-https"]
OriginPolicy = Literal["http-only", "https-only", "match-viewer"]
OriginVersion = Literal["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"]
MinimumVersion = Literal[
    "SSLv3",
    "TLSv1",
    "TLSv1_2016",
    "TLSv1.1_2016",
    "TLSv1.2_2018",
    "TLSv1.2_2019",
    "TLSv1.2_2021",
    "TLSv1.2_2025",
    "TLSv1.3_2025",
]

BUCKET_DOMAIN = re.compile(r"\.s3(?!-website)[a-z0-9.-]*\.amazonaws\.com(\.cn)?$")
"""Names of S3 endpoints: `records.s3.eu-west-1.amazonaws.com`, with and without a region."""


class Behavior(Part):
    """How CloudFront answers for paths that match a pattern."""

    pattern: str = at("PathPattern")
    viewer_policy: ViewerPolicy = at("ViewerProtocolPolicy")
    realtime_log: str | None = at("RealtimeLogConfigArn", default=None)


class OriginConnection(Part):
    """How CloudFront connects to a server that is no S3 bucket."""

    policy: OriginPolicy = at("OriginProtocolPolicy")
    versions: tuple[OriginVersion, ...] = at("OriginSslProtocols.Items", default=())

    @property
    def fault(self) -> str | None:
        """What is wrong with it; None where it is HTTPS with TLS 1.2 only."""
        if self.policy != "https-only":
            return self.policy
        if self.versions == ("TLSv1.2",):
            return None
        return f"allows {', '.join(sorted(self.versions)) or 'no TLS version'}"


class BucketConnection(Part):
    """How CloudFront connects to an S3 bucket: with the protocol that the viewer used."""

    identity: str | None = at("OriginAccessIdentity", default=None)


class Origin(Part):
    """Where a distribution takes its content from: one of three kinds."""

    id: str = at("Id")
    domain: str = at("DomainName")
    bucket: BucketConnection | None = at("S3OriginConfig", default=None)
    custom: OriginConnection | None = at("CustomOriginConfig", default=None)
    vpc_origin: str | None = at("VpcOriginConfig.VpcOriginId", default=None)

    @property
    def is_bucket(self) -> bool:
        """Whether it is a bucket's own endpoint; a website of S3 is a server like any other."""
        if self.custom is not None or self.vpc_origin is not None:
            return False
        return self.bucket is not None or BUCKET_DOMAIN.search(self.domain) is not None


class Distribution(Resource):
    """A distribution, as the listing describes it: with its whole configuration."""

    source = Aws(
        service="cloudfront",
        operation="ListDistributions",
        permission="cloudfront:ListDistributions",
        items="DistributionList.Items",
        omits_empty=True,
        regions="home",
    )
    id: str = at("ARN")
    is_enabled: bool = at("Enabled")
    # Left out of answers from before there were tenants.
    mode: Literal["direct", "tenant-only"] = at("ConnectionMode", default="direct")
    viewer_policy: ViewerPolicy = at("DefaultCacheBehavior.ViewerProtocolPolicy")
    realtime_log: str | None = at("DefaultCacheBehavior.RealtimeLogConfigArn", default=None)
    web_acl: str | None = at("WebACLId", default=None)
    behaviors: tuple[Behavior, ...] = at("CacheBehaviors.Items", default=())
    behavior_count: int = at("CacheBehaviors.Quantity")
    origins: tuple[Origin, ...] = at("Origins.Items")
    origin_count: int = at("Origins.Quantity")
    # Both are left out, or empty, where the certificate is that of cloudfront.net.
    acm_certificate: str | None = at("ViewerCertificate.ACMCertificateArn", default=None)
    iam_certificate: str | None = at("ViewerCertificate.IAMCertificateId", default=None)
    minimum_version: MinimumVersion | None = at(
        "ViewerCertificate.MinimumProtocolVersion", default=None
    )

    @model_validator(mode="after")
    def _are_all_there(self) -> Self:
        told = (self.behavior_count, self.origin_count)
        if told != (len(self.behaviors), len(self.origins)):
            raise ValueError("there are not as many behaviors or origins as the answer says")
        return self

    @property
    def vpc_origin(self) -> str | None:
        """The id of the VPC origin, where there is exactly one."""
        found = {o.vpc_origin for o in self.origins} - {None}
        return found.pop() if len(found) == 1 else None

    @property
    def acl(self) -> str | None:
        """The web ACL, where it is one of the present WAF; the older one names them by an id."""
        return self.web_acl if self.web_acl and ":wafv2:" in self.web_acl else None

    @property
    def enabled_id(self) -> str | None:
        """The short id, where the distribution is enabled."""
        return self.id.rpartition("/")[2] if self.is_enabled else None

    @property
    def tenancy(self) -> dict[str, str] | None:
        """What its tenants are asked for by; None where it is disabled or has none."""
        if self.enabled_id is None or self.mode == "direct":
            return None
        return {"DistributionId": self.enabled_id}


class Tenant(Resource):
    """A tenant of a distribution: domains that are served as it says, but for what they change."""

    source = Aws(
        service="cloudfront",
        operation="ListDistributionTenants",
        permission="cloudfront:ListDistributionTenants",
        items="DistributionTenantList",
        per=Distribution,
        params={"AssociationFilter": "tenancy"},
        regions="home",
    )
    id: str = at("Arn")
    distribution: str = parent("id")
    said: str = at("DistributionId")
    is_enabled: bool = at("Enabled")
    # Left out where the web ACL is that of the distribution.
    change: Literal["disable", "override"] | None = at("Customizations.WebAcl.Action", default=None)
    web_acl: str | None = at("Customizations.WebAcl.Arn", default=None)

    @model_validator(mode="after")
    def _is_of_the_distribution(self) -> Self:
        if self.said != self.distribution.rpartition("/")[2]:
            raise ValueError("the answer is about another distribution")
        return self

    @property
    def acl(self) -> str | None:
        """The web ACL that it has in the place of the distribution's."""
        return self.web_acl if self.change == "override" else None


class DistributionConnections(Resource):
    """All connections of a distribution; the one to its VPC origin is described apart."""

    source = Aws(
        service="cloudfront",
        operation="GetVpcOrigin",
        permission="cloudfront:GetVpcOrigin",
        per=Distribution,
        params={"Id": "vpc_origin"},
        repeats={"Id": "VpcOrigin.Id"},
        regions="home",
    )
    is_enabled: bool = parent("is_enabled")
    viewer_policy: ViewerPolicy = parent("viewer_policy")
    behaviors: tuple[Behavior, ...] = parent("behaviors")
    origins: tuple[Origin, ...] = parent("origins")
    acm_certificate: str | None = parent("acm_certificate", default=None)
    iam_certificate: str | None = parent("iam_certificate", default=None)
    minimum_version: MinimumVersion | None = parent("minimum_version", default=None)
    vpc_connection: OriginConnection | None = at("VpcOrigin.VpcOriginEndpointConfig", absent=None)


@check(control="encryption-in-transit", severity="medium")
def https_tls12(distribution: DistributionConnections) -> Verdict:
    """CloudFront refuses plain HTTP and old TLS, towards viewers and towards origins.

    Passes: the default behavior and all others are https-only or redirect-to-https; the minimum
        TLS version is TLSv1.2_2018 or later; and every origin is an S3 bucket, which is reached
        with the viewer's protocol, or is https-only with TLS 1.2 as the only version.
    Fails: one of them is not so. With the certificate of cloudfront.net, CloudFront accepts TLS
        1.0 whatever minimum is set. An origin that is match-viewer fails too, as its protocol is
        then not its own setting; so do origins of a kind that is not known here, and VPC origins
        where a distribution has more than one of them, as only one is read.
    Disabled distributions answer no requests and are not judged. Says nothing of ciphers, of
    certificates that tenants of a distribution have of their own, and of domains that reach the
    origin without CloudFront.
    Remediation: redirect viewers to HTTPS, use a certificate of your own with a policy for TLS 1.2
        or later, and set origins to HTTPS only with TLSv1.2.
    """
    if not distribution.is_enabled:
        return not_applicable("the distribution is disabled")
    faults = [*_viewer_faults(distribution), *_origin_faults(distribution)]
    if faults:
        return failed("; ".join(faults))
    policy = distribution.minimum_version
    return passed(f"viewers use HTTPS with policy {policy}, origins are reached over HTTPS")


def _viewer_faults(distribution: DistributionConnections) -> Iterator[str]:
    policies = [("default", distribution.viewer_policy)]
    policies += [(b.pattern, b.viewer_policy) for b in distribution.behaviors]
    plain = [pattern for pattern, policy in policies if policy == "allow-all"]
    if plain:
        yield f"plain HTTP is served for {listed(sorted(plain))}"
    if not (distribution.acm_certificate or distribution.iam_certificate):
        yield "the default certificate accepts TLS 1.0"
        return
    match distribution.minimum_version:
        case "TLSv1.2_2018" | "TLSv1.2_2019" | "TLSv1.2_2021" | "TLSv1.2_2025" | "TLSv1.3_2025":
            return
        case "SSLv3" | "TLSv1" | "TLSv1_2016" | "TLSv1.1_2016":
            yield f"the minimum TLS version is {distribution.minimum_version}"
        case None:
            yield "there is no minimum TLS version"


def _origin_faults(distribution: DistributionConnections) -> Iterator[str]:
    faults = []
    for origin in distribution.origins:
        if origin.is_bucket:
            continue
        connection = origin.custom
        if connection is None and origin.vpc_origin is not None:
            connection = distribution.vpc_connection
        fault = "not known" if connection is None else connection.fault
        if fault is not None:
            faults.append(f"{origin.id} ({fault})")
    if faults:
        yield f"origins without HTTPS and TLS 1.2 only: {listed(sorted(faults))}"
