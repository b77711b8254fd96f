"""AWS Secrets Manager."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from checks.aws.secretsmanager import Secret, rotation
from tests.aws_told import told
from tests.cases import Case, read_aws, row
from tests.checks.aws.test_iam import NOW, OLD

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"


def secret(**changes: object) -> Secret:
    """A secret that rotates every 30 days, the last time 10 days ago, with some facts changed."""
    facts: dict[str, object] = {
        "id": ARN,
        "created": OLD,
        "rotates": True,
        "every_days": 30,
        "last_rotated": days_ago(10),
        **changes,
    }
    return Secret.model_validate(facts)


def days_ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


MONTHLY = {"outcome": "pass", "reason": "rotates every 30 days"}

CASES = [
    row(rotation, secret(), now=NOW, **MONTHLY),
    row(rotation, secret(rotates=False), now=NOW, outcome="fail", reason="rotation is off"),
    row(rotation, secret(rotates=False, owner="events"), now=NOW, outcome="fail",
        reason="rotation is off (owned by events)"),
    row(rotation, secret(owner="rds"), now=NOW, **MONTHLY),
    row(rotation, secret(every_days=91), now=NOW, outcome="fail",
        reason="rotates every 91 days, expected 90 or fewer"),
    row(rotation, secret(every_days=91), now=NOW, max_days=91, outcome="pass",
        reason="rotates every 91 days"),
    row(rotation, secret(last_rotated=days_ago(31)), now=NOW, **MONTHLY),
    row(rotation, secret(last_rotated=days_ago(32)), now=NOW, outcome="fail",
        reason="overdue: last rotated 2026-05-29"),
    row(rotation, secret(last_rotated=None), now=NOW, outcome="fail",
        reason="rotation is on and never took place since 2026-01-02"),
    row(rotation, secret(last_rotated=None, created=days_ago(31)), now=NOW, **MONTHLY),
    row(rotation, secret(every_days=None, last_rotated=days_ago(91)), now=NOW,
        outcome="pass", reason="rotates by a schedule"),
    row(rotation, secret(every_days=None, last_rotated=days_ago(92)), now=NOW,
        outcome="fail", reason="overdue: last rotated 2026-03-30"),
    row(rotation, secret(rotates=False, primary_region="eu-west-1"), now=NOW,
        outcome="not_applicable", reason="a replica; rotation is set in eu-west-1"),
    row(rotation, secret(rotates=False, primary_region="us-east-1"), now=NOW,
        outcome="fail", reason="rotation is off"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_a_secret_that_never_rotated_is_read_and_a_deleted_one_is_not_listed(
    aws: boto3.Session,
) -> None:
    client = aws.client("secretsmanager")
    client.create_secret(Name="kept", SecretString="x")
    client.create_secret(Name="gone", SecretString="x")
    client.delete_secret(SecretId="gone")

    reads = read_aws(aws, rotation)

    (kept,) = (o.resource for o in reads[Secret])
    assert (kept.rotates, kept.every_days, kept.last_rotated) == (False, None, None)
    assert ":secret:kept-" in kept.id
    assert len(reads.answers) == 1


def test_a_secret_that_rotates_is_read() -> None:
    one: dict[str, Any] = {
        "ARN": ARN, "Name": "db", "CreatedDate": OLD, "RotationEnabled": True,
        "RotationRules": {"AutomaticallyAfterDays": 30, "ScheduleExpression": "rate(30 days)"},
        "LastRotatedDate": days_ago(10), "LastAccessedDate": NOW, "PrimaryRegion": "us-east-1",
    }  # fmt: skip

    reads = read_aws(told({"secretsmanager:ListSecrets": {"SecretList": [one]}}), rotation)

    assert [o.resource for o in reads[Secret]] == [secret(primary_region="us-east-1")]
    assert b"LastAccessedDate" not in (reads.answers[0][1].body() or b"")
