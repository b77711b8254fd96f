"""Remembered heads: what an earlier verification saw, kept where the locker's writer cannot write.

A chain whose end was cut off, or that was written anew with a stolen key, is sound in itself. It is
found by a head that somebody remembers. And what that head vouches for, which is every seal before
it and all that those refer to, need not be read again to verify what is new.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from collector.errors import ConfigError
from collector.evidence.anchors import logs
from collector.evidence.canonical import parse_json
from collector.evidence.documents import NamedHead
from collector.evidence.keyring import SignedStatement
from collector.evidence.locker import Locker
from collector.evidence.log import KEY_LOG, LAST_NUMBER, Log, account_log, seal_place
from collector.evidence.record import Moment, Record
from collector.evidence.report import Chain, Problem, Report
from collector.evidence.seal import open_seal

EXPECTED = "expected a file that collector verify --heads wrote"


class Heads(Record):
    """The heads of a locker's logs when it was verified."""

    locker: str
    """Where it was."""
    heads: tuple[NamedHead, ...]
    """By the name of the log."""
    at: Moment
    """When."""

    def by_log(self) -> dict[Log, NamedHead]:
        """The heads by log."""
        return {Log(head.log): head for head in self.heads}


def read_heads(path: Path) -> Heads:
    """The heads in a file.

    Raises:
        ConfigError: it cannot be read, or is something else.
    """
    doing = f"reading heads {path}"
    try:
        if path.exists() and not path.is_file():
            raise ConfigError(f"{doing}: is no file; {EXPECTED}")
        heads = Heads.model_validate(parse_json(path.read_bytes()))
        heads.by_log()
    except OSError as error:
        raise ConfigError(f"{doing}: {error.strerror}; {EXPECTED}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise ConfigError(f"{doing}: {place}: {first['msg']}; {EXPECTED}") from None
    except ValueError as error:
        raise ConfigError(f"{doing}: {error}; {EXPECTED}") from None
    return heads


def write_heads(path: Path, report: Report, url: str, at: datetime, before: Heads | None) -> None:
    """Write the heads of a sound locker to a file, in one step.

    Args:
        path: replaced.
        report: of a verification that found no problem.
        url: the locker's.
        at: the time now, aware.
        before: what the file held. Logs that were not verified now keep their heads.

    Raises:
        ConfigError: it cannot be written.
    """
    heads = {head.log: head for head in (before.heads if before is not None else ())}
    for chain in report.chains:
        name = chain.log.name
        heads[name] = NamedHead(log=name, number=chain.head.number, sha256=chain.head.sha256)
    record = Heads(locker=url, heads=tuple(heads[name] for name in sorted(heads)), at=at)
    text = json.dumps(record.model_dump(mode="json"), indent=2) + "\n"
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise ConfigError(f"writing heads {path}: {error.strerror}") from error


def last_before(locker: Locker, moment: datetime, account: str | None) -> Mapping[Log, int]:
    """The last seal of each log that was made before a moment, by its own account of it.

    Found by halving, as times are in the order of numbers; that they are is for `verify` to say.

    Args:
        locker: only read.
        moment: aware.
        account: only this account's log.

    Raises:
        EvidenceError: a seal on the way cannot be read.
        LockerError: the locker cannot be read.
    """
    found = {}
    for log in logs(locker) if account is None else [account_log(account)]:
        places = [seal_place(key) for key in locker.keys(log.seals_prefix)]
        numbers = [place[1] for place in places if place is not None]
        low, high = 0, len(numbers)
        while low < high:
            middle = (low + high) // 2
            key = log.seal_key(numbers[middle])
            if open_seal(locker.get(key), key).statement.created_at < moment:
                low = middle + 1
            else:
                high = middle
        if low:
            found[log] = numbers[low - 1]
    return found


def resolve_since(
    text: str, locker: Locker, account: str | None
) -> tuple[Mapping[Log, int], Heads | None]:
    """What `--since` means: the last seal of each log that need not be verified again.

    Args:
        text: a number, a date or moment, or the path of a file of heads.
        locker: only read.
        account: the only account that is verified, if it is one.

    Returns:
        Numbers by log, and the heads if the text names a file; only those vouch for what is before.

    Raises:
        ConfigError: it is none of them.
        EvidenceError, LockerError: as `last_before` raises them.
    """
    if _is_file(text):
        heads = read_heads(Path(text))
        return {log: head.number for log, head in heads.by_log().items()}, heads
    if text.isdecimal() and len(text) <= len(str(LAST_NUMBER)):
        if account is None:
            raise ConfigError(f"--since {text}: a number needs --account, to say whose it is")
        return {account_log(account): int(text)}, None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"--since: found {text!r}; expected a number, a date such as 2026-01-31, or a file that"
            " --heads wrote"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return last_before(locker, moment, account), None


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:  # no file can have such a name
        return False


def numbers_since(
    numbers: Sequence[int], log: Log, since: Mapping[Log, int] | None
) -> tuple[int | None, Sequence[int], list[Problem]]:
    """The numbers that are to be read of a log.

    Args:
        numbers: of its seals, ascending.
        log: the log.
        since: the last that an earlier verification saw, by log; that one is read again.

    Returns:
        The last that was seen, if any; the numbers; and what is wrong with those that are left out.
    """
    base = None if since is None else since.get(log)
    if base is None:
        return None, numbers, []
    if base not in numbers:
        lost = "it is not there, though an earlier verification is said to have seen it"
        return base, numbers, [Problem(log.seal_key(base), lost)]
    place = numbers.index(base)
    gaps = []
    if place != base - 1:
        first = next(n for n, there in enumerate(numbers, start=1) if n != there)
        gaps = [Problem(log.seal_key(first), "it is missing, but the log goes on behind it")]
    return base, numbers[place:], gaps


def reopened(
    since: Mapping[Log, int] | None, statements: Iterable[SignedStatement]
) -> Mapping[Log, int] | None:
    """What need not be verified again, less what keys signed that were revoked since.

    Args:
        since: the last seals that an earlier verification saw, by log; None: nothing was seen.
        statements: of the log of the keys.
    """
    if since is None:
        return None
    bases = dict(since)
    for said in statements:
        if said.statement is None or said.number <= since.get(KEY_LOG, 0):
            continue
        if said.statement.first_untrusted is not None:  # a revocation
            for log, base in bases.items():
                # In a log that it does not name, nothing is trusted that the key signed.
                first = said.statement.first_untrusted.get(log.name, 1)
                bases[log] = min(base, first - 1)
    return {log: base for log, base in bases.items() if base > 0}


def passed_over(chains: Iterable[Chain]) -> str:
    """A sentence on what was not looked at."""
    skipped = [
        f"{chain.passed_over} {'seal' if chain.passed_over == 1 else 'seals'} of "
        f"{chain.log.title} before number {chain.first.number}"
        for chain in chains
        if chain.passed_over
    ]
    return (
        f"only what is new was verified; not looked at: {', '.join(skipped) or 'no seal'}, and the "
        f"objects that no newer seal leads to"
    )
