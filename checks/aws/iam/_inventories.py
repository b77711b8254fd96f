"""Populations for access reviews: every role, user and access key, one result each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from checks.aws.iam._credentials import EVERY_USER, REPORT, CredentialReportUser, Flag, Moment, day
from checks.aws.iam._entities import Role, User
from checks.aws.trust import trusted, weaknesses
from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Resource, at


class FirstAccessKey(Resource):
    """The first access key of root or a user, by the credential report."""

    source = REPORT
    reconciled = EVERY_USER
    full_name = "{id}#access_key_1"
    id: str = at("arn")
    active: Flag = at("access_key_1_active")
    rotated: Moment = at("access_key_1_last_rotated")
    used: Moment = at("access_key_1_last_used_date")


class SecondAccessKey(Resource):
    """The second access key of root or a user, by the credential report."""

    source = REPORT
    reconciled = EVERY_USER
    full_name = "{id}#access_key_2"
    id: str = at("arn")
    active: Flag = at("access_key_2_active")
    rotated: Moment = at("access_key_2_last_rotated")
    used: Moment = at("access_key_2_last_used_date")


@check(control="access-inventory", severity="medium")
def role_inventory(
    role: Role, *, trusted_accounts: tuple[str, ...] = (), max_unused_days: int = 90, now: datetime
) -> Verdict:
    """Every role is known with those who may assume it, and none is open or forgotten.

    The results are the population for an access review: one a role, with the principals it trusts,
    reconciled with what IAM counts.

    Passes: the role trusts services, principals of its own account and of `trusted_accounts`,
        identity providers held to certain identities; others only with an external id or from a
        named organisation; and it was used, or created, within `max_unused_days` days.
    Fails: it trusts everyone, or another account without an external id, or every identity of an
        identity provider; or it was not used. Service-linked roles need no use: AWS makes them and
        holds them to one service.
    A denial in the trust policy is not weighed against what it allows. Whether an organisation that
    a condition names is one's own is not known here. Says nothing of what a role may do.
    Remediation: name the principals, ask third parties for an external id, set `trusted_accounts`
        to one's other accounts, delete roles that nobody uses.
    """
    found = weaknesses(role.trust, account=role.id.split(":")[4], known=trusted_accounts)
    last = role.last_used or role.created
    if now - last > timedelta(days=max_unused_days) and not role.is_service_linked:
        created = f"no recorded use, created {day(role.created)}"
        found.append(f"last used {day(last)}" if role.last_used else created)
    inventory = f"trusted: {listed(trusted(role.trust)) or 'nobody'}"
    if found:
        return failed(f"{listed(found, '; ')}; {inventory}")
    return passed(inventory)


@check(control="access-inventory", severity="medium")
def user_inventory(
    user: User,
    report: Sequence[CredentialReportUser],
    *,
    max_unused_days: int = 90,
    now: datetime,
) -> Verdict:
    """Every IAM user is known with its groups and credentials, and none is forgotten.

    The results are the population for an access review: one a user, with its groups, the policies
    it holds itself, and what it can sign in with. It is reconciled with what IAM counts.

    Passes: the user signed in or signed a request, or was created, within `max_unused_days` days.
    Fails: it did not, whether it has credentials or not: who needs none is to be deleted.
    Not among them is root, which has checks of its own, and who comes in by roles or IAM Identity
    Center. A user made after the credential report, which is up to four hours old, is listed
    without its credentials. The report does not tell of the use of certificates and of credentials
    for single services, such as Git. Says nothing of what the policies allow.
    Remediation: delete users that nobody needs; give people IAM Identity Center and programs roles.
    """
    row = next((row for row in report if row.id == user.id), None)
    inventory = "; ".join(
        (
            f"groups: {', '.join(sorted(user.groups)) or 'none'}",
            f"own policies: {', '.join(_policies_of(user)) or 'none'}",
            "not in the credential report yet" if row is None else _sign_in(row),
        )
    )
    moments = () if row is None else (
        row.password_last_used, row.key_1_last_used, row.key_2_last_used
    )  # fmt: skip
    uses = [moment for moment in moments if isinstance(moment, datetime)]
    if now - max([user.created, *uses]) <= timedelta(days=max_unused_days):
        return passed(inventory)
    idle = f"last used {day(max(uses))}" if uses else "no recorded use"
    return failed(f"{idle}, created {day(user.created)}; {inventory}")


@check(control="access-inventory", severity="medium")
def access_key_inventory(
    key: FirstAccessKey | SecondAccessKey, *, max_unused_days: int = 90, now: datetime
) -> Verdict:
    """Every access key is known with its holder and age, and none is forgotten.

    The results are the population for an access review: one a key, named by its holder, root's
    among them, and its number in the credential report, which does not give the keys' own ids. The
    report must have every user that IAM lists.

    Passes: the key signed a request, or was made, within `max_unused_days` days; or it is inactive.
    Fails: it did neither, or the report does not tell when it was made.
    Inactive keys are listed where the report still tells when they were made. Says nothing of
    whether the key is replaced in time, which `aws.iam.access_key_age` judges.
    Remediation: deactivate the key, then delete it; give programs roles.
    """
    made = key.rotated if isinstance(key.rotated, datetime) else None
    if key.active == "false":
        if made is None:
            return not_applicable("no such key")
        return passed(f"inactive, last rotated {day(made)}")
    if made is None:
        return failed("active, and the report does not tell since when")
    used = key.used if isinstance(key.used, datetime) else None
    if now - max(made, used or made) <= timedelta(days=max_unused_days):
        return passed(f"active, last rotated {day(made)}")
    idle = "no recorded use" if used is None else f"last used {day(used)}"
    return failed(f"active, last rotated {day(made)}, {idle}")


def _policies_of(user: User) -> list[str]:
    names = [policy.name for policy in user.attached]
    return sorted([*names, *(f"{policy.name} (inline)" for policy in user.inline)])


def _sign_in(row: CredentialReportUser) -> str:
    """What a user can sign in with, as the report tells it."""
    factor = "with MFA" if row.mfa_active == "true" else "without MFA"
    password = {
        "true": f"console password {factor}",
        "false": "no console password",
        "not_supported": "console password not told",
    }[row.password_enabled]
    return f"{password}; active access keys: {len(list(row.active_keys))}"
