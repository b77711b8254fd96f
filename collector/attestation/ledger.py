"""Reading the log of attestations, and writing to it. What does not hold is not read.

An entry counts only if its signature, its digest and every link of the log hold, as `verify` finds
them. Whoever could write to the locker could otherwise accept any failure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from collector.attestation.record import Entry
from collector.attestation.state import LogEntry, Standing, stand
from collector.evidence.chain import Appended, Stamper, append, put_object
from collector.evidence.inventory import take_inventory
from collector.evidence.key_log import (
    first_signer,
    read_own_keys,
    read_statements,
    read_trust,
)
from collector.evidence.keyring import resolve
from collector.evidence.keys import PublicKey, Signer
from collector.evidence.links import Link, between, read_link
from collector.evidence.locker import Locker
from collector.evidence.log import ATTESTATIONS, account_log
from collector.evidence.reading import READERS, in_order
from collector.evidence.record import EvidenceError
from collector.evidence.report import Problem


def read_standing(locker: Locker, trusted: Sequence[PublicKey] = ()) -> Standing:
    """All entries of the log, after every signature and link of it was checked.

    The files that entries keep are not read: that is what `verify` is for.

    Args:
        locker: only read.
        trusted: the keys that may sign. Without any, the locker's own keys are taken, which is
            less: the first that signed the log is believed.

    Raises:
        EvidenceError: something of the log does not hold; the message names the first file.
        LockerError: the locker cannot be read.
    """
    inventory = take_inventory(locker.keys(ATTESTATIONS.prefix))
    numbers = inventory.seals.get(ATTESTATIONS, [])
    if not numbers:
        return stand(())
    trust = read_trust(locker, trusted)
    links = list(
        in_order(partial(read_link, locker, trust.readable, ATTESTATIONS), numbers, READERS)
    )
    problems: list[Problem] = []
    before: Link | None = None
    for link in links:
        problems += (*link.problems, *between(before, link))
        before = link
    signed = [(n.number, n.sealed.keyid) for n in links if n.sealed is not None and n.is_signed]
    for number, fault in trust.signers_faults(ATTESTATIONS, signed):
        problems.append(Problem(ATTESTATIONS.seal_key(number), fault))
    if problems:
        raise EvidenceError(
            f"attestations of locker {locker.url}: {min(problems)}; run collector verify"
        )
    return stand(map(_placed, links))


def unannounced(locker: Locker, account: str) -> str | None:
    """The key that began the log of attestations, if the key that began an account's log has
    nothing to do with it: neither is it that one, nor does a statement that counts name it.

    Where nobody vouches for a key, whoever can write the locker could have begun that log.

    Raises:
        LockerError: the locker cannot be read.
    """
    own = read_own_keys(locker)
    firsts = [first_signer(locker, log) for log in (ATTESTATIONS, account_log(account))]
    roots = {keyid: key for keyid, key in own.items() if keyid == firsts[1]}
    ring = resolve(roots, read_statements(locker), are_trusted=False).ring
    return None if firsts[0] in ring.keys else firsts[0]


def doubt(locker: Locker, account: str) -> str | None:
    """What a report has to say where `unannounced` finds a key, in one sentence.

    Raises:
        LockerError: the locker cannot be read.
    """
    stranger = unannounced(locker, account)
    if stranger is None:
        return None
    return (
        f"attestations, exceptions and decisions are believed by key {stranger} alone, which"
        f" nothing connects with {account}: whoever can write the locker could have made them; give"
        " --key, or admit it (collector keys admit)"
    )


def write(
    locker: Locker,
    entry: Entry,
    files: Mapping[str, bytes],
    signer: Signer,
    clock: Callable[[], datetime],
    stamper: Stamper | None = None,
) -> Appended:
    """Seal an entry as the next of the log, after the files that it keeps.

    Args:
        locker: where it goes.
        entry: what is sealed.
        files: content of each file that the entry keeps, by digest.
        signer: seals it.
        clock: the time now, aware.
        stamper: asked for a timestamp, as `append` does.

    Raises:
        LockerError: the locker refuses; what is there is referred to by nothing.
        SigningError: the key cannot be used.
    """
    for data in files.values():
        put_object(locker, data)
    return append(locker, ATTESTATIONS, entry.to_bytes(), signer, clock, stamper)


def _placed(link: Link) -> LogEntry:
    sealed, entry = link.sealed, link.document
    assert sealed is not None
    assert isinstance(entry, Entry)
    return LogEntry(
        number=link.number,
        seal_sha256=link.sha256,
        document_sha256=sealed.statement.document_sha256,
        sealed_at=sealed.statement.created_at,
        entry=entry,
    )
