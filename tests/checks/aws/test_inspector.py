"""Amazon Inspector."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from checks.aws.inspector import ScanStatus, enabled
from collector.evaluate import evaluate
from tests.aws_told import told
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 6, 30, tzinfo=UTC)


def status(**facts: str | None) -> ScanStatus:
    """A region where all is on, with some of its facts changed."""
    kinds = ("ec2", "ecr", "lambda_", "lambda_code", "code_repository", "ami")
    return ScanStatus.model_validate(dict.fromkeys(kinds, "ENABLED") | facts)


ALL_ON = {"outcome": "pass", "reason": "scanned: ec2, ecr, lambda"}

CASES = [
    row(enabled, [status()], **ALL_ON),
    row(enabled, [status(lambda_code="DISABLED", code_repository=None)], **ALL_ON),
    row(enabled, [status(lambda_code="DISABLED")], resource_types=("ec2", "lambdaCode"),
        outcome="fail", reason="not scanned: lambdaCode disabled"),
    row(enabled, [status()], resource_types=("lambdaCode", "codeRepository", "ami"),
        outcome="pass", reason="scanned: lambdaCode, codeRepository, ami"),
    row(enabled, [status(ec2="DISABLED", ecr="SUSPENDED")],
        outcome="fail", reason="not scanned: ec2 disabled, ecr suspended"),
    row(enabled, [status(ec2="ENABLING")],
        outcome="fail", reason="not scanned: ec2 enabling"),
    row(enabled, [status(lambda_=None)],
        outcome="fail", reason="not scanned: lambda not offered"),
    row(enabled, [status()], resource_types=("lamda",),
        outcome="fail", reason="not scanned: lamda not offered"),
    row(enabled, [status()], resource_types=(),
        outcome="fail", reason="not scanned: anything, by setting"),
    row(enabled, [], outcome="fail", reason="no status of Inspector"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def told_status(status: str) -> dict[str, str]:
    return {"status": status, "errorCode": "ALREADY_ENABLED", "errorMessage": ""}


def test_each_region_is_judged_by_its_own_status() -> None:
    def answer(params: Any, region: str) -> Any:
        assert params == {"accountIds": ["123456789012"]}
        if region == "eu-north-1":
            failed = {"accountId": "123456789012", "errorCode": "INTERNAL_ERROR"}
            return {"accounts": [], "failedAccounts": [{**failed, "errorMessage": "later"}]}
        kinds = {kind: told_status("ENABLED") for kind in ("ec2", "ecr", "lambda")}
        if region == "eu-west-1":
            kinds["ec2"] = told_status("DISABLED")
        account = {"accountId": "123456789012", "state": told_status("ENABLED")}
        return {"accounts": [{**account, "resourceState": kinds}]}

    session = told({"inspector2:BatchGetAccountStatus": answer})

    reads = read_aws(session, enabled, regions=("us-east-1", "eu-west-1", "eu-north-1"))

    results = evaluate([enabled], reads, settings={}, now=NOW)
    assert [(r.resource.region, r.outcome, r.reason) for r in results] == [
        ("eu-north-1", "unknown",
         "not read: inspector2:BatchGetAccountStatus in eu-north-1: Malformed (ec2: missing)"),
        ("eu-west-1", "fail", "not scanned: ec2 disabled"),
        ("us-east-1", "pass", "scanned: ec2, ecr, lambda"),
    ]  # fmt: skip
