"""Domain names of APIs, and the TLS of these."""

from collections.abc import Sequence
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator

from checks.aws.apigateway._stages import EndpointType
from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Part, Resource, at
from collector.source import Aws

SecurityPolicy = Literal[
    "SecurityPolicy_TLS12_2018_EDGE",
    "SecurityPolicy_TLS12_PFS_2025_EDGE",
    "SecurityPolicy_TLS13_1_2_2021_06",
    "SecurityPolicy_TLS13_1_2_Ext2_FIPS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_Ext2_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_PQ_2025_09",
    "SecurityPolicy_TLS13_1_3_2025_09",
    "SecurityPolicy_TLS13_1_3_FIPS_2025_09",
    "SecurityPolicy_TLS13_2025_EDGE",
    "TLS_1_0",
    "TLS_1_2",
]
"""All but TLS_1_0 refuse what is older than TLS 1.2.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html
"""


def _known(policy: str) -> str:
    if policy not in get_args(SecurityPolicy):
        raise ValueError("not a security policy that is known here")
    return policy


def _suffix(identifier: str) -> str:
    return f"+{identifier}"


class DomainName(Resource):
    """A domain name as the first API tells of it, which also has those of REST APIs alone."""

    source = Aws(
        service="apigateway",
        operation="GetDomainNames",
        permission="apigateway:GET",
        granted_on=("apigateway:*::/domainnames",),
        items="items",
    )
    full_name = "arn:{partition}:apigateway:{region}::/domainnames/{id}{private_id}"
    id: str = at("domainName")
    # Private domain names alone have one; several may have the same name.
    private_id: Annotated[str, AfterValidator(_suffix)] = at("domainNameId", default="")
    types: tuple[EndpointType, ...] = at("endpointConfiguration.types")
    policy: SecurityPolicy = at("securityPolicy")

    @property
    def public_host(self) -> str | None:
        """The name, where the internet may use it; a wildcard names no host."""
        return None if self.types == ("PRIVATE",) or "*" in self.id else self.id

    @property
    def public_port(self) -> int:
        """Where all domain names speak TLS."""
        return 443


class Configuration(Part):
    """One of the endpoints of a domain name; there are two while it moves."""

    # The second API's model knows the first two policies alone, and may answer others.
    policy: Annotated[str, AfterValidator(_known)] | None = at("SecurityPolicy", default=None)


class DomainNameV2(Resource):
    """A domain name as the second API tells of it, with each of its endpoints."""

    source = Aws(
        service="apigatewayv2",
        operation="GetDomainNames",
        permission="apigateway:GET",
        granted_on=("apigateway:*::/domainnames",),
        items="Items",
    )
    full_name = "arn:{partition}:apigateway:{region}::/domainnames/{id}"
    id: str = at("DomainName")
    configurations: tuple[Configuration, ...] = at("DomainNameConfigurations")

    @property
    def public_host(self) -> str | None:
        """The name; a wildcard names no host."""
        return None if "*" in self.id else self.id

    @property
    def public_port(self) -> int:
        """Where all domain names speak TLS."""
        return 443


@check(control="encryption-in-transit", severity="medium")
def tls12_domain(
    domain: DomainName | DomainNameV2,
    first: Sequence[DomainName],
    second: Sequence[DomainNameV2],
) -> Verdict:
    """Domain names of APIs accept TLS 1.2 and later only.

    Passes: the security policy of the domain name, and that of each of its endpoints, allows
        TLS 1.2 and later only: TLS_1_2, and each SecurityPolicy_TLS… that is known here.
    Fails: one is TLS_1_0, or none is told. A policy that is not known here is unknown.
    Domain names are judged whatever their state, and with the eyes of both APIs: while a domain
    name moves between edge and regional, each endpoint has a policy of its own. Says nothing of
    mutual TLS, of ciphers, of the addresses that API Gateway gives each API, and of a policy that
    a REST API has of its own.
    Remediation: set the domain name's security policy to TLS_1_2 or a newer one.
    """
    if isinstance(domain, DomainNameV2):
        if any(one.id == domain.id for one in first):
            return not_applicable("judged as the first API tells of it")
        policies = [one.policy for one in domain.configurations]
    else:
        policies = [domain.policy]
        if "PRIVATE" not in domain.types:
            others = (c for other in second if other.id == domain.id for c in other.configurations)
            policies += [one.policy for one in others if one.policy is not None]
    if not policies or None in policies:
        return failed("no security policy names the TLS version")
    names = sorted({str(policy) for policy in policies})
    text = f"security policy {listed(names)}"
    return failed(f"{text}, which accepts TLS 1.0") if "TLS_1_0" in names else passed(text)
