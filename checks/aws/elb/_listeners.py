"""Load balancers and their listeners, and the TLS of these."""

from collections.abc import Iterable
from typing import Literal

from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Part, Resource, at, parent
from collector.source import Aws

Kind = Literal["application", "gateway", "network"]
Scheme = Literal["internal", "internet-facing"]
Protocol = Literal[
    "GENEVE", "HTTP", "HTTPS", "QUIC", "TCP", "TCP_QUIC", "TCP_UDP", "TLS", "UDP"
]  # fmt: skip

MODERN = frozenset({"TLSv1.2", "TLSv1.3"})
"""Protocol versions that are good enough, as ELB spells them."""


class LoadBalancer(Resource):
    """An application, network or gateway load balancer."""

    source = Aws(
        service="elbv2",
        operation="DescribeLoadBalancers",
        permission="elasticloadbalancing:DescribeLoadBalancers",
        items="LoadBalancers",
    )
    id: str = at("LoadBalancerArn")
    kind: Kind = at("Type")
    # Gateway load balancers have none. Without one, a load balancer counts as facing the internet.
    scheme: Scheme = at("Scheme", default="internet-facing")
    dns_name: str = at("DNSName", default="")

    @property
    def network_id(self) -> str | None:
        """The id of a network load balancer, whose listeners say what it can log."""
        return self.id if self.kind == "network" else None

    @property
    def web_id(self) -> str | None:
        """The id of an application load balancer that faces the internet."""
        faces = self.kind == "application" and self.scheme == "internet-facing"
        return self.id if faces else None


class Listener(Resource):
    """A port on which a load balancer answers. Gateway load balancers have no protocol there."""

    source = Aws(
        service="elbv2",
        operation="DescribeListeners",
        permission="elasticloadbalancing:DescribeListeners",
        items="Listeners",
        per=LoadBalancer,
        params={"LoadBalancerArn": "id"},
        repeats={"LoadBalancerArn": "Listeners.*.LoadBalancerArn"},
    )
    id: str = at("ListenerArn")
    kind: Kind = parent("kind")
    scheme: Scheme = parent("scheme")
    dns_name: str = parent("dns_name", default="")
    port: int | None = at("Port", default=None)
    protocol: Protocol | None = at("Protocol", default=None)
    ssl_policy: str | None = at("SslPolicy", default=None)

    @property
    def plain_id(self) -> str | None:
        """The id of a listener that takes plain HTTP, whose rules say what becomes of it."""
        return self.id if self.protocol == "HTTP" else None

    @property
    def public_host(self) -> str | None:
        """The load balancer's name, where the internet may shake hands with the listener."""
        is_public = self.scheme == "internet-facing" and self.protocol in ("HTTPS", "TLS")
        return self.dns_name if is_public else None


class SslPolicy(Resource):
    """The protocol versions that a listener's security policy allows; none without a policy."""

    source = Aws(
        service="elbv2",
        operation="DescribeSSLPolicies",
        permission="elasticloadbalancing:DescribeSSLPolicies",
        per=Listener,
        params={"Names": ("ssl_policy",)},
        repeats={"Names": "SslPolicies.0.Name"},
    )
    protocol: Protocol | None = parent("protocol", default=None)
    name: str | None = parent("ssl_policy", default=None)
    versions: tuple[str, ...] = at("SslPolicies.0.SslProtocols", absent=())


class Action(Part):
    """What a rule does with a request."""

    type: Literal[
        "authenticate-cognito",
        "authenticate-oidc",
        "fixed-response",
        "forward",
        "jwt-validation",
        "redirect",
    ] = at("Type")
    redirect_protocol: str | None = at("RedirectConfig.Protocol", default=None)
    status_code: str | None = at("FixedResponseConfig.StatusCode", default=None)

    @property
    def is_refusal(self) -> bool:
        """Whether it sends the client to HTTPS or answers with an error."""
        match self.type:
            case "redirect":
                return self.redirect_protocol == "HTTPS"
            case "fixed-response":
                return self.status_code is not None and self.status_code[:1] in ("4", "5")
            case "authenticate-cognito" | "authenticate-oidc" | "forward" | "jwt-validation":
                return False


class Rule(Part):
    """A rule of a listener; the default action is the last of them."""

    priority: str = at("Priority")
    actions: tuple[Action, ...] = at("Actions")


class ListenerRules(Resource):
    """The rules of a listener that takes plain HTTP; none for other listeners."""

    source = Aws(
        service="elbv2",
        operation="DescribeRules",
        permission="elasticloadbalancing:DescribeRules",
        per=Listener,
        params={"ListenerArn": "plain_id"},
    )
    kind: Kind = parent("kind")
    scheme: Scheme = parent("scheme")
    port: int | None = parent("port", default=None)
    protocol: Protocol | None = parent("protocol", default=None)
    rules: tuple[Rule, ...] = at("Rules", absent=())


class ClassicListener(Part):
    """A port on which a classic load balancer answers."""

    protocol: Literal["HTTP", "HTTPS", "SSL", "TCP"] = at("Listener.Protocol")
    port: int = at("Listener.LoadBalancerPort")
    policies: tuple[str, ...] = at("PolicyNames", default=())


class ClassicLoadBalancer(Resource):
    """A classic load balancer, by name."""

    source = Aws(
        service="elb",
        operation="DescribeLoadBalancers",
        permission="elasticloadbalancing:DescribeLoadBalancers",
        items="LoadBalancerDescriptions",
    )
    full_name = "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/{id}"
    id: str = at("LoadBalancerName")
    # Those outside of a VPC had none, and faced the internet.
    scheme: Scheme = at("Scheme", default="internet-facing")
    dns_name: str = at("DNSName", default="")
    listeners: tuple[ClassicListener, ...] = at("ListenerDescriptions")

    @property
    def secure_ports(self) -> tuple[int, ...]:
        """The ports of its listeners with TLS."""
        return tuple(sorted(o.port for o in self.listeners if o.protocol in ("HTTPS", "SSL")))

    @property
    def public_hosts(self) -> tuple[str, ...] | None:
        """Its name, where the internet may shake hands with it."""
        return (self.dns_name,) if self.scheme == "internet-facing" and self.secure_ports else None


class PolicyAttribute(Part):
    """An attribute of a policy, such as `Protocol-TLSv1.2`, `true`."""

    name: str = at("AttributeName")
    value: str | None = at("AttributeValue", default=None)


class ClassicPolicy(Part):
    """A policy of a classic load balancer."""

    name: str = at("PolicyName")
    type: str = at("PolicyTypeName")
    attributes: tuple[PolicyAttribute, ...] = at("PolicyAttributeDescriptions", default=())

    @property
    def versions(self) -> frozenset[str]:
        """The protocol versions that it allows."""
        return frozenset(
            a.name.removeprefix("Protocol-")
            for a in self.attributes
            if a.name.startswith("Protocol-") and a.value == "true"
        )


class ClassicPolicies(Resource):
    """The policies of a classic load balancer, with its listeners."""

    source = Aws(
        service="elb",
        operation="DescribeLoadBalancerPolicies",
        permission="elasticloadbalancing:DescribeLoadBalancerPolicies",
        per=ClassicLoadBalancer,
        params={"LoadBalancerName": "id"},
    )
    listeners: tuple[ClassicListener, ...] = parent("listeners")
    policies: tuple[ClassicPolicy, ...] = at("PolicyDescriptions")


@check(control="encryption-in-transit", severity="medium")
def tls12_policy(listener: SslPolicy | ClassicPolicies) -> Verdict:
    """Load balancers accept TLS 1.2 and later only.

    Passes: the security policy of an HTTPS or TLS listener allows TLS 1.2 and TLS 1.3 only; on a
        classic load balancer, the policies of all its HTTPS and SSL listeners do. What counts is
        the protocol versions in the policy, not its name.
    Fails: an older version is allowed, or there is no policy that names any version.
    Listeners without TLS are not judged here but by `https_listeners`. Says nothing of ciphers, and
    of connections from the load balancer to its targets.
    Remediation: choose a policy for TLS 1.2 or later, such as
        ELBSecurityPolicy-TLS13-1-2-2021-06; on a classic load balancer
        ELBSecurityPolicy-TLS-1-2-2017-01.
    """
    if isinstance(listener, ClassicPolicies):
        return _classic_versions(listener)
    if listener.protocol not in ("HTTPS", "TLS"):
        return not_applicable("the listener has no TLS")
    if listener.name is None or not listener.versions:
        return failed("no security policy names the protocol versions")
    return _versions(f"policy {listener.name}", listener.versions)


@check(control="encryption-in-transit", severity="high")
def https_listeners(
    listener: ListenerRules | ClassicLoadBalancer,
    *,
    include_internal: bool = False,
    passthrough_ports: tuple[str, ...] = (),
) -> Verdict:
    """Load balancers that face the internet take encrypted connections only.

    Passes: the listener is HTTPS or TLS; or it is HTTP and every one of its rules, the default
        included, redirects to HTTPS or answers with an error. A classic load balancer passes with
        HTTPS and SSL listeners only; it cannot redirect.
    Fails: plain HTTP is forwarded; or the listener is TCP, UDP or QUIC, which pass on whatever
        clients send: nothing in the account shows that it is encrypted.
    Not judged: gateway load balancers; internal ones, unless `include_internal`; and, on ports in
        `passthrough_ports`, listeners that leave TLS to the targets. Judge the targets instead.
    Says nothing of connections from the load balancer to its targets, of the TLS version, and of
    internal load balancers to which Global Accelerator leads the internet.
    Remediation: give the listener a certificate, and let an HTTP listener redirect to HTTPS.
    """
    if listener.scheme == "internal" and not include_internal:
        return not_applicable("the load balancer is internal")
    if isinstance(listener, ClassicLoadBalancer):
        return _classic_listeners(listener, passthrough_ports)
    match listener.protocol:
        case "HTTPS" | "TLS":
            return passed(f"the listener is {listener.protocol}")
        case "HTTP":
            return _plain(listener.rules)
        case "QUIC" | "TCP" | "TCP_QUIC" | "TCP_UDP" | "UDP":
            if str(listener.port) in passthrough_ports:
                return not_applicable(f"port {listener.port} leaves TLS to the targets, by setting")
            return failed(f"the listener is {listener.protocol}, which does not show encryption")
        case "GENEVE" | None:
            if listener.kind == "gateway":
                return not_applicable("the load balancer is a gateway for network appliances")
            return failed("the listener has no protocol")


def _versions(of: str, versions: Iterable[str]) -> Verdict:
    text = f"{of} allows {', '.join(sorted(versions))}"
    return passed(text) if set(versions) <= MODERN else failed(text)


def _classic_versions(balancer: ClassicPolicies) -> Verdict:
    secure = [one for one in balancer.listeners if one.protocol in ("HTTPS", "SSL")]
    if not secure:
        return not_applicable("no listener has TLS")
    allowed: set[str] = set()
    for one in secure:
        versions = {v for p in balancer.policies if p.name in one.policies for v in p.versions}
        if not versions:
            return failed(f"no policy names the protocol versions of port {one.port}")
        allowed |= versions
    return _versions("the load balancer", allowed)


def _classic_listeners(balancer: ClassicLoadBalancer, passthrough: tuple[str, ...]) -> Verdict:
    judged = [
        one for one in balancer.listeners
        if not (one.protocol == "TCP" and str(one.port) in passthrough)
    ]  # fmt: skip
    plain = [f"{o.protocol} on {o.port}" for o in judged if o.protocol not in ("HTTPS", "SSL")]
    if plain:
        return failed(f"listeners without TLS: {listed(sorted(plain))}")
    if not judged:
        return not_applicable("no listener is to be judged")
    return passed("all listeners are HTTPS or SSL")


def _plain(rules: tuple[Rule, ...]) -> Verdict:
    """The verdict on a listener that takes plain HTTP."""
    if not rules:
        return failed("the listener is HTTP and no rule redirects to HTTPS")
    lax = [r.priority for r in rules if not all(a.is_refusal for a in r.actions) or not r.actions]
    if lax:
        return failed(f"plain HTTP is served by rules: {listed(sorted(lax))}")
    return passed("plain HTTP is only redirected to HTTPS or refused")
