"""Chains: the documents of a log in order, each sealed over the digest of the seal before.

Writing goes from what is referenced to what references it: objects, the public key, the document,
and last the seal, which is the commit point. What a run leaves that dies on the way is referenced
by nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from collector.errors import LockerError, TimestampError
from collector.evidence.canonical import parse_timestamp, sha256, timestamp
from collector.evidence.documents import Document, parse_document
from collector.evidence.keys import Signer
from collector.evidence.locker import LARGEST_BYTES, Locker
from collector.evidence.log import LAST_NUMBER, Log, account_log, seal_place
from collector.evidence.record import EvidenceError
from collector.evidence.retention import renew
from collector.evidence.seal import Sealed, Statement, open_seal, seal
from collector.evidence.snapshot import Snapshot, authority_key, object_key, public_key_key

ATTEMPTS = 1000
"""How many other runs may take the next number before one gives up."""

CLOCK_SKEW = timedelta(minutes=1)
"""By how much the clocks of two machines that write one chain may differ."""

_PAGE = 1000
"""Keys that one listing of a bucket brings."""


class ChainError(LockerError):
    """A document could not be sealed. What was written before is referenced by nothing."""

    exit_code = 1


@dataclass(frozen=True)
class Head:
    """The last seal of a chain. Whoever remembers it can tell if the chain was cut or rewritten."""

    number: int
    sha256: str
    """Digest of the seal's bytes."""


@dataclass(frozen=True)
class Stamp:
    """What a timestamp authority gave for a signature."""

    token: bytes
    """Its answer, in the form that is kept."""
    time: datetime
    """When it saw the signature, by its clock; aware."""
    authority_sha256: str
    """Digest of the root certificate that it is trusted by, in DER."""
    authority_pem: bytes
    """That certificate."""


Stamper = Callable[[bytes, datetime], Stamp]
"""Gets a timestamp for a signature that was made at a time by the signer's clock; raises
`TimestampError` if none is to be had in good time."""


@dataclass(frozen=True)
class Appended:
    """A document that is now in its log."""

    log: Log
    number: int
    seal_sha256: str
    document_sha256: str
    timestamp: datetime | None = None
    """When a timestamp authority saw the seal's signature; None if none is in the seal."""
    timestamp_fault: str | None = None
    """Why there is none, if an authority was asked."""

    @property
    def head(self) -> Head:
        """The log's head when this document was the last."""
        return Head(self.number, self.seal_sha256)


def put_object(
    locker: Locker, data: bytes, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> str:
    """Keep content-addressed bytes; their digest.

    What is there already is read and compared, at the price of one more request: a run must not
    refer to evidence that is not what its name says. Where the locker retains its files, one more
    request sees that it is retained as long as if it had been put now.

    Raises:
        ChainError: the locker has other bytes under that digest, or they are too many.
        LockerError: the locker cannot be read or written, or will not retain the object.
    """
    if len(data) > LARGEST_BYTES:
        raise ChainError(
            f"keeping an object of {len(data):,} bytes in locker {locker.url}: at most"
            f" {LARGEST_BYTES:,} can be read again"
        )
    digest = sha256(data)
    _put(locker, object_key(digest), data, clock)
    return digest


def head(locker: Locker, log: Log) -> Head | None:
    """The last seal of a log, found by a few listings; None if there is no seal.

    Nothing is verified but that a seal is there.
    """
    number = _last_number(locker, log)
    return Head(number, sha256(locker.get(log.seal_key(number)))) if number else None


def append(
    locker: Locker,
    log: Log,
    document: bytes,
    signer: Signer,
    clock: Callable[[], datetime],
    stamper: Stamper | None = None,
) -> Appended:
    """Seal a document as the next of its log.

    Several runs may do so at once: the one whose seal is written first has the number, and the
    others sign again for the next. A clock that is behind the last seal by no more than
    `CLOCK_SKEW` gives that seal's time, so that the order of times is that of numbers.

    Args:
        locker: where all objects that the document refers to were put before.
        log: where it belongs.
        document: bytes of a document of that log.
        signer: signs the seal; its public key is put beside.
        clock: the time now, aware.
        stamper: asked for a timestamp between signing and writing. If it has none, the document
            is sealed without, which is told in the outcome: evidence is not lost for it.

    Raises:
        ChainError: the clock is further behind, the last seal cannot be read, the locker holds
            other bytes under one of the names, or `ATTEMPTS` other runs were faster.
        EvidenceError: the document is not one of that log.
        SigningError: the key cannot be used.
        LockerError: the locker cannot be read or written.
    """
    digest = sha256(document)
    key = log.document_key(digest)
    parse_document(log, document, key)
    _put(locker, public_key_key(signer.fingerprint), signer.public_pem, clock)
    _put(locker, key, document, clock)

    stamp: Stamp | None = None
    fault: str | None = None

    def stamped(signature: bytes) -> bytes | None:
        nonlocal stamp, fault
        stamp = None
        # An authority that failed once is not waited for again.
        if stamper is not None and fault is None:
            try:
                stamp = stamper(signature, statement.created_at)
            except TimestampError as error:
                fault = str(error)
            else:
                _put(locker, authority_key(stamp.authority_sha256), stamp.authority_pem, clock)
        return None if stamp is None else stamp.token

    for _ in range(ATTEMPTS):
        last = _last_seal(locker, log)
        statement = Statement(
            log=log,
            number=last.statement.number + 1 if last else 1,
            document_sha256=digest,
            previous_sha256=last.sha256 if last else None,
            created_at=_now(clock, last),
        )
        bundle = seal(statement, signer, stamped)
        if _is_written(locker, log.seal_key(statement.number), bundle):
            return Appended(
                log=log,
                number=statement.number,
                seal_sha256=sha256(bundle),
                document_sha256=digest,
                timestamp=None if stamp is None else stamp.time,
                timestamp_fault=fault,
            )
    raise ChainError(
        f"sealing in log {log.name} of locker {locker.url}: {ATTEMPTS} other runs in a row "
        f"took the next number; run again"
    )


def read(locker: Locker, log: Log, number: int) -> tuple[Sealed, Document]:
    """The document at a number of a log, and its seal.

    The document is the one that the seal names. Signature, chain and objects are not looked at:
    that is what `verify` is for.

    Raises:
        ObjectMissing: there is nothing at that number, or its document is gone.
        EvidenceError: the seal or the document is not what it should be.
    """
    key = log.seal_key(number)
    sealed = open_seal(locker.get(key), key)
    digest = sealed.statement.document_sha256
    key = log.document_key(digest)
    document = locker.get(key)
    if sha256(document) != digest:
        raise EvidenceError(f"{key}: its content has digest {sha256(document)}; it was changed")
    return sealed, parse_document(log, document, key)


def read_snapshot(locker: Locker, account: str, number: int) -> tuple[Sealed, Snapshot]:
    """The snapshot at a number of an account's log, and its seal, as `read` reads them."""
    sealed, snapshot = read(locker, account_log(account), number)
    assert isinstance(snapshot, Snapshot)
    return sealed, snapshot


def _put(locker: Locker, key: str, data: bytes, clock: Callable[[], datetime]) -> None:
    """Put bytes that are the only ones which this key can have."""
    if locker.put(key, data):
        return
    if locker.get(key) != data:
        raise ChainError(
            f"writing {key} in locker {locker.url}: other bytes are there already, so somebody "
            f"changed them; run collector verify"
        )
    renew(locker, key, clock())


def _is_written(locker: Locker, key: str, data: bytes) -> bool:
    """Put bytes, and tell whether it is these that are now there.

    A put may say False although it was this very one that wrote: its answer got lost, and was
    asked for again. Taken for another's, a snapshot would be sealed twice.
    """
    return locker.put(key, data) or locker.get(key) == data


def _last_number(locker: Locker, log: Log) -> int:
    """The highest number that has a seal, 0 if there is none; gaps are passed over.

    Looks ahead by steps that double while there are seals behind them and halve when there are
    none, so that a long log costs few listings.
    """
    last, step = 0, _PAGE
    while True:
        ahead = next(_numbers(locker, log, after=min(last + step, LAST_NUMBER)), None)
        if ahead is not None:
            last, step = ahead, step * 2
        elif step > _PAGE:
            step //= 2
        else:
            return max(_numbers(locker, log, after=last), default=last)


def _numbers(locker: Locker, log: Log, after: int) -> Iterator[int]:
    """Numbers of seals behind a number, ascending. What is not named as a seal is left to
    `verify`: it must not keep evidence from being sealed."""
    for key in locker.keys(log.seals_prefix, after=log.seal_key(after)):
        place = seal_place(key)
        if place is not None:
            yield place[1]


def _last_seal(locker: Locker, log: Log) -> Sealed | None:
    number = _last_number(locker, log)
    if number == 0:
        return None
    key = log.seal_key(number)
    try:
        last = open_seal(locker.get(key), key)
        said = last.statement
        if (said.log, said.number) != (log, number):
            raise EvidenceError(f"{key}: it is number {said.number} of {said.log.title}")
        if number == LAST_NUMBER:
            raise EvidenceError(f"{key}: there is no number behind it")
    except EvidenceError as error:
        raise ChainError(
            f"sealing in log {log.name} of locker {locker.url}: the last seal cannot be "
            f"followed: {error}; run collector verify, and go on in another locker"
        ) from error
    return last


def _now(clock: Callable[[], datetime], last: Sealed | None) -> datetime:
    """The time of a new seal, in whole seconds and not before the last one's."""
    now = parse_timestamp(timestamp(clock()))
    if last is None or now >= last.statement.created_at:
        return now
    if last.statement.created_at - now <= CLOCK_SKEW:
        return last.statement.created_at
    raise ChainError(
        f"sealing in log {last.statement.log.name}: the clock says {timestamp(now)}, but "
        f"the last seal was made at {timestamp(last.statement.created_at)}; set the clock right"
    )
