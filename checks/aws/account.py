"""The AWS account itself: whom AWS tells what."""

from typing import Literal

from collector.check import Verdict, check, failed, passed
from collector.resource import Resource, at
from collector.source import Aws


class SecurityContact(Resource):
    """The alternate contact for security matters. What it says is personal and is not kept."""

    source = Aws(
        service="account",
        operation="GetAlternateContact",
        permission="account:GetAlternateContact",
        constants={"AlternateContactType": "SECURITY"},
        absent=("ResourceNotFoundException",),
        regions="home",
    )
    kind: Literal["BILLING", "OPERATIONS", "SECURITY"] | None = at(
        "AlternateContact.AlternateContactType", absent=None
    )
    email: str | None = at("AlternateContact.EmailAddress", absent=None)
    phone: str | None = at("AlternateContact.PhoneNumber", absent=None)


@check(control="security-contacts", severity="medium")
def security_contact(contact: SecurityContact) -> Verdict:
    """AWS knows whom to tell of a security matter.

    Passes: the account has an alternate contact for security, with an e-mail address and a phone
        number.
    Fails: it has none. AWS then writes to the root user's address alone.
    Says nothing of who reads the mail: only that there is an address is kept, not which. A contact
    of the organisation's management account does not stand in for its members.
    Remediation: set the security contact to a shared address that people on call read.
    """
    if contact.kind is None:
        return failed("no security contact")
    if contact.kind != "SECURITY":
        return failed(f"the contact that AWS gives is for {contact.kind}")
    if missing := [
        name
        for name, value in (("e-mail address", contact.email), ("phone number", contact.phone))
        if not (value or "").strip()
    ]:
        return failed(f"the security contact has no {' and no '.join(missing)}")
    return passed("a security contact is set")
