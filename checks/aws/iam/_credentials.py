"""Credentials of users, by the credential report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime

from checks.aws.iam._entities import SETTLES_IN, KnownUser
from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Resource, Roll, at
from collector.source import Aws

Flag = Literal["true", "false"]
Moment = AwareDatetime | Literal["N/A", "no_information", "not_supported"]
"""A time in the credential report, or why there is none: not applicable; never used, or not since
IAM keeps track; not told for this user."""


REPORT = Aws(
    service="iam",
    operation="GetCredentialReport",
    permission=("iam:GenerateCredentialReport", "iam:GetCredentialReport"),
    items="Content",
    report=True,
    regions="home",
)
"""The credential report, up to four hours old.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html"""

EVERY_USER = (Roll(of=KnownUser, settles_in=timedelta(hours=4) + SETTLES_IN),)
"""The report must have every user that was there when it was made."""


class CredentialReportUser(Resource):
    """A row of the credential report: the root user or an IAM user."""

    source = REPORT
    reconciled = EVERY_USER
    id: str = at("arn")
    user: str = at("user")
    created: AwareDatetime = at("user_creation_time")
    password_enabled: Literal["true", "false", "not_supported"] = at("password_enabled")
    password_last_used: Moment = at("password_last_used")
    password_last_changed: Moment = at("password_last_changed")
    mfa_active: Flag = at("mfa_active")
    key_1_active: Flag = at("access_key_1_active")
    key_1_last_rotated: Moment = at("access_key_1_last_rotated")
    key_1_last_used: Moment = at("access_key_1_last_used_date")
    key_2_active: Flag = at("access_key_2_active")
    key_2_last_rotated: Moment = at("access_key_2_last_rotated")
    key_2_last_used: Moment = at("access_key_2_last_used_date")

    @property
    def is_root(self) -> bool:
        """Whether it is the row of the root user."""
        return self.user == "<root_account>"

    @property
    def active_keys(self) -> Iterator[tuple[str, Moment, Moment]]:
        """Name, last rotation and last use of each access key that can be used."""
        if self.key_1_active == "true":
            yield "access key 1", self.key_1_last_rotated, self.key_1_last_used
        if self.key_2_active == "true":
            yield "access key 2", self.key_2_last_rotated, self.key_2_last_used


@check(control="mfa", severity="high")
def console_users_mfa(user: CredentialReportUser) -> Verdict:
    """IAM users with a console password have MFA.

    Passes: the user has a password and an MFA device.
    Fails: the user has a password and no MFA device, or the report does not tell of a password.
    Not judged: users without a password, and root, which `aws.iam.root_mfa` judges. Says nothing of
    people who sign in through IAM Identity Center or another identity provider.
    Remediation: register an MFA device for the user, or remove the password.
    """
    if user.is_root:
        return not_applicable("the root user is judged by aws.iam.root_mfa")
    match user.password_enabled:
        case "false":
            return not_applicable("no console password")
        case "not_supported":
            return failed("the report does not tell whether there is a console password")
        case "true" if user.mfa_active == "true":
            return passed("console password and MFA")
        case "true":
            return failed("console password without MFA")


@check(control="credential-rotation", severity="medium")
def access_key_age(user: CredentialReportUser, *, max_age_days: int = 90, now: datetime) -> Verdict:
    """Access keys are replaced in time.

    Passes: every active key of the user, or of root, was made within `max_age_days` days.
    Fails: an active key is older, or the report does not tell when it was made.
    Not judged: users without an active key.
    Remediation: make a second key, move the programs to it, then delete the first; better, use
        roles instead of keys.
    """
    keys = list(user.active_keys)
    if not keys:
        return not_applicable("no active access key")
    old = []
    for name, rotated, _ in keys:
        if not isinstance(rotated, datetime):
            old.append(f"{name} is active and the report does not tell since when")
        elif now - rotated > timedelta(days=max_age_days):
            old.append(f"{name} was last rotated {day(rotated)}")
    if old:
        return failed("; ".join(old))
    return passed(f"every active access key was rotated within {max_age_days} days")


@check(control="unused-credentials", severity="medium")
def unused_credentials(
    user: CredentialReportUser, *, max_unused_days: int = 90, now: datetime
) -> Verdict:
    """Credentials that nobody uses are disabled.

    Passes: the console password and every active key of the user were used within
        `max_unused_days` days. What was never used counts from the day it was set, or where the
        report does not tell that, from the day the user was created.
    Fails: one of them was not.
    Not judged: users with neither a password nor an active key; root's password, which should be
        unused: `root_mfa` judges whether it is guarded or removed. Root's keys are judged.
    Remediation: remove the password or deactivate the key.
    """
    held = [(name, used, rotated) for name, rotated, used in user.active_keys]
    if user.password_enabled == "true" and not user.is_root:
        held.append(("password", user.password_last_used, user.password_last_changed))
    if not held:
        return not_applicable("no console password and no active access key")
    stale = []
    for name, used, since in held:
        if isinstance(used, datetime):
            last, phrase = used, f"{name} was last used {day(used)}"
        else:
            last = since if isinstance(since, datetime) else user.created
            phrase = f"{name} is there since {day(last)} and has no recorded use"
        if now - last > timedelta(days=max_unused_days):
            stale.append(phrase)
    if stale:
        return failed("; ".join(sorted(stale)))
    return passed(f"no credential was unused for more than {max_unused_days} days")


def day(moment: datetime) -> str:
    """A day as reasons name it."""
    return f"{moment:%Y-%m-%d}"
