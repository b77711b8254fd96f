"""Amazon EC2: security groups and servers."""

from collections.abc import Iterable
from datetime import datetime
from ipaddress import IPv4Interface, IPv6Address, IPv6Interface, IPv6Network
from typing import Annotated, Literal

from pydantic import Field

from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Part, Resource, at
from collector.source import Aws

WIDEST_IPV4 = 8
"""The shortest prefix that one organisation holds; no wider range is anyone's own.
https://www.iana.org/assignments/ipv4-address-space"""

WIDEST_IPV6 = 16
"""The same for IPv6; allocations to providers are /16 and smaller, the registries' own are /12."""

NOT_INTERNET = (IPv6Network("fc00::/7"), IPv6Network("fe80::/10"))
"""Unique local and link-local addresses, which the internet does not carry."""

TCP, UDP, ICMP = ("tcp", "6"), ("udp", "17"), ("icmp", "1", "icmpv6", "58")
ALL = "-1"
"""Protocols as rules name them: some by name, all by number."""

ALL_PORTS = range(65536)

Ports = Annotated[tuple[Annotated[str, Field(pattern=r"^[0-9]{1,5}$")], ...], Field(min_length=1)]
"""Numbers of ports, one at least: of none, nothing could be open."""


class Range(Part):
    """A range of IPv4 addresses."""

    cidr: IPv4Interface = at("CidrIp")


class Ipv6Range(Part):
    """A range of IPv6 addresses."""

    cidr: IPv6Interface = at("CidrIpv6")


class PrefixList(Part):
    """A list of ranges that is kept elsewhere."""

    id: str = at("PrefixListId")


class Permission(Part):
    """Rules of one group, direction, protocol and range of ports."""

    protocol: str = at("IpProtocol")
    # Left out where all protocols are meant. Without them, all ports are taken to be.
    from_port: int | None = at("FromPort", default=None)
    to_port: int | None = at("ToPort", default=None)
    ranges: tuple[Range, ...] = at("IpRanges")
    ipv6_ranges: tuple[Ipv6Range, ...] = at("Ipv6Ranges")
    prefix_lists: tuple[PrefixList, ...] = at("PrefixListIds")

    @property
    def ports(self) -> range:
        """The ports that it names; of no meaning for protocols without ports."""
        first, last = self.from_port, self.to_port
        if self.protocol == ALL or first is None or last is None or not 0 <= first <= last:
            return ALL_PORTS
        return range(first, last + 1)

    @property
    def from_internet(self) -> tuple[str, ...]:
        """Each range that stands for the internet, with what it lets in: `tcp 22 from ::/0`."""
        wide = [str(r.cidr) for r in self.ranges if r.cidr.network.prefixlen < WIDEST_IPV4]
        wide += [str(r.cidr) for r in self.ipv6_ranges if _is_internet(r.cidr)]
        return tuple(f"{self._traffic} from {cidr}" for cidr in wide)

    @property
    def _traffic(self) -> str:
        if self.protocol == ALL:
            return "all traffic"
        if self.protocol not in (*TCP, *UDP):
            return f"protocol {self.protocol}"
        name = "tcp" if self.protocol in TCP else "udp"
        if self.ports == ALL_PORTS:
            return f"{name} on all ports"
        first, last = self.ports[0], self.ports[-1]
        return f"{name} {first}" if first == last else f"{name} {first}-{last}"


class SecurityGroup(Resource):
    """A security group of a VPC, in use or not."""

    source = Aws(
        service="ec2",
        operation="DescribeSecurityGroups",
        permission="ec2:DescribeSecurityGroups",
        items="SecurityGroups",
    )
    full_name = "arn:{partition}:ec2:{region}:{owner}:security-group/{id}"
    id: str = at("GroupId")
    owner: str = at("OwnerId")
    name: str = at("GroupName")
    inbound: tuple[Permission, ...] = at("IpPermissions")
    outbound: tuple[Permission, ...] = at("IpPermissionsEgress")


class MetadataOptions(Part):
    """How a server's metadata service answers."""

    tokens: Literal["optional", "required"] = at("HttpTokens")
    endpoint: Literal["disabled", "enabled"] = at("HttpEndpoint")
    state: Literal["applied", "pending"] = at("State")


class Address(Part):
    """A private address, and the public one that is mapped to it."""

    public: str | None = at("Association.PublicIp", default=None)
    carrier: str | None = at("Association.CarrierIp", default=None)


class Ipv6(Part):
    """An IPv6 address."""

    address: IPv6Address = at("Ipv6Address")


class Interface(Part):
    """A network interface of a server."""

    public: str | None = at("Association.PublicIp", default=None)
    carrier: str | None = at("Association.CarrierIp", default=None)
    addresses: tuple[Address, ...] = at("PrivateIpAddresses")
    ipv6: tuple[Ipv6, ...] = at("Ipv6Addresses")
    attached: datetime | None = at("Attachment.AttachTime", default=None)


class Instance(Resource):
    """A server."""

    source = Aws(
        service="ec2",
        operation="DescribeInstances",
        permission="ec2:DescribeInstances",
        items="Reservations.*.Instances",
        # Servers that a service runs for the account may be hidden otherwise.
        constants={"IncludeManagedResources": True},
    )
    full_name = "arn:{partition}:ec2:{region}:{account}:instance/{id}"
    id: str = at("InstanceId")
    state: Literal["pending", "running", "shutting-down", "stopped", "stopping", "terminated"] = at(
        "State.Name"
    )
    public_address: str | None = at("PublicIpAddress", default=None)
    interfaces: tuple[Interface, ...] = at("NetworkInterfaces")
    metadata: MetadataOptions | None = at("MetadataOptions", default=None)
    launched: datetime | None = at("LaunchTime", default=None)
    # Left out where no service runs the server for the account.
    is_service_managed: bool = at("Operator.Managed", default=False)

    @property
    def first_launched(self) -> datetime | None:
        """When there first was a sign of it. The launch time is that of the last start; its first
        network interface is attached from the beginning."""
        signs = [self.launched, *(each.attached for each in self.interfaces)]
        return min((sign for sign in signs if sign is not None), default=None)

    @property
    def public_addresses(self) -> tuple[str, ...]:
        """Its public and carrier IPv4 addresses, each once, sorted."""
        found = {self.public_address}
        for interface in self.interfaces:
            found |= {interface.public, interface.carrier}
            found |= {a for each in interface.addresses for a in (each.public, each.carrier)}
        return tuple(sorted(a for a in found if a is not None))

    @property
    def ipv6_addresses(self) -> tuple[str, ...]:
        """Its global IPv6 addresses, sorted."""
        found = {a.address for i in self.interfaces for a in i.ipv6}
        return tuple(str(a) for a in sorted(found) if not any(a in n for n in NOT_INTERNET))


@check(control="network-boundary", severity="high")
def sg_no_admin_ports_open(group: SecurityGroup, *, admin_ports: Ports = ("22", "3389")) -> Verdict:
    """No security group lets the internet reach SSH or RDP.

    Passes: no inbound rule opens one of `admin_ports`, over TCP or UDP, to the internet.
    Fails: one does, by the port itself, by a range of ports around it, or by all protocols. As the
        internet counts 0.0.0.0/0 and ::/0, and every other range wider than /8 (IPv4) or /16
        (IPv6), because halves of the internet are not anyone's own.
    Groups that nothing uses are judged as well: the next server can be started with them. Traffic
    from another security group is not from the internet. Ranges in prefix lists are not read; the
    reason names the lists.
    Says nothing of routes, network ACLs and firewalls, which may stop the traffic nevertheless.
    Remediation: delete the rule, or narrow its source to the addresses of your VPN; better, log in
        through Session Manager or EC2 Instance Connect Endpoint and open no port at all.
    """
    ports = [int(port) for port in admin_ports]
    rules = [
        rule
        for rule in group.inbound
        if rule.protocol in (ALL, *TCP, *UDP) and any(port in rule.ports for port in ports)
    ]
    opened = [text for rule in rules for text in rule.from_internet]
    if opened:
        return failed(_open(opened))
    names = " and ".join(admin_ports)
    return passed(f"not open to the internet: {names}{_unread_lists(rules)}")


@check(control="network-boundary", severity="high")
def sg_no_wide_open(
    group: SecurityGroup,
    *,
    tcp_ports: tuple[str, ...] = ("80", "443"),
    udp_ports: tuple[str, ...] = (),
) -> Verdict:
    """No security group lets the internet reach more than the ports of web servers.

    Passes: what inbound rules open to the internet is in `tcp_ports` and `udp_ports` alone.
    Fails: a rule opens another port (a database's, for one), a range that holds another port, or
        a protocol without ports. As the internet counts 0.0.0.0/0 and ::/0, and every other range
        wider than /8 (IPv4) or /16 (IPv6).
    ICMP is not counted: it has no ports. Groups that nothing uses are judged as well. Traffic from
    another security group is not from the internet. Ranges in prefix lists are not read; the reason
    names the lists. HTTP/3 needs UDP: put "443" into `udp_ports`.
    Says nothing of routes, network ACLs and firewalls, which may stop the traffic nevertheless.
    Remediation: delete the rule, or narrow its source; let a load balancer face the internet and
        name its security group as the source.
    """
    tcp, udp = {int(port) for port in tcp_ports}, {int(port) for port in udp_ports}
    rules = [rule for rule in group.inbound if rule.protocol not in ICMP]
    opened: list[str] = []
    wrong: list[str] = []
    for rule in rules:
        allowed = tcp if rule.protocol in TCP else udp if rule.protocol in UDP else set()
        opened += rule.from_internet
        if not all(port in allowed for port in rule.ports):
            wrong += rule.from_internet
    if wrong:
        return failed(_open(wrong))
    what = f"only {_open(opened)}" if opened else "nothing is open to the internet"
    return passed(f"{what}{_unread_lists(rules)}")


@check(control="network-boundary", severity="medium")
def default_sg_closed(group: SecurityGroup) -> Verdict:
    """The default security group of each VPC allows nothing.

    Passes: the default group has neither inbound nor outbound rules.
    Fails: it has any. A new one has: all traffic within the group, and all traffic out.
    Judges default groups alone, also those of VPCs that nobody uses. What is started without a
    group gets this one, by accident more often than by choice.
    Remediation: give what uses the default group one of its own, then delete the default group's
        rules; delete VPCs that nobody uses.
    """
    # EC2 keeps the name for itself, so that no other group has it.
    if group.name != "default":
        return not_applicable("not the default group of a VPC")
    rules = {"inbound": group.inbound, "outbound": group.outbound}
    allowed = [direction for direction, found in rules.items() if found]
    if allowed:
        return failed(f"the default group allows {' and '.join(allowed)} traffic")
    return passed("the default group has no rules")


@check(control="network-boundary", severity="high")
def no_public_ip(instance: Instance, *, include_ipv6: bool = False) -> Verdict:
    """Servers have no public address.

    Passes: no network interface of the server has a public IPv4 address or a carrier address.
    Fails: one has, whether it was given at the start or is an Elastic IP; with `include_ipv6` also
        where one has a global IPv6 address. Such an address is reached only if routes let it, so
        that it does not count otherwise; the reason tells of it.
    Servers that are being started, shut down or are terminated are not judged. A stopped server is
    judged by the addresses it keeps; a subnet may give it another one when it starts.
    Says nothing of load balancers and of subnets that give addresses. Accept servers that must face
    the internet as exceptions.
    Remediation: move the server into a subnet without public addresses, behind a load balancer or a
        NAT gateway; an automatic address of a primary interface cannot otherwise be taken away.
    """
    match instance.state:
        case "pending" | "shutting-down" | "terminated":
            return not_applicable(f"the instance is {instance.state}")
        case "running" | "stopped" | "stopping":
            ipv6 = instance.ipv6_addresses
            public = instance.public_addresses + (ipv6 if include_ipv6 else ())
            if public:
                return failed(f"public address {listed(public)}")
            stopped = "" if instance.state == "running" else f" while {instance.state}"
            also = f", but IPv6 address {listed(ipv6)}" if ipv6 else ""
            return passed(f"no public address{stopped}{also}")


@check(control="network-boundary", severity="medium")
def imdsv2(instance: Instance) -> Verdict:
    """Servers' metadata services answer to requests with a token only (IMDSv2).

    Passes: tokens are required, or the metadata service is off.
    Fails: tokens are optional, so that a server that can be made to fetch an address gives away its
        credentials; or a change of these options is not applied yet.
    Servers that are being started, shut down or are terminated are not judged. Says nothing of the
    hop limit, and of launch templates and the account's defaults, from which new servers are made.
    Remediation: require tokens in the server's metadata options, and in the launch templates; set
        IMDSv2 as the account's default in every region.
    """
    match instance.state:
        case "pending" | "shutting-down" | "terminated":
            return not_applicable(f"the instance is {instance.state}")
        case "running" | "stopped" | "stopping":
            options = instance.metadata
            if options is None:
                return failed("no metadata options say that tokens are required")
            if options.endpoint == "enabled" and options.tokens == "optional":
                return failed("tokens are optional")
            off = options.endpoint == "disabled"
            reason = "the metadata service is off" if off else "tokens are required"
            if options.state == "pending":
                return failed(f"{reason}, but that is not applied yet")
            return passed(reason)


def _is_internet(cidr: IPv6Interface) -> bool:
    """Whether a range is too wide to be anyone's own, and is one that the internet carries."""
    network = cidr.network
    within = any(network.subnet_of(other) for other in NOT_INTERNET)
    return network.prefixlen < WIDEST_IPV6 and not within


def _open(rules: Iterable[str]) -> str:
    return f"open to the internet: {listed(sorted(set(rules)), '; ')}"


def _unread_lists(rules: Iterable[Permission]) -> str:
    """What is to be said of prefix lists, whose ranges are not in the answer."""
    names = sorted({entry.id for rule in rules for entry in rule.prefix_lists})
    return f"; not read: prefix list {listed(names)}" if names else ""
