"""AWS Artifact."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.aws.artifact import CustomerAgreement, Organization, baa_active
from checks.aws.vpc import Caller
from collector.evaluate import Result, evaluate
from tests.aws_told import Refused, told
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ACCOUNT = "123456789012"
ORGANIZATION = f"arn:aws:organizations::{ACCOUNT}:organization/o-brackenfield"
ARN = f"arn:aws:artifact::{ACCOUNT}:customer-agreement/customer-agreement-0123456789abcdef"
BAA = CustomerAgreement(
    id=ARN,
    name="AWS Business Associate Addendum",
    state="ACTIVE",
    account=ACCOUNT,
    effective_start=datetime(2024, 5, 6, tzinfo=UTC),
)
OF_ORGANIZATION = BAA.model_copy(
    update={
        "name": "AWS Organizations Business Associate Addendum",
        "account": "999999999999",
        "organization": ORGANIZATION,
    }
)
CALLER = Caller(account=ACCOUNT)
MEMBER = Organization(arn=ORGANIZATION)


def changed(agreement: CustomerAgreement = BAA, **facts: object) -> CustomerAgreement:
    return agreement.model_copy(update=facts)


def case(*agreements: CustomerAgreement, outcome: str, reason: str, alone: bool = False) -> Case:
    organization = Organization(arn=None) if alone else MEMBER
    return row(
        baa_active, agreements, CALLER, organization, outcome=outcome, reason=reason, now=NOW
    )


CASES = [
    case(
        BAA, outcome="pass", alone=True,
        reason="AWS Business Associate Addendum is active for the account since 2024-05-06",
    ),
    case(
        OF_ORGANIZATION, outcome="pass",
        reason="AWS Organizations Business Associate Addendum is active for the organization since"
        " 2024-05-06",
    ),
    case(
        changed(name="Acme business associate agreement (custom)"), outcome="pass",
        reason="Acme business associate agreement (custom) is active for the account since"
        " 2024-05-06",
    ),
    # One that counts is enough.
    case(
        changed(id=f"{ARN}-0", state="CUSTOMER_TERMINATED"), BAA, outcome="pass",
        reason="AWS Business Associate Addendum is active for the account since 2024-05-06",
    ),
    case(outcome="fail", reason="AWS Artifact lists no business associate addendum"),
    case(
        changed(name="AWS Artifact Nondisclosure Agreement"), outcome="fail",
        reason="AWS Artifact lists no business associate addendum",
    ),
    case(
        changed(state="CUSTOMER_TERMINATED"), outcome="fail",
        reason="AWS Business Associate Addendum was terminated by the customer",
    ),
    case(
        changed(state="AWS_TERMINATED"), outcome="fail",
        reason="AWS Business Associate Addendum was terminated by AWS",
    ),
    case(
        changed(effective_end=datetime(2025, 1, 1, tzinfo=UTC)), outcome="fail",
        reason="AWS Business Associate Addendum has ended on 2025-01-01",
    ),
    case(
        changed(effective_start=datetime(2026, 1, 3, tzinfo=UTC)), outcome="fail",
        reason="AWS Business Associate Addendum is not effective before 2026-01-03",
    ),
    case(
        changed(effective_start=None), outcome="fail",
        reason="AWS Business Associate Addendum does not say since when it is effective",
    ),
    case(
        changed(account="999999999999"), outcome="fail",
        reason="AWS Business Associate Addendum is of another account",
    ),
    case(
        changed(account=None), outcome="fail",
        reason="AWS Business Associate Addendum is of another account",
    ),
    case(
        OF_ORGANIZATION, outcome="fail", alone=True,
        reason="AWS Organizations Business Associate Addendum is of an organization that the"
        " account is not in",
    ),
    case(
        changed(OF_ORGANIZATION, organization=f"{ORGANIZATION}-before"),
        changed(id=f"{ARN}-0", state="AWS_TERMINATED"), outcome="fail",
        reason="AWS Business Associate Addendum was terminated by AWS; AWS Organizations Business"
        " Associate Addendum is of an organization that the account is not in",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


LISTED: Mapping[str, Any] = {
    "customerAgreements": [
        {
            "name": "AWS Organizations Business Associate Addendum",
            "arn": ARN,
            "id": "customer-agreement-0123456789abcdef",
            "agreementArn": "arn:aws:artifact:::agreement/agreement-0123456789abcdef",
            "awsAccountId": "999999999999",
            "organizationArn": ORGANIZATION,
            "effectiveStart": datetime(2024, 5, 6, tzinfo=UTC),
            "state": "ACTIVE",
            "description": "wording of a contract",
            "acceptanceTerms": ["wording of a contract", "more wording of a contract"],
            "terminateTerms": ["wording of a contract"],
            "type": "DEFAULT",
        }
    ]
}
DESCRIBED: Mapping[str, Any] = {
    "Organization": {"Id": "o-brackenfield", "Arn": ORGANIZATION, "FeatureSet": "ALL"}
}


def refuse(code: str) -> Any:
    def reply(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        raise Refused(code, "no")

    return reply


def judged(agreements: Any, organization: Any) -> Result:
    session = told(
        {
            "artifact:ListCustomerAgreements": agreements,
            "organizations:DescribeOrganization": organization,
        }
    )
    reads = read_aws(session, baa_active)
    (result,) = evaluate([baa_active], reads, settings={}, now=NOW)
    return result


def test_an_agreement_of_the_organization_is_read_with_both_of_its_sides() -> None:
    session = told(
        {
            "artifact:ListCustomerAgreements": LISTED,
            "organizations:DescribeOrganization": DESCRIBED,
        }
    )

    reads = read_aws(session, baa_active)

    assert [o.resource for o in reads[CustomerAgreement]] == [OF_ORGANIZATION]
    assert [o.resource for o in reads[Organization]] == [MEMBER]
    assert [o.resource for o in reads[Caller]] == [CALLER]
    (result,) = evaluate([baa_active], reads, settings={}, now=NOW)
    assert (result.outcome, result.resource.id) == ("pass", ACCOUNT)
    assert len(result.evidence) == 3


def test_no_wording_of_a_contract_is_kept() -> None:
    session = told(
        {
            "artifact:ListCustomerAgreements": LISTED,
            "organizations:DescribeOrganization": DESCRIBED,
        }
    )

    reads = read_aws(session, baa_active)

    bodies = b"".join(a.body() or b"" for _, a in reads.answers)
    assert b"wording" not in bodies
    assert b"AWS Organizations Business Associate Addendum" in bodies
    assert b'"acceptanceTerms":["[redacted]","[redacted]"]' in bodies


def test_an_account_without_an_organization_is_judged_by_its_own_agreement() -> None:
    own = {**LISTED["customerAgreements"][0], "awsAccountId": ACCOUNT}
    del own["organizationArn"]

    result = judged({"customerAgreements": [own]}, refuse("AWSOrganizationsNotInUseException"))

    assert result.outcome == "pass"


def test_an_account_with_no_agreement_fails() -> None:
    result = judged({"customerAgreements": []}, refuse("AWSOrganizationsNotInUseException"))

    assert result.outcome == "fail"


@pytest.mark.parametrize("denied", ["artifact:ListCustomerAgreements",
                                    "organizations:DescribeOrganization"])  # fmt: skip
def test_an_agreement_is_unknown_where_either_side_is_denied(denied: str) -> None:
    replies = {
        "artifact:ListCustomerAgreements": LISTED,
        "organizations:DescribeOrganization": DESCRIBED,
    } | {denied: refuse("AccessDeniedException")}

    result = judged(*replies.values())

    assert result.outcome == "unknown"
    assert f"AccessDeniedException; missing permission {denied}" in result.reason
