"""Keys by names, and statements on them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Literal

from cryptography.hazmat.primitives.asymmetric import ec

from collector.evidence.documents import KeyStatement
from collector.evidence.keyring import SignedStatement
from collector.evidence.keys import FileSigner, PublicKey, load_public_key
from collector.evidence.log import KEY_LOG
from collector.evidence.seal import Statement, open_seal, seal

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@cache
def signer(name: str) -> FileSigner:
    """The key of this name."""
    return FileSigner(ec.generate_private_key(ec.SECP256R1()))


def public(name: str) -> PublicKey:
    """Its public half."""
    return load_public_key(signer(name).public_pem, name)


def print_of(name: str) -> str:
    """Its fingerprint."""
    return signer(name).fingerprint


def roots(names: str) -> dict[str, PublicKey]:
    """The keys whose names, of one letter each, are in a word."""
    return {print_of(name): public(name) for name in names}


def statement(
    action: Literal["rotate", "admit", "revoke"], key: str, limits: dict[str, int] | None = None
) -> KeyStatement:
    """A statement on a key."""
    return KeyStatement(
        made=NOON,
        action=action,
        key=print_of(key),
        public_key=None if action == "revoke" else signer(key).public_pem.decode(),
        first_untrusted=(limits or {}) if action == "revoke" else None,
        reason="as asked",
    )


def signed(number: int, by: str, said: KeyStatement | None, name: str = "") -> SignedStatement:
    """A place of the key log; `name`: the key that the seal names, if it is another's."""
    place = Statement(
        log=KEY_LOG,
        number=number,
        document_sha256="0" * 64,
        previous_sha256=None if number == 1 else "0" * 64,
        created_at=NOON,
    )
    impostor = signer(by)
    if name:
        impostor = FileSigner(impostor._key)
        impostor.fingerprint = print_of(name)
    return SignedStatement(number, open_seal(seal(place, impostor)), said)
