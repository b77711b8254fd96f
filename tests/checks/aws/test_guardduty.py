"""Amazon GuardDuty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from pydantic import ValidationError

from checks.aws.guardduty import (
    Detector,
    DetectorAdministrator,
    DetectorSettings,
    Finding,
    SevereFindingDetails,
    SevereFindings,
    enabled,
    findings_handled,
)
from collector.evaluate import evaluate
from collector.evidence.canonical import JSON
from collector.resource import Resource
from tests.aws_told import told
from tests.botocore_paths import assert_paths
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 6, 30, tzinfo=UTC)
ON, SUSPENDED = DetectorSettings(status="ENABLED"), DetectorSettings(status="DISABLED")
OWN_RULE = DetectorAdministrator(account=None)
BRUTE, MINING = "UnauthorizedAccess:EC2/SSHBruteForce", "CryptoCurrency:EC2/BitcoinTool.B"


def made(days_ago: int, kind: str = BRUTE, id: str = "a") -> Finding:
    """A severe finding of some days ago."""
    return Finding(id=id, type=kind, severity=8.0, created=NOW - timedelta(days=days_ago))


def open_findings(*findings: Finding) -> SevereFindingDetails:
    """The severe findings that are open, all read."""
    return SevereFindingDetails(ids=tuple(f.id for f in findings), findings=findings)


MANY = tuple(made(0, id=f"{number:02}") for number in range(50))

CASES = [
    row(enabled, [ON], [OWN_RULE], outcome="pass", reason="the detector is enabled"),
    row(enabled, [ON], [DetectorAdministrator(account="222222222222")],
        outcome="pass",
        reason="the detector is enabled, administered by account 222222222222"),
    row(enabled, [SUSPENDED], [OWN_RULE], outcome="fail", reason="the detector is suspended"),
    row(enabled, [ON, SUSPENDED], [], outcome="fail", reason="the detector is suspended"),
    row(enabled, [], [], outcome="fail", reason="no detector"),

    row(findings_handled, open_findings(), ON, now=NOW,
        outcome="pass", reason="no severe finding is open"),
    row(findings_handled, open_findings(), SUSPENDED, now=NOW,
        outcome="not_applicable", reason="the detector is suspended"),
    row(findings_handled, open_findings(made(7), made(2, id="b")), ON, now=NOW,
        outcome="pass", reason="severe findings open: 2, the oldest since 2026-06-23"),
    row(findings_handled, open_findings(made(9), made(2, id="b"), made(8, MINING, "c")), ON,
        now=NOW, outcome="fail",
        reason=f"open for more than 7 days: {BRUTE} since 2026-06-21, {MINING} since 2026-06-22"),
    row(findings_handled, open_findings(made(9)), SUSPENDED, now=NOW,
        outcome="fail", reason=f"open for more than 7 days: {BRUTE} since 2026-06-21"),
    row(findings_handled, open_findings(made(2)), ON, max_days=1, now=NOW,
        outcome="fail", reason=f"open for more than 1 days: {BRUTE} since 2026-06-28"),
    row(findings_handled, open_findings(made(9)), ON, max_days=30, now=NOW,
        outcome="pass", reason="severe findings open: 1, the oldest since 2026-06-21"),
    row(findings_handled, open_findings(*MANY), ON, now=NOW,
        outcome="pass", reason="severe findings open: 50, the oldest since 2026-06-30"),
    row(findings_handled,
        SevereFindingDetails(ids=(*(f.id for f in MANY), "more"), findings=MANY), ON, now=NOW,
        outcome="fail", reason="more than 50 severe findings are open"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


READ = [
    Detector,
    DetectorAdministrator,
    DetectorSettings,
    SevereFindingDetails,
    SevereFindings,
]


@pytest.mark.parametrize("resource", READ)
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


def test_only_open_severe_findings_are_asked_for_and_the_oldest_fifty_read() -> None:
    asked: list[Mapping[str, Any]] = []

    def found(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        asked.append(params)
        return {"FindingIds": ["old", "new"] if region == "us-east-1" else []}

    def details(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        assert params == {"DetectorId": "d1", "FindingIds": ["old", "new"]}
        common = {
            "AccountId": "123456789012",
            "Arn": "arn:aws:guardduty:us-east-1:123456789012:detector/d1/finding/x",
            "Region": region,
            "Resource": {},
            "SchemaVersion": "2.0",
            "Severity": 8.0,
            "UpdatedAt": "2026-06-29T00:00:00.000Z",
        }
        return {
            "Findings": [
                {**common, "Id": "old", "Type": BRUTE, "CreatedAt": "2026-06-01T10:00:00.000Z"},
                {**common, "Id": "new", "Type": MINING, "CreatedAt": "2026-06-28T10:00:00.000Z"},
            ]
        }

    detector = {"ServiceRole": "arn:aws:iam::123456789012:role/x", "Status": "ENABLED"}
    session = told(
        {
            "guardduty:ListDetectors": {"DetectorIds": ["d1"]},
            "guardduty:GetDetector": detector,
            "guardduty:ListFindings": found,
            "guardduty:GetFindings": details,
        }
    )

    reads = read_aws(session, findings_handled, regions=("us-east-1", "eu-west-1"))

    results = evaluate([findings_handled], reads, settings={}, now=NOW)
    assert [(r.resource.region, r.outcome, r.reason) for r in results] == [
        ("eu-west-1", "pass", "no severe finding is open"),
        ("us-east-1", "fail", f"open for more than 7 days: {BRUTE} since 2026-06-01"),
    ]
    criterion = {
        "severity": {"GreaterThanOrEqual": 7},
        "service.archived": {"Equals": ["false"]},
    }
    assert [params["FindingCriteria"] for params in asked] == [{"Criterion": criterion}] * 2


def test_findings_other_than_those_asked_for_cannot_be_read() -> None:
    asked = SevereFindings(detector="d1", ids=("a", "b"))
    finding: JSON = {"Id": "a", "Type": BRUTE, "Severity": 8.0, "CreatedAt": "2026-06-01T10:00:00Z"}

    with pytest.raises(ValidationError, match="other findings"):
        SevereFindingDetails.parse({"Findings": [finding]}, asked)
