"""Signing keys in Azure Key Vault and Managed HSM.

What is sent is a digest; what comes back are the two numbers of the signature one after the other
(RFC 7518, section 3.4), not their ASN.1.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.keyvault.keys import KeyClient, KeyVaultKey
from azure.keyvault.keys.crypto import CryptographyClient, SignatureAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from collector.errors import ConfigError, SigningError
from collector.evidence.keys import RemoteSigner, load_public_key
from collector.readers.azure import TIMEOUTS, Retries
from collector.readers.azure_tokens import one_line, open_tokens

KIND = "azure-kv:"

EXPECTED = "azure-kv:https://VAULT.vault.azure.net/keys/NAME/VERSION"

DENIED = (None, "AccessDenied", "ForbiddenByPolicy", "ForbiddenByRbac")
"""Inner codes of answers 403 that are for want of a permission."""

_NAME = re.compile(
    r"(?P<vault>https://(?P<host>[A-Za-z0-9-]{3,24})\."
    r"(?P<audience>(?:vault|managedhsm)\.azure\.net|vault\.azure\.cn|vault\.usgovcloudapi\.net))"
    r"/keys/(?P<key>[A-Za-z0-9-]{1,127})/(?P<version>[0-9a-f]{32})"
)

_NUMBER_BYTES = 32
"""Length of each of the two numbers of a signature on P-256."""


class Client:
    """One vault, and who asks it."""

    def __init__(self, vault: str, credential: TokenCredential, **options: Any) -> None:
        """Ask the vault at this address; options are those of azure-core's clients."""
        self._credential = credential
        self._options = options
        self.keys = KeyClient(vault, credential, **self._for_one())

    def signing(self, key: KeyVaultKey) -> CryptographyClient:
        """What signs with a key of the vault."""
        return CryptographyClient(key, self._credential, **self._for_one())

    def _for_one(self) -> dict[str, Any]:
        """Options for one client: a policy belongs to one pipeline."""
        return {"retry_policy": Retries(), **TIMEOUTS, **self._options}


def open_key(name: str) -> RemoteSigner:
    """The signer of a version of a key, with the standard chain of credentials.

    Args:
        name: the version's identifier, a URL.

    Raises:
        ConfigError: it is none.
        CredentialsError: there are no usable credentials.
        SigningError: the key cannot be used, or is of another kind.
    """
    match = _match(name)
    # It logs each request; what goes wrong is told by an error.
    logging.getLogger("azure.core").setLevel(logging.WARNING)
    tokens, _ = open_tokens(
        f"signing key {KIND}{name}",
        audience=f"https://{match['audience']}/.default",
        tenant=None,
        connection=TIMEOUTS,
    )
    return signer(name, Client(match["vault"], tokens))


def signer(name: str, client: Client) -> RemoteSigner:
    """The signer of a version of a key.

    Raises:
        ConfigError: the name is none.
        SigningError: the key cannot be read, or is not on P-256.
    """
    match = _match(name)
    spec = KIND + name
    with _told(spec, "get"):
        found = client.keys.get_key(match["key"], match["version"])
    public = load_public_key(_pem(spec, found), spec)
    if found.properties.version != match["version"] or found.name != match["key"]:
        raise SigningError(f"signing key {spec}: the vault's answer is of key {found.id}")
    signing = client.signing(found)

    def ask(data: bytes) -> bytes:
        with _told(spec, "sign"):
            answer = signing.sign(SignatureAlgorithm.es256, hashlib.sha256(data).digest())
        raw = answer.signature or b""
        if len(raw) != 2 * _NUMBER_BYTES:
            raise SigningError(
                f"signing with {spec}: the answer has {len(raw)} bytes; expected a signature of"
                f" {2 * _NUMBER_BYTES}"
            )
        r, s = (int.from_bytes(half) for half in (raw[:_NUMBER_BYTES], raw[_NUMBER_BYTES:]))
        return encode_dss_signature(r, s)

    return RemoteSigner(spec, public, ask)


def new_key(name: str) -> RemoteSigner:
    """Say how to make a key: its version, which the setting names, is known only afterwards.

    Raises:
        ConfigError: always.
    """
    match = _match(name)
    raise ConfigError(
        f"making key {KIND}{name}: make it with az keyvault key create --id"
        f" {match['vault']}/keys/{match['key']} --kty EC --curve P-256 --ops sign verify, and"
        " configure the version that it prints"
    )


def _match(name: str) -> re.Match[str]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise ConfigError(f"signing key {KIND + name!r} cannot be opened; expected {EXPECTED}")
    return match


def _pem(spec: str, found: KeyVaultKey) -> bytes:
    key = found.key
    kind, curve = (str(getattr(v, "value", v)) for v in (found.key_type, getattr(key, "crv", None)))
    if kind not in ("EC", "EC-HSM") or curve != "P-256":
        raise SigningError(f"signing key {spec} is {kind} on {curve}; expected EC on P-256")
    x, y = (getattr(key, part, None) or b"" for part in ("x", "y"))
    try:
        public = ec.EllipticCurvePublicNumbers(
            int.from_bytes(x), int.from_bytes(y), ec.SECP256R1()
        ).public_key()
    except ValueError:
        raise SigningError(f"signing key {spec}: the vault's answer holds no public key") from None
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@contextmanager
def _told(spec: str, operation: str) -> Iterator[None]:
    """Tell what goes wrong with the vault as one line.

    `ValueError` is how the SDK refuses a vault that wants a token for elsewhere.
    """
    unusable = f"signing key {spec} cannot be used: "
    try:
        yield
    except ResourceNotFoundError:
        raise SigningError(f"{unusable}the vault has no such version of a key") from None
    except HttpResponseError as error:
        code = error.error.code if error.error is not None else f"HTTP {error.status_code}"
        inner = getattr(error.error, "innererror", None) or {}
        # A key that is disabled, or a firewall, makes it Forbidden too: no permission would help.
        if error.status_code == 403 and inner.get("code") in DENIED:
            raise SigningError(
                f"{unusable}the vault refused; the credentials need the permission"
                f" keys/{operation}: {one_line(str(error.message))}"
            ) from None
        raise SigningError(f"{unusable}{code}: {one_line(str(error.message))}") from None
    except (AzureError, ValueError, OSError) as error:
        raise SigningError(f"{unusable}{one_line(str(error))}") from None
