"""The AWS account itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from checks.aws.account import SecurityContact, security_contact
from tests.aws_told import Refused, told
from tests.cases import Case, read_aws, row


def contact(
    kind: str | None = "SECURITY", email: str | None = "[redacted]", phone: str | None = "+1"
) -> SecurityContact:
    return SecurityContact.model_validate({"kind": kind, "email": email, "phone": phone})


CASES = [
    row(security_contact, contact(), outcome="pass", reason="a security contact is set"),
    row(security_contact, contact(None, None, None), outcome="fail",
        reason="no security contact"),
    row(security_contact, contact(email=" "), outcome="fail",
        reason="the security contact has no e-mail address"),
    row(security_contact, contact(email=None, phone=""), outcome="fail",
        reason="the security contact has no e-mail address and no phone number"),
    row(security_contact, contact(kind="BILLING"), outcome="fail",
        reason="the contact that AWS gives is for BILLING"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_the_contact_is_read_and_what_is_personal_is_not_kept() -> None:
    answer = {"Name": "On call", "Title": "Head", "EmailAddress": "security@example.com",
              "PhoneNumber": "+1 555 0100", "AlternateContactType": "SECURITY"}  # fmt: skip

    reads = read_aws(
        told({"account:GetAlternateContact": {"AlternateContact": answer}}), security_contact
    )

    assert [o.resource for o in reads[SecurityContact]] == [
        contact(email="[redacted]", phone="[redacted]")
    ]
    assert b"example.com" not in b"".join(a.body() or b"" for _, a in reads.answers)


def test_an_account_without_a_contact_is_read_as_such() -> None:
    def none(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        raise Refused("ResourceNotFoundException", "no contact")

    reads = read_aws(told({"account:GetAlternateContact": none}), security_contact)

    assert [o.resource for o in reads[SecurityContact]] == [contact(None, None, None)]
    assert reads[SecurityContact].unread == ()
