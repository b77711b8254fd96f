"""The key log of a locker: read by whoever is about to sign, written by whoever cares for the keys.

What is read here is believed as the locker tells it, which is enough to warn and to refuse, and too
little to trust: that is what `verify` is for. What cannot be read is passed over, and is `verify`'s
matter too: it must not keep evidence from being sealed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from collector.errors import ConfigError, ObjectMissing, SigningError
from collector.evidence.canonical import timestamp
from collector.evidence.chain import Appended, Stamper, append, head
from collector.evidence.documents import KeyStatement, parse_document
from collector.evidence.keyring import KeyRing, Resolution, SignedStatement, resolve
from collector.evidence.keys import PublicKey, Signer, load_public_key
from collector.evidence.locker import Locker
from collector.evidence.log import ACCOUNTS, KEY_LOG, OWN_LOGS, Log, seal_place
from collector.evidence.record import EvidenceError, printable
from collector.evidence.report import Problem
from collector.evidence.seal import Sealed, Statement, open_seal, seal
from collector.evidence.snapshot import KEYS, public_key_key
from collector.evidence.trust import Trust


def read_public_key(locker: Locker, key: str) -> PublicKey | Problem:
    """A public key that the locker holds, or what is wrong with its file.

    Raises:
        LockerError: the locker cannot be read.
    """
    try:
        data = locker.get(key)
        found = load_public_key(data, key)
    except ObjectMissing:
        return Problem(key, "it cannot be read as a file")
    except SigningError as error:
        return Problem(key, str(error))
    if public_key_key(found.fingerprint) != key:
        return Problem(key, f"it was changed: it holds the key {found.fingerprint}")
    if found.pem != data:
        return Problem(key, "it was changed: it is not written as a key is")
    return found


def read_trust(locker: Locker, trusted: Sequence[PublicKey]) -> Trust:
    """Whom to believe in a locker. What is wrong with its keys, or with its log of them, is for
    `verify` to tell: here it is no key, and no statement.

    Args:
        locker: only read.
        trusted: the keys that somebody vouches for. Without any, the locker's own are taken.

    Raises:
        LockerError: the locker cannot be read.
    """
    given = {key.fingerprint: key for key in trusted}
    return Trust(given, read_own_keys(locker), read_statements(locker), is_whole=False)


def read_own_keys(locker: Locker) -> dict[str, PublicKey]:
    """The keys that the locker holds, by fingerprint; a file that is no key is passed over.

    Raises:
        LockerError: the locker cannot be read.
    """
    found = (read_public_key(locker, key) for key in locker.keys(KEYS) if key.endswith(".pem"))
    return {key.fingerprint: key for key in found if isinstance(key, PublicKey)}


def read_statements(locker: Locker) -> list[SignedStatement]:
    """The statements of the key log, by number.

    Raises:
        LockerError: the locker cannot be read.
    """
    found = []
    for key in locker.keys(KEY_LOG.seals_prefix):
        place = seal_place(key)
        sealed = _seal(locker, place[0], place[1]) if place is not None else None
        if place is not None and sealed is not None:
            statement = _statement(locker, sealed)
            found.append(SignedStatement(place[1], sealed, statement))
    return found


def first_signer(locker: Locker, log: Log) -> str | None:
    """Fingerprint of the key that the first seal of a log names; None if there is no such seal.

    Raises:
        LockerError: the locker cannot be read.
    """
    sealed = _seal(locker, log, 1)
    return None if sealed is None else sealed.keyid


@dataclass(frozen=True)
class Keys:
    """The keys of a locker, as the locker tells it."""

    own: Mapping[str, PublicKey]
    """Those it holds a file of, by fingerprint."""
    roots: Mapping[str, PublicKey]
    """Of these, the ones that signed the first seal of some log."""
    statements: tuple[SignedStatement, ...]
    resolution: Resolution
    """What comes of believing the first key of each log."""
    logs: tuple[Log, ...]
    """Those with a seal, by name."""

    def standings(self) -> list[tuple[str, str]]:
        """Each key's fingerprint, and how it stands, in words."""
        ring = self.resolution.ring
        every = sorted({*self.own, *ring.keys, *ring.revoked})
        return [(fingerprint, self._standing(fingerprint)) for fingerprint in every]

    def _standing(self, fingerprint: str) -> str:
        ring = self.resolution.ring
        counted = [s for s in self.statements if s.number not in self.resolution.faults]
        for said in reversed(counted):
            statement = said.statement
            if statement is None:
                continue
            when = timestamp(said.sealed.statement.created_at)
            told = f"by number {said.number} of keys, {when}: {printable(statement.reason)}"
            if statement.action == "revoke" and statement.key == fingerprint:
                limits = sorted(ring.revoked[fingerprint].items())
                trusted = ", ".join(f"{name} before {number}" for name, number in limits)
                return f"revoked {told}; still trusted: {trusted or 'nothing'}"
            if statement.action == "rotate" and said.sealed.keyid == fingerprint:
                return f"rotated to {statement.key} {told}"
        if fingerprint in ring.keys:
            return "in use"
        return "not announced: it began no log, and no statement that counts names it"


def read_keys(locker: Locker) -> Keys:
    """The keys of a locker and the statements on them; reads the first seal of each log.

    Raises:
        LockerError: the locker cannot be read.
    """
    own = read_own_keys(locker)
    firsts: dict[Log, int] = {}
    for prefix in (ACCOUNTS, *(log.seals_prefix for log in OWN_LOGS)):
        for place in filter(None, map(seal_place, locker.keys(prefix))):
            firsts.setdefault(*place)
    signers = {
        sealed.keyid
        for log, number in firsts.items()
        if log != KEY_LOG and (sealed := _seal(locker, log, number)) is not None
    }
    statements = read_statements(locker)
    if not signers:
        signers = {said.sealed.keyid for said in statements[:1]}
    roots = {fingerprint: key for fingerprint, key in own.items() if fingerprint in signers}
    resolution = resolve(roots, statements, are_trusted=False)
    return Keys(own, roots, tuple(statements), resolution, tuple(sorted(firsts)))


def check_signer(locker: Locker, log: Log, signer: Signer) -> str | None:
    """See whether a key may sign the next of a log; a warning, if there is something to say.

    Raises:
        SigningError: the key is revoked, or another took its place and has signed there.
        LockerError: the locker cannot be read.
    """
    statements = read_statements(locker)
    own = load_public_key(signer.public_pem, signer.fingerprint)
    roots = {own.fingerprint: own}
    ring = resolve(roots, statements, are_trusted=False).ring
    _refuse_revoked(ring, log, own.fingerprint)
    last = head(locker, log)
    if last is None:
        return _rotated(ring, own.fingerprint)
    first = _seal(locker, log, 1)
    if first is not None and first.keyid != own.fingerprint:
        key = read_public_key(locker, public_key_key(first.keyid))
        roots = {key.fingerprint: key} if isinstance(key, PublicKey) else {}
        ring = resolve(roots, statements, are_trusted=False).ring
        _refuse_revoked(ring, log, own.fingerprint)
    newest = _seal(locker, log, last.number)
    # Others may have sealed since: only of a key that was replaced, all of the log is looked at.
    for number in range(last.number, 0, -1) if own.fingerprint in ring.successors else ():
        sealed = _seal(locker, log, number)
        if sealed is not None and own.fingerprint in ring.predecessors(sealed.keyid):
            raise SigningError(
                f"signing key {own.fingerprint} cannot seal in {log.name}: {sealed.keyid} took its"
                f" place and sealed number {number} there; configure that key"
            )
    if own.fingerprint not in ring.keys and newest is not None and newest.keyid != own.fingerprint:
        return (
            f"number {last.number} of {log.title} was signed by another key, {newest.keyid}, and no"
            f" statement announces {own.fingerprint}; verify will ask for both"
        )
    return _rotated(ring, own.fingerprint)


def say(
    locker: Locker,
    statement: KeyStatement,
    signer: Signer,
    clock: Callable[[], datetime],
    stamper: Stamper | None = None,
) -> tuple[Appended, tuple[int, ...]]:
    """Seal a statement in the key log, and put the public key that it brings.

    Returns:
        Its place, and the numbers of earlier statements that count no more because of it.

    Raises:
        ConfigError: by what is in the locker, the statement would not count, or would make seals
            count no more that are good.
        ChainError: as for `append`.
        SigningError: the key cannot be used.
        LockerError: the locker cannot be read or written.
    """
    known = read_keys(locker)
    undone = _refuse_uncounted(known, statement, signer, clock)
    if statement.action == "rotate" and statement.key in known.own:
        _refuse_overtaken(locker, known, statement, signer)
    if statement.public_key is not None:
        locker.put(public_key_key(statement.key), statement.public_key.encode())
    return append(locker, KEY_LOG, statement.to_bytes(), signer, clock, stamper), undone


def next_numbers(locker: Locker, logs: Iterable[Log]) -> dict[str, int]:
    """The number behind the last seal of each log, by its name."""
    heads = {log.name: head(locker, log) for log in logs}
    return {name: 1 if last is None else last.number + 1 for name, last in heads.items()}


def _refuse_uncounted(
    known: Keys, statement: KeyStatement, signer: Signer, clock: Callable[[], datetime]
) -> tuple[int, ...]:
    """Try how the statement would fare at the next number of the log; what it would undo."""
    number = max((said.number for said in known.statements), default=0) + 1
    trial = Statement(
        log=KEY_LOG,
        number=number,
        document_sha256="0" * 64,
        previous_sha256=None if number == 1 else "0" * 64,
        created_at=clock().replace(microsecond=0),
    )
    said = SignedStatement(number, open_seal(seal(trial, signer)), statement)
    own = load_public_key(signer.public_pem, signer.fingerprint)
    # In a locker without any seal, whoever comes first is believed.
    roots = known.roots or {own.fingerprint: own}
    before = resolve(roots, known.statements, are_trusted=False)
    if own.fingerprint not in before.ring.keys:
        raise ConfigError(
            f"signing a statement on key {statement.key}: it would not count, as key"
            f" {own.fingerprint} has begun no log here, and no statement names it"
        )
    after = resolve(roots, (*known.statements, said), are_trusted=False)
    undone = tuple(sorted(after.faults.keys() - before.faults.keys() - {number}))
    if number in after.faults:
        why = after.faults[number]
        raise ConfigError(f"signing a statement on key {statement.key}: it would not count: {why}")
    return undone


def _refuse_overtaken(locker: Locker, known: Keys, statement: KeyStatement, signer: Signer) -> None:
    """Refuse a rotation to a key that has sealed already, before the one whose place it takes did:
    what that one sealed since would be a problem from then on."""
    for log in known.logs:
        first = None
        for place in filter(None, map(seal_place, locker.keys(log.seals_prefix))):
            sealed = _seal(locker, *place) if log != KEY_LOG else None
            keyid = None if sealed is None else sealed.keyid
            if keyid == statement.key and first is None:
                first = place[1]
            if keyid == signer.fingerprint and first is not None:
                raise ConfigError(
                    f"rotating key {signer.fingerprint}: {statement.key} sealed number {first} of"
                    f" {log.title} before this key sealed number {place[1]}, which would count no"
                    " more; rotate to a key that has sealed nothing"
                )


def _refuse_revoked(ring: KeyRing, log: Log, fingerprint: str) -> None:
    limit = ring.first_untrusted(fingerprint, log)
    if limit is not None:
        raise SigningError(
            f"signing key {fingerprint} cannot seal in {log.name}: it is revoked from number"
            f" {limit} on; configure another key"
        )


def _rotated(ring: KeyRing, fingerprint: str) -> str | None:
    if fingerprint not in ring.successors:
        return None
    return (
        f"signing key {fingerprint} was rotated to {ring.successors[fingerprint]}; configure that"
        " key, as this one may sign only until that one has"
    )


def _seal(locker: Locker, log: Log, number: int) -> Sealed | None:
    key = log.seal_key(number)
    try:
        return open_seal(locker.get(key), key)
    except (EvidenceError, ObjectMissing):
        return None


def _statement(locker: Locker, sealed: Sealed) -> KeyStatement | None:
    key = KEY_LOG.document_key(sealed.statement.document_sha256)
    with suppress(EvidenceError, ObjectMissing):
        found = parse_document(KEY_LOG, locker.get(key), key)
        return found if isinstance(found, KeyStatement) else None
    return None
