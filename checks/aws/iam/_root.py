"""The root user."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from checks.aws.iam._credentials import CredentialReportUser, day
from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Resource, at
from collector.source import Aws


class AccountSummary(Resource):
    """What IAM counts in the account. 1 and 0 stand for yes and no where it tells of root."""

    source = Aws(
        service="iam",
        operation="GetAccountSummary",
        permission="iam:GetAccountSummary",
        regions="home",
    )
    root_mfa: int = at("SummaryMap.AccountMFAEnabled")
    root_access_keys: int = at("SummaryMap.AccountAccessKeysPresent")
    root_certificates: int = at("SummaryMap.AccountSigningCertificatesPresent")
    root_password: int | None = at("SummaryMap.AccountPasswordPresent", default=None)

    @property
    def has_no_root_credentials(self) -> bool:
        """Whether root has neither password nor access key nor signing certificate."""
        held = (self.root_password, self.root_access_keys, self.root_certificates)
        return held == (0, 0, 0)


class VirtualMfaDevice(Resource):
    """A virtual MFA device that is assigned to somebody."""

    source = Aws(
        service="iam",
        operation="ListVirtualMFADevices",
        permission="iam:ListVirtualMFADevices",
        items="VirtualMFADevices",
        constants={"AssignmentStatus": "Assigned"},
        regions="home",
    )
    id: str = at("SerialNumber")
    # Left out in old accounts, for root's device alone.
    holder: str | None = at("User.Arn", default=None)

    @property
    def is_of_root(self) -> bool:
        """Whether it is the root user's. Its name says nothing: root's may have any."""
        return self.holder is None or self.holder.endswith(":root")


@check(control="mfa", severity="critical")
def root_mfa(account: AccountSummary) -> Verdict:
    """The root user has MFA, or no credentials at all.

    Passes: root has an MFA device; or it has no password, no access key and no signing certificate,
        as in member accounts whose root credentials an organisation has removed.
    Fails: anything else. That an organisation manages root credentials centrally does not remove
        those that are there, so it does not pass by itself.
    Says nothing of a root without a password that could have one set through the account's e-mail
    address; whoever manages root credentials centrally prevents that.
    Remediation: register an MFA device for root, or remove root's credentials centrally.
    """
    if account.root_mfa == 1:
        return passed("the root user has MFA")
    if account.has_no_root_credentials:
        return passed("the root user has no credentials")
    return failed("the root user has no MFA")


@check(control="root-account", severity="critical")
def root_no_access_keys(account: AccountSummary) -> Verdict:
    """The root user has no access keys.

    Passes: it has none, be it active or not.
    Fails: it has one.
    Remediation: delete root's access keys, and give programs roles.
    """
    if account.root_access_keys == 0:
        return passed("the root user has no access keys")
    return failed("the root user has access keys")


@check(control="mfa", severity="medium")
def root_hardware_mfa(account: AccountSummary, devices: Sequence[VirtualMfaDevice]) -> Verdict:
    """The root user's MFA is a security key, a passkey or another device, not a virtual one.

    Passes: root has MFA and none of the account's virtual devices is root's; or root has no
        credentials, as in member accounts whose root credentials an organisation has removed.
    Fails: root has no MFA, or a virtual device, be it one of several: the weakest is what somebody
        who attacks will ask for. A virtual device for which IAM names no holder counts as root's.
    A passkey that a password manager keeps in step among machines is told apart from a security key
    by no API, and passes.
    Remediation: register a security key for root, then remove the virtual device.
    """
    if account.has_no_root_credentials and account.root_mfa == 0:
        return passed("the root user has no credentials")
    virtual = sorted(device.id for device in devices if device.is_of_root)
    if virtual:
        return failed(f"the root user has a virtual MFA device: {listed(virtual)}")
    if account.root_mfa == 1:
        return passed("the root user has MFA, and no virtual device")
    return failed("the root user has no MFA")


@check(control="root-account", severity="high")
def root_not_used(
    report: Sequence[CredentialReportUser], *, window_days: int = 30, now: datetime
) -> Verdict:
    """The root user is not used for daily work.

    Passes: nobody signed in as root, and neither of its access keys signed a request, within
        `window_days` days, by the credential report.
    Fails: somebody did, or the report does not tell of root.
    The report is up to four hours old. Says nothing of sessions of root that an organisation's
    management account takes in a member account, which leave root's own credentials unused.
    Remediation: give the work to roles, keep root for the few tasks that nobody else may do, and
        record each use as an exception.
    """
    roots = [row for row in report if row.is_root]
    if not roots:
        return failed("the credential report does not tell of the root user")
    used = [
        (name, moment)
        for root in roots
        for name, moment in (
            ("its password", root.password_last_used),
            ("access key 1", root.key_1_last_used),
            ("access key 2", root.key_2_last_used),
        )
    ]
    if untold := [name for name, moment in used if moment == "not_supported"]:
        return failed(f"the credential report does not tell when {listed(untold)} was used")
    recent = [
        f"{name} on {day(moment)}"
        for name, moment in used
        if isinstance(moment, datetime) and now - moment <= timedelta(days=window_days)
    ]
    if recent:
        return failed(f"the root user used {listed(recent)}")
    return passed(f"the root user was not used within {window_days} days")
