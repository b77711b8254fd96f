"""AWS IAM: the root user, users' credentials, policies and roles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, StringConstraints

from checks.aws.policy import IdentityPolicyDocument, PolicyDocument
from checks.aws.trust import trusted, weaknesses
from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Part, Resource, at
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


class PasswordPolicy(Resource):
    """Rules for the passwords of IAM users. Without any, IAM's own weaker ones apply."""

    source = Aws(
        service="iam",
        operation="GetAccountPasswordPolicy",
        permission="iam:GetAccountPasswordPolicy",
        absent=("NoSuchEntity",),
        regions="home",
    )
    min_length: int | None = at("PasswordPolicy.MinimumPasswordLength", absent=None)
    require_lowercase: bool = at("PasswordPolicy.RequireLowercaseCharacters", absent=False)
    require_uppercase: bool = at("PasswordPolicy.RequireUppercaseCharacters", absent=False)
    require_numbers: bool = at("PasswordPolicy.RequireNumbers", absent=False)
    require_symbols: bool = at("PasswordPolicy.RequireSymbols", absent=False)
    # Left out where former passwords are not refused.
    reuse_prevention: int = at("PasswordPolicy.PasswordReusePrevention", default=0)


Flag = Literal["true", "false"]
Moment = AwareDatetime | Literal["N/A", "no_information", "not_supported"]
"""A time in the credential report, or why there is none: not applicable; never used, or not since
IAM keeps track; not told for this user."""


class CredentialReportUser(Resource):
    """A row of the credential report: the root user or an IAM user. Up to four hours old.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
    """

    source = Aws(
        service="iam",
        operation="GetCredentialReport",
        permission=("iam:GenerateCredentialReport", "iam:GetCredentialReport"),
        items="Content",
        report=True,
        regions="home",
    )
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


def _details(items: str) -> Aws:
    """One listing of all that IAM holds but AWS's own policies, read once for its four lists."""
    return Aws(
        service="iam",
        operation="GetAccountAuthorizationDetails",
        permission="iam:GetAccountAuthorizationDetails",
        items=items,
        constants={"Filter": ["User", "Group", "Role", "LocalManagedPolicy"]},
        regions="home",
    )


Arn = Annotated[str, StringConstraints(pattern=r"^arn:[^:]+:iam::\d{12}:")]
"""Full name of something in the account itself."""


class InlinePolicy(Part):
    """A policy that is part of the user, group or role it is for."""

    name: str = at("PolicyName")
    document: IdentityPolicyDocument = at("PolicyDocument")


class User(Resource):
    """An IAM user and its inline policies."""

    source = _details("UserDetailList")
    id: Arn = at("Arn")
    # IAM leaves the list out where it is empty, for users only.
    inline: tuple[InlinePolicy, ...] = at("UserPolicyList", default=())


class Group(Resource):
    """A group of IAM users and its inline policies."""

    source = _details("GroupDetailList")
    id: Arn = at("Arn")
    inline: tuple[InlinePolicy, ...] = at("GroupPolicyList")


class Role(Resource):
    """A role: who may assume it, its inline policies, and when it was last used.

    IAM tells of no use that is longer ago than 400 days.
    """

    source = _details("RoleDetailList")
    id: Arn = at("Arn")
    path: str = at("Path")
    created: datetime = at("CreateDate")
    trust: PolicyDocument = at("AssumeRolePolicyDocument")
    inline: tuple[InlinePolicy, ...] = at("RolePolicyList")
    last_used: datetime | None = at("RoleLastUsed.LastUsedDate", default=None)


class PolicyVersion(Part):
    """A version of a managed policy; the default one is in force."""

    is_default: bool = at("IsDefaultVersion")
    document: IdentityPolicyDocument = at("Document")


def _with_one_default(versions: tuple[PolicyVersion, ...]) -> tuple[PolicyVersion, ...]:
    if [version.is_default for version in versions].count(True) != 1:
        raise ValueError("a policy has one default version")
    return versions


class ManagedPolicy(Resource):
    """A customer-managed policy, and to how many users, groups and roles it is attached."""

    source = _details("Policies")
    id: Arn = at("Arn")
    attachments: int = at("AttachmentCount")
    versions: Annotated[tuple[PolicyVersion, ...], AfterValidator(_with_one_default)] = at(
        "PolicyVersionList"
    )


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
    held = (account.root_password, account.root_access_keys, account.root_certificates)
    if held == (0, 0, 0):
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
            old.append(f"{name} was last rotated {_day(rotated)}")
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
            last, phrase = used, f"{name} was last used {_day(used)}"
        else:
            last = since if isinstance(since, datetime) else user.created
            phrase = f"{name} is there since {_day(last)} and has no recorded use"
        if now - last > timedelta(days=max_unused_days):
            stale.append(phrase)
    if stale:
        return failed("; ".join(sorted(stale)))
    return passed(f"no credential was unused for more than {max_unused_days} days")


@check(control="password-policy", severity="medium")
def password_policy(
    policy: PasswordPolicy, *, min_length: int = 14, reuse_prevention: int = 24
) -> Verdict:
    """The password policy asks for long, mixed passwords that were not used before.

    Passes: the policy asks for at least `min_length` characters, of all four classes (lower case,
        upper case, numbers, symbols), and refuses at least the last `reuse_prevention` passwords.
    Fails: one of these is missing, or there is no policy. IAM's own rules then apply, which ask for
        8 characters.
    Judged also where no IAM user has a password: the policy is what the next one falls under. Says
    nothing of passwords set before the policy.
    Remediation: set the account password policy.
    """
    if policy.min_length is None:
        return failed("no password policy")
    wanting = []
    if policy.min_length < min_length:
        wanting.append(f"asks for {policy.min_length} characters, not {min_length}")
    classes = {
        "lower case": policy.require_lowercase,
        "upper case": policy.require_uppercase,
        "numbers": policy.require_numbers,
        "symbols": policy.require_symbols,
    }
    if missing := [name for name, is_required in classes.items() if not is_required]:
        wanting.append(f"does not ask for {', '.join(missing)}")
    if policy.reuse_prevention < reuse_prevention:
        wanting.append(
            f"refuses {policy.reuse_prevention} former passwords, not {reuse_prevention}"
        )
    if wanting:
        return failed("; ".join(wanting))
    return passed(
        f"asks for {policy.min_length} characters of all classes and refuses"
        f" {policy.reuse_prevention} former passwords"
    )


@check(control="least-privilege", severity="high")
def no_admin_policies(holder: ManagedPolicy | User | Group | Role) -> Verdict:
    """No policy of the customer's own grants everything.

    Judged are customer-managed policies that are attached to something, in their default version,
    and the inline policies of users, groups and roles.

    Passes: no statement allows every action on every resource.
    Fails: a statement does. One that allows all but some (`NotAction`, `NotResource`) counts as
        such unless it keeps out all of IAM, since through IAM its holder can give itself the rest.
        Neither a condition, nor a denial, nor a permissions boundary excuses it.
    Says nothing of policies that AWS manages, such as AdministratorAccess, of several narrower
    patterns that together come to everything, and of lesser rights that can be turned into it.
    Remediation: allow what the work needs, found for instance by IAM Access Analyzer.
    """
    if isinstance(holder, ManagedPolicy):
        if holder.attachments == 0:
            return not_applicable("attached to nothing")
        documents = [("", v.document) for v in holder.versions if v.is_default]
    else:
        documents = [(f"inline policy {p.name} ", p.document) for p in holder.inline]
        if not documents:
            return not_applicable("no inline policies")
    partition = holder.id.split(":")[1]
    found = [(name, each.grants_everything(partition)) for name, each in documents]
    granting = [f"{name}{phrase}" for name, phrase in found if phrase is not None]
    if granting:
        return failed(listed(sorted(granting), "; "))
    return passed("no statement allows every action on every resource")


@check(control="access-inventory", severity="medium")
def role_inventory(
    role: Role, *, trusted_accounts: tuple[str, ...] = (), max_unused_days: int = 90, now: datetime
) -> Verdict:
    """Every role is known with those who may assume it, and none is open or forgotten.

    The results are the population for an access review: one a role, with the principals it trusts.

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
    is_service_linked = role.path.startswith("/aws-service-role/")
    if now - last > timedelta(days=max_unused_days) and not is_service_linked:
        created = f"no recorded use, created {_day(role.created)}"
        found.append(f"last used {_day(last)}" if role.last_used else created)
    inventory = f"trusted: {listed(trusted(role.trust)) or 'nobody'}"
    if found:
        return failed(f"{listed(found, '; ')}; {inventory}")
    return passed(inventory)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
