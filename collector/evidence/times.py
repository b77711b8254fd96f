"""What timestamps show of the seals of a log, and what contradicts them.

A token over a seal's signature shows that the seal existed at the token's time at the latest, and
with it all that the seal refers to: its document, what that names, and all seals before. A token
that is in a seal was there before the seal that follows, because that one names its digest; so the
seal that follows was made after it. What says of itself that it was made earlier is back-dated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from collector.errors import ObjectMissing
from collector.evidence.canonical import sha256, timestamp
from collector.evidence.chain import CLOCK_SKEW
from collector.evidence.keyring import KeyRing
from collector.evidence.links import Link, read_link, read_named
from collector.evidence.locker import Locker
from collector.evidence.log import Log
from collector.evidence.report import Late, Problem, Report, Times
from collector.evidence.snapshot import authority_key, timestamp_key
from collector.evidence.token import TokenError, is_root, read_token

SEALING = timedelta(minutes=5)
"""The longest that it takes from reading the clock for a seal to its timestamp, by two clocks:
signing by a service that is slow, and waiting for authorities."""


@dataclass(frozen=True)
class Seen:
    """What the timestamps of one seal show."""

    inside: datetime | None
    """The time of the token in the seal, if it has one that holds."""
    first: datetime | None
    """The earliest time by which the seal existed; None if no token holds."""
    is_intact: bool
    """Whether the seal has a token that holds, or has none in it."""
    problems: tuple[Problem, ...]


NOTHING = Seen(None, None, True, ())
"""No timestamp is there, or none can be judged because the seal itself does not hold."""


def disagreement(created_at: datetime, seen: datetime, *, is_inside: bool) -> str | None:
    """How a token's time and the time that the seal says contradict each other, if they do.

    Args:
        created_at: when the seal says it was made.
        seen: when the authority saw its signature.
        is_inside: whether the token is in the seal, and so was asked for while sealing.
    """
    if created_at - seen > CLOCK_SKEW:
        return (
            f"it was seen at {timestamp(seen)}, before the seal was made by its own account, at "
            f"{timestamp(created_at)}: a clock is wrong"
        )
    if is_inside and seen - created_at > SEALING:
        return (
            f"it was seen at {timestamp(seen)} only, but says it was made at "
            f"{timestamp(created_at)}: it is back-dated, or a clock is wrong"
        )
    return None


def read_seen(
    locker: Locker, roots: Sequence[x509.Certificate], link: Link, beside: Sequence[str]
) -> Seen:
    """Check the timestamps of a seal, each as if the other seals were not.

    Args:
        locker: where those are that were added later.
        roots: certificates of the authorities.
        link: the seal.
        beside: digests of the timestamps that were added to it later.

    Raises:
        LockerError: the locker cannot be read.
    """
    if link.sealed is None or not link.is_signed:
        return NOTHING
    created_at, signature = link.sealed.statement.created_at, link.sealed.signature

    def judged(token: bytes, *, is_inside: bool) -> datetime | str:
        try:
            seen = read_token(token, signature, roots)
        except TokenError as error:
            return str(error)
        return disagreement(created_at, seen, is_inside=is_inside) or seen

    inside: datetime | None = None
    times: list[datetime] = []
    problems: list[Problem] = []
    if link.sealed.token is not None:
        found = judged(link.sealed.token, is_inside=True)
        if isinstance(found, str):
            problems.append(Problem(link.key, f"its timestamp: {found}"))
        else:
            inside = found
            times.append(found)
    for digest in beside:
        key = timestamp_key(link.sha256, digest)
        token, problem = read_named(locker, key, digest, link.key)
        if problem is not None:
            problems.append(problem)
            continue
        found = judged(token, is_inside=False)
        if isinstance(found, str):
            problems.append(Problem(key, found))
        else:
            times.append(found)
    is_intact = link.sealed.token is None or inside is not None
    return Seen(inside, min(times, default=None), is_intact, tuple(problems))


def read_timed_link(
    locker: Locker,
    ring: KeyRing,
    roots: Sequence[x509.Certificate],
    beside: Mapping[str, Sequence[str]],
    log: Log,
    number: int,
) -> tuple[Link, Seen]:
    """The link at a number as `read_link` reads it, and its timestamps as `read_seen` does.

    Args:
        locker: only read.
        ring: the keys that may sign.
        roots: certificates of the authorities.
        beside: digests of timestamps that were added later, by the digest of the seal.
        log: the log.
        number: the number.

    Raises:
        LockerError: the locker cannot be read.
    """
    return with_times(locker, roots, beside, read_link(locker, ring, log, number))


def with_times(
    locker: Locker,
    roots: Sequence[x509.Certificate],
    beside: Mapping[str, Sequence[str]],
    link: Link,
) -> tuple[Link, Seen]:
    """A link that was read, and its timestamps as `read_seen` reads them."""
    seen = read_seen(locker, roots, link, beside.get(link.sha256, ()))
    return replace(link, is_intact=seen.is_intact), seen


def without_seal(beside: Mapping[str, Sequence[str]], seals: Set[str]) -> Iterator[Problem]:
    """Timestamps that were added to seals which are not there.

    Args:
        beside: digests of timestamps that were added later, by the digest of the seal.
        seals: digests of all seals.
    """
    for seal in beside.keys() - seals:
        for token in beside[seal]:
            yield Problem(
                timestamp_key(seal, token),
                f"there is no seal with digest {seal}: it was removed or written anew",
            )


def require_times(report: Report) -> Report:
    """The report, with a problem for each log that has a seal without a time that holds."""
    problems = [
        Problem(
            chain.log.seal_key(chain.times.first_without),
            f"it carries no timestamp that holds; of {chain.seals} seals, "
            f"{chain.seals - chain.times.trusted} carry none",
        )
        for chain in report.chains
        if chain.times.first_without is not None
    ]
    return replace(report, problems=tuple(sorted({*report.problems, *problems})))


class Timeline:
    """The timestamps of one log, in the order of its seals."""

    def __init__(self) -> None:
        self._sealed_after: tuple[int, datetime] | None = None
        self._trusted = 0
        self._first_without: int | None = None
        self._shown: tuple[int, datetime] | None = None
        self._late: list[Late] = []

    def follow(self, link: Link, seen: Seen) -> Iterator[Problem]:
        """Go on to the next seal; what contradicts the timestamps before."""
        created_at = link.sealed.statement.created_at if link.sealed is not None else None
        if self._sealed_after is not None and created_at is not None and link.is_signed:
            number, floor = self._sealed_after
            after = f"but it follows number {number}, which was seen at {timestamp(floor)}"
            if floor - created_at > CLOCK_SKEW:
                yield Problem(
                    link.key,
                    f"it is back-dated: it says it was made at {timestamp(created_at)}, {after}",
                )
            if seen.first is not None and floor - seen.first > CLOCK_SKEW:
                yield Problem(link.key, f"it was seen at {timestamp(seen.first)}, {after}")
        if seen.inside is not None and (
            self._sealed_after is None or seen.inside > self._sealed_after[1]
        ):
            self._sealed_after = link.number, seen.inside
        if seen.first is None:
            self._first_without = self._first_without or link.number
            return
        self._trusted += 1
        self._shown = link.number, seen.first
        if created_at is not None and seen.first - created_at > SEALING:
            self._late.append(Late(link.number, created_at, seen.first))

    def summary(self) -> Times:
        """What is shown of the log."""
        return Times(self._trusted, self._first_without, self._shown, tuple(self._late))


def read_authority(locker: Locker, key: str) -> x509.Certificate | Problem:
    """The root certificate of an authority that the locker holds.

    Raises:
        LockerError: the locker cannot be read.
    """
    try:
        data = locker.get(key)
        found = x509.load_pem_x509_certificate(data)
    except ObjectMissing:
        return Problem(key, "it cannot be read as a file")
    except (ValueError, x509.InvalidVersion):
        return Problem(key, "it cannot be read as a certificate in PEM")
    if authority_key(sha256(found.public_bytes(Encoding.DER))) != key:
        return Problem(key, "it was changed: it holds another certificate")
    if found.public_bytes(Encoding.PEM) != data:
        return Problem(key, "it was changed: it is not written as a certificate is")
    if not is_root(found):
        return Problem(key, "it holds a certificate that is no root")
    return found
