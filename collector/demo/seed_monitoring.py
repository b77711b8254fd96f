"""Who watches: records of configuration, findings, and what the trail brings where it is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from collector.demo.seed_storage import REGIONAL_TRAIL_BUCKET
from collector.demo.simulator import ACCOUNT, HOME_REGION
from collector.demo.told import Refused, Reply
from collector.resource import lookup

if TYPE_CHECKING:
    from collector.demo.seed_keys import Keys
    from collector.demo.simulator import Clients

TRAIL_GROUP = "/brackenfield/cloudtrail"
MADE = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)
STANDARD = "aws-foundational-security-best-practices/v/1.0.0"


FILTERS: Mapping[str, str] = {
    "failed-sign-ins": '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed *") }',
    "root-use": '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS }',
    "trail-changes": "{ $.eventSource = cloudtrail.amazonaws.com && $.eventName = *Trail }",
}
"""Metric filter, and its alarm → what it selects. The last forgets to stop logging."""


def seed(clients: Clients, keys: Keys) -> None:
    """Have the trail seen, and add what the account forgot.

    Good: the trail of all regions. Bad: the bucket of the migration's trail, whose access nobody
    records, and a detector that was suspended with a finding still open.
    """
    logs = clients("logs", HOME_REGION)
    logs.create_log_group(logGroupName=TRAIL_GROUP, kmsKeyId=keys.records)
    logs.put_retention_policy(logGroupName=TRAIL_GROUP, retentionInDays=400)
    trails = clients("cloudtrail", HOME_REGION)
    trails.update_trail(
        Name="all-regions",
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:{HOME_REGION}:{ACCOUNT}:log-group:{TRAIL_GROUP}:*",
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/cloudtrail-to-logs",
        KmsKeyId=keys.records,
    )
    trails.put_event_selectors(
        TrailName="all-regions",
        EventSelectors=[
            {
                "ReadWriteType": "All",
                "IncludeManagementEvents": True,
                "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
            }
        ],
    )
    clients("s3", HOME_REGION).put_bucket_logging(
        Bucket=REGIONAL_TRAIL_BUCKET, BucketLoggingStatus={}
    )
    clients("guardduty", "us-west-2").create_detector(Enable=False)
    _seed_alarms(clients)


def _seed_alarms(clients: Clients) -> None:
    """Alarms on sign-ins and on some changes, and one that nobody is told of."""
    sns, logs = clients("sns", HOME_REGION), clients("logs", HOME_REGION)
    topic = str(lookup(sns.create_topic(Name="security-alerts"), "TopicArn"))
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="security@brackenfield.example")
    for name, pattern in FILTERS.items():
        metric = {"metricName": name, "metricNamespace": "Trail", "metricValue": "1"}
        logs.put_metric_filter(
            logGroupName=TRAIL_GROUP,
            filterName=name,
            filterPattern=pattern,
            metricTransformations=[metric],
        )
        _alarm(clients, name, "Trail", [topic])
    _alarm(clients, "fax-gateway-errors", "AWS/Lambda", [])


def _alarm(clients: Clients, metric: str, namespace: str, actions: Sequence[str]) -> None:
    clients("cloudwatch", HOME_REGION).put_metric_alarm(
        AlarmName=metric,
        AlarmActions=actions,
        Namespace=namespace,
        MetricName=metric,
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )


def _trail_status(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    if not params["Name"].endswith("/all-regions"):
        return {"IsLogging": False}
    now = datetime.now(UTC)
    return {
        "IsLogging": True,
        "StartLoggingTime": MADE,
        "LatestDeliveryTime": now,
        "LatestCloudWatchLogsDeliveryTime": now,
    }


def _recorders(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    is_home = region == HOME_REGION
    recorder = {
        "name": "default",
        "arn": _recorder_arn(region),
        "roleARN": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/config",
        "recordingGroup": {
            "allSupported": True,
            "includeGlobalResourceTypes": is_home,
            "resourceTypes": [],
            "recordingStrategy": {"useOnly": "ALL_SUPPORTED_RESOURCE_TYPES"},
        },
        "recordingMode": {"recordingFrequency": "CONTINUOUS" if is_home else "DAILY"},
        "recordingScope": "PAID",
    }
    return {"ConfigurationRecorders": [recorder]}


def _recorder_arn(region: str) -> str:
    return f"arn:aws:config:{region}:{ACCOUNT}:configuration-recorder/default/k7m2pq"


def _recorder_statuses(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    status = {
        "name": "default",
        "arn": _recorder_arn(region),
        "recording": True,
        "lastStatus": "Success",
        "lastStartTime": MADE,
    }
    return {"ConfigurationRecordersStatus": [status]}


def _channels(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    channel = {"name": "default", "configHistoryDeliveryInfo": {"lastStatus": "Success"}}
    return {"DeliveryChannelsStatus": [channel]}


def _hub(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    if region != HOME_REGION:
        text = f"Account {ACCOUNT} is not subscribed to AWS Security Hub"
        raise Refused("InvalidAccessException", text)
    return {
        "HubArn": f"arn:aws:securityhub:{region}:{ACCOUNT}:hub/default",
        "SubscribedAt": "2024-03-04T09:00:00.000Z",
    }


def _standards(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    of_region = f"arn:aws:securityhub:{region}:"
    subscription = {
        "StandardsSubscriptionArn": f"{of_region}{ACCOUNT}:subscription/{STANDARD}",
        "StandardsArn": f"{of_region}:standards/{STANDARD}",
        "StandardsInput": {},
        "StandardsStatus": "READY",
    }
    return {"StandardsSubscriptions": [subscription]}


FINDING = "5ec1a7d0f0b14a3f9f0c2f6f1b7a9d42"


def _finding_ids(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    return {"FindingIds": [] if region == HOME_REGION else [FINDING]}


def _findings(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    detector = f"arn:aws:guardduty:{region}:{ACCOUNT}:detector/{params['DetectorId']}"
    finding = {
        "AccountId": ACCOUNT,
        "Arn": f"{detector}/finding/{FINDING}",
        "CreatedAt": "2024-04-11T03:17:42.000Z",
        "Id": FINDING,
        "Region": region,
        "Resource": {"ResourceType": "Instance"},
        "SchemaVersion": "2.0",
        "Service": {"Archived": False, "Count": 212},
        "Severity": 8.0,
        "Title": "An instance asks for names that a crypto-currency pool is known by.",
        "Type": "CryptoCurrency:EC2/BitcoinTool.B!DNS",
        "UpdatedAt": "2024-04-12T01:02:03.000Z",
    }
    return {"Findings": [finding]}


TOLD: Mapping[str, Reply] = {
    "cloudtrail:GetTrailStatus": _trail_status,
    "config:DescribeConfigurationRecorderStatus": _recorder_statuses,
    "config:DescribeConfigurationRecorders": _recorders,
    "config:DescribeDeliveryChannelStatus": _channels,
    "guardduty:GetFindings": _findings,
    "guardduty:ListFindings": _finding_ids,
    "securityhub:DescribeHub": _hub,
    "securityhub:GetEnabledStandards": _standards,
}
"""What moto does not simulate, or of trails not enough."""
