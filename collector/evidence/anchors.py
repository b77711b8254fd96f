"""Anchors: the heads of all logs of a locker, sealed in a log of their own.

An anchor that is kept elsewhere, or timestamped, shows what was there by then. Before the next one
is made, what the last one names is looked for, so that a log which was cut off or written anew is
found on that day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from collector.errors import ConfigError, ObjectMissing
from collector.evidence.canonical import sha256
from collector.evidence.chain import Appended, Stamper, append, head, read
from collector.evidence.documents import Anchor, NamedHead
from collector.evidence.keys import Signer
from collector.evidence.locker import Locker
from collector.evidence.log import ACCOUNTS, ANCHORS, OWN_LOGS, Log, account_log
from collector.evidence.record import ACCOUNT_NAME, EvidenceError
from collector.evidence.report import Chain, Problem


def seal_anchor(
    locker: Locker,
    signer: Signer,
    clock: Callable[[], datetime],
    stamper: Stamper | None = None,
) -> tuple[Appended, Anchor]:
    """Seal the heads of all logs, the anchors' own excepted.

    Raises:
        ConfigError: there is nothing to anchor.
        EvidenceError: a seal that the last anchor names is not there, or is another one.
        ChainError, SigningError, LockerError: as `append` raises them.
    """
    before = head(locker, ANCHORS)
    if before is not None:
        last = read(locker, ANCHORS, before.number)[1]
        assert isinstance(last, Anchor)
        seen = Anchored(before.number, last)
        for problem in contradictions([seen], partial(digest_at, locker)):
            raise EvidenceError(f"{problem}; nothing is anchored; run collector verify")
    heads = []
    for log in logs(locker):
        found = head(locker, log)
        if log != ANCHORS and found is not None:
            heads.append(NamedHead(log=log.name, number=found.number, sha256=found.sha256))
    if not heads:
        raise ConfigError(f"anchoring locker {locker.url}: it has no seal yet")
    anchor = Anchor(made=clock(), heads=tuple(heads))
    return append(locker, ANCHORS, anchor.to_bytes(), signer, clock, stamper), anchor


@dataclass(frozen=True)
class Anchored:
    """An anchor that was read, and is signed."""

    number: int
    anchor: Anchor
    existed_by: datetime | None = None
    """The time that a timestamp bears out; None if none does."""


def contradictions(
    anchors: Iterable[Anchored], digest: Callable[[Log, int], str | None]
) -> Iterator[Problem]:
    """What anchors name that is not there, and what they take back.

    Args:
        anchors: by number.
        digest: of the seal at a number of a log; None if there is none, empty if it has a problem
            of its own.
    """
    named: dict[str, tuple[int, NamedHead]] = {}
    for anchored in anchors:
        number = anchored.number
        now = {named_head.log: named_head for named_head in anchored.anchor.heads}
        for name, (earlier, old) in named.items():
            if name not in now or now[name].number < old.number:
                yield Problem(
                    ANCHORS.seal_key(number),
                    f"it names {now[name].number if name in now else 'nothing'} as the head of "
                    f"{name}, but anchor {earlier} named {old.number}: seals were removed between",
                )
        for name, new in now.items():
            if name in named and named[name][1] == new:
                continue
            named[name] = number, new
            log = Log(name)
            found = digest(log, new.number)
            if found not in ("", new.sha256):
                state = (
                    "the chain was truncated"
                    if found is None
                    else f"it has {found}: the chain was rewritten"
                )
                yield Problem(
                    log.seal_key(new.number),
                    f"anchor {number} names it with digest {new.sha256}, but {state}",
                )


def shown_by_anchors(chains: Iterable[Chain], anchors: Iterable[Anchored]) -> Iterator[Chain]:
    """The chains, with what timestamps of anchors show of them if that goes further than their own.

    Args:
        chains: of the logs.
        anchors: which nothing contradicts.
    """
    shown: dict[str, tuple[int, datetime]] = {}
    for anchored in anchors:
        if anchored.existed_by is not None:
            for named in anchored.anchor.heads:
                found = named.number, anchored.existed_by
                # Of two anchors that name the same head, the earlier one shows more.
                if named.log not in shown or shown[named.log][0] < named.number:
                    shown[named.log] = found
    for chain in chains:
        own = chain.times.shown
        other = shown.get(chain.log.name)
        if other is not None and (own is None or own[0] < other[0]):
            yield replace(chain, times=replace(chain.times, shown=other))
        else:
            yield chain


def digest_at(locker: Locker, log: Log, number: int) -> str | None:
    """Digest of the seal at a number of a log; None if there is none.

    Raises:
        LockerError: the locker cannot be read.
    """
    try:
        return sha256(locker.get(log.seal_key(number)))
    except ObjectMissing:
        return None


def logs(locker: Locker) -> Iterator[Log]:
    """The logs that a locker may have: of each account that has a file, and its own.

    Costs two listings for each account, however long its log is.
    """
    after = ""
    while (key := next(locker.keys(ACCOUNTS, after=after), None)) is not None:
        name = key.removeprefix(ACCOUNTS).partition("/")[0]
        if re.fullmatch(ACCOUNT_NAME, name) is not None:  # others are for `verify` to report
            yield account_log(name)
        # "0" sorts right behind "/", so behind all files of the account.
        after = f"{ACCOUNTS}{name}0"
    yield from OWN_LOGS
