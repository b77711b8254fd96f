"""The services that an account uses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from checks.aws._hipaa_services import ADDED, AS_OF, BILLING, IDS, LISTED, PARTLY
from checks.aws.services import ServiceUsed, hipaa_eligible
from collector.evaluate import evaluate
from collector.reads import Reads
from tests.aws_told import told
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 1, 2, tzinfo=UTC)
S3, KMS, TAX = "Amazon Simple Storage Service", "AWS Key Management Service", "Tax"
RDS, IMAGING = "Amazon Relational Database Service", "AWS HealthImaging"


def case(*names: str, outcome: str, reason: str, also: tuple[str, ...] = ()) -> Case:
    used = [ServiceUsed(id=name) for name in names]
    return row(hipaa_eligible, used, outcome=outcome, reason=reason, also_eligible=also)


CASES = [
    case(S3, KMS, TAX, outcome="pass", reason="2 of 2 services are on the list of 2022-04-18"),
    case(
        S3, RDS, "Amazon ElastiCache", outcome="pass",
        reason="3 of 3 services are on the list of 2022-04-18; only in part: Amazon ElastiCache,"
        " Amazon Relational Database Service",
    ),
    case(
        S3, IMAGING, "Amazon Bedrock", also=("Amazon Bedrock",), outcome="pass",
        reason="3 of 3 services are on the list of 2022-04-18 or were added: AWS HealthImaging,"
        " Amazon Bedrock",
    ),
    # What the setting names is the reader's own judgement, in whole.
    case(
        RDS, also=(RDS,), outcome="pass",
        reason="1 of 1 services are on the list of 2022-04-18 or were added: Amazon Relational"
        " Database Service",
    ),
    case(
        S3, "Amazon Lightsail", outcome="fail",
        reason="not on the list of 2022-04-18: Amazon Lightsail",
    ),
    # A name that is not known is not silently fine.
    case(
        "Claude (Amazon Bedrock Edition)", "amazon simple storage service", outcome="fail",
        reason="not on the list of 2022-04-18: Claude (Amazon Bedrock Edition), amazon simple"
        " storage service",
    ),
    case(
        "Amazon Lightsail", "Amazon Bedrock", also=("Amazon Bedrock",), outcome="fail",
        reason="not on the list of 2022-04-18: Amazon Lightsail",
    ),
    case(
        outcome="not_applicable", reason="Cost Explorer shows no service of the last 30 days",
    ),
    case(
        TAX, "AWS Cost Explorer", outcome="not_applicable",
        reason="Cost Explorer shows no service of the last 30 days",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_the_list_is_dated_and_each_name_stands_for_one_service() -> None:
    names = [name for names in LISTED.values() for name in names]
    names += [name for name, _ in ADDED.values()]

    assert date.fromisoformat(AS_OF) < NOW.date()
    assert len(names) == len(set(names)) == len(IDS)
    assert not BILLING & set(names)
    assert LISTED.keys() >= PARTLY
    assert not LISTED.keys() & ADDED.keys()
    assert len(LISTED) > 100
    doc = hipaa_eligible.doc
    assert f"list of HIPAA eligible services of {AS_OF}" in doc.replace("\n", " ")


def cost(name: str, amount: str) -> dict[str, Any]:
    return {"Keys": [name], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}


def month(start: str, end: str, *groups: dict[str, Any]) -> dict[str, Any]:
    period = {"Start": start, "End": end}
    return {"TimePeriod": period, "Total": {}, "Groups": [*groups], "Estimated": True}


def read(answer: Mapping[str, Any], asked: list[Mapping[str, Any]]) -> Reads:
    def reply(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        asked.append(params)
        return answer

    return read_aws(told({"ce:GetCostAndUsage": reply}), hipaa_eligible)


def test_the_services_of_this_account_are_asked_for_once_for_the_last_30_days() -> None:
    asked: list[Mapping[str, Any]] = []
    months = [
        month("2025-12-03", "2026-01-01", cost(S3, "1.25"), cost(KMS, "0")),
        month("2026-01-01", "2026-01-02", cost(S3, "0.5"), cost(TAX, "9")),
    ]

    reads = read({"ResultsByTime": months}, asked)

    assert [o.resource.id for o in reads[ServiceUsed]] == [KMS, S3, TAX]
    (params,) = asked
    start, end = (date.fromisoformat(params["TimePeriod"][n]) for n in ("Start", "End"))
    assert (end - start).days == 30
    assert params["Filter"]["Dimensions"]["Values"] == ["123456789012"]


def test_what_it_cost_is_kept_with_the_call_and_not_in_the_answer() -> None:
    one = read({"ResultsByTime": [month("2025-12-03", "2026-01-01", cost(S3, "1.25"))]}, [])
    other = read({"ResultsByTime": [month("2025-12-04", "2026-01-02", cost(S3, "7.75"))]}, [])

    calls = [a.record(s) for r in (one, other) for s, a in r.answers if s.name.startswith("ce:")]

    assert calls[0]["answer_sha256"] == calls[1]["answer_sha256"]
    assert calls[0]["params"] == calls[1]["params"]
    assert "1.25" in str(calls[0]["volatile"])
    assert "30 days ago" in str(calls[0]["params"])
    assert "30 days ago" not in str(calls[0]["volatile"])


def test_a_bill_of_several_pages_is_read_to_its_end() -> None:
    """The SDK has no paginator for it."""
    asked: list[Mapping[str, Any]] = []
    pages: dict[object, dict[str, Any]] = {
        None: {"ResultsByTime": [month("2025-12-03", "2026-01-01", cost(S3, "1"))],
               "NextPageToken": "more"},
        "more": {"ResultsByTime": [month("2025-12-03", "2026-01-01", cost(KMS, "1"))]},
    }  # fmt: skip

    def reply(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        asked.append(params)
        return pages[params.get("NextPageToken")]

    reads = read_aws(told({"ce:GetCostAndUsage": reply}), hipaa_eligible)

    assert [o.resource.id for o in reads[ServiceUsed]] == [KMS, S3]
    assert [params.get("NextPageToken") for params in asked] == [None, "more"]
    assert asked[0]["Filter"] == asked[1]["Filter"]


def test_a_bill_whose_pages_repeat_is_unknown() -> None:
    answer = {
        "ResultsByTime": [month("2025-12-03", "2026-01-01", cost(S3, "1"))],
        "NextPageToken": "more",
    }

    (result,) = evaluate([hipaa_eligible], read(answer, []), settings={}, now=NOW)

    assert result.outcome == "unknown"
    assert "ce:GetCostAndUsage in global: Incomplete" in result.reason
