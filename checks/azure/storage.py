"""Azure Storage: storage accounts."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from checks.azure.tls import TlsVersion
from collector.check import Verdict, check, failed, passed
from collector.resource import Part, Resource, at
from collector.source import Arm


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


KeySource = Annotated[Literal["microsoft.storage", "microsoft.keyvault"], BeforeValidator(_lower)]
"""Who holds the key. The API promises no case for it, and answers in more than one."""


class EncryptedService(Part):
    """Encryption of one of the account's services."""

    enabled: bool = at("enabled")


class EncryptedServices(Part):
    """The services for which something was set; the others are encrypted as well."""

    blob: EncryptedService | None = at("blob", default=None)
    file: EncryptedService | None = at("file", default=None)

    @property
    def are_encrypted(self) -> bool:
        """Whether none is said not to be."""
        return all(service.enabled for service in (self.blob, self.file) if service is not None)


class Encryption(Part):
    """A storage account's encryption at rest.

    Azure encrypts all that is stored with AES-256 and has no switch to turn that off:
    https://learn.microsoft.com/azure/storage/common/storage-service-encryption
    """

    key_source: KeySource = at("keySource", default="microsoft.storage")
    key_name: str | None = at("keyvaultproperties.keyname", default=None)
    key_vault: str | None = at("keyvaultproperties.keyvaulturi", default=None)
    services: EncryptedServices | None = at("services", default=None)
    is_doubled: bool = at("requireInfrastructureEncryption", default=False)
    """Whether the infrastructure below encrypts a second time, with another key and algorithm."""


class StorageAccount(Resource):
    """A storage account.

    Resource Manager lists those that the reader may see, and says nothing of others: its role must
    be one at the subscription, not at some of the resource groups.
    """

    source = Arm(
        path="/subscriptions/{account}/providers/Microsoft.Storage/storageAccounts",
        api_version="2024-01-01",
        permission="Microsoft.Storage/storageAccounts/read",
        items="value",
    )
    id: str = at("id")
    region: str = at("location")
    https_only: bool = at("properties.supportsHttpsTrafficOnly")
    """Never left out of an answer. The default of true since API version 2019-04-01 is one for
    accounts that are created by it, and says nothing of an older account."""
    minimum_tls: TlsVersion | None = at("properties.minimumTlsVersion", default=None)
    """Left out where it was never set, which the API takes for TLS 1.0."""
    encryption: Encryption | None = at("properties.encryption", default=None)
    """Left out by accounts that were made before it could be set."""


@check(control="encryption-in-transit", severity="medium")
def tls12(account: StorageAccount) -> Verdict:
    """Storage accounts refuse TLS before 1.2.

    Passes: the minimum TLS version is 1.2 or 1.3.
    Fails: it is lower, or was never set, which the API takes for 1.0. Azure itself refuses TLS 1.0
        and 1.1 since February 2026, so a fail is about the setting, not about what connects.
    Says nothing of plain HTTP, which `https_only` covers.
    Remediation: set the account's minimum TLS version to 1.2.
    """
    match account.minimum_tls:
        case "1.2" | "1.3":
            return passed(f"minimum TLS version is {account.minimum_tls}")
        case "1.0" | "1.1" | "none":
            return failed(f"minimum TLS version is {account.minimum_tls}")
        case None:
            return failed("no minimum TLS version is set, which the API takes for 1.0")


@check(control="encryption-in-transit", severity="high")
def https_only(account: StorageAccount) -> Verdict:
    """Storage accounts refuse plain HTTP.

    Passes: secure transfer is required (`supportsHttpsTrafficOnly`).
    Fails: it is not.
    Says nothing of requests by a custom domain name, to which Azure does not apply the setting.
    Remediation: turn on "Secure transfer required" for the account.
    """
    if account.https_only:
        return passed("secure transfer is required")
    return failed("secure transfer is not required")


@check(control="encryption-at-rest", severity="high")
def encryption(account: StorageAccount, *, require_cmk: bool = False) -> Verdict:
    """Storage accounts are encrypted at rest, and by whose key is recorded.

    Passes: always, with keys of the platform or of the customer, since Azure encrypts all accounts
        with AES-256; with `require_cmk`, where the key is the customer's in Key Vault.
    Fails: the account says that its blobs or files are not encrypted, as accounts could until
        2017; with `require_cmk`, where the key is the platform's.
    Says nothing of encryption scopes, which may name another key for some of the containers.
    Remediation: with `require_cmk`, set a Key Vault key as the account's encryption key.
    """
    settings = account.encryption
    if settings is None:
        settings = Encryption(key_source="microsoft.storage")
    if settings.services is not None and not settings.services.are_encrypted:
        return failed("encryption is off for blobs or files")
    twice = ", and a second time by the infrastructure" if settings.is_doubled else ""
    match settings.key_source:
        case "microsoft.keyvault":
            key = f"{settings.key_name or 'unnamed'} in {settings.key_vault or 'a vault not named'}"
            return passed(f"AES-256 with the customer's key {key}{twice}")
        case "microsoft.storage" if require_cmk:
            return failed("the key is the platform's, not the customer's")
        case "microsoft.storage":
            return passed(f"AES-256 with a key of the platform{twice}")
