"""Keys in Azure Key Vault sign, and nothing but their own signature is used."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from azure.keyvault.keys._shared import http_challenge_cache

from collector.errors import ConfigError, CredentialsError, SigningError
from collector.evidence.keys import new_signer, open_signer
from tests.azure import cloud, vault
from tests.azure.vault import KEY, VERSION, Vault
from tests.evidence.others import all_accept

azure_fixture = cloud.azure_fixture
vault_fixture = vault.vault_fixture


@pytest.fixture(autouse=True)
def _no_challenge_of_another_test() -> None:
    """The SDK remembers a vault's challenge for the life of the process."""
    http_challenge_cache.clear()


def test_everybody_accepts_what_a_key_seals(vault: Vault, tmp_path: Path) -> None:
    signer = open_signer(f"azure-kv:{KEY}", create=True)

    assert all_accept(signer, tmp_path)
    assert vault.requests == ["get", "sign"]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"crv": "P-384"}, "is EC-HSM on P-384; expected EC on P-256"),
        ({"kty": "RSA-HSM", "crv": ""}, "is RSA-HSM on .*; expected EC on P-256"),
        ({"x": "AAAA"}, "the vault's answer holds no public key"),
        ({"kid": KEY.removesuffix("f") + "e"}, "the vault's answer is of key https://evidence"),
        ({"kid": KEY.replace("seal", "other")}, "the vault's answer is of key https://evidence"),
    ],
)
def test_another_key_is_refused(vault: Vault, told: dict[str, str], why: str) -> None:
    vault.jwk = told

    with pytest.raises(SigningError, match=why):
        open_signer(f"azure-kv:{KEY}", create=False)


def test_another_signature_is_not_used(vault: Vault) -> None:
    signer = open_signer(f"azure-kv:{KEY}", create=False)
    vault.signed = vault.sign(hashlib.sha256(b"other data").digest())

    with pytest.raises(SigningError, match="what came back is not the signature of key SHA256:"):
        signer.sign(b"data")


@pytest.mark.parametrize("signed", [b"\0" * 63, b"\0" * 65, b"\0" * 64])
def test_bytes_that_are_no_signature_are_not_used(vault: Vault, signed: bytes) -> None:
    signer = open_signer(f"azure-kv:{KEY}", create=False)
    vault.signed = signed

    with pytest.raises(SigningError, match=r"expected a signature of 64|what came back is not"):
        signer.sign(b"data")


@pytest.mark.parametrize("operation", ["get", "sign"])
def test_a_missing_permission_is_named(vault: Vault, operation: str) -> None:
    vault.deny(operation)

    with pytest.raises(SigningError) as refused:
        open_signer(f"azure-kv:{KEY}", create=False).sign(b"data")

    said = f"the credentials need the permission keys/{operation}: "
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("inner", ["KeyDisabled", "ForbiddenByFirewall"])
def test_no_permission_is_asked_for_where_none_would_help(vault: Vault, inner: str) -> None:
    vault.deny("sign", inner)

    with pytest.raises(SigningError, match="cannot be used: Forbidden") as refused:
        open_signer(f"azure-kv:{KEY}", create=False).sign(b"data")

    assert "permission" not in str(refused.value)


def test_a_missing_version_is_told(vault: Vault) -> None:
    with pytest.raises(SigningError, match="the vault has no such version of a key"):
        open_signer(f"azure-kv:{KEY.removesuffix('f')}0", create=False)


def test_a_token_is_not_asked_for_elsewhere(vault: Vault) -> None:
    vault.resource = "https://vault.example"

    with pytest.raises(SigningError, match="does not match the requested domain"):
        open_signer(f"azure-kv:{KEY}", create=False)

    assert vault.requests == []


def test_missing_credentials_are_told_of_the_key(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")

    with pytest.raises(CredentialsError, match=f"^signing key azure-kv:{KEY}: asking Entra ID"):
        open_signer(f"azure-kv:{KEY}", create=False)


def test_how_to_make_a_key_is_told() -> None:
    with pytest.raises(ConfigError, match=r"az keyvault key create --id https://evidence\.vault"):
        new_signer(f"azure-kv:{KEY}")


@pytest.mark.parametrize(
    "name",
    [
        "https://evidence.vault.azure.net/keys/seal",
        f"http://evidence.vault.azure.net/keys/seal/{VERSION}",
        f"https://evidence.example/keys/seal/{VERSION}",
        f"https://evidence.vault.azure.net.example/keys/seal/{VERSION}",
        f"https://example/.vault.azure.net/keys/seal/{VERSION}",
        f"https://user@evidence.vault.azure.net/keys/seal/{VERSION}",
        f"https://evidence.vault.azure.net/secrets/seal/{VERSION}",
        f"{KEY}/sign",
        f"{KEY}\n",
        "seal",
    ],
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        open_signer(f"azure-kv:{name}", create=False)

    assert repr(f"azure-kv:{name}") in str(refused.value)
    assert "expected azure-kv:https://VAULT.vault.azure.net/" in str(refused.value)
