"""Amazon CloudWatch Logs."""

from __future__ import annotations

import boto3
import pytest

from checks.aws.logs import LogGroup, group_encrypted, retention
from tests.botocore_paths import assert_paths
from tests.cases import Case, read_aws, row

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234"

CASES = [
    row(retention, LogGroup(id="app"), outcome="pass", reason="events never expire"),
    row(retention, LogGroup(id="app", log_class="STANDARD", retention_days=365),
        outcome="pass", reason="events expire after 365 days"),
    row(retention, LogGroup(id="app", log_class="INFREQUENT_ACCESS", retention_days=180),
        outcome="fail", reason="events expire after 180 days, before 365"),
    row(retention, LogGroup(id="app", retention_days=30), min_days=30,
        outcome="pass", reason="events expire after 30 days"),
    row(retention, LogGroup(id="app", log_class="ESSENTIALS", retention_days=400), min_days=2190,
        outcome="fail", reason="events expire after 400 days, before 2190"),
    row(retention, LogGroup(id="app", log_class="DELIVERY"),
        outcome="not_applicable", reason="log class DELIVERY, on the way to a store"),

    row(group_encrypted, LogGroup(id="app", kms_key=KEY),
        outcome="pass", reason=f"encrypted with key {KEY}"),
    row(group_encrypted, LogGroup(id="app"), outcome="fail", reason="no KMS key"),
    row(group_encrypted, LogGroup(id="app", log_class="DELIVERY"),
        outcome="fail", reason="no KMS key"),
    row(group_encrypted, LogGroup(id="/ehr/api"), prefixes=("/ehr/", "/portal/"),
        outcome="fail", reason="no KMS key"),
    row(group_encrypted, LogGroup(id="/aws/codebuild/x"), prefixes=("/ehr/", "/portal/"),
        outcome="not_applicable", reason="not among the log groups to judge"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_paths_are_those_of_the_api() -> None:
    assert_paths(LogGroup)


def test_log_groups_are_read_in_each_region_on_all_pages(aws: boto3.Session) -> None:
    """A page holds fifty groups. How many bytes a group holds is no part of the evidence."""
    east, west = aws.client("logs"), aws.client("logs", region_name="eu-west-1")
    for number in range(51):
        east.create_log_group(logGroupName=f"app-{number:02}")
    west.create_log_group(logGroupName="/aws/lambda/web")
    west.put_retention_policy(logGroupName="/aws/lambda/web", retentionInDays=30)

    reads = read_aws(aws, retention, regions=("us-east-1", "eu-west-1"))

    found = {o.name: o.resource.retention_days for o in reads[LogGroup]}
    assert len(found) == 52
    assert found["arn:aws:logs:us-east-1:123456789012:log-group:app-50"] is None
    assert found["arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/web"] == 30
    assert "storedBytes" not in str([a.pages for _, a in reads.answers])


def test_key_of_a_log_group_is_read(aws: boto3.Session) -> None:
    client = aws.client("logs")
    client.create_log_group(logGroupName="app", kmsKeyId=KEY)
    client.create_log_group(logGroupName="plain")

    reads = read_aws(aws, group_encrypted)

    found = {o.resource.id: o.resource.kms_key for o in reads[LogGroup]}
    assert found == {"app": KEY, "plain": None}
