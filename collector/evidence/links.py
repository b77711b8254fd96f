"""The links of a log: one seal with its document, and what must hold between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from collector.errors import ObjectMissing, ObjectTooLarge
from collector.evidence.canonical import sha256, timestamp
from collector.evidence.chain import CLOCK_SKEW
from collector.evidence.documents import Document, made_at, parse_document
from collector.evidence.keyring import KeyRing
from collector.evidence.locker import Locker
from collector.evidence.log import Log
from collector.evidence.record import EvidenceError
from collector.evidence.report import Problem
from collector.evidence.seal import Sealed, open_seal


@dataclass(frozen=True)
class Link:
    """One place of a log, and what was found there."""

    log: Log
    number: int
    """By the seal's name."""
    sha256: str
    """Digest of the seal's bytes, empty if they could not be read."""
    sealed: Sealed | None
    """What the seal says; None if it is not a seal, or not the one of this place."""
    is_signed: bool
    """Whether one of the keys signed it, be it one that may have or not."""
    document: Document | None
    """The document that the seal names; None if it is not that."""
    problems: tuple[Problem, ...]
    is_intact: bool = True
    """Whether what no signature covers, its timestamp, holds as well. Where it does not, it has its
    own problem, and what names the digest of all of it is not blamed."""

    @property
    def key(self) -> str:
        """The seal's key."""
        return self.log.seal_key(self.number)


def read_link(locker: Locker, ring: KeyRing | None, log: Log, number: int) -> Link:
    """Read the seal at a number, and the document it names, each as if the other links were not.

    Args:
        locker: where to read.
        ring: the keys; None where it is judged later who signed.
        log: the seal's log.
        number: its place there.

    Raises:
        LockerError: the locker cannot be read.
    """
    key = log.seal_key(number)
    digest = ""

    def broken(message: str) -> Link:
        return Link(log, number, digest, None, False, None, (Problem(key, message),))

    try:
        data = locker.get(key)
        digest = sha256(data)
        sealed = open_seal(data)
    except ObjectMissing:
        return broken("it cannot be read as a file")
    except EvidenceError as error:
        return broken(str(error))
    statement = sealed.statement
    if (statement.log, statement.number) != (log, number):
        return broken(f"it was moved: it is number {statement.number} of {statement.log.title}")

    document, problems = _read_document(locker, sealed)
    fault = ring.signature_fault(sealed) if ring is not None else None
    if fault is not None:
        problems.append(Problem(key, fault))
    elif document is not None and made_at(document) - statement.created_at > CLOCK_SKEW:
        problems.append(
            Problem(
                log.document_key(statement.document_sha256),
                f"it was finished at {timestamp(made_at(document))}, "
                f"after it was sealed at {timestamp(statement.created_at)}",
            )
        )
    is_signed = ring is not None and fault is None
    return Link(log, number, digest, sealed, is_signed, document, tuple(problems))


def between(before: Link | None, link: Link) -> Iterator[Problem]:
    """What does not hold between a link and the one that was found before it.

    Where the one before is itself broken, it has its own problem, and the link is not blamed.
    """
    expected = before.number + 1 if before is not None else 1
    if link.number != expected:
        missing = f"numbers {expected} to {link.number - 1} are missing"
        yield Problem(
            link.log.seal_key(expected),
            f"{missing if link.number - 1 > expected else 'it is missing'}, "
            f"but the log goes on with number {link.number}",
        )
        return
    if before is None or before.sealed is None or link.sealed is None:
        return
    if not (before.is_signed and link.is_signed):
        return
    old, new = before.sealed.statement, link.sealed.statement
    if before.is_intact and new.previous_sha256 != before.sha256:
        yield Problem(
            link.key,
            f"it follows a seal with digest {new.previous_sha256}, "
            f"but number {before.number} has digest {before.sha256}",
        )
    if new.created_at < old.created_at:
        yield Problem(
            link.key,
            f"it is back-dated: made at {timestamp(new.created_at)}, "
            f"but number {before.number} at {timestamp(old.created_at)}",
        )


def read_named(
    locker: Locker, key: str, digest: str, named_by: str
) -> tuple[bytes, Problem | None]:
    """The bytes of a file that is named by their digest, and what is wrong with them, if anything.

    Args:
        locker: where to read.
        key: the file.
        digest: what the file is named by.
        named_by: the file that refers to it, for the message.

    Raises:
        LockerError: the locker cannot be read.
    """
    try:
        data = locker.get(key)
    except ObjectTooLarge:
        return b"", Problem(key, "it is larger than anything a locker holds, and was not read")
    except ObjectMissing:
        return b"", Problem(key, f"it is missing; {named_by} refers to it")
    found = sha256(data)
    if found != digest:
        return data, Problem(key, f"it was changed: its content has digest {found}")
    return data, None


def _read_document(locker: Locker, sealed: Sealed) -> tuple[Document | None, list[Problem]]:
    statement = sealed.statement
    log, digest = statement.log, statement.document_sha256
    key = log.document_key(digest)
    data, problem = read_named(locker, key, digest, log.seal_key(statement.number))
    if problem is not None:
        return None, [problem]
    try:
        return parse_document(log, data, "document"), []
    except EvidenceError as error:
        return None, [Problem(key, str(error))]
