"""Azure Storage."""

from __future__ import annotations

import json

import pytest

from checks.azure.storage import Encryption, StorageAccount, encryption, https_only, tls12
from collector.check import Check
from collector.evidence.canonical import JSON
from tests.azure import cloud
from tests.azure.answers import SCOPE, storage_account
from tests.azure.cloud import STORAGE, Azure
from tests.cases import Case, row

azure = cloud.azure_fixture


def account(**properties: JSON) -> StorageAccount:
    """An account as its answer is parsed; None leaves a property out."""
    return StorageAccount.parse(storage_account("records", **properties))


PLATFORM = "AES-256 with a key of the platform"
KEY: dict[str, JSON] = {"keyname": "phi", "keyvaulturi": "https://keys.vault.azure.net"}

CASES = [
    row(tls12, account(minimumTlsVersion="TLS1_2"),
        outcome="pass", reason="minimum TLS version is 1.2"),
    row(tls12, account(minimumTlsVersion="TLS1_3"),
        outcome="pass", reason="minimum TLS version is 1.3"),
    row(tls12, account(minimumTlsVersion="TLS1_1"),
        outcome="fail", reason="minimum TLS version is 1.1"),
    row(tls12, account(minimumTlsVersion="TLS1_0"),
        outcome="fail", reason="minimum TLS version is 1.0"),
    row(tls12, account(minimumTlsVersion=None),
        outcome="fail", reason="no minimum TLS version is set, which the API takes for 1.0"),
    row(https_only, account(supportsHttpsTrafficOnly=True),
        outcome="pass", reason="secure transfer is required"),
    row(https_only, account(supportsHttpsTrafficOnly=False),
        outcome="fail", reason="secure transfer is not required"),
    row(encryption, account(), outcome="pass", reason=PLATFORM),
    row(encryption, account(encryption=None), outcome="pass", reason=PLATFORM),
    row(encryption, account(encryption={"keySource": "microsoft.storage"}),
        outcome="pass", reason=PLATFORM),
    row(encryption, account(encryption={"keySource": "Microsoft.Storage",
                                        "requireInfrastructureEncryption": True}),
        outcome="pass", reason=f"{PLATFORM}, and a second time by the infrastructure"),
    row(encryption, account(encryption={"keySource": "Microsoft.Storage",
                                        "services": {"blob": {"enabled": False}}}),
        outcome="fail", reason="encryption is off for blobs or files"),
    row(encryption, account(encryption={"keySource": "Microsoft.Storage",
                                        "services": {"file": {"enabled": False}}}),
        outcome="fail", reason="encryption is off for blobs or files"),
    row(encryption, account(encryption={"keySource": "Microsoft.KeyVault",
                                        "keyvaultproperties": KEY}), require_cmk=True,
        outcome="pass",
        reason="AES-256 with the customer's key phi in https://keys.vault.azure.net"),
    row(encryption, account(), require_cmk=True,
        outcome="fail", reason="the key is the platform's, not the customer's"),
    row(encryption, account(encryption=None), require_cmk=True,
        outcome="fail", reason="the key is the platform's, not the customer's"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_accounts_are_read_with_their_settings(azure: Azure) -> None:
    azure.put(
        STORAGE,
        [
            storage_account("plain", minimumTlsVersion=None, encryption=None),
            storage_account("records", encryption={"keySource": "Microsoft.Keyvault"}),
        ],
    )

    reads = azure.read(tls12, https_only, encryption)

    below = f"{SCOPE}/resourceGroups/records/providers/Microsoft.Storage/storageAccounts"
    assert [o.resource for o in reads[StorageAccount]] == [
        StorageAccount(
            id=f"{below}/plain",
            region="westeurope",
            https_only=True,
            minimum_tls=None,
            encryption=None,
        ),
        StorageAccount(
            id=f"{below}/records",
            region="westeurope",
            https_only=True,
            minimum_tls="1.2",
            encryption=Encryption(key_source="microsoft.keyvault"),
        ),
    ]


@pytest.mark.parametrize("check", [tls12, https_only, encryption], ids=lambda c: c.id)
@pytest.mark.parametrize(
    "item",
    [
        {"id": "records", "location": "westeurope"},
        storage_account("records", supportsHttpsTrafficOnly=None),
        storage_account("records", supportsHttpsTrafficOnly="true"),
        storage_account("records", minimumTlsVersion="TLS1_9"),
        storage_account("records", encryption={"keySource": "Contoso.Vault"}),
    ],
    ids=["no properties", "no https", "https is text", "unknown TLS", "unknown key source"],
)
def test_account_of_another_shape_is_unread(
    azure: Azure, check: Check[...], item: dict[str, JSON]
) -> None:
    """Neither a pass nor a fail can be said of it."""
    azure.answer(STORAGE, json.dumps({"value": [item]}).encode())

    population = azure.read(check)[StorageAccount]

    assert population.observed == ()
    assert [u.code.partition(" ")[0] for u in population.unread] == ["Malformed"]
