"""Timestamps: asking authorities for them, and keeping those that come later than the seal.

A token says that an authority saw the signature of a seal at a time by its clock (RFC 3161). Asked
right after signing, it is in the seal. Where no authority answered then, a token that is got later
is a file of its own, because a seal never changes: `v1/timestamps/SEAL/TOKEN.tsr`, by digests.
"""

from __future__ import annotations

import http.client
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from typing import IO
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from collector.errors import ConfigError, TimestampError
from collector.evidence.canonical import sha256
from collector.evidence.chain import Stamp, Stamper, head
from collector.evidence.locker import Locker
from collector.evidence.log import Log, seal_place
from collector.evidence.seal import Sealed, open_seal
from collector.evidence.snapshot import TIMESTAMPS, authority_key, timestamp_key
from collector.evidence.times import disagreement
from collector.evidence.token import TokenError, is_root, normal_form, read_token, root_of

QUESTION = "application/timestamp-query"
ANSWER = "application/timestamp-reply"

MOST_BYTES = 64 * 1024
"""The longest answer that is read; usual ones have 2 to 8 thousand bytes."""


@dataclass(frozen=True)
class Authority:
    """A timestamp authority, and what it is trusted by."""

    url: str
    certificates: tuple[x509.Certificate, ...]
    """Roots, and others that it may leave out of its answers."""

    @property
    def roots(self) -> list[x509.Certificate]:
        """The certificates that are trusted by themselves."""
        return [c for c in self.certificates if is_root(c)]


def load_certificates(pem: bytes, source: str) -> tuple[x509.Certificate, ...]:
    """The certificates in a PEM file that authorities are trusted by.

    Args:
        pem: at least one of them signed with its own key.
        source: where it came from, for the error message.

    Raises:
        ConfigError: it is something else.
    """
    try:
        found = tuple(x509.load_pem_x509_certificates(pem))
    except (ValueError, x509.InvalidVersion):
        raise ConfigError(
            f"certificates {source} cannot be read; expected certificates in PEM"
        ) from None
    if not any(map(is_root, found)):
        raise ConfigError(f"certificates {source}: none is a root; expected one, signed by itself")
    return found


def stamper(authorities: Sequence[Authority], timeout_seconds: float) -> Stamper:
    """What gets a timestamp for a seal that is being made, from the first authority that answers.

    Args:
        authorities: asked in turn; each gets an equal share of the time that is left.
        timeout_seconds: for all of them together.
    """

    def stamp(signature: bytes, created_at: datetime) -> Stamp:
        return _stamp(authorities, timeout_seconds, signature, created_at, is_inside=True)

    return stamp


def without_timestamp(
    locker: Locker, log: Log, *, newest: bool = False
) -> Iterator[tuple[int, Sealed]]:
    """The seals of a log that carry no timestamp, neither in them nor beside them, in order.

    Args:
        locker: only read.
        log: the log.
        newest: look at its last seal only.

    Raises:
        EvidenceError: a seal cannot be read.
        LockerError: the locker cannot be read.
    """
    last = head(locker, log) if newest else None
    for key in locker.keys(log.seals_prefix) if last is None else [log.seal_key(last.number)]:
        place = seal_place(key)
        if place is None:
            continue
        sealed = open_seal(locker.get(key), key)
        beside = locker.keys(f"{TIMESTAMPS}{sealed.sha256}/")
        if sealed.token is None and next(beside, None) is None:
            yield place[1], sealed


def add_timestamp(
    locker: Locker, sealed: Sealed, authorities: Sequence[Authority], timeout_seconds: float
) -> datetime:
    """Get a timestamp for a seal that is in the locker, and put it beside; its time.

    Raises:
        TimestampError: no authority gave one in good time.
        LockerError: the locker cannot be written.
    """
    stamp = _stamp(
        authorities,
        timeout_seconds,
        sealed.signature,
        sealed.statement.created_at,
        is_inside=False,
    )
    locker.put(authority_key(stamp.authority_sha256), stamp.authority_pem)
    locker.put(timestamp_key(sealed.sha256, sha256(stamp.token)), stamp.token)
    return stamp.time


def _stamp(
    authorities: Sequence[Authority],
    timeout_seconds: float,
    signature: bytes,
    created_at: datetime,
    *,
    is_inside: bool,
) -> Stamp:
    until = time.monotonic() + timeout_seconds
    faults = []
    for asked, authority in enumerate(authorities):
        share = (until - time.monotonic()) / (len(authorities) - asked)
        try:
            stamp = _within(share, lambda: _ask(authority, signature, share))  # noqa: B023
            fault = disagreement(created_at, stamp.time, is_inside=is_inside)
            if fault is None:
                return stamp
        except (TokenError, TimestampError) as error:
            fault = str(error)
        # The path of a URL may hold what its owner pays with.
        parts = urlsplit(authority.url)
        faults.append(f"{parts.scheme}://{parts.netloc}: {fault}")
    raise TimestampError(f"no timestamp from {'; '.join(faults)}")


def _ask(authority: Authority, signature: bytes, timeout_seconds: float) -> Stamp:
    """One question and its answer, checked in full."""
    question = (
        TimestampRequestBuilder()
        .data(signature)
        .hash_algorithm(HashAlgorithm.SHA256)
        .cert_request(cert_request=True)
        .nonce(nonce=True)
        .build()
    )
    answer = _post(authority.url, question.as_bytes(), timeout_seconds)
    token = normal_form(answer, authority.certificates)
    roots = authority.roots
    seen = read_token(token, signature, roots, question.nonce)
    root = root_of(token, roots)
    if root is None:
        raise TokenError("it leads to no root")
    return Stamp(
        token=token,
        time=seen,
        authority_sha256=sha256(root.public_bytes(Encoding.DER)),
        authority_pem=root.public_bytes(Encoding.PEM),
    )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is asked of one authority is not asked of another that nobody configured."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> None:
        """No request: the redirection is then an error like others."""


def _post(url: str, question: bytes, timeout_seconds: float) -> bytes:
    request = urllib.request.Request(
        url, question, headers={"Content-Type": QUESTION, "Accept": ANSWER}
    )
    try:
        with urllib.request.build_opener(_NoRedirect).open(
            request, timeout=timeout_seconds
        ) as response:
            kind = response.headers.get_content_type()
            answer: bytes = response.read(MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        with error:
            raise TimestampError(f"answered with HTTP status {error.code}") from None
    except urllib.error.URLError as error:
        raise TimestampError(f"cannot be reached: {error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise TimestampError(f"gave no answer: {error or type(error).__name__}") from None
    if kind != ANSWER:
        raise TimestampError(f"answered with {kind}; expected {ANSWER}")
    if len(answer) > MOST_BYTES:
        raise TimestampError(f"answered with more than {MOST_BYTES} bytes")
    return answer


def _within(timeout_seconds: float, work: Callable[[], Stamp]) -> Stamp:
    """What some work gives, if it does so in time.

    A socket's timeout is for each read, and none is for looking up a name: a server that sends a
    byte now and then would hold up the seal for as long as it likes. So the work is on a thread of
    its own, which is left behind when the time is over.
    """
    done: queue.SimpleQueue[Stamp | Exception] = queue.SimpleQueue()

    def attempt() -> None:
        try:
            done.put(work())
        except Exception as error:  # raised below, where it is asked for
            done.put(error)

    threading.Thread(target=attempt, name="timestamp", daemon=True).start()
    try:
        outcome = done.get(timeout=max(timeout_seconds, 0))
    except queue.Empty:
        raise TimestampError(f"no answer within {max(timeout_seconds, 0):.1f} s") from None
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
