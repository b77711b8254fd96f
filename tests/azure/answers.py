"""Items as the API references show them, with one thing changed at a time."""

from __future__ import annotations

from collections.abc import Mapping

from collector.evidence.canonical import JSON

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
SCOPE = f"/subscriptions/{SUBSCRIPTION}"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def storage_account(name: str, **properties: JSON) -> dict[str, JSON]:
    """A storage account with good settings; None leaves one out."""
    given: dict[str, JSON] = {
        "provisioningState": "Succeeded",
        "supportsHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_2",
        "encryption": {
            "keySource": "Microsoft.Storage",
            "services": {"blob": {"enabled": True, "keyType": "Account"}},
        },
        **properties,
    }
    kind = "Microsoft.Storage/storageAccounts"
    return {
        "id": f"{SCOPE}/resourceGroups/records/providers/{kind}/{name}",
        "name": name,
        "type": kind,
        "location": "westeurope",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS", "tier": "Standard"},
        "properties": {k: v for k, v in given.items() if v is not None},
    }


def tagged(name: str, **tags: str) -> dict[str, JSON]:
    """A storage account as the listing of all resources has it."""
    kind = "Microsoft.Storage/storageAccounts"
    found: dict[str, JSON] = {
        "id": f"{SCOPE}/resourceGroups/RECORDS/providers/{kind}/{name}",
        "name": name,
        "type": kind,
        "location": "westeurope",
    }
    return {**found, "tags": {**tags}} if tags else found


def role_assignment(
    principal: str, *, role: str = OWNER, type: str = "User", scope: str = SCOPE
) -> dict[str, JSON]:
    """An assignment of a built-in role; its own name is made of the principal's."""
    kind = "Microsoft.Authorization/roleAssignments"
    return {
        "id": f"{scope}/providers/{kind}/of-{principal}",
        "name": f"of-{principal}",
        "type": kind,
        "properties": {
            "roleDefinitionId": f"{SCOPE}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": principal,
            "principalType": type,
            "scope": scope,
        },
    }


def member(id: str, type: str = "user") -> dict[str, JSON]:
    """A member of a group, as far as it is selected."""
    return {"@odata.type": f"#microsoft.graph.{type}", "id": id}


def diagnostic_setting(name: str, *categories: str, **properties: JSON) -> dict[str, JSON]:
    """A setting that sends categories of the activity log; ARM leaves its id's slash out."""
    kind = "Microsoft.Insights/diagnosticSettings"
    logs: list[JSON] = [{"category": c, "categoryGroup": None, "enabled": True} for c in categories]
    return {
        "id": f"subscriptions/{SUBSCRIPTION}/providers/{kind}/{name}",
        "name": name,
        "type": kind,
        "location": "global",
        "properties": {"logs": logs, **properties},
    }


def access_policy(
    name: str,
    *,
    state: str = "enabled",
    users: Mapping[str, JSON] | None = None,
    applications: Mapping[str, JSON] | None = None,
    conditions: Mapping[str, JSON] | None = None,
    grant: Mapping[str, JSON] | None = None,
    controls: tuple[str, ...] = ("mfa",),
    operator: str = "OR",
) -> dict[str, JSON]:
    """A Conditional Access policy that requires MFA of all users for all apps, with changes."""
    return {
        "id": f"policy-{name}",
        "templateId": None,
        "displayName": name,
        "createdDateTime": "2026-01-01T00:00:00Z",
        "modifiedDateTime": None,
        "state": state,
        "sessionControls": None,
        "conditions": {
            "users": {
                "includeUsers": ["All"],
                "excludeUsers": [],
                "includeGroups": [],
                "excludeGroups": [],
                "includeRoles": [],
                "excludeRoles": [],
                "includeGuestsOrExternalUsers": None,
                "excludeGuestsOrExternalUsers": None,
                **(users or {}),
            },
            "applications": {
                "includeApplications": ["All"],
                "excludeApplications": [],
                "includeUserActions": [],
                "includeAuthenticationContextClassReferences": [],
                "applicationFilter": None,
                **(applications or {}),
            },
            "clientAppTypes": ["all"],
            "userRiskLevels": [],
            "signInRiskLevels": [],
            "servicePrincipalRiskLevels": [],
            "insiderRiskLevels": None,
            "platforms": None,
            "locations": None,
            "devices": None,
            "clientApplications": None,
            "authenticationFlows": None,
            **(conditions or {}),
        },
        "grantControls": {
            "operator": operator,
            "builtInControls": list(controls),
            "customAuthenticationFactors": [],
            "termsOfUse": [],
            "authenticationStrength": None,
            **(grant or {}),
        },
    }


def strength(id: str, *combinations: str, satisfies: str = "mfa") -> dict[str, JSON]:
    """An authentication strength; built in where its id begins with zeros."""
    return {
        "id": id,
        "displayName": id,
        "policyType": "builtIn" if id.startswith("00000000") else "custom",
        "requirementsSatisfied": satisfies,
        "allowedCombinations": list(combinations),
    }


def security_defaults(*, enabled: bool) -> dict[str, JSON]:
    """The directory's security defaults."""
    return {
        "id": "00000000-0000-0000-0000-000000000005",
        "displayName": "Security Defaults",
        "description": "Basic identity security mechanisms",
        "isEnabled": enabled,
    }
