"""Signing keys: ECDSA on P-256 with SHA-256, and nothing else.

A key is named by its OpenSSH fingerprint, as `ssh-keygen -l` prints it: `SHA256:` and the unpadded
base64 of the SHA-256 of the key in OpenSSH's wire form (RFC 5656, section 3.1).
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from collector.errors import ConfigError, SigningError
from collector.evidence.files import create_file, create_folder

EXPECTED = "an unencrypted PKCS#8 private key on P-256 in PEM"
KINDS = (
    "file:PATH, aws-kms:alias/NAME, gcp-kms:projects/…/cryptoKeyVersions/N or"
    " azure-kv:https://VAULT.vault.azure.net/keys/NAME/VERSION"
)
"""What names a signing key."""

TRIAL = b"collector: a trial signature, which says nothing"
"""Signed to see that a key can be used. It is no DSSE encoding, so it can pass for no seal."""

_ECDSA_SHA256 = ec.ECDSA(hashes.SHA256())
_OTHERS_BITS = 0o077
_READ_BITS = 0o444


class Signer(Protocol):
    """A private key that can be used, whether or not it can be seen."""

    @property
    def fingerprint(self) -> str:
        """The key's OpenSSH fingerprint, `SHA256:…`."""
        ...

    @property
    def public_pem(self) -> bytes:
        """The public key, SubjectPublicKeyInfo in PEM."""
        ...

    def sign(self, data: bytes) -> bytes:
        """The signature over the data, in ASN.1 DER. At most 4,096 bytes can be signed.

        Raises:
            SigningError: the key cannot be used now.
        """
        ...


@dataclass(frozen=True)
class PublicKey:
    """A key that signatures are checked with."""

    fingerprint: str
    """Its OpenSSH fingerprint, `SHA256:…`."""
    pem: bytes
    """SubjectPublicKeyInfo in PEM, in the one form that OpenSSL writes."""
    _key: ec.EllipticCurvePublicKey = field(repr=False, compare=False)

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Whether the signature, in ASN.1 DER, is this key's over the data."""
        try:
            self._key.verify(signature, data, _ECDSA_SHA256)
        except InvalidSignature:
            return False
        return True


class FileSigner:
    """A private key held in memory, out of a file."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        """`key` is on P-256."""
        public = _public(key.public_key())
        self.fingerprint = public.fingerprint
        self.public_pem = public.pem
        self._key = key

    def sign(self, data: bytes) -> bytes:
        """The signature over the data, in ASN.1 DER."""
        return self._key.sign(data, _ECDSA_SHA256)


class RemoteSigner:
    """A private key that somebody else holds and signs with. What comes back is checked."""

    def __init__(self, spec: str, public: PublicKey, ask: Callable[[bytes], bytes]) -> None:
        """A key and the way to use it.

        Args:
            spec: what the setting calls the key, for the error message.
            public: what its signatures are checked with.
            ask: gives the signature over data, in ASN.1 DER; raises `SigningError`.
        """
        self.fingerprint = public.fingerprint
        self.public_pem = public.pem
        self._spec = spec
        self._public = public
        self._ask = ask

    def sign(self, data: bytes) -> bytes:
        """The signature over the data, in ASN.1 DER.

        Raises:
            SigningError: none can be had, or what came back is another one.
        """
        signature = self._ask(data)
        if not self._public.verify(data, signature):
            raise SigningError(
                f"signing with {self._spec}: what came back is not the signature of key"
                f" {self.fingerprint} over what was sent, so it is not used"
            )
        return signature


def default_key_path() -> Path:
    """Where the key is kept if nothing else is said, by the XDG base directory specification."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    # A relative path there is invalid and to be ignored, says the specification.
    folder = Path(base) if Path(base).is_absolute() else Path.home() / ".config"
    return folder / "collector" / "key.pem"


def open_signer(spec: str, *, create: bool) -> Signer:
    """The signer that a setting names.

    Args:
        spec: `file:PATH`, where `~` stands for the home folder, or a key that a cloud's service
            holds: `aws-kms:`, `gcp-kms:` or `azure-kv:` and its name there.
        create: make the file if there is none, readable by this user only. Of several processes
            that do so at once, one makes the key and all use it. Keys of clouds are never made
            here: see `new_signer`.

    Raises:
        ConfigError: the setting names no kind of key that is known, or its cloud's SDK is missing.
        CredentialsError: there are no usable credentials for the cloud.
        SigningError: the key cannot be read, made or used, or others can read it.
    """
    kind, _, name = spec.partition(":")
    if kind in _EXTRAS and name:
        signer: Signer = _service(kind, spec).open_key(name)
        return signer
    path = _path(spec)
    if path.exists() and not path.is_file():
        raise SigningError(f"signing key {path} is no file; expected {EXPECTED}")
    if create and not os.path.lexists(path):
        _make_key(path)
    return FileSigner(_read_key(path))


def new_signer(spec: str) -> Signer:
    """Make the key that a setting names, which must not be there yet; its signer.

    AWS KMS makes keys. For Google and Azure the error says how to make one.

    Raises:
        ConfigError: there is such a key, it cannot be made from here, or as for `open_signer`.
        SigningError: the key cannot be made.
    """
    kind, _, name = spec.partition(":")
    if kind in _EXTRAS and name:
        signer: Signer = _service(kind, spec).new_key(name)
        return signer
    if os.path.lexists(_path(spec)):
        raise ConfigError(f"making key {spec}: it exists; evidence depends on it, so it stays")
    return open_signer(spec, create=True)


_EXTRAS = {"aws-kms": "", "gcp-kms": "[gcp]", "azure-kv": "[azure]"}
"""Kinds of keys that services hold, and what has to be installed with the package for each."""


def _service(kind: str, spec: str) -> ModuleType:
    """The module of a service, imported when one of its keys is opened, as SDKs are large."""
    try:
        return importlib.import_module(f"collector.evidence.{kind.replace('-', '_')}")
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"signing key {spec}: the module {error.name} is not installed; pip install"
            f" 'compliance-evidence-collector{_EXTRAS[kind]}'"
        ) from None


def _path(spec: str) -> Path:
    kind, _, name = spec.partition(":")
    if kind != "file" or not name:
        raise ConfigError(f"signing key {spec!r} cannot be opened; expected {KINDS}")
    try:
        return Path(name).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"signing key {spec!r} cannot be opened: {error}") from None


def load_public_key(pem: bytes, source: str) -> PublicKey:
    """The public key in a PEM file.

    Args:
        pem: SubjectPublicKeyInfo.
        source: where it came from, for the error message.

    Raises:
        SigningError: it is something else, or not on P-256.
    """
    expected = "expected a public key on P-256 in PEM"
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise SigningError(f"public key {source} cannot be read as PEM; {expected}") from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise SigningError(f"public key {source} is of type {type(key).__name__}; {expected}")
    if not isinstance(key.curve, ec.SECP256R1):
        raise SigningError(f"public key {source} is on {key.curve.name}; {expected}")
    return _public(key)


def _public(key: ec.EllipticCurvePublicKey) -> PublicKey:
    line = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    return PublicKey(
        fingerprint="SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("="),
        pem=key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        _key=key,
    )


def _make_key(path: Path) -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        create_folder(path.parent, mode=0o700)
        create_file(path, pem, mode=0o600)
    except OSError as error:
        raise SigningError(f"signing key {path} cannot be made: {error.strerror}") from error


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            pem = file.read()
    except OSError as error:
        raise SigningError(
            f"signing key {path} cannot be read: {error.strerror}; expected {EXPECTED}"
        ) from error
    # The superuser may read any file, but whoever took all read bits away meant it.
    if not mode & _READ_BITS:
        raise SigningError(f"signing key {path} has mode {mode:04o}; expected 0600")
    if mode & _OTHERS_BITS:
        raise SigningError(
            f"signing key {path} has mode {mode:04o}, so others can use it; run chmod 600 {path}"
        )
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise SigningError(f"signing key {path} is encrypted; expected {EXPECTED}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise SigningError(f"signing key {path} is not a key in PEM; expected {EXPECTED}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SigningError(f"signing key {path} is {type(key).__name__}; expected {EXPECTED}")
    if not isinstance(key.curve, ec.SECP256R1):
        raise SigningError(f"signing key {path} is on {key.curve.name}; expected {EXPECTED}")
    return key
