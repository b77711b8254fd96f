"""A subscription in which every check of Azure passes something and fails something.

What a check says of the subscription or the directory as a whole, it can say only once: so there
are several subscriptions.
"""

from __future__ import annotations

from typing import Literal

from checks.azure.monitor import NEEDED
from collector.evidence.canonical import JSON
from tests.azure.answers import (
    READER,
    access_policy,
    diagnostic_setting,
    member,
    role_assignment,
    security_defaults,
    storage_account,
    strength,
    tagged,
)
from tests.azure.cloud import (
    DEFAULTS,
    DIAGNOSTICS,
    OBJECT_ID,
    POLICIES,
    RESOURCES,
    ROLES,
    STORAGE,
    Azure,
)

STRICT = {"azure.storage.encryption": {"require_cmk": True}}
"""Settings without which a check passes nearly whatever it is given."""

KEY: JSON = {"keyname": "phi", "keyvaulturi": "https://keys.vault.azure.net"}
ADMINS = "group-of-admins"


State = Literal["good", "bad", "worse"]
STATES: tuple[State, ...] = ("good", "bad", "worse")


def fill(azure: Azure, state: State) -> None:
    """Have answers at every path that checks read."""
    azure.put(STORAGE, _accounts())
    azure.put(RESOURCES, _tags())
    azure.put(f"/v1.0/groups/{ADMINS}/transitiveMembers", _members())
    azure.put(ROLES, _roles(state))
    azure.put(DIAGNOSTICS, _settings(state))
    azure.put(POLICIES, _policies(state))
    azure.put(DEFAULTS, security_defaults(enabled=False))


def _accounts() -> list[dict[str, JSON]]:
    encryption: JSON = {
        "keySource": "Microsoft.Keyvault",
        "keyvaultproperties": KEY,
        "requireInfrastructureEncryption": True,
        "services": {"blob": {"enabled": True}, "file": {"enabled": True}},
    }
    unencrypted: JSON = {
        "keySource": "Microsoft.Keyvault",
        "keyvaultproperties": KEY,
        "services": {"blob": {"enabled": False}, "file": {"enabled": True}},
    }
    return [
        storage_account("records", encryption=encryption),
        storage_account("plain", supportsHttpsTrafficOnly=False, encryption=unencrypted),
        storage_account("old", minimumTlsVersion="TLS1_0"),
        storage_account("oldest", minimumTlsVersion=None, encryption=None),
    ]


def _tags() -> list[dict[str, JSON]]:
    return [
        tagged("records", **{"data-classification": "phi"}),
        tagged("plain", owner="ann"),
        tagged("old", **{"data-classification": "internal"}),
        tagged("oldest"),
    ]


def _roles(state: str) -> list[dict[str, JSON]]:
    found = [
        role_assignment(OBJECT_ID, role=READER, type="ServicePrincipal"),
        role_assignment("ann"),
    ]
    if state != "worse":
        found.append(role_assignment(ADMINS, type="Group"))
    if state == "bad":
        found += [role_assignment("eve"), role_assignment("zoe")]
    return found


def _members() -> list[dict[str, JSON]]:
    return [member("bob"), member("ann"), member("laptop", "device")]


def _settings(state: str) -> list[dict[str, JSON]]:
    match state:
        case "good":
            return [
                diagnostic_setting("empty", workspaceId="/w"),
                diagnostic_setting("audit", *NEEDED, workspaceId="/w"),
            ]
        case "bad":
            return [
                diagnostic_setting("nowhere", *NEEDED),
                diagnostic_setting("half", *NEEDED[:2], storageAccountId="/s"),
            ]
    off: JSON = [{"category": c, "categoryGroup": None, "enabled": False} for c in NEEDED]
    group: JSON = [{"category": None, "categoryGroup": "allLogs", "enabled": False}]
    return [
        diagnostic_setting("off", workspaceId="/w", logs=off),
        diagnostic_setting("group", workspaceId="/w", logs=group),
    ]


def _policies(state: str) -> list[dict[str, JSON]]:
    """Of the bad ones, each lacks something else, and would be good without what it has."""
    if state == "good":
        return [access_policy("MFA"), access_policy("later", state="disabled")]
    if state == "worse":
        weak: JSON = strength("own", "password", satisfies="none")
        return [
            access_policy("weak", controls=(), grant={"authenticationStrength": weak}),
            access_policy("either", controls=("mfa", "compliantDevice")),
            access_policy("terms", grant={"termsOfUse": ["terms"]}),
            access_policy("factor", grant={"customAuthenticationFactors": ["duo"]}),
            access_policy("apps", applications={"excludeApplications": ["payroll"]}),
            access_policy("action", applications={"includeUserActions": ["urn:user:register"]}),
        ]
    guests: JSON = {"guestOrExternalUserTypes": "b2bCollaborationGuest"}
    places: JSON = {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}
    return [
        access_policy("roles", users={"excludeRoles": ["62e90394-69f5-4237-9190-012177145e10"]}),
        access_policy("guests", users={"excludeGuestsOrExternalUsers": guests}),
        access_policy("many", users={"excludeUsers": list("abcdef")}),
        access_policy("groups", users={"excludeGroups": list("abcdef")}),
        access_policy("places", conditions={"locations": places}),
        access_policy("risk", conditions={"signInRiskLevels": ["high"]}),
        access_policy("clients", conditions={"clientAppTypes": ["browser"]}),
        access_policy("report", state="enabledForReportingButNotEnforced"),
    ]
