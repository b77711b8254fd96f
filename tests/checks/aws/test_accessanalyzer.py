"""IAM Access Analyzer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from checks.aws.accessanalyzer import ActiveFindings, Analyzer, Finding, enabled, no_open_findings
from collector.evaluate import evaluate
from tests.aws_told import told
from tests.cases import Case, read_aws, row
from tests.checks.aws.test_iam import NOW

ARN = "arn:aws:access-analyzer:us-east-1:123456789012:analyzer"
BUCKET = "arn:aws:s3:::open"


def analyzer(kind: str = "ACCOUNT", status: str = "ACTIVE", name: str = "outside") -> Analyzer:
    facts = {"id": f"{ARN}/{name}", "name": name, "kind": kind, "status": status}
    return Analyzer.model_validate(facts)


def finding(
    resource: str | None = BUCKET, status: str = "ACTIVE", kind: str = "ExternalAccess"
) -> Finding:
    return Finding.model_validate({"resource": resource, "status": status, "kind": kind})


def found(*findings: Finding) -> ActiveFindings:
    return ActiveFindings(findings=findings)


CLEAN = {"outcome": "pass", "reason": "no active finding of external access"}
NONE = {"outcome": "not_applicable", "reason": "no analyzer of external access"}

CASES = [
    row(enabled, [analyzer()], outcome="pass", reason="active: outside"),
    row(enabled, [analyzer("ORGANIZATION"), analyzer(status="FAILED", name="old")],
        outcome="pass", reason="active: outside"),
    row(enabled, [], outcome="fail", reason="no analyzer of external access"),
    *(row(enabled, [analyzer(kind)], outcome="fail", reason="no analyzer of external access")
      for kind in ("ACCOUNT_UNUSED_ACCESS", "ORGANIZATION_UNUSED_ACCESS",
                   "ACCOUNT_INTERNAL_ACCESS", "ORGANIZATION_INTERNAL_ACCESS")),
    *(row(enabled, [analyzer(status=status)], outcome="fail", reason=f"outside is {status}")
      for status in ("CREATING", "DISABLED", "FAILED")),

    row(no_open_findings, analyzer(), found(), **CLEAN),
    row(no_open_findings, analyzer("ORGANIZATION"),
        found(finding(status="ARCHIVED"), finding(status="RESOLVED")), **CLEAN),
    row(no_open_findings, analyzer(), found(finding(kind="UnusedIAMRole")), **CLEAN),
    row(no_open_findings, analyzer(), found(finding(), finding(), finding(None)), outcome="fail",
        reason=f"active findings about a resource that is not named, {BUCKET}"),
    row(no_open_findings, analyzer(status="DISABLED"), found(), outcome="fail",
        reason="the analyzer is DISABLED"),
    row(no_open_findings, analyzer("ACCOUNT_UNUSED_ACCESS"), found(), **NONE),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_only_analyzers_of_external_access_are_asked_for_their_findings() -> None:
    asked: list[Mapping[str, Any]] = []

    def analyzers(params: Mapping[str, Any], region: str) -> dict[str, Any]:
        if region != "us-east-1":
            return {"analyzers": []}
        facts = {"createdAt": NOW, "status": "ACTIVE", "lastResourceAnalyzedAt": NOW}
        return {
            "analyzers": [
                {"arn": f"{ARN}/outside", "name": "outside", "type": "ACCOUNT", **facts},
                {"arn": f"{ARN}/idle", "name": "idle", "type": "ACCOUNT_UNUSED_ACCESS", **facts},
            ]
        }

    def findings(params: Mapping[str, Any], region: str) -> dict[str, Any]:
        asked.append(params)
        one = {"id": "f1", "status": "ACTIVE", "findingType": "ExternalAccess",
               "resource": BUCKET, "resourceType": "AWS::S3::Bucket", "analyzedAt": NOW,
               "createdAt": NOW, "updatedAt": NOW, "resourceOwnerAccount": "1"}  # fmt: skip
        return {"findings": [one]}

    session = told(
        {"accessanalyzer:ListAnalyzers": analyzers, "accessanalyzer:ListFindingsV2": findings}
    )

    reads = read_aws(session, enabled, no_open_findings, regions=("us-east-1", "eu-west-1"))
    results = evaluate([enabled, no_open_findings], reads, settings={}, now=NOW)

    assert asked == [{"analyzerArn": f"{ARN}/outside", "filter": {"status": {"eq": ["ACTIVE"]}}}]
    assert len(reads.answers) == 3
    assert [(r.check, r.resource.region, r.outcome) for r in results] == [
        ("aws.accessanalyzer.enabled", "eu-west-1", "fail"),
        ("aws.accessanalyzer.enabled", "us-east-1", "pass"),
        ("aws.accessanalyzer.no_open_findings", "us-east-1", "fail"),
    ]
