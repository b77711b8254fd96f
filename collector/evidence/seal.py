"""Seals: the signed statement that a document exists, at its place in its log. Pure.

A seal is a Sigstore bundle v0.3 for a key that the verifier has from elsewhere: a DSSE envelope
(https://github.com/secure-systems-lab/dsse) over an in-toto Statement v1 whose one subject is the
document. Bundles list no transparency log entries; in proto3 JSON an empty list and an
absent one are the same. Where a timestamp authority was asked, its token over the signature is in
the bundle.

The same statement can be signed twice with different signatures, and from one valid ECDSA signature
anybody can compute a second one. So it is not the statement that the next seal names as `previous`,
but all bytes of the bundle.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from collector.evidence.canonical import JSON, canonical, parse_timestamp, sha256, timestamp
from collector.evidence.keys import PublicKey, Signer
from collector.evidence.log import LAST_NUMBER, Log
from collector.evidence.record import DIGEST, EvidenceError, Record

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"

SIGNED_BYTES = 4096
"""The most that AWS KMS signs of a message it hashes itself."""


@dataclass(frozen=True)
class Statement:
    """What a seal says. Raises `ValueError` if made of what no seal can say."""

    log: Log
    number: int
    """Place in the log, from 1."""
    document_sha256: str
    """Digest of the document's bytes."""
    previous_sha256: str | None
    """Digest of the bytes of the seal before; None for number 1."""
    created_at: datetime
    """When it was signed, by the signer's clock; aware, in whole seconds."""

    def __post_init__(self) -> None:
        """Refuse what no seal can say."""
        if not 1 <= self.number <= LAST_NUMBER:
            raise ValueError(f"number {self.number} is not between 1 and {LAST_NUMBER}")
        if (self.previous_sha256 is None) != (self.number == 1):
            raise ValueError("number 1 has no previous seal, every other number has one")
        for digest in (self.document_sha256, self.previous_sha256):
            if digest is not None and re.fullmatch(DIGEST, digest) is None:
                raise ValueError(f"digest {digest!r} is not SHA-256 in lower-case hex")

    def payload(self) -> bytes:
        """The in-toto statement, as the bytes that are signed."""
        previous: JSON = None
        if self.previous_sha256 is not None:
            previous = {"sha256": self.previous_sha256}
        account = self.log.account
        return canonical(
            {
                "_type": STATEMENT_TYPE,
                "subject": [
                    {
                        "name": self.log.subject(self.document_sha256),
                        "digest": {"sha256": self.document_sha256},
                    }
                ],
                "predicateType": self.log.predicate_type,
                "predicate": {
                    **({"log": self.log.name} if account is None else {"account": account}),
                    "number": self.number,
                    "previous": previous,
                    "createdAt": timestamp(self.created_at),
                },
            }
        )


@dataclass(frozen=True)
class Sealed:
    """A seal that was read. Nothing of it is to be believed before `is_signed_by` said so."""

    statement: Statement
    payload: bytes
    """The signed bytes of the statement."""
    signature: bytes
    """ASN.1 DER."""
    keyid: str
    """Fingerprint of the key that is said to have signed."""
    sha256: str
    """Digest of the whole bundle, which the next seal names as `previous`."""
    token: bytes | None = None
    """An answer of a timestamp authority over the signature, in DER; None if none was asked."""

    def is_signed_by(self, key: PublicKey) -> bool:
        """Whether this key signed the statement, and is the one the bundle names."""
        return key.fingerprint == self.keyid and key.verify(
            pre_authentication_encoding(self.payload), self.signature
        )


def seal(
    statement: Statement, signer: Signer, stamp: Callable[[bytes], bytes | None] | None = None
) -> bytes:
    """Sign a statement; the bytes of the bundle.

    Args:
        statement: what is signed.
        signer: signs it.
        stamp: gives a token over the signature, or None if there is none to be had.

    Raises:
        SigningError: the key cannot be used.
    """
    payload = statement.payload()
    signature = signer.sign(pre_authentication_encoding(payload))
    token = None if stamp is None else stamp(signature)
    return _bundle(payload, signature, signer.fingerprint, token).to_bytes()


def open_seal(data: bytes, source: str = "seal") -> Sealed:
    """Read a bundle as strictly as possible, without checking its signature.

    Every byte counts: the bundle and the statement in it must be exactly what `seal` writes for
    what they say, the signature aside, and the token, which `read_token` rebuilds in the same way.

    Args:
        data: the bundle.
        source: what the bytes are, for the error message: the seal's key.

    Raises:
        EvidenceError: the bytes are anything else.
    """
    bundle = _Bundle.from_bytes(data, source)
    envelope = bundle.dsse_envelope
    signature = envelope.signatures[0]
    stamps = bundle.verification_material.timestamp_verification_data
    token = None if stamps is None else stamps.rfc3161_timestamps[0].signed_timestamp
    if _bundle(envelope.payload, signature.sig, signature.keyid, token).to_bytes() != data:
        raise EvidenceError(f"{source}: a type, or the key's hint, is not the one expected")
    wire = _Statement.from_bytes(envelope.payload, f"{source}: statement")
    predicate = wire.predicate
    try:
        name = predicate.log or f"accounts/{predicate.account}"
        statement = Statement(
            log=Log(name),
            number=predicate.number,
            document_sha256=wire.subject[0].digest.sha256,
            previous_sha256=predicate.previous.sha256 if predicate.previous else None,
            created_at=parse_timestamp(predicate.created_at),
        )
    except ValueError as error:
        raise EvidenceError(f"{source}: statement: {error}") from None
    if statement.payload() != envelope.payload:
        raise EvidenceError(f"{source}: statement: a type, or the subject, is not the one expected")
    return Sealed(statement, envelope.payload, signature.sig, signature.keyid, sha256(data), token)


def pre_authentication_encoding(payload: bytes) -> bytes:
    """DSSE's encoding of a payload of type `PAYLOAD_TYPE`: what is really signed.

    Raises:
        ValueError: it is longer than `SIGNED_BYTES`, so not every kind of key could sign it.
    """
    kind = PAYLOAD_TYPE.encode("ascii")
    encoded = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    if len(encoded) > SIGNED_BYTES:
        raise ValueError(f"statement of {len(payload)} bytes is too long to be signed")
    return encoded


def _decoded(value: object) -> object:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


_Base64 = Annotated[bytes, BeforeValidator(_decoded), PlainSerializer(_encoded, return_type=str)]


class _Wire(Record):
    """A part of a bundle or of a statement; its JSON names are in camel case."""

    model_config = ConfigDict(alias_generator=to_camel)


class _Signature(_Wire):
    sig: _Base64
    keyid: str


class _Envelope(_Wire):
    payload: _Base64
    payload_type: str
    signatures: tuple[_Signature]


class _KeyHint(_Wire):
    hint: str


class _SignedTimestamp(_Wire):
    signed_timestamp: _Base64


class _Timestamps(_Wire):
    rfc3161_timestamps: tuple[_SignedTimestamp]


class _VerificationMaterial(_Wire):
    public_key: _KeyHint
    timestamp_verification_data: _Timestamps | None = Field(
        default=None, exclude_if=lambda value: value is None
    )


class _Bundle(_Wire):
    media_type: str
    verification_material: _VerificationMaterial
    dsse_envelope: _Envelope


class _Digests(_Wire):
    sha256: str


class _Subject(_Wire):
    name: str
    digest: _Digests


class _Predicate(_Wire):
    account: str | None = Field(default=None, exclude_if=lambda value: value is None)
    log: str | None = Field(default=None, exclude_if=lambda value: value is None)
    number: int
    previous: _Digests | None
    created_at: str


class _Statement(_Wire):
    type: str = Field(validation_alias="_type", serialization_alias="_type")
    subject: tuple[_Subject]
    predicate_type: str
    predicate: _Predicate


def _bundle(payload: bytes, signature: bytes, keyid: str, token: bytes | None) -> _Bundle:
    stamps = None
    if token is not None:
        stamps = _Timestamps(rfc3161_timestamps=(_SignedTimestamp(signed_timestamp=token),))
    return _Bundle(
        media_type=MEDIA_TYPE,
        verification_material=_VerificationMaterial(
            public_key=_KeyHint(hint=keyid), timestamp_verification_data=stamps
        ),
        dsse_envelope=_Envelope(
            payload=payload,
            payload_type=PAYLOAD_TYPE,
            signatures=(_Signature(sig=signature, keyid=keyid),),
        ),
    )
