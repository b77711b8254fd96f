"""The documents of each log: what a seal can be over. Pure.

An account's log has snapshots. The other three have the records below, and those of
`collector.attestation.record`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from collector.attestation.record import Entry, Withdrawal, parse_entry
from collector.evidence.log import Log
from collector.evidence.record import Digest, EvidenceError, Moment, Record
from collector.evidence.snapshot import Snapshot, parse_snapshot

Fingerprint = Annotated[str, Field(pattern=r"^SHA256:[A-Za-z0-9+/]{43}\z")]
"""An OpenSSH fingerprint of a key."""

Number = Annotated[int, Field(ge=1, lt=10**12)]
"""A number in a log."""


class NamedHead(Record):
    """The last seal of a log when an anchor was made."""

    log: str
    number: Number
    sha256: Digest
    """Digest of the seal's bytes."""


class Anchor(Record):
    """The heads of all logs at one moment, the anchors' own excepted.

    Kept elsewhere or timestamped, it shows that what the heads name was there by then.
    """

    format: Literal["collector/anchor/v1"] = Field(
        default="collector/anchor/v1", validation_alias="schema", serialization_alias="schema"
    )
    made: Moment
    heads: tuple[NamedHead, ...]
    """By the name of the log."""

    @model_validator(mode="after")
    def _names_each_log_once(self) -> Anchor:
        names = [Log(head.log).name for head in self.heads]
        if len(set(names)) != len(names):
            raise ValueError("it names the head of a log more than once")
        return self


class KeyStatement(Record):
    """What became of a signing key, said by another that is trusted."""

    format: Literal["collector/key-statement/v1"] = Field(
        default="collector/key-statement/v1",
        validation_alias="schema",
        serialization_alias="schema",
    )
    made: Moment
    action: Literal["rotate", "admit", "revoke"]
    """`rotate`: `key` takes the place of the key that signs this. `admit`: `key` may sign as well.
    `revoke`: `key` may not sign any more, from the numbers in `first_untrusted` on."""
    key: Fingerprint
    """The key that it is about."""
    public_key: str | None = None
    """PEM of a key that is rotated to, or admitted."""
    first_untrusted: dict[str, Number] | None = None
    """Of a revoked key: the first number that it may not have signed, by the name of the log. In a
    log that is not named here, none of its seals is trusted."""
    reason: str

    @model_validator(mode="after")
    def _has_what_its_action_needs(self) -> KeyStatement:
        if (self.action == "revoke") != (self.first_untrusted is not None):
            raise ValueError("first_untrusted goes with revoke, and with nothing else")
        if (self.action == "revoke") != (self.public_key is None):
            raise ValueError("public_key goes with rotate and admit, and with nothing else")
        for name in self.first_untrusted or ():
            Log(name)
        return self


Document: TypeAlias = "Snapshot | Anchor | KeyStatement | Entry"
"""What a seal can be over."""


def parse_document(log: Log, data: bytes, source: str) -> Document:
    """The document that the bytes are, in a log.

    Args:
        log: says which kind of document it can be.
        data: canonical JSON.
        source: what the bytes are, for the error message: the document's key.

    Raises:
        EvidenceError: they are no such document, are not written as it is, or a snapshot is of
            another account.
    """
    match log:
        case Log("attestations"):
            return parse_entry(data, source)
        case Log("anchors"):
            return Anchor.from_bytes(data, source)
        case Log("keys"):
            return KeyStatement.from_bytes(data, source)
    snapshot = parse_snapshot(data, source)
    if snapshot.account.name != log.account:
        raise EvidenceError(f"{source}: it is of account {snapshot.account.name}")
    return snapshot


def made_at(document: Document) -> datetime:
    """When a document was finished, by its own account of it."""
    return document.finished if isinstance(document, Snapshot) else document.made


def kept_files(document: Document) -> tuple[str, ...]:
    """Digests of the objects that a document other than a snapshot refers to, each once."""
    files = (
        ()
        if isinstance(document, Snapshot | Anchor | KeyStatement | Withdrawal)
        else (document.documents)
    )
    return tuple(dict.fromkeys(file.sha256 for file in files if file.is_kept))
