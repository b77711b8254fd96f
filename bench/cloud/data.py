"""Buckets, databases, queues, streams, logs and backups."""

from __future__ import annotations

import json

from bench.cloud.place import ACCOUNT, REGIONS, Builder, Thing
from collector.resource import lookup

ROLE = f"arn:aws:iam::{ACCOUNT}:role/patients-000"


def seed(make: Builder) -> None:
    """Make them."""
    for bucket in make.several("s3 bucket", 22):
        _bucket(bucket)
    _databases(make)
    _warehouses(make)
    _messages(make)
    _logs(make)
    _backups(make)
    _distributions(make)


def _bucket(thing: Thing) -> None:
    name, s3 = f"bench-{thing.name}", thing.client("s3")
    place = {"CreateBucketConfiguration": {"LocationConstraint": thing.region}}
    s3.create_bucket(Bucket=name, **({} if thing.region == REGIONS[0] else place))
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    if not thing.one_in(3):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        blocked = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy")
        s3.put_public_access_block(
            Bucket=name,
            PublicAccessBlockConfiguration={
                **dict.fromkeys(blocked, True),
                "RestrictPublicBuckets": True,
            },
        )
    if thing.one_in(4):
        expiry = {"ID": "old", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 2555}}
        s3.put_bucket_lifecycle_configuration(
            Bucket=name, LifecycleConfiguration={"Rules": [expiry]}
        )
    if thing.one_in(2):
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))


def _databases(make: Builder) -> None:
    for database in make.several("rds instance", 8):
        rds = database.client("rds")
        rds.create_db_instance(
            DBInstanceIdentifier=database.name,
            DBInstanceClass="db.t3.medium",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="owner",
            MasterUserPassword="not-a-secret-1",
            StorageEncrypted=not database.one_in(8),
            BackupRetentionPeriod=1 if database.one_in(4) else 14,
            DeletionProtection=not database.one_in(4),
            MultiAZ=not database.one_in(2),
        )
        rds.create_db_snapshot(
            DBInstanceIdentifier=database.name, DBSnapshotIdentifier=f"{database.name}-s"
        )
    make.made["rds snapshot"] += 8 * make.scale
    for cluster in make.several("rds cluster", 2):
        rds = cluster.client("rds")
        rds.create_db_cluster_parameter_group(
            DBClusterParameterGroupName=f"{cluster.name}-p",
            DBParameterGroupFamily="aurora-postgresql16",
            Description=cluster.name,
        )
        rds.create_db_cluster(
            DBClusterParameterGroupName=f"{cluster.name}-p",
            DBClusterIdentifier=f"{cluster.name}-c",
            Engine="aurora-postgresql",
            MasterUsername="owner",
            MasterUserPassword="not-a-secret-1",
            StorageEncrypted=True,
        )
    for table in make.several("dynamodb table", 12):
        dynamodb = table.client("dynamodb")
        dynamodb.create_table(
            TableName=table.name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        if not table.one_in(4):
            dynamodb.update_continuous_backups(
                TableName=table.name,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            )


def _warehouses(make: Builder) -> None:
    for files in make.several("efs file system", 3):
        files.client("efs").create_file_system(
            CreationToken=files.name, Encrypted=not files.one_in(3)
        )
    for cache in make.several("elasticache replication group", 2):
        cache.client("elasticache").create_replication_group(
            ReplicationGroupId=cache.name,
            ReplicationGroupDescription=cache.name,
            Engine="redis",
            CacheNodeType="cache.t3.micro",
            NumCacheClusters=2,
            TransitEncryptionEnabled=True,
            AtRestEncryptionEnabled=not cache.one_in(2),
        )
    for cache in make.several("dax cluster", 1):
        cache.client("dax").create_cluster(
            ClusterName=cache.name,
            NodeType="dax.t3.small",
            ReplicationFactor=1,
            IamRoleArn=ROLE,
            SSESpecification={"Enabled": True},
        )
    for warehouse in make.several("redshift cluster", 1):
        warehouse.client("redshift").create_cluster(
            ClusterIdentifier=warehouse.name,
            NodeType="ra3.large",
            MasterUsername="owner",
            MasterUserPassword="Not-a-secret-1",
            Encrypted=True,
        )
    for domain in make.several("opensearch domain", 2):
        domain.client("opensearch").create_domain(
            DomainName=domain.name, EngineVersion="OpenSearch_2.11"
        )


def _messages(make: Builder) -> None:
    for topic in make.several("sns topic", 6):
        topic.client("sns").create_topic(Name=topic.name)
    for queue in make.several("sqs queue", 10):
        queue.client("sqs").create_queue(QueueName=queue.name)
    for stream in make.several("kinesis stream", 2):
        stream.client("kinesis").create_stream(StreamName=stream.name, ShardCount=1)
    for stream in make.several("firehose stream", 2):
        stream.client("firehose").create_delivery_stream(
            DeliveryStreamName=stream.name,
            S3DestinationConfiguration={"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::the-trail"},
        )


def _logs(make: Builder) -> None:
    for group in make.several("logs log group", 20):
        logs = group.client("logs")
        logs.create_log_group(logGroupName=f"/app/{group.name}")
        if not group.one_in(4):
            logs.put_retention_policy(logGroupName=f"/app/{group.name}", retentionInDays=400)
    for alarm in make.several("cloudwatch alarm", 10):
        alarm.client("cloudwatch").put_metric_alarm(
            AlarmName=alarm.name,
            Namespace="AWS/EC2",
            MetricName="CPUUtilization",
            Statistic="Average",
            Period=300,
            EvaluationPeriods=2,
            Threshold=90.0,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[f"arn:aws:sns:{alarm.region}:{ACCOUNT}:patients-000"],
        )


def _backups(make: Builder) -> None:
    for vault in make.several("backup vault", 1):
        backup = vault.client("backup")
        backup.create_backup_vault(BackupVaultName=vault.name)
        rule = {
            "RuleName": "daily",
            "TargetBackupVaultName": vault.name,
            "ScheduleExpression": "cron(0 5 * * ? *)",
            "Lifecycle": {"DeleteAfterDays": 35},
        }
        backup.create_backup_plan(BackupPlan={"BackupPlanName": vault.name, "Rules": [rule]})
    make.made["backup plan"] += make.scale


def _distributions(make: Builder) -> None:
    cloudfront = make.open_client("cloudfront", REGIONS[0])
    for site in make.several("cloudfront distribution", 2):
        made = cloudfront.create_distribution(
            DistributionConfig={
                "CallerReference": site.name,
                "Comment": site.name,
                "Enabled": True,
                "Origins": {
                    "Quantity": 1,
                    "Items": [
                        {
                            "Id": "site",
                            "DomainName": f"{site.name}.s3.amazonaws.com",
                            "S3OriginConfig": {"OriginAccessIdentity": ""},
                        }
                    ],
                },
                "DefaultCacheBehavior": {
                    "TargetOriginId": "site",
                    "ViewerProtocolPolicy": "allow-all" if site.one_in(2) else "https-only",
                    "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
                    "MinTTL": 0,
                },
            }
        )
        assert lookup(made, "Distribution.Id")
