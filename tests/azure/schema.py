"""What Azure's API references say that answers look like: for strict fixtures, and for field paths.

No package that could be depended upon describes all of these: Microsoft Graph ships no models of a
reasonable size, and the azure-mgmt packages take 40 MB for three types, of which one was dropped
from the newest. Each class names the page that it is written from.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Anything = JsonValue
"""A documented property that no check looks at."""


class Documented(BaseModel):
    """A type of an API reference: a property of another name or type is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class EncryptionService(Documented):
    enabled: bool = True
    lastEnabledTime: str | None = None
    keyType: Literal["Account", "Service"] | None = None


class EncryptionServices(Documented):
    blob: EncryptionService | None = None
    file: EncryptionService | None = None
    queue: EncryptionService | None = None
    table: EncryptionService | None = None


class KeyVaultProperties(Documented):
    keyname: str | None = None
    keyversion: str | None = None
    keyvaulturi: str | None = None
    currentVersionedKeyIdentifier: str | None = None
    currentVersionedKeyExpirationTimestamp: str | None = None
    lastKeyRotationTimestamp: str | None = None


class Encryption(Documented):
    keySource: str | None = None
    """Microsoft.Storage or Microsoft.Keyvault, in any case."""
    services: EncryptionServices | None = None
    keyvaultproperties: KeyVaultProperties | None = None
    requireInfrastructureEncryption: bool | None = None
    identity: Anything = None


class StorageAccountProperties(Documented):
    provisioningState: Literal["Creating", "ResolvingDNS", "Succeeded"] = "Succeeded"
    supportsHttpsTrafficOnly: bool | None = None
    minimumTlsVersion: Literal["TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"] | None = None
    encryption: Encryption | None = None
    accessTier: Anything = None
    accountMigrationInProgress: Anything = None
    allowBlobPublicAccess: Anything = None
    allowCrossTenantReplication: Anything = None
    allowSharedKeyAccess: Anything = None
    allowedCopyScope: Anything = None
    azureFilesIdentityBasedAuthentication: Anything = None
    creationTime: Anything = None
    customDomain: Anything = None
    defaultToOAuthAuthentication: Anything = None
    dnsEndpointType: Anything = None
    enableExtendedGroups: Anything = None
    immutableStorageWithVersioning: Anything = None
    isHnsEnabled: Anything = None
    isLocalUserEnabled: Anything = None
    isNfsV3Enabled: Anything = None
    isSftpEnabled: Anything = None
    keyCreationTime: Anything = None
    keyPolicy: Anything = None
    largeFileSharesState: Anything = None
    networkAcls: Anything = None
    primaryEndpoints: Anything = None
    primaryLocation: Anything = None
    privateEndpointConnections: Anything = None
    publicNetworkAccess: Anything = None
    routingPreference: Anything = None
    sasPolicy: Anything = None
    secondaryEndpoints: Anything = None
    secondaryLocation: Anything = None
    statusOfPrimary: Anything = None
    statusOfSecondary: Anything = None


class StorageAccount(Documented):
    """https://learn.microsoft.com/rest/api/storagerp/storage-accounts/list?view=rest-storagerp-2024-01-01"""

    id: str
    name: str
    type: Literal["Microsoft.Storage/storageAccounts"]
    location: str
    kind: Literal["BlobStorage", "BlockBlobStorage", "FileStorage", "Storage", "StorageV2"]
    sku: dict[str, str]
    properties: StorageAccountProperties
    tags: dict[str, str] | None = None
    identity: Anything = None
    extendedLocation: Anything = None


class GenericResource(Documented):
    """https://learn.microsoft.com/rest/api/resources/resources/list"""

    id: str
    name: str
    type: str
    location: str
    tags: dict[str, str] | None = None
    kind: Anything = None
    sku: Anything = None
    identity: Anything = None
    plan: Anything = None
    managedBy: str | None = None
    extendedLocation: Anything = None


class RoleAssignmentProperties(Documented):
    roleDefinitionId: str
    principalId: str
    principalType: Literal["Device", "ForeignGroup", "Group", "ServicePrincipal", "User"]
    scope: str
    condition: str | None = None
    conditionVersion: Literal["2.0"] | None = None
    createdBy: str | None = None
    createdOn: str | None = None
    delegatedManagedIdentityResourceId: str | None = None
    description: str | None = None
    updatedBy: str | None = None
    updatedOn: str | None = None


class RoleAssignment(Documented):
    """https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-subscription"""

    id: str
    name: str
    type: Literal["Microsoft.Authorization/roleAssignments"]
    properties: RoleAssignmentProperties


class SubscriptionLogSettings(Documented):
    category: str | None = None
    categoryGroup: str | None = None
    enabled: bool


class SubscriptionDiagnosticSettings(Documented):
    logs: list[SubscriptionLogSettings] | None = None
    workspaceId: str | None = None
    storageAccountId: str | None = None
    eventHubAuthorizationRuleId: str | None = None
    eventHubName: str | None = None
    marketplacePartnerId: str | None = None
    serviceBusRuleId: str | None = None


class SubscriptionDiagnosticSetting(Documented):
    """https://learn.microsoft.com/rest/api/monitor/subscription-diagnostic-settings/list"""

    id: str
    name: str
    type: Literal["Microsoft.Insights/diagnosticSettings"]
    properties: SubscriptionDiagnosticSettings
    location: str | None = None
    systemData: Anything = None


class AuthenticationStrength(Documented):
    """https://learn.microsoft.com/graph/api/resources/authenticationstrengthpolicy"""

    id: str
    displayName: str | None = None
    description: str | None = None
    policyType: Literal["builtIn", "custom"]
    requirementsSatisfied: Literal["mfa", "none"]
    allowedCombinations: list[str]
    createdDateTime: str | None = None
    modifiedDateTime: str | None = None


class GrantControls(Documented):
    """https://learn.microsoft.com/graph/api/resources/conditionalaccessgrantcontrols"""

    operator: Literal["AND", "OR"] | None
    builtInControls: list[
        Literal[
            "approvedApplication",
            "block",
            "compliantApplication",
            "compliantDevice",
            "domainJoinedDevice",
            "mfa",
            "passwordChange",
            "unknownFutureValue",
        ]
    ]
    customAuthenticationFactors: list[str]
    termsOfUse: list[str]
    authenticationStrength: AuthenticationStrength | None = None


class ConditionalAccessUsers(Documented):
    """https://learn.microsoft.com/graph/api/resources/conditionalaccessusers"""

    includeUsers: list[str]
    excludeUsers: list[str]
    includeGroups: list[str]
    excludeGroups: list[str]
    includeRoles: list[str]
    excludeRoles: list[str]
    includeGuestsOrExternalUsers: dict[str, Anything] | None = None
    excludeGuestsOrExternalUsers: dict[str, Anything] | None = None


class ConditionalAccessApplications(Documented):
    """https://learn.microsoft.com/graph/api/resources/conditionalaccessapplications"""

    includeApplications: list[str]
    excludeApplications: list[str]
    includeUserActions: list[str]
    includeAuthenticationContextClassReferences: list[str]
    applicationFilter: dict[str, str] | None = None


class ConditionSet(Documented):
    """https://learn.microsoft.com/graph/api/resources/conditionalaccessconditionset"""

    users: ConditionalAccessUsers
    applications: ConditionalAccessApplications
    clientAppTypes: list[
        Literal[
            "all",
            "browser",
            "easSupported",
            "exchangeActiveSync",
            "mobileAppsAndDesktopClients",
            "other",
        ]
    ]
    userRiskLevels: list[str]
    signInRiskLevels: list[str]
    servicePrincipalRiskLevels: list[str]
    insiderRiskLevels: str | None = None
    platforms: dict[str, list[str]] | None = None
    locations: dict[str, list[str]] | None = None
    devices: dict[str, Anything] | None = None
    clientApplications: dict[str, Anything] | None = None
    authenticationFlows: dict[str, str] | None = None


class ConditionalAccessPolicy(Documented):
    """https://learn.microsoft.com/graph/api/conditionalaccessroot-list-policies"""

    id: str
    templateId: str | None = None
    displayName: str
    createdDateTime: str | None = None
    modifiedDateTime: str | None = None
    state: Literal["disabled", "enabled", "enabledForReportingButNotEnforced"]
    conditions: ConditionSet
    grantControls: GrantControls | None
    sessionControls: Anything = None


class SecurityDefaultsPolicy(Documented):
    """https://learn.microsoft.com/graph/api/identitysecuritydefaultsenforcementpolicy-get"""

    id: str
    displayName: str
    description: str
    isEnabled: bool


class DirectoryObject(Documented):
    """https://learn.microsoft.com/graph/api/group-list-transitivemembers, with `$select=id`."""

    odata_type: str = Field(alias="@odata.type")
    id: str
