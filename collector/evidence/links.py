"""The links of a chain: one seal with its document, and what must hold between two of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collector.errors import ObjectMissing
from collector.evidence.canonical import sha256, timestamp
from collector.evidence.chain import CLOCK_SKEW
from collector.evidence.keys import PublicKey
from collector.evidence.locker import Locker
from collector.evidence.record import EvidenceError
from collector.evidence.report import Problem
from collector.evidence.seal import Sealed, open_seal
from collector.evidence.snapshot import Snapshot, parse_snapshot, seal_key, snapshot_key


@dataclass(frozen=True)
class KeyRing:
    """The keys that may sign."""

    keys: Mapping[str, PublicKey]
    """By fingerprint."""
    are_trusted: bool
    """Whether somebody vouches for them; otherwise they are what the locker itself holds."""


@dataclass(frozen=True)
class Link:
    """One place of a chain, and what was found there."""

    account: str
    number: int
    """By the seal's name."""
    sha256: str
    """Digest of the seal's bytes, empty if they could not be read."""
    sealed: Sealed | None
    """What the seal says; None if it is not a seal, or not the one of this place."""
    is_signed: bool
    """Whether one of the keys signed it."""
    snapshot: Snapshot | None
    """The document that the seal names; None if it is not that."""
    problems: tuple[Problem, ...]

    @property
    def key(self) -> str:
        """The seal's key."""
        return seal_key(self.account, self.number)


def read_link(locker: Locker, ring: KeyRing, account: str, number: int) -> Link:
    """Read the seal at a number, and the document it names, each as if the other links were not.

    Raises:
        LockerError: the locker cannot be read.
    """
    key = seal_key(account, number)
    digest = ""

    def broken(message: str) -> Link:
        return Link(account, number, digest, None, False, None, (Problem(key, message),))

    try:
        data = locker.get(key)
        digest = sha256(data)
        sealed = open_seal(data)
    except ObjectMissing:
        return broken("it cannot be read as a file")
    except EvidenceError as error:
        return broken(str(error))
    statement = sealed.statement
    if (statement.account, statement.number) != (account, number):
        return broken(f"it was moved: it is number {statement.number} of {statement.account}")

    snapshot, problems = _read_document(locker, sealed)
    fault = _signature_fault(ring, sealed)
    if fault is not None:
        problems.append(Problem(key, fault))
    elif snapshot is not None and snapshot.finished > statement.created_at + CLOCK_SKEW:
        problems.append(
            Problem(
                snapshot_key(account, statement.snapshot_sha256),
                f"it was finished at {timestamp(snapshot.finished)}, "
                f"after it was sealed at {timestamp(statement.created_at)}",
            )
        )
    return Link(account, number, digest, sealed, fault is None, snapshot, tuple(problems))


def between(before: Link | None, link: Link, ring: KeyRing) -> Iterator[Problem]:
    """What does not hold between a link and the one that was found before it.

    Where the one before is itself broken, it has its own problem, and the link is not blamed.
    """
    expected = before.number + 1 if before is not None else 1
    if link.number != expected:
        missing = f"numbers {expected} to {link.number - 1} are missing"
        yield Problem(
            seal_key(link.account, expected),
            f"{missing if link.number - 1 > expected else 'it is missing'}, "
            f"but the log goes on with number {link.number}",
        )
        return
    if before is None or before.sealed is None or link.sealed is None:
        return
    if not (before.is_signed and link.is_signed):
        return
    old, new = before.sealed.statement, link.sealed.statement
    if new.previous_sha256 != before.sha256:
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
    # Trusted keys may take turns; others were reported with the signature.
    if link.sealed.keyid != before.sealed.keyid and not ring.are_trusted:
        yield Problem(
            link.key,
            f"the key changed from {before.sealed.keyid} to {link.sealed.keyid}; "
            f"if that was meant, both must be given as trusted",
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
    except ObjectMissing:
        return b"", Problem(key, f"it is missing; {named_by} refers to it")
    found = sha256(data)
    if found != digest:
        return data, Problem(key, f"it was changed: its content has digest {found}")
    return data, None


def _read_document(locker: Locker, sealed: Sealed) -> tuple[Snapshot | None, list[Problem]]:
    statement = sealed.statement
    key = snapshot_key(statement.account, statement.snapshot_sha256)
    data, problem = read_named(
        locker,
        key,
        statement.snapshot_sha256,
        seal_key(statement.account, statement.number),
    )
    if problem is not None:
        return None, [problem]
    try:
        snapshot = parse_snapshot(data, "snapshot document")
    except EvidenceError as error:
        return None, [Problem(key, str(error))]
    if snapshot.account.name != statement.account:
        return snapshot, [Problem(key, f"it is of account {snapshot.account.name}")]
    return snapshot, []


def _signature_fault(ring: KeyRing, sealed: Sealed) -> str | None:
    key = ring.keys.get(sealed.keyid)
    if key is None:
        where = "one of the trusted keys" if ring.are_trusted else "in the locker"
        return f"it is signed with key {sealed.keyid}, which is not {where}"
    return None if sealed.is_signed_by(key) else "its signature does not hold"
