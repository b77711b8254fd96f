"""What the account's own endpoints on the internet really do: by shaking hands with them.

They are found in the listings of load balancers, distributions and APIs. Those that only the
configuration knows are judged by `checks.endpoints`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Self

from pydantic import model_validator

from checks.aws.apigateway._domains import DomainName, DomainNameV2
from checks.aws.apigateway._stages import Api, RestApi
from checks.aws.cloudfront._distributions import Distribution
from checks.aws.elb._listeners import ClassicLoadBalancer, Listener
from checks.endpoints import NO_TLS, Certificate, Protocols, verdict
from collector.check import Verdict, check, failed, not_applicable
from collector.resource import Resource, at
from collector.source import Tls


class ClassicEndpoint(Resource):
    """A port with TLS of a classic load balancer that faces the internet."""

    source = Tls(
        operation="found",
        items="endpoints",
        per=ClassicLoadBalancer,
        params={"hosts": ("public_hosts",), "ports": ("secure_ports",)},
    )
    id: str = at("endpoint")
    host: str = at("host")
    port: int = at("port")


class DistributionNames(Resource):
    """A distribution, with what it is called."""

    source = Distribution.source
    id: str = at("ARN")
    is_enabled: bool = at("Enabled")
    mode: Literal["direct", "tenant-only"] = at("ConnectionMode", default="direct")
    domain: str = at("DomainName")
    aliases: tuple[str, ...] = at("Aliases.Items", default=())
    alias_count: int = at("Aliases.Quantity")

    @model_validator(mode="after")
    def _are_all_there(self) -> Self:
        if self.alias_count != len(self.aliases):
            raise ValueError("there are not as many names as the answer says")
        return self

    @property
    def hosts(self) -> tuple[str, ...] | None:
        """Its names, where it answers by them; a wildcard among them names no host."""
        if not self.is_enabled or self.mode == "tenant-only":
            return None
        return (self.domain, *(name for name in self.aliases if "*" not in name))

    @property
    def ports(self) -> tuple[int]:
        """Where all distributions speak TLS."""
        return (443,)


class DistributionEndpoint(Resource):
    """A name of an enabled distribution: its own, or an alternate one."""

    source = Tls(
        operation="found",
        items="endpoints",
        per=DistributionNames,
        params={"hosts": ("hosts",), "ports": ("ports",)},
    )
    id: str = at("endpoint")
    host: str = at("host")
    port: int = at("port")


class ListenerHandshake(Resource):
    """What a listener says to a client; none where it has no TLS or the load balancer is
    internal."""

    source = Tls(
        operation="handshake", per=Listener, params={"host": "public_host", "port": "port"}
    )
    host: str | None = at("host", absent=None)
    speaks_tls: bool = at("speaks_tls", absent=False)
    protocols: Protocols | None = at("protocols", absent=None)
    certificate: Certificate | None = at("certificate", default=None)


class ClassicHandshake(Resource):
    """What a classic load balancer says to a client."""

    source = Tls(
        operation="handshake", per=ClassicEndpoint, params={"host": "host", "port": "port"}
    )
    host: str = at("host")
    speaks_tls: bool = at("speaks_tls")
    protocols: Protocols = at("protocols")
    certificate: Certificate | None = at("certificate", default=None)


class DistributionHandshake(Resource):
    """What a distribution says to a client that calls it by one of its names."""

    source = Tls(
        operation="handshake", per=DistributionEndpoint, params={"host": "host", "port": "port"}
    )
    host: str = at("host")
    speaks_tls: bool = at("speaks_tls")
    protocols: Protocols = at("protocols")
    certificate: Certificate | None = at("certificate", default=None)


class RestApiHandshake(Resource):
    """What a REST API says to a client; none where it is private or its own name is closed."""

    source = Tls(
        operation="handshake",
        per=RestApi,
        params={"host": "public_host", "port": "public_port"},
    )
    host: str | None = at("host", absent=None)
    speaks_tls: bool = at("speaks_tls", absent=False)
    protocols: Protocols | None = at("protocols", absent=None)
    certificate: Certificate | None = at("certificate", default=None)


class ApiHandshake(Resource):
    """What an HTTP or WebSocket API says to a client; none where its own name is closed."""

    source = Tls(
        operation="handshake", per=Api, params={"host": "public_host", "port": "public_port"}
    )
    host: str | None = at("host", absent=None)
    speaks_tls: bool = at("speaks_tls", absent=False)
    protocols: Protocols | None = at("protocols", absent=None)
    certificate: Certificate | None = at("certificate", default=None)


class DomainHandshake(Resource):
    """What APIs say to a client by a domain name; none where the name is private."""

    source = Tls(
        operation="handshake",
        per=DomainName,
        params={"host": "public_host", "port": "public_port"},
    )
    host: str | None = at("host", absent=None)
    speaks_tls: bool = at("speaks_tls", absent=False)
    protocols: Protocols | None = at("protocols", absent=None)
    certificate: Certificate | None = at("certificate", default=None)


class DomainV2Handshake(Resource):
    """The same of a domain name as the second API tells of it."""

    source = Tls(
        operation="handshake",
        per=DomainNameV2,
        params={"host": "public_host", "port": "public_port"},
    )
    host: str | None = at("host", absent=None)
    speaks_tls: bool = at("speaks_tls", absent=False)
    protocols: Protocols | None = at("protocols", absent=None)
    certificate: Certificate | None = at("certificate", default=None)


@check(control="encryption-in-transit", severity="high")
def tls_handshake(
    handshake: ListenerHandshake
    | ClassicHandshake
    | DistributionHandshake
    | RestApiHandshake
    | ApiHandshake,
    *,
    min_days_left: int = 0,
    now: datetime,
) -> Verdict:
    """Endpoints found in the account take TLS 1.2 or 1.3 alone, with a valid certificate.

    Judges, by connecting to them, the listeners with TLS of load balancers that face the internet,
    classic ones included, the names of enabled distributions, and the names that API Gateway gives
    to APIs; their own domain names are judged by `domain_tls_handshake`. Only for accounts whose
    configuration says `tls_discover`.

    Passes: SSL 2.0, SSL 3.0, TLS 1.0 and TLS 1.1 are refused where they alone are offered, a
    handshake with TLS 1.2 or 1.3 completes, and the certificate is valid today and for
    `min_days_left` days more, leads to a trusted root, and is for the name; of load balancers, for
    whatever name.
    Fails: an old version is taken, the port speaks no TLS, or the certificate is not so.

    A load balancer is called by its own name, which no certificate is for: what it shows then is
    its default certificate. Others that it has, and the names that clients use, are judged if the
    configuration lists them as `tls_endpoints`. By the name that CloudFront gives to each
    distribution, it takes TLS 1.0 whatever the distribution says. Not judged: wildcards, which name
    no host; private APIs; what the tenants of a distribution are called; listeners that leave TLS
    to their targets. A name that leads nowhere, or whose server asks for a client's certificate in
    TLS 1.2, is unknown; a name that leads elsewhere is judged by what is there. Says what was seen
    from where the collector ran, and nothing of cipher suites or of revocation.

    Remediation: choose a security policy with TLS 1.2 as its lowest version, renew the certificate,
    close names that nobody uses, and remove alternate names that lead elsewhere.
    """
    if handshake.protocols is None:
        return not_applicable("no TLS that faces the internet by a name")
    if not handshake.speaks_tls:
        return failed(NO_TLS)
    is_unnamed = isinstance(handshake, ListenerHandshake | ClassicHandshake)
    host = None if is_unnamed else handshake.host
    return verdict(handshake.protocols, handshake.certificate, host, min_days_left, now)


@check(control="encryption-in-transit", severity="high")
def domain_tls_handshake(
    handshake: DomainHandshake | DomainV2Handshake,
    first: Sequence[DomainName],
    *,
    min_days_left: int = 0,
    now: datetime,
) -> Verdict:
    """Domain names of APIs take TLS 1.2 or 1.3 alone, with a valid certificate for the name.

    Judges the domain names that both of API Gateway's APIs list, by connecting to them. Only for
    accounts whose configuration says `tls_discover`.

    Passes: SSL 2.0, SSL 3.0, TLS 1.0 and TLS 1.1 are refused where they alone are offered, a
    handshake with TLS 1.2 or 1.3 completes, and the certificate is for the name, valid today and
    for `min_days_left` days more, and leads to a trusted root.
    Fails: an old version is taken, the port speaks no TLS, or the certificate is not so.

    Not judged: wildcards, which name no host, and private domain names. A name that leads nowhere,
    or whose server asks for a client's certificate in TLS 1.2, is unknown; a name that leads
    elsewhere is judged by what is there. Says what was seen from where the collector ran, and
    nothing of cipher suites or of revocation.

    Remediation: set the domain name's security policy to TLS_1_2 or a newer one, renew its
    certificate, and remove a name that leads elsewhere.
    """
    if handshake.protocols is None:
        return not_applicable("no TLS that faces the internet by a name")
    if isinstance(handshake, DomainV2Handshake) and any(d.id == handshake.id for d in first):
        return not_applicable("judged as the first API tells of it")
    if not handshake.speaks_tls:
        return failed(NO_TLS)
    return verdict(handshake.protocols, handshake.certificate, handshake.host, min_days_left, now)
