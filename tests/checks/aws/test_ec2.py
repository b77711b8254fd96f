"""Amazon EC2."""

from __future__ import annotations

import boto3
import pytest
from pydantic import ValidationError

from checks.aws.ec2 import (
    Instance,
    SecurityGroup,
    default_sg_closed,
    imdsv2,
    no_public_ip,
    sg_no_admin_ports_open,
    sg_no_wide_open,
)
from collector.evidence.canonical import JSON
from tests.botocore_shape import assert_shape
from tests.cases import Case, read_aws, row

WORLD, WORLD6 = "0.0.0.0/0", "::/0"


def rule(protocol: str, ports: tuple[int, int] | None, *cidrs: str, lists: str = "") -> JSON:
    """A permission as EC2 gives it; `lists` are ids of prefix lists, with spaces between."""
    found: dict[str, JSON] = {
        "IpProtocol": protocol,
        "IpRanges": [{"CidrIp": c} for c in cidrs if ":" not in c],
        "Ipv6Ranges": [{"CidrIpv6": c} for c in cidrs if ":" in c],
        "PrefixListIds": [{"PrefixListId": each} for each in lists.split()],
        "UserIdGroupPairs": [] if cidrs or lists else [{"GroupId": "sg-2", "UserId": "1"}],
    }
    return found | ({"FromPort": ports[0], "ToPort": ports[1]} if ports is not None else {})


def group(*inbound: JSON, outbound: tuple[JSON, ...] = (), name: str = "web") -> SecurityGroup:
    """A security group as it is read."""
    item: JSON = {
        "GroupId": "sg-1",
        "OwnerId": "123456789012",
        "GroupName": name,
        "IpPermissions": [*inbound],
        "IpPermissionsEgress": [*outbound],
    }
    assert_shape("ec2", "DescribeSecurityGroups", {"SecurityGroups": [item]})
    return SecurityGroup.parse(item)


def instance(state: str = "running", **facts: JSON) -> Instance:
    """A server with one private address and IMDSv2, with some of its facts changed."""
    item: dict[str, JSON] = {
        "InstanceId": "i-1",
        "State": {"Name": state},
        "NetworkInterfaces": [interface()],
        "MetadataOptions": metadata("required"),
        **facts,
    }
    assert_shape("ec2", "DescribeInstances", {"Reservations": [{"Instances": [item]}]})
    return Instance.parse(item)


def interface(
    own: JSON = None, secondary: JSON = None, ipv6: tuple[str, ...] = ()
) -> dict[str, JSON]:
    """A network interface with two private addresses, and what is associated with either."""

    def associated(association: JSON) -> dict[str, JSON]:
        return {"Association": association} if association is not None else {}

    return {
        **associated(own),
        "PrivateIpAddresses": [associated(own), associated(secondary)],
        "Ipv6Addresses": [{"Ipv6Address": address} for address in ipv6],
    }


def metadata(tokens: str, endpoint: str = "enabled", state: str = "applied") -> dict[str, JSON]:
    return {"HttpTokens": tokens, "HttpEndpoint": endpoint, "State": state}


def opens(*rules: JSON, outcome: str, reason: str, **settings: object) -> list[Case]:
    """The same for both checks of what is open to the internet."""
    return [
        row(check, group(*rules), outcome=outcome, reason=reason, **settings)
        for check in (sg_no_admin_ports_open, sg_no_wide_open)
    ]


CLOSED = {"outcome": "pass", "reason": "not open to the internet: 22 and 3389"}
NOTHING = {"outcome": "pass", "reason": "nothing is open to the internet"}

CASES = [
    *opens(rule("tcp", (22, 22), WORLD), outcome="fail",
           reason="open to the internet: tcp 22 from 0.0.0.0/0"),
    *opens(rule("tcp", (3389, 3389), WORLD6), outcome="fail",
           reason="open to the internet: tcp 3389 from ::/0"),
    *opens(rule("6", (22, 22), WORLD), outcome="fail",
           reason="open to the internet: tcp 22 from 0.0.0.0/0"),
    *opens(rule("udp", (3389, 3389), WORLD), outcome="fail",
           reason="open to the internet: udp 3389 from 0.0.0.0/0"),
    *opens(rule("17", (3000, 4000), WORLD), outcome="fail",
           reason="open to the internet: udp 3000-4000 from 0.0.0.0/0"),
    *opens(rule("tcp", (0, 65535), WORLD), outcome="fail",
           reason="open to the internet: tcp on all ports from 0.0.0.0/0"),
    *opens(rule("tcp", None, WORLD), outcome="fail",
           reason="open to the internet: tcp on all ports from 0.0.0.0/0"),
    *opens(rule("tcp", (-1, -1), WORLD), outcome="fail",
           reason="open to the internet: tcp on all ports from 0.0.0.0/0"),
    *opens(rule("tcp", (80, 22), WORLD), outcome="fail",
           reason="open to the internet: tcp on all ports from 0.0.0.0/0"),
    *opens(rule("-1", None, WORLD, WORLD6), outcome="fail",
           reason="open to the internet: all traffic from 0.0.0.0/0; all traffic from ::/0"),
    # Ports mean nothing where the protocol is all of them.
    *opens(rule("-1", (443, 443), WORLD), outcome="fail",
           reason="open to the internet: all traffic from 0.0.0.0/0"),
    *opens(rule("tcp", (22, 22), "0.0.0.0/1", "128.0.0.0/1"), outcome="fail",
           reason="open to the internet: tcp 22 from 0.0.0.0/1; tcp 22 from 128.0.0.0/1"),
    *opens(rule("tcp", (22, 22), "12.0.0.0/7", "2000::/3", "2000::/15"), outcome="fail",
           reason="open to the internet: tcp 22 from 12.0.0.0/7; tcp 22 from 2000::/15; "
                  "tcp 22 from 2000::/3"),
    *opens(rule("tcp", (22, 22), *(f"{n * 8}.0.0.0/5" for n in range(7))), outcome="fail",
           reason="open to the internet: tcp 22 from 0.0.0.0/5; tcp 22 from 16.0.0.0/5; "
                  "tcp 22 from 24.0.0.0/5; tcp 22 from 32.0.0.0/5; tcp 22 from 40.0.0.0/5 "
                  "and 2 more"),
    row(sg_no_admin_ports_open, group(rule("tcp", (443, 443), WORLD)), **CLOSED),
    row(sg_no_admin_ports_open, group(rule("tcp", (23, 3388), WORLD)), **CLOSED),
    row(sg_no_admin_ports_open, group(rule("icmp", (-1, -1), WORLD)), **CLOSED),
    row(sg_no_admin_ports_open, group(rule("icmp", (22, 22), WORLD)), **CLOSED),
    row(sg_no_admin_ports_open, group(rule("50", None, WORLD)), **CLOSED),
    row(sg_no_admin_ports_open, group(rule("tcp", (5985, 5986), WORLD)), outcome="fail",
        reason="open to the internet: tcp 5985-5986 from 0.0.0.0/0", admin_ports=("5986",)),
    row(sg_no_admin_ports_open, group(rule("tcp", (22, 22), WORLD)),
        outcome="pass", reason="not open to the internet: 3389", admin_ports=("3389",)),
    row(sg_no_admin_ports_open,
        group(rule("tcp", (22, 22), lists="pl-2 pl-1"), rule("tcp", (443, 443), lists="pl-3")),
        outcome="pass",
        reason="not open to the internet: 22 and 3389; not read: prefix list pl-1, pl-2"),
    *(row(check, given, **passes)
      for check, passes in ((sg_no_admin_ports_open, CLOSED), (sg_no_wide_open, NOTHING))
      for given in (
          group(),
          group(rule("-1", None)),  # from another group
          group(rule("tcp", (22, 22), "203.0.113.7/32", "10.0.0.0/8", "2001:db8::/32")),
          group(rule("tcp", (22, 22), "3.0.0.0/8", "2600::/16", "fc00::/7", "fe80::/10")),
          group(outbound=(rule("-1", None, WORLD),)),
      )),
    row(sg_no_wide_open,
        group(rule("tcp", (443, 443), WORLD, WORLD6), rule("tcp", (80, 80), WORLD)),
        outcome="pass",
        reason="only open to the internet: tcp 443 from 0.0.0.0/0; tcp 443 from ::/0; "
               "tcp 80 from 0.0.0.0/0"),
    row(sg_no_wide_open, group(rule("tcp", (443, 443), WORLD), rule("tcp", (5432, 5432), WORLD)),
        outcome="fail", reason="open to the internet: tcp 5432 from 0.0.0.0/0"),
    row(sg_no_wide_open, group(rule("tcp", (80, 443), WORLD)),
        outcome="fail", reason="open to the internet: tcp 80-443 from 0.0.0.0/0"),
    row(sg_no_wide_open, group(rule("tcp", (443, 444), WORLD)), outcome="pass",
        reason="only open to the internet: tcp 443-444 from 0.0.0.0/0",
        tcp_ports=("443", "444")),
    row(sg_no_wide_open, group(rule("udp", (443, 443), WORLD)),
        outcome="fail", reason="open to the internet: udp 443 from 0.0.0.0/0"),
    row(sg_no_wide_open, group(rule("udp", (443, 443), WORLD)), outcome="pass",
        reason="only open to the internet: udp 443 from 0.0.0.0/0", udp_ports=("443",)),
    row(sg_no_wide_open, group(rule("50", None, WORLD)),
        outcome="fail", reason="open to the internet: protocol 50 from 0.0.0.0/0"),
    row(sg_no_wide_open, group(rule("132", (443, 443), WORLD)),
        outcome="fail", reason="open to the internet: protocol 132 from 0.0.0.0/0"),
    *(row(sg_no_wide_open, group(rule(protocol, (-1, -1), WORLD, WORLD6)), **NOTHING)
      for protocol in ("icmp", "1", "icmpv6", "58")),
    row(sg_no_wide_open, group(rule("tcp", (5432, 5432), lists="pl-1")), outcome="pass",
        reason="nothing is open to the internet; not read: prefix list pl-1"),

    row(default_sg_closed, group(name="default"),
        outcome="pass", reason="the default group has no rules"),
    row(default_sg_closed, group(rule("-1", None), name="default"),
        outcome="fail", reason="the default group allows inbound traffic"),
    row(default_sg_closed, group(outbound=(rule("-1", None, WORLD),), name="default"),
        outcome="fail", reason="the default group allows outbound traffic"),
    row(default_sg_closed,
        group(rule("-1", None), outbound=(rule("-1", None, WORLD),), name="default"),
        outcome="fail", reason="the default group allows inbound and outbound traffic"),
    row(default_sg_closed, group(rule("-1", None), name="Default"),
        outcome="not_applicable", reason="not the default group of a VPC"),

    row(no_public_ip, instance(), outcome="pass", reason="no public address"),
    row(no_public_ip, instance("stopped"),
        outcome="pass", reason="no public address while stopped"),
    row(no_public_ip, instance(PublicIpAddress="203.0.113.7"),
        outcome="fail", reason="public address 203.0.113.7"),
    row(no_public_ip,
        instance("stopped", NetworkInterfaces=[interface({"PublicIp": "203.0.113.7"})]),
        outcome="fail", reason="public address 203.0.113.7"),
    row(no_public_ip,
        instance(PublicIpAddress="203.0.113.9", NetworkInterfaces=[
            interface(), interface({"PublicIp": "203.0.113.9"}, {"PublicIp": "203.0.113.7"})]),
        outcome="fail", reason="public address 203.0.113.7, 203.0.113.9"),
    row(no_public_ip, instance(NetworkInterfaces=[interface({"CarrierIp": "203.0.113.7"})]),
        outcome="fail", reason="public address 203.0.113.7"),
    # An address of the customer's own, on an Outpost.
    row(no_public_ip, instance(NetworkInterfaces=[interface({"CustomerOwnedIp": "10.1.2.3"})]),
        outcome="pass", reason="no public address"),
    row(no_public_ip, instance(NetworkInterfaces=[interface(ipv6=("2600::1",))]),
        outcome="pass", reason="no public address, but IPv6 address 2600::1"),
    row(no_public_ip, instance(NetworkInterfaces=[interface(ipv6=("2600::1",))]),
        outcome="fail", reason="public address 2600::1", include_ipv6=True),
    row(no_public_ip, instance(NetworkInterfaces=[interface(ipv6=("fd00::1",))]),
        outcome="pass", reason="no public address", include_ipv6=True),

    row(imdsv2, instance(), outcome="pass", reason="tokens are required"),
    row(imdsv2, instance("stopped", MetadataOptions=metadata("optional")),
        outcome="fail", reason="tokens are optional"),
    row(imdsv2, instance(MetadataOptions=metadata("optional", "disabled")),
        outcome="pass", reason="the metadata service is off"),
    row(imdsv2, instance(MetadataOptions=metadata("required", state="pending")),
        outcome="fail", reason="tokens are required, but that is not applied yet"),
    row(imdsv2, instance(MetadataOptions=metadata("optional", "disabled", "pending")),
        outcome="fail", reason="the metadata service is off, but that is not applied yet"),
    row(imdsv2, Instance(id="i-1", state="running", interfaces=()),
        outcome="fail", reason="no metadata options say that tokens are required"),
    *(row(check, instance(state, PublicIpAddress="203.0.113.7",
                          MetadataOptions=metadata("optional")),
          outcome="not_applicable", reason=f"the instance is {state}")
      for check in (no_public_ip, imdsv2)
      for state in ("pending", "shutting-down", "terminated")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


@pytest.mark.parametrize("name", ["GroupId", "GroupName", "IpPermissions"])
def test_security_group_without_what_decides_is_unreadable(name: str) -> None:
    item: dict[str, JSON] = {
        "GroupId": "sg-1",
        "OwnerId": "123456789012",
        "GroupName": "web",
        "IpPermissions": [],
        "IpPermissionsEgress": [],
    }
    del item[name]

    with pytest.raises(ValidationError):
        SecurityGroup.parse(item)


@pytest.mark.parametrize("name", ["IpRanges", "Ipv6Ranges", "IpProtocol", "PrefixListIds"])
def test_rule_without_what_decides_is_unreadable(name: str) -> None:
    permission = rule("tcp", (22, 22), WORLD)
    assert isinstance(permission, dict)
    del permission[name]
    item: JSON = {
        "GroupId": "sg-1",
        "OwnerId": "123456789012",
        "GroupName": "web",
        "IpPermissions": [permission],
        "IpPermissionsEgress": [],
    }

    with pytest.raises(ValidationError):
        SecurityGroup.parse(item)


def test_range_with_bits_of_a_host_is_read_all_the_same() -> None:
    read = group(rule("tcp", (22, 22), "100.68.0.18/1"))

    assert sg_no_admin_ports_open(read).outcome == "fail"


def test_security_groups_are_read_with_their_rules(aws: boto3.Session) -> None:
    ec2 = aws.client("ec2")
    made = ec2.create_security_group(GroupName="web", Description="web servers")["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=made,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
             "IpRanges": [{"CidrIp": WORLD}], "Ipv6Ranges": [{"CidrIpv6": WORLD6}]},
        ],
    )  # fmt: skip

    reads = read_aws(aws, sg_no_wide_open)

    found = {o.resource.name: o for o in reads[SecurityGroup]}
    assert set(found) == {"default", "web"}
    assert found["web"].name == f"arn:aws:ec2:us-east-1:123456789012:security-group/{made}"
    assert found["web"].resource.inbound == group(rule("tcp", (443, 443), WORLD, WORLD6)).inbound
    assert found["default"].resource.outbound == group(rule("-1", None, WORLD)).inbound


def test_servers_are_read_with_their_addresses_and_metadata_options(aws: boto3.Session) -> None:
    """Each reservation holds its servers; none of them is missed."""
    ec2 = aws.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    ec2.run_instances(
        ImageId="ami-12345678", MinCount=2, MaxCount=2, SubnetId=subnet,
        MetadataOptions={"HttpTokens": "required"},
    )  # fmt: skip
    private = ec2.run_instances(
        ImageId="ami-12345678", MinCount=1, MaxCount=1,
        NetworkInterfaces=[
            {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": False}
        ],
    )["Instances"][0]["InstanceId"]  # fmt: skip

    reads = read_aws(aws, no_public_ip, imdsv2)

    found = {o.resource.id: o for o in reads[Instance]}
    assert len(found) == 3
    assert found[private].name == f"arn:aws:ec2:us-east-1:123456789012:instance/{private}"
    said = {
        (i == private, no_public_ip(o.resource).outcome, imdsv2(o.resource).outcome)
        for i, o in found.items()
    }
    assert said == {(True, "pass", "fail"), (False, "fail", "pass")}
