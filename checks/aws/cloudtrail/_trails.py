"""Trails, and whether they record."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from collector.resource import Resource, at
from collector.source import Aws

GroupArn = Annotated[
    str, StringConstraints(pattern=r"^arn:[^:]+:logs:[^:]+:\d{12}:log-group:[^:]+(:\*)?$")
]


class Trail(Resource):
    """A trail. One for all regions is listed in each of them, an organisation's in each account."""

    source = Aws(
        service="cloudtrail",
        operation="DescribeTrails",
        permission="cloudtrail:DescribeTrails",
        items="trailList",
    )
    id: Annotated[str, StringConstraints(pattern=r"^arn:[^:]+:cloudtrail:[^:]+:\d{12}:")] = at(
        "TrailARN"
    )
    name: str = at("Name")
    region: str = at("HomeRegion")
    is_multi_region: bool = at("IsMultiRegionTrail")
    is_organization: bool | None = at("IsOrganizationTrail", default=None)
    has_custom_selectors: bool | None = at("HasCustomEventSelectors", default=None)
    is_validated: bool = at("LogFileValidationEnabled")
    bucket: str = at("S3BucketName")
    prefix: str | None = at("S3KeyPrefix", default=None)
    # Left out where there is none.
    log_group_arn: GroupArn | None = at("CloudWatchLogsLogGroupArn", default=None)
    kms_key: str | None = at("KmsKeyId", default=None)

    @property
    def has_default_selectors(self) -> bool:
        """Whether it is an organisation's trail that records what trails record by default.

        Only the organisation's own account is told the selectors of its trails, so that the member
        accounts rely on this: without custom selectors, a trail records all management events.
        """
        return self.is_organization is True and self.has_custom_selectors is False

    @property
    def selectors_of(self) -> str | None:
        """The trail to ask for its selectors."""
        return None if self.has_default_selectors else self.id

    @property
    def partition(self) -> str:
        """The partition of the clouds of AWS that it is in."""
        return self.id.split(":")[1]

    @property
    def account(self) -> str:
        """The account that owns it: of an organisation's trail, another one than its members."""
        return self.id.split(":")[4]

    @property
    def log_group(self) -> str | None:
        """Name of the log group that it delivers to. The group may be another account's."""
        return self.log_group_arn.split(":")[6] if self.log_group_arn else None

    @property
    def log_group_account(self) -> str | None:
        """The account that owns that log group."""
        return self.log_group_arn.split(":")[4] if self.log_group_arn else None

    @property
    def key_prefix(self) -> str:
        """How the names of its log and digest files begin, as far as that is known.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
        """
        folder = f"{self.prefix}/AWSLogs/" if self.prefix else "AWSLogs/"
        if self.is_organization is False:
            return f"{folder}{self.id.split(':')[4]}/CloudTrail"
        return folder  # an organisation's files are below its id and the id of each account


class TrailStatus(Resource):
    """Whether a trail records now, and whether its files reach the bucket."""

    source = Aws(
        service="cloudtrail",
        operation="GetTrailStatus",
        permission="cloudtrail:GetTrailStatus",
        per=Trail,
        params={"Name": "id"},
        volatile=(
            "LatestCloudWatchLogsDeliveryTime",
            "LatestDeliveryAttemptSucceeded",
            "LatestDeliveryAttemptTime",
            "LatestDeliveryTime",
            "LatestDigestDeliveryTime",
            "LatestNotificationAttemptSucceeded",
            "LatestNotificationAttemptTime",
            "LatestNotificationTime",
        ),
    )
    is_logging: bool = at("IsLogging")
    delivery_error: str | None = at("LatestDeliveryError", default=None)
    group_error: str | None = at("LatestCloudWatchLogsDeliveryError", default=None)
    group_delivered: datetime | None = at("LatestCloudWatchLogsDeliveryTime", default=None)
