"""Microsoft Entra ID: how people sign in."""

from collections.abc import Mapping, Sequence
from typing import Literal, Self

from pydantic import model_validator

from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Part, Resource, at
from collector.source import Graph

SYNCHRONIZATION_ROLES = frozenset(
    {"a92aed5d-d78a-4d16-b381-09adb37eb3b0", "d29b2b05-8046-44ba-8758-1e26182fcf32"}
)
"""Roles of the programs that synchronize an on-premises directory, which cannot use MFA and which
Microsoft has every policy exclude.
https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference"""

MFA_STRENGTHS = frozenset(f"00000000-0000-0000-0000-{n:012}" for n in (2, 3, 4))
"""The built-in authentication strengths, which all satisfy MFA: multifactor, passwordless,
phishing-resistant. https://learn.microsoft.com/entra/identity/authentication/concept-authentication-strengths"""

CLIENT_TYPES = frozenset({"browser", "exchangeActiveSync", "mobileAppsAndDesktopClients", "other"})
"""What `all` stands for. The last is protocols of old, which know no second factor, so that a
policy that demands one turns them away."""

STATED = frozenset({"locations", "platforms", "signInRiskLevels", "userRiskLevels"})
"""Conditions that Graph writes in every policy, null or empty where there is none. An answer that
leaves one out is not whole."""


class AuthenticationStrength(Part):
    """Combinations of methods that a policy demands."""

    id: str = at("id")
    satisfies: str | None = at("requirementsSatisfied", default=None)
    """`mfa` where Entra takes each of the combinations for MFA."""

    @property
    def is_mfa(self) -> bool:
        """Whether whoever meets it has used two factors."""
        return self.id in MFA_STRENGTHS or self.satisfies == "mfa"


class GrantControls(Part):
    """What a policy demands before it grants access."""

    operator: Literal["AND", "OR"] | None = at("operator", default=None)
    # Texts, not an enum: what is not known here is only ever something else than MFA.
    built_in: tuple[str, ...] = at("builtInControls")
    custom: tuple[str, ...] = at("customAuthenticationFactors")
    terms: tuple[str, ...] = at("termsOfUse")
    strength: AuthenticationStrength | None = at("authenticationStrength", default=None)

    @property
    def require_mfa(self) -> bool:
        """Whether nobody gets by without MFA: all of the controls are required, or each is MFA."""
        each = [control == "mfa" for control in self.built_in]
        each += [False for _ in (*self.custom, *self.terms)]
        each += [self.strength.is_mfa] if self.strength is not None else []
        return any(each) if self.operator == "AND" else bool(each) and all(each)


class Users(Part):
    """Whom a policy is for."""

    included: tuple[str, ...] = at("includeUsers")
    excluded_users: tuple[str, ...] = at("excludeUsers")
    excluded_groups: tuple[str, ...] = at("excludeGroups")
    excluded_roles: tuple[str, ...] = at("excludeRoles")
    excluded_guests: Mapping[str, object] | None = at("excludeGuestsOrExternalUsers", default=None)
    stated: Mapping[str, object] = at("")
    """All of it, for exclusions of a kind that is not known here."""

    @property
    def shortfall(self) -> str | None:
        """In which way it is not for all users but single ones and groups."""
        if "All" not in self.included:
            return "not for all users"
        if not SYNCHRONIZATION_ROLES.issuperset(map(str.lower, self.excluded_roles)):
            return "excludes roles"
        if "GuestsOrExternalUsers" in self.excluded_users:
            return "excludes guests"
        judged = ("excludeGroups", "excludeRoles", "excludeUsers")
        rest = {k: v for k, v in self.stated.items() if k.startswith("exclude")}
        further = [name for name in _narrowing(rest) if name not in judged]
        return f"has {listed(further)}" if further else None


class Applications(Part):
    """What a policy protects."""

    included: tuple[str, ...] = at("includeApplications")
    excluded: tuple[str, ...] = at("excludeApplications")
    actions: tuple[str, ...] = at("includeUserActions")
    stated: Mapping[str, object] = at("")

    @property
    def are_all(self) -> bool:
        """Whether no app is left out, by name, by a filter or for an action of the user."""
        rest = [name for name in _narrowing(self.stated) if name != "includeApplications"]
        return "All" in self.included and not rest


class ConditionalAccessPolicy(Resource):
    """A Conditional Access policy."""

    source = Graph(
        path="/identity/conditionalAccess/policies",
        permission="Policy.Read.All",
        items="value",
    )
    id: str = at("id")
    name: str = at("displayName")
    state: Literal["disabled", "enabled", "enabledForReportingButNotEnforced"] = at("state")
    grant: GrantControls | None = at("grantControls", default=None)
    """None in a policy about sessions alone."""
    users: Users | None = at("conditions.users", default=None)
    """None in a policy for programs."""
    applications: Applications | None = at("conditions.applications", default=None)
    client_types: tuple[str, ...] = at("conditions.clientAppTypes")
    locations: Mapping[str, object] | None = at("conditions.locations", default=None)
    platforms: Mapping[str, object] | None = at("conditions.platforms", default=None)
    sign_in_risks: tuple[str, ...] | None = at("conditions.signInRiskLevels", default=None)
    user_risks: tuple[str, ...] | None = at("conditions.userRiskLevels", default=None)
    conditions: Mapping[str, object] = at("conditions")
    """All of them, for conditions of a kind that is not known here."""

    @model_validator(mode="after")
    def _states_conditions(self) -> Self:
        if not STATED.issubset(self.conditions):
            raise ValueError("a condition is neither stated nor null")
        return self

    @property
    def requires_mfa(self) -> bool:
        """Whether it demands MFA of those it is for."""
        return self.grant is not None and self.grant.require_mfa

    @property
    def shortfall(self) -> str | None:
        """The first reason why it is not in force for all users, apps and situations; or None."""
        if self.state == "enabledForReportingButNotEnforced":
            return "report-only"
        if self.state == "disabled":
            return "disabled"
        if self.users is None:
            return "not for users"
        if self.users.shortfall is not None:
            return self.users.shortfall
        if self.applications is None or not self.applications.are_all:
            return "not for all apps"
        if "all" not in self.client_types and not CLIENT_TYPES.issubset(self.client_types):
            return "not for all kinds of client"
        judged = ("applications", "clientAppTypes", "users")
        further = [name for name in _narrowing(self.conditions) if name not in judged]
        return f"only under conditions on {listed(further)}" if further else None

    @property
    def exclusions(self) -> tuple[str, ...]:
        """Ids of the single users and groups that it is not for."""
        if self.users is None:
            return ()
        return tuple(sorted((*self.users.excluded_users, *self.users.excluded_groups)))


class SecurityDefaults(Resource):
    """Microsoft's own baseline for a directory, which is on or off as a whole."""

    source = Graph(
        path="/policies/identitySecurityDefaultsEnforcementPolicy",
        permission="Policy.Read.All",
    )
    is_enabled: bool = at("isEnabled")


@check(control="mfa", severity="critical")
def mfa_all_users(
    policies: Sequence[ConditionalAccessPolicy],
    defaults: SecurityDefaults,
    *,
    max_exclusions: int = 5,
) -> Verdict:
    """Everyone who signs in to the directory must use multi-factor authentication.

    Passes: security defaults are on; or one Conditional Access policy is on (not report-only), is
        for all users, all apps and all kinds of client, has no further condition (place, platform,
        device, risk), and demands MFA: as the only control, as one of several that are all
        required, or as an authentication strength that satisfies MFA. It may exclude up to
        `max_exclusions` single users and groups, such as accounts for emergencies, which the result
        names, and the roles of directory synchronization.
    Fails: there is no such policy. Excluding other roles, guests or an app, a control that can be
        met instead of MFA, or two policies that only together are for all, are not enough.
    Says nothing of who is in an excluded group, of service principals and managed identities, which
    no such policy covers, and of whether each user has registered a second factor. Security
    defaults ask users who are not administrators for it when Microsoft deems it necessary.
    Remediation: turn on a policy that requires MFA of all users for all resources; exclude no more
        than the accounts for emergencies.
    """
    if defaults.is_enabled:
        return passed("security defaults are on")
    requiring = sorted((p for p in policies if p.requires_mfa), key=lambda p: (p.name, p.id))
    whole = sorted((p for p in requiring if p.shortfall is None), key=lambda p: len(p.exclusions))
    if not whole:
        faults = [f"{p.name}: {p.shortfall}" for p in requiring]
        said = f" ({listed(faults, '; ')})" if faults else ""
        return failed(f"security defaults are off, and no policy requires MFA of everyone{said}")
    best = whole[0]
    if len(best.exclusions) > max_exclusions:
        return failed(
            f"policy {best.name} excludes {len(best.exclusions)} users and groups, more than"
            f" {max_exclusions}: {listed(best.exclusions)}"
        )
    excluding = f", excluding {listed(best.exclusions)}" if best.exclusions else ""
    return passed(f"policy {best.name} requires MFA of all users for all apps{excluding}")


def _narrowing(stated: Mapping[str, object]) -> list[str]:
    """Names of the conditions that are set, sorted: not null, not empty, and not for all cases."""
    return sorted(name for name, value in stated.items() if not _is_open(name, value))


def _is_open(name: str, value: object) -> bool:
    match value:
        case None | "":
            return True
        case list():
            return not value or (name.startswith("include") and value in (["All"], ["all"]))
        case Mapping():
            # Places and platforms: all of them included, and none excluded, both in so many words.
            kinds = {key[: len("include")] for key in value}
            return kinds == {"include", "exclude"} and not _narrowing(value)
        case _:
            # A remark of the protocol, such as `authenticationStrength@odata.context`.
            return "@" in name
