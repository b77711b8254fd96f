"""Servers, their networks, and who reaches them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collector.demo.seed_storage import COMPANY
from collector.resource import lookup

if TYPE_CHECKING:
    from collector.demo.simulator import Client, Clients

IMAGE = "ami-12345678"

WORLD = [{"CidrIp": "0.0.0.0/0"}]


def seed(clients: Clients) -> None:
    """Make security groups and servers, and record the traffic of the first region.

    Good: the portal's servers, which only its load balancer reaches. Bad: a jump host that takes
    SSH from anywhere, and the second region, whose network is as Amazon made it.
    """
    ec2 = clients("ec2", "us-east-1")
    network = str(lookup(ec2.describe_vpcs(), "Vpcs.0.VpcId"))
    bucket = f"arn:aws:s3:::{COMPANY}-load-balancer-logs"
    ec2.create_flow_logs(
        ResourceIds=[network],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination=bucket,
    )
    _close_default(ec2, network)
    front = _group(ec2, "portal-load-balancer", _tcp(443, IpRanges=WORLD))
    portal = _group(ec2, "portal", _tcp(8443, UserIdGroupPairs=[{"GroupId": front}]))
    _group(ec2, "databases", _tcp(5432, UserIdGroupPairs=[{"GroupId": portal}]))
    jump = _group(ec2, "jump-host", _tcp(22, IpRanges=WORLD))
    subnet = str(lookup(ec2.describe_subnets(), "Subnets.0.SubnetId"))
    for _ in range(3):
        _server(ec2, subnet, portal, tokens="required", is_public=False)
    _server(ec2, subnet, jump, tokens="optional", is_public=True)


def _close_default(ec2: Client, network: str) -> None:
    filters = [
        {"Name": "vpc-id", "Values": [network]},
        {"Name": "group-name", "Values": ["default"]},
    ]
    found = lookup(ec2.describe_security_groups(Filters=filters), "SecurityGroups.0")
    ec2.revoke_security_group_egress(
        GroupId=lookup(found, "GroupId"), IpPermissions=lookup(found, "IpPermissionsEgress")
    )


def _group(ec2: Client, name: str, permission: dict[str, object]) -> str:
    made = ec2.create_security_group(GroupName=name, Description=f"Traffic to {name}")
    group = str(lookup(made, "GroupId"))
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    return group


def _tcp(port: int, **sources: object) -> dict[str, object]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **sources}


def _server(ec2: Client, subnet: str, group: str, *, tokens: str, is_public: bool) -> None:
    interface = {
        "DeviceIndex": 0,
        "SubnetId": subnet,
        "Groups": [group],
        "AssociatePublicIpAddress": is_public,
    }
    ec2.run_instances(
        ImageId=IMAGE,
        InstanceType="t3.small",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[interface],
        MetadataOptions={"HttpTokens": tokens},
    )
