"""Signing keys in AWS KMS.

The message itself is sent, not its digest (`RAW`), so KMS hashes what it signs; it takes 4,096
bytes: https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Protocol

import boto3
import botocore.exceptions
from botocore.config import Config
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from collector.answer import scrub
from collector.errors import ConfigError, SigningError
from collector.evidence.keys import RemoteSigner, load_public_key

KIND = "aws-kms:"

EXPECTED = "aws-kms:alias/NAME, aws-kms:KEY_ID or aws-kms:arn:aws:kms:REGION:ACCOUNT:key/KEY_ID"

_ALIAS = r"alias/[A-Za-z0-9/_-]{1,250}"
_KEY_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}"
_ARN = rf"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):\d{{12}}:(?:{_ALIAS}|key/(?:{_KEY_ID}))"
_NAME = re.compile(rf"{_ALIAS}|{_KEY_ID}|{_ARN}")

DENIED = frozenset({"AccessDenied", "AccessDeniedException"})

MISSING = "NotFoundException"

TAKEN = "AlreadyExistsException"


class Client(Protocol):
    """boto3's client of KMS, whose methods are made at run time."""

    def __getattr__(self, operation: str) -> Callable[..., Mapping[str, Any]]:
        """The method of an operation, which gives its answer."""
        ...


def open_key(name: str) -> RemoteSigner:
    """The signer of a key, by boto3's default credential chain.

    Args:
        name: a key id, an alias, or the ARN of either, which names its region.

    Raises:
        ConfigError: it is none of these.
        SigningError: the key cannot be used, or is of another kind.
    """
    return signer(name, _client(name))


def signer(name: str, client: Client) -> RemoteSigner:
    """The signer of a key.

    Raises:
        SigningError: the key cannot be read, or is not for ECDSA on P-256.
    """
    spec = KIND + name
    try:
        found = client.get_public_key(KeyId=name)
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        _refuse(spec, "GetPublicKey", error)
    # The older name of the same field is the only one that some stand-ins for KMS know.
    kind = found.get("KeySpec") or found.get("CustomerMasterKeySpec")
    usage = found.get("KeyUsage")
    if (kind, usage) != ("ECC_NIST_P256", "SIGN_VERIFY"):
        raise SigningError(
            f"signing key {spec} is {kind} for {usage}; expected ECC_NIST_P256 for SIGN_VERIFY"
        )
    public = load_public_key(_pem(spec, found["PublicKey"]), spec)
    key = _id(found)

    def ask(data: bytes) -> bytes:
        try:
            answer = client.sign(
                KeyId=name,
                Message=data,
                MessageType="RAW",
                SigningAlgorithm="ECDSA_SHA_256",
            )
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            _refuse(spec, "Sign", error)
        if _id(answer) != key:
            raise SigningError(
                f"signing with {spec}: {_id(answer)} signed, but the key was {key} before; was"
                " its alias moved? Run again"
            )
        signature: bytes = answer["Signature"]
        return signature

    return RemoteSigner(spec, public, ask)


def new_key(name: str) -> RemoteSigner:
    """Make a key, and an alias for it.

    Args:
        name: `alias/NAME`; KMS chooses a key's id itself.

    Raises:
        ConfigError: it is no alias, or there is a key of that name.
        SigningError: KMS refuses.
    """
    spec = KIND + name
    if re.fullmatch(_ALIAS, name) is None:
        raise ConfigError(
            f"making key {spec}: KMS chooses ids itself; expected {KIND}alias/NAME for the new key"
        )
    return new_signer(name, _client(name))


def new_signer(name: str, client: Client) -> RemoteSigner:
    """Make a key with an alias; its signer.

    Raises:
        ConfigError: there is a key of that name.
        SigningError: KMS refuses.
    """
    spec = KIND + name
    taken = f"making key {spec}: it exists; evidence depends on it, so it stays"
    try:
        client.get_public_key(KeyId=name)
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        # Of a key that cannot sign another error is told, and that is one that exists.
        if _code(error) != MISSING:
            _refuse(spec, "GetPublicKey", error)
    else:
        raise ConfigError(taken)
    doing = "CreateKey"
    key = None
    try:
        key = client.create_key(
            KeySpec="ECC_NIST_P256",
            KeyUsage="SIGN_VERIFY",
            Description="Seals of compliance evidence",
        )["KeyMetadata"]["KeyId"]
        doing = "CreateAlias"
        client.create_alias(AliasName=name, TargetKeyId=key)
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        if key is None:
            _refuse(spec, doing, error)
        why = taken if _code(error) == TAKEN else f"making key {spec}: {_reason(doing, error)}"
        raise SigningError(f"{why}; the new key {key} has no alias, delete or name it") from None
    return signer(name, client)


def _client(name: str) -> Client:
    spec = KIND + name
    match = _NAME.fullmatch(name)
    if match is None:
        raise ConfigError(f"signing key {spec!r} cannot be opened; expected {EXPECTED}")
    try:
        client: Client = boto3.session.Session().client(
            "kms",
            region_name=match["region"],
            config=Config(
                retries={"mode": "standard", "total_max_attempts": 5},
                connect_timeout=10,
                read_timeout=30,
            ),
        )
    except (botocore.exceptions.BotoCoreError, ValueError) as error:
        raise SigningError(f"signing key {spec} cannot be used: {_text(error)}") from None
    return client


def _id(answer: Mapping[str, Any]) -> str:
    """The id of the key that an answer is of, whose full name it gives."""
    return str(answer["KeyId"]).rpartition("/")[2]


def _pem(spec: str, der: bytes) -> bytes:
    try:
        key = serialization.load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        raise SigningError(f"signing key {spec}: KMS's answer holds no public key") from None
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _refuse(spec: str, operation: str, error: Exception) -> NoReturn:
    raise SigningError(f"signing key {spec} cannot be used: {_reason(operation, error)}") from None


def _reason(operation: str, error: Exception) -> str:
    if _code(error) in DENIED:
        return f"KMS refused {operation}; the credentials need the permission kms:{operation}"
    if _code(error) == MISSING:
        return "there is no such key in this account and region"
    return f"{operation}: {_text(error)}"


def _code(error: Exception) -> str:
    if not isinstance(error, botocore.exceptions.ClientError):
        return ""
    return str(error.response.get("Error", {}).get("Code", ""))


def _text(error: Exception) -> str:
    """What went wrong, on one line and without secrets."""
    if isinstance(error, botocore.exceptions.ClientError):
        told = error.response.get("Error", {})
        text = f"{told.get('Code', 'error')}: {told.get('Message', '')}".rstrip(": ")
    else:
        text = str(error)
    return scrub(" ".join(text.split()).rstrip("."))
