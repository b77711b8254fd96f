"""Trails, log groups and threat detection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from collector.demo.seed_storage import REGIONAL_TRAIL_BUCKET, TRAIL_BUCKET

if TYPE_CHECKING:
    from collector.demo.seed_keys import Keys
    from collector.demo.simulator import Clients

GROUPS: Mapping[str, Mapping[str, int | None]] = {
    "us-east-1": {
        "/brackenfield/ehr-api": 2557,
        "/brackenfield/patient-portal": 731,
        "/aws/rds/instance/ehr/postgresql": 400,
        "/aws/lambda/fax-gateway": 30,
        "/aws/codebuild/release": None,
    },
    "us-west-2": {"/brackenfield/backup-index": 400},
}
"""Region → log group → days that it keeps events; None: for ever."""


ENCRYPTED = ("/brackenfield/ehr-api", "/brackenfield/patient-portal")


def seed(clients: Clients, keys: Keys) -> None:
    """Make trails, log groups and a detector.

    Good: one trail over all regions. Bad: a trail left over from a migration, and a function's log
    kept for a month.
    """
    trails = clients("cloudtrail", "us-east-1")
    trails.create_trail(
        Name="all-regions",
        S3BucketName=TRAIL_BUCKET,
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
    )
    trails.put_event_selectors(
        TrailName="all-regions",
        EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True}],
    )
    trails.start_logging(Name="all-regions")
    trails.create_trail(Name="migration", S3BucketName=REGIONAL_TRAIL_BUCKET)
    for region, groups in GROUPS.items():
        logs = clients("logs", region)
        for name, days in groups.items():
            key = {"kmsKeyId": keys.records} if name in ENCRYPTED else {}
            logs.create_log_group(logGroupName=name, **key)
            if days is not None:
                logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    clients("guardduty", "us-east-1").create_detector(
        Enable=True, FindingPublishingFrequency="FIFTEEN_MINUTES"
    )
