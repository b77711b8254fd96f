"""Key rings: which key may sign which seal, by what a locker's key log says of its keys. Pure.

Trust begins with keys that somebody vouches for, and grows and shrinks by the statements of the key
log, each sealed by a key that may sign at its number:

- `rotate`: another key takes the place of the one that signs this. In every log the old key may go
  on until the new one has signed there; in the key log it may say nothing more.
- `admit`: another key may sign as well.
- `revoke`: a key may not have signed what is at, or behind, a number in each log. That holds for
  the key log too, and backwards: statements that the key made there count no more, nor does what
  rests on them.

Where two statements contradict each other, the first in the log holds and the other is a problem.
No key revokes itself, nothing that is revoked comes back, and no statement counts that would take
away the trust on which its own key rests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from collector.errors import SigningError
from collector.evidence.documents import KeyStatement
from collector.evidence.keys import PublicKey, load_public_key
from collector.evidence.log import KEY_LOG, Log
from collector.evidence.seal import Sealed


@dataclass(frozen=True)
class SignedStatement:
    """A place of the key log."""

    number: int
    sealed: Sealed
    """Its seal, of which nothing is believed yet."""
    statement: KeyStatement | None
    """The document that the seal names; None if it cannot be read, and then says nothing."""


@dataclass(frozen=True)
class KeyRing:
    """The keys that may sign, and where."""

    keys: Mapping[str, PublicKey]
    """By fingerprint; also those that may not sign any more."""
    are_trusted: bool
    """Whether somebody vouches for them; otherwise they are what the locker itself holds."""
    successors: Mapping[str, str] = field(default_factory=dict)
    """Fingerprint of a key that was rotated → that of the key in its place."""
    revoked: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Fingerprint of a revoked key → by the name of a log, the first number not trusted there. In
    a log that is not named, none is."""

    def first_untrusted(self, keyid: str, log: Log) -> int | None:
        """The number in a log from which on a key is revoked; None if it is not."""
        limits = self.revoked.get(keyid)
        return None if limits is None else limits.get(log.name, 1)

    def predecessors(self, keyid: str) -> frozenset[str]:
        """The keys whose place a key took, directly or not."""
        found: set[str] = set()
        following = {keyid}
        while following:
            following = {old for old, new in self.successors.items() if new in following} - found
            found |= following
        return frozenset(found)

    def signature_fault(self, sealed: Sealed) -> str | None:
        """What is wrong with a seal's signature, whether or not its key may sign there."""
        key = self.keys.get(sealed.keyid)
        if key is None:
            where = "one of the trusted keys" if self.are_trusted else "in the locker"
            return f"it is signed with key {sealed.keyid}, which is not {where}"
        return None if sealed.is_signed_by(key) else "its signature does not hold"

    def revocation_fault(self, log: Log, number: int, keyid: str) -> str | None:
        """Why a revoked key may not have signed a number of a log; None if it may."""
        limit = self.first_untrusted(keyid, log)
        if limit is None or number < limit:
            return None
        return f"it is signed with key {keyid}, which is revoked from number {limit} on"


@dataclass(frozen=True)
class Resolution:
    """What the key log comes to."""

    ring: KeyRing
    faults: Mapping[int, str]
    """Why the statement at a number does not count; those that count are not here."""


def resolve(
    roots: Mapping[str, PublicKey], statements: Iterable[SignedStatement], *, are_trusted: bool
) -> Resolution:
    """The key ring that grows out of some keys.

    Args:
        roots: where trust begins, by fingerprint.
        statements: of the key log, by number.
        are_trusted: whether somebody vouches for the roots.
    """
    start = KeyRing(roots, are_trusted=are_trusted)
    ring = start
    counted: list[SignedStatement] = []
    faults: dict[int, str] = {}
    for said in statements:
        fault = _authority_fault(ring, said) or _content_fault(ring, said)
        if fault is None and said.statement is not None and said.statement.action == "revoke":
            kept, lost = _sifted(_applied(start, said), counted)
            if _authority_fault(_folded(start, kept), said) is not None:
                fault = (
                    f"it would revoke {said.statement.key}, on which the trust in its own key"
                    f" {said.sealed.keyid} rests"
                )
            else:
                counted = kept
                faults |= lost
                ring = _folded(start, kept)
        if fault is not None:
            faults[said.number] = fault
            continue
        counted.append(said)
        ring = _applied(ring, said)
    return Resolution(ring, faults)


def signing_faults(
    ring: KeyRing, log: Log, signers: Sequence[tuple[int, str]]
) -> Iterator[tuple[int, str]]:
    """Numbers of a log that were signed by keys which may not have, and why.

    Args:
        ring: the keys that may.
        log: any but the key log, whose statements `resolve` judges.
        signers: number and fingerprint of the key that signed it, ascending by number.
    """
    retired: dict[str, str] = {}
    before = ""
    for number, keyid in signers:
        if keyid not in ring.keys:
            # Every one of them would be many, and the first is where to look.
            if keyid != before:
                change = f"from {before} to {keyid}" if before else f"to {keyid}"
                yield (
                    number,
                    (
                        f"the key changed {change}, which no statement that counts announces; "
                        f"if that was meant, both must be given as trusted"
                    ),
                )
        elif (fault := ring.revocation_fault(log, number, keyid)) is not None:
            yield number, fault
        elif keyid in retired:
            yield (
                number,
                (f"it is signed with key {keyid}, whose place {retired[keyid]} had taken before"),
            )
        else:
            for old in ring.predecessors(keyid):
                retired.setdefault(old, keyid)
        before = keyid


def _authority_fault(ring: KeyRing, said: SignedStatement) -> str | None:
    """Why the key that signed a statement could not make it."""
    keyid = said.sealed.keyid
    fault = ring.signature_fault(said.sealed) or ring.revocation_fault(KEY_LOG, said.number, keyid)
    if fault is None and keyid in ring.successors:
        return f"it is signed with key {keyid}, whose place {ring.successors[keyid]} has taken"
    return fault


def _content_fault(ring: KeyRing, said: SignedStatement) -> str | None:
    """Why a statement cannot be, whoever makes it."""
    statement, signer = said.statement, said.sealed.keyid
    if statement is None:
        return None
    key = statement.key
    if key == signer:
        return f"it is about the key that signs it, {key}, which only another can say"
    if statement.public_key is None:
        return None
    try:
        public = load_public_key(statement.public_key.encode(), key)
    except SigningError as error:
        return str(error)
    if (public.fingerprint, public.pem) != (key, statement.public_key.encode()):
        return f"it names key {key}, but holds another: {public.fingerprint}"
    if key in ring.revoked:
        return f"key {key} is revoked, and cannot come back"
    if key in ring.successors:
        return f"key {key} was rotated to {ring.successors[key]}, and cannot come back"
    return None


def _sifted(
    start: KeyRing, counted: Sequence[SignedStatement]
) -> tuple[list[SignedStatement], dict[int, str]]:
    """The statements that still count from another beginning, and why the others do not."""
    ring = start
    kept: list[SignedStatement] = []
    lost: dict[int, str] = {}
    for said in counted:
        fault = _authority_fault(ring, said)
        if fault is not None:
            lost[said.number] = fault
            continue
        kept.append(said)
        ring = _applied(ring, said)
    return kept, lost


def _folded(start: KeyRing, counted: Iterable[SignedStatement]) -> KeyRing:
    ring = start
    for said in counted:
        ring = _applied(ring, said)
    return ring


def _applied(ring: KeyRing, said: SignedStatement) -> KeyRing:
    """The ring after a statement that counts."""
    statement = said.statement
    if statement is None:
        return ring
    if statement.first_untrusted is not None:
        limits = statement.first_untrusted
        known = ring.revoked.get(statement.key)
        if known is not None:
            limits = {name: min(n, known[name]) for name, n in limits.items() if name in known}
        return replace(ring, revoked={**ring.revoked, statement.key: limits})
    assert statement.public_key is not None  # which its model sees to
    public = load_public_key(statement.public_key.encode(), statement.key)
    keys = {statement.key: public, **ring.keys}
    if statement.action == "rotate":
        successors = {**ring.successors, said.sealed.keyid: statement.key}
        return replace(ring, keys=keys, successors=successors)
    return replace(ring, keys=keys)
