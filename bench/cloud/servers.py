"""Networks, servers, load balancers, functions, and what runs in clusters."""

from __future__ import annotations

import io
import zipfile

from bench.cloud.place import ACCOUNT, REGIONS, Builder
from collector.resource import lookup

ROLE = f"arn:aws:iam::{ACCOUNT}:role/patients-000"
WORLD = [{"CidrIp": "0.0.0.0/0"}]


def seed(make: Builder) -> None:
    """Make them."""
    _network(make)
    _servers(make)
    _load_balancers(make)
    _functions(make)
    _clusters(make)


def _network(make: Builder) -> None:
    for network in make.several("ec2 vpc", 3):
        ec2 = network.client("ec2")
        made = ec2.create_vpc(CidrBlock=f"10.{network.number % 250}.0.0/16")
        vpc = str(lookup(made, "Vpc.VpcId"))
        if not network.one_in(3):
            ec2.create_flow_logs(
                ResourceIds=[vpc],
                ResourceType="VPC",
                TrafficType="ALL",
                LogDestinationType="s3",
                LogDestination="arn:aws:s3:::the-trail",
            )
    for group in make.several("ec2 security group", 22):
        ec2 = group.client("ec2")
        made = ec2.create_security_group(GroupName=group.name, Description=group.name)
        port = 22 if group.one_in(11) else 443
        ec2.authorize_security_group_ingress(
            GroupId=made["GroupId"],
            IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": WORLD}
            ],
        )


def _servers(make: Builder) -> None:
    subnets = {}
    for region in REGIONS:
        found = make.open_client("ec2", region).describe_subnets()
        subnets[region] = lookup(found, "Subnets.0.SubnetId")
    for server in make.several("ec2 instance", 24):
        server.client("ec2").run_instances(
            ImageId="ami-12345678",
            InstanceType="t3.small",
            MinCount=1,
            MaxCount=1,
            MetadataOptions={"HttpTokens": "optional" if server.one_in(6) else "required"},
            NetworkInterfaces=[
                {
                    "DeviceIndex": 0,
                    "SubnetId": subnets[server.region],
                    "AssociatePublicIpAddress": server.one_in(8),
                }
            ],
        )
    for volume in make.several("ec2 volume", 12):
        ec2 = volume.client("ec2")
        zone = f"{volume.region}a"
        made = ec2.create_volume(
            AvailabilityZone=zone, Size=20, Encrypted=not volume.one_in(6), VolumeType="gp3"
        )
        ec2.create_snapshot(VolumeId=made["VolumeId"], Description=volume.name)
    make.made["ec2 snapshot"] += 12 * make.scale


def _load_balancers(make: Builder) -> None:
    for balancer in make.several("elbv2 load balancer", 4):
        ec2, elb = balancer.client("ec2"), balancer.client("elbv2")
        found = ec2.describe_subnets()
        subnets = [lookup(found, f"Subnets.{i}.SubnetId") for i in range(2)]
        made = elb.create_load_balancer(Name=balancer.name, Subnets=subnets)
        arn = lookup(made, "LoadBalancers.0.LoadBalancerArn")
        logged = "false" if balancer.one_in(2) else "true"
        elb.modify_load_balancer_attributes(
            LoadBalancerArn=arn,
            Attributes=[
                {"Key": "access_logs.s3.enabled", "Value": logged},
                {"Key": "access_logs.s3.bucket", "Value": "the-trail"},
            ],
        )
        elb.create_listener(
            LoadBalancerArn=arn,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[
                {
                    "Type": "redirect",
                    "RedirectConfig": {
                        "Protocol": "HTTPS",
                        "Port": "443",
                        "StatusCode": "HTTP_301",
                    },
                }
            ],
        )
    for balancer in make.several("elb load balancer", 2):
        balancer.client("elb").create_load_balancer(
            LoadBalancerName=balancer.name,
            AvailabilityZones=[f"{balancer.region}a"],
            Listeners=[{"Protocol": "tcp", "LoadBalancerPort": 80, "InstancePort": 80}],
        )


def _functions(make: Builder) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "def handler(event, context):\n    return {}\n")
    for function in make.several("lambda function", 14):
        function.client("lambda").create_function(
            FunctionName=function.name,
            Runtime="python3.9" if function.one_in(7) else "python3.13",
            Role=ROLE,
            Handler="main.handler",
            Code={"ZipFile": packed.getvalue()},
        )
    for api in make.several("apigateway API", 2):
        gateway = api.client("apigateway")
        made = str(lookup(gateway.create_rest_api(name=api.name), "id"))
        root = lookup(gateway.get_resources(restApiId=made), "items.0.id")
        method = {"restApiId": made, "resourceId": root, "httpMethod": "GET"}
        gateway.put_method(**method, authorizationType="NONE")
        gateway.put_integration(**method, type="MOCK")
        deployed = gateway.create_deployment(restApiId=made)["id"]
        gateway.create_stage(restApiId=made, stageName="live", deploymentId=deployed)
    for api in make.several("apigatewayv2 API", 2):
        gateway = api.client("apigatewayv2")
        made = str(gateway.create_api(Name=api.name, ProtocolType="HTTP")["ApiId"])
        gateway.create_stage(ApiId=made, StageName="live")


def _clusters(make: Builder) -> None:
    for cluster in make.several("eks cluster", 1):
        cluster.client("eks").create_cluster(
            name=cluster.name,
            roleArn=ROLE,
            resourcesVpcConfig={"subnetIds": ["subnet-1", "subnet-2"]},
        )
    for repository in make.several("ecr repository", 6):
        repository.client("ecr").create_repository(
            repositoryName=repository.name,
            imageScanningConfiguration={"scanOnPush": not repository.one_in(3)},
        )
    for gate in make.several("wafv2 web ACL", 1):
        gate.client("wafv2").create_web_acl(
            Name=gate.name,
            Scope="REGIONAL",
            DefaultAction={"Allow": {}},
            VisibilityConfig={
                "SampledRequestsEnabled": True,
                "CloudWatchMetricsEnabled": True,
                "MetricName": "gate",
            },
        )
    for endpoint in make.several("sagemaker endpoint config", 1):
        sagemaker = endpoint.client("sagemaker")
        sagemaker.create_model(
            ModelName=endpoint.name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "none"}
        )
        sagemaker.create_endpoint_config(
            EndpointConfigName=endpoint.name,
            ProductionVariants=[
                {
                    "VariantName": "only",
                    "ModelName": endpoint.name,
                    "InitialInstanceCount": 1,
                    "InstanceType": "ml.m5.large",
                }
            ],
        )
    for notebook in make.several("sagemaker notebook", 1):
        notebook.client("sagemaker").create_notebook_instance(
            NotebookInstanceName=notebook.name, InstanceType="ml.t3.medium", RoleArn=ROLE
        )
