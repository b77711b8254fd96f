"""AWS Security Hub."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.aws.securityhub import Hub, Standard, Standards, enabled
from collector.evaluate import evaluate
from tests.aws_told import Refused, told
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 6, 30, tzinfo=UTC)
HUB = "arn:aws:securityhub:us-east-1:123456789012:hub/default"
SUBSCRIPTION = "arn:aws:securityhub:us-east-1:123456789012:subscription/"


def of(**statuses: str) -> list[Standards]:
    """The standards of a region: `cis="READY"`."""
    found = [{"subscription": f"{SUBSCRIPTION}{n}", "status": s} for n, s in statuses.items()]
    return [Standards(standards=tuple(map(Standard.model_validate, found)))]


ON, OFF = [Hub(arn=HUB)], [Hub(arn=None)]

CASES = [
    row(enabled, ON, of(nist="READY", cis="READY"),
        outcome="pass", reason="enabled with cis, nist"),
    row(enabled, ON, of(nist="FAILED", cis="READY"), outcome="pass", reason="enabled with cis"),
    row(enabled, OFF, of(), outcome="fail", reason="Security Hub is not enabled"),
    row(enabled, [], [], outcome="fail", reason="Security Hub is not enabled"),
    row(enabled, ON, of(), outcome="fail", reason="Security Hub is enabled without a standard"),
    row(enabled, ON, of(nist="INCOMPLETE", cis="PENDING"), outcome="fail",
        reason="no standard is ready: cis is PENDING, nist is INCOMPLETE"),
    row(enabled, ON, of(cis="DELETING"),
        outcome="fail", reason="no standard is ready: cis is DELETING"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def hub(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    """Enabled in one region, not in another, and forbidden to see in a third."""
    if region == "eu-west-1":
        raise Refused("InvalidAccessException", "Account is not subscribed to AWS Security Hub")
    if region == "eu-north-1":
        raise Refused("AccessDeniedException", "not authorized")
    return {"HubArn": HUB, "SubscribedAt": "2026-01-01T00:00:00Z"}


def test_region_without_a_hub_is_told_from_one_that_is_denied() -> None:
    subscription = {
        "StandardsSubscriptionArn": f"{SUBSCRIPTION}cis/v/3",
        "StandardsArn": "arn:aws:securityhub:us-east-1::standards/cis/v/3",
        "StandardsInput": {},
        "StandardsStatus": "READY",
    }
    standards = {"StandardsSubscriptions": [subscription]}
    session = told({"securityhub:DescribeHub": hub, "securityhub:GetEnabledStandards": standards})

    reads = read_aws(session, enabled, regions=("us-east-1", "eu-west-1", "eu-north-1"))

    results = evaluate([enabled], reads, settings={}, now=NOW)
    assert [(r.resource.region, r.outcome) for r in results] == [
        ("eu-north-1", "unknown"),
        ("eu-west-1", "fail"),
        ("us-east-1", "pass"),
    ]
    assert results[2].reason == "enabled with cis/v/3"
    assert "missing permission securityhub:DescribeHub" in results[0].reason
    asked = [(a.source, a.place) for _, a in reads.answers if "Standards" in a.source]
    assert asked == [("securityhub:GetEnabledStandards", "us-east-1")]
