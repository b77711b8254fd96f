"""Amazon GuardDuty."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
import pytest

from checks.aws.guardduty import Detector, DetectorAdministrator, DetectorSettings, enabled
from collector.evaluate import evaluate
from collector.resource import Resource
from tests.botocore_paths import assert_paths
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 6, 30, tzinfo=UTC)
ON, SUSPENDED = DetectorSettings(status="ENABLED"), DetectorSettings(status="DISABLED")
OWN_RULE = DetectorAdministrator(account=None)

CASES = [
    row(enabled, [ON], [OWN_RULE], outcome="pass", reason="the detector is enabled"),
    row(enabled, [ON], [DetectorAdministrator(account="222222222222")],
        outcome="pass",
        reason="the detector is enabled, administered by account 222222222222"),
    row(enabled, [SUSPENDED], [OWN_RULE], outcome="fail", reason="the detector is suspended"),
    row(enabled, [ON, SUSPENDED], [], outcome="fail", reason="the detector is suspended"),
    row(enabled, [], [], outcome="fail", reason="no detector"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


@pytest.mark.parametrize("resource", [Detector, DetectorSettings, DetectorAdministrator])
def test_paths_are_those_of_the_api(resource: type[Resource]) -> None:
    assert_paths(resource)


def test_each_region_is_judged_by_its_own_detector(aws: boto3.Session) -> None:
    on = aws.client("guardduty").create_detector(Enable=True)["DetectorId"]
    aws.client("guardduty", region_name="eu-west-1").create_detector(Enable=False)

    reads = read_aws(aws, enabled, regions=("us-east-1", "eu-west-1", "eu-north-1"))

    results = evaluate([enabled], reads, settings={}, now=NOW)
    assert [(r.resource.region, r.resource.id, r.outcome, r.reason) for r in results] == [
        ("eu-north-1", "123456789012", "fail", "no detector"),
        ("eu-west-1", "123456789012", "fail", "the detector is suspended"),
        ("us-east-1", "123456789012", "pass", "the detector is enabled"),
    ]
    assert (f"arn:aws:guardduty:us-east-1:123456789012:detector/{on}", "us-east-1") in [
        (o.name, o.region) for o in reads[Detector]
    ]
