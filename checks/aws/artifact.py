"""AWS Artifact: agreements with AWS."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from checks.aws.vpc import Caller
from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Resource, at
from collector.source import Aws

NAMES = ("business associate addendum", "business associate agreement")
"""What a business associate agreement is called, in small letters."""


class CustomerAgreement(Resource):
    """An agreement that was accepted for the account, or for its organization.

    The API says of no field that it is always there. Those by which an agreement is found are
    demanded; where one of the others is left out, the agreement does not count.
    """

    source = Aws(
        service="artifact",
        operation="ListCustomerAgreements",
        permission="artifact:ListCustomerAgreements",
        items="customerAgreements",
        regions="home",
        # The wording of contracts is the parties' own and no evidence of their state.
        sensitive=(
            "customerAgreements.acceptanceTerms",
            "customerAgreements.description",
            "customerAgreements.terminateTerms",
        ),
    )
    id: str = at("arn")
    name: str = at("name")
    state: Literal["ACTIVE", "CUSTOMER_TERMINATED", "AWS_TERMINATED"] = at("state")
    account: str | None = at("awsAccountId", default=None)
    organization: str | None = at("organizationArn", default=None)
    """ARN of the organization, if it was accepted for one."""
    effective_start: datetime | None = at("effectiveStart", default=None)
    effective_end: datetime | None = at("effectiveEnd", default=None)
    """When it was terminated; left out while it is not."""


class Organization(Resource):
    """The organization that the account belongs to."""

    source = Aws(
        service="organizations",
        operation="DescribeOrganization",
        permission="organizations:DescribeOrganization",
        regions="home",
        absent=("AWSOrganizationsNotInUseException",),
    )
    arn: str | None = at("Organization.Arn", absent=None)
    """None: the account belongs to none."""


@check(control="provider-agreement", severity="critical")
def baa_active(
    agreements: Sequence[CustomerAgreement],
    caller: Caller,
    organization: Organization,
    *,
    now: datetime,
) -> Verdict:
    """A business associate addendum with AWS is in force for the account.

    Passes: AWS Artifact lists an agreement named a business associate addendum or agreement that is
    active, took effect, was not terminated, and was accepted by this account or for the
    organization that it belongs to today.
    Fails: there is none, or it was terminated, has not taken effect, or belongs to another account
    or to an organization that the account is no longer in.

    Says nothing of the terms, which stay out of the evidence, nor of the services that it covers.
    An agreement that was signed outside of Artifact is not seen: attest it, and except this check.
    Judges every account, since what one holds is not visible here; except accounts that hold no
    protected health information.

    Remediation: accept the AWS Business Associate Addendum in AWS Artifact, under Agreements: for
    the account, or in the management account for the organization.
    """
    named = sorted(
        (a for a in agreements if any(name in a.name.lower() for name in NAMES)),
        key=lambda agreement: agreement.id,
    )
    if not named:
        return failed("AWS Artifact lists no business associate addendum")
    faults = []
    for agreement in named:
        fault = _fault(agreement, caller, organization, now)
        if fault is None:
            whom = "the organization" if agreement.organization is not None else "the account"
            assert agreement.effective_start is not None
            since = agreement.effective_start.date()
            return passed(f"{agreement.name} is active for {whom} since {since}")
        faults.append(f"{agreement.name} {fault}")
    return failed(listed(sorted(set(faults)), "; "))


def _fault(
    agreement: CustomerAgreement, caller: Caller, organization: Organization, now: datetime
) -> str | None:
    """Why an agreement does not count; None where it does."""
    match agreement.state:
        case "CUSTOMER_TERMINATED":
            return "was terminated by the customer"
        case "AWS_TERMINATED":
            return "was terminated by AWS"
        case "ACTIVE":
            pass
    if agreement.effective_end is not None:
        return f"has ended on {agreement.effective_end.date()}"
    if agreement.effective_start is None:
        return "does not say since when it is effective"
    if agreement.effective_start > now:
        return f"is not effective before {agreement.effective_start.date()}"
    if agreement.organization is not None:
        is_own = agreement.organization == organization.arn
        return None if is_own else "is of an organization that the account is not in"
    return None if agreement.account == caller.account else "is of another account"
