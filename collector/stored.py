"""Finding a stored snapshot by what a person calls it."""

from __future__ import annotations

import re
from pathlib import Path

from collector.errors import ConfigError
from collector.evidence.canonical import sha256
from collector.evidence.chain import head, read_snapshot
from collector.evidence.locker import Locker, open_locker
from collector.evidence.log import account_log, document_place, seal_place
from collector.evidence.record import ACCOUNT_NAME, EvidenceError
from collector.evidence.snapshot import Snapshot, parse_snapshot


def find(name: str, locker_url: str) -> tuple[Locker, Snapshot]:
    """A snapshot, and the locker it is in.

    Args:
        name: path of a snapshot document or of a seal inside a locker folder, or `NAME` or
            `NAME:NUMBER` of an account in the locker at `locker_url`.
        locker_url: the locker for the latter.

    Raises:
        ConfigError: nothing has that name.
        EvidenceError: it is not what its name says.
    """
    above, found, inside = name.rpartition("v1/accounts/")
    if found:
        locker = open_locker(above or ".")
        return locker, _at(locker, found + inside)
    account, _, number = name.partition(":")
    if re.fullmatch(ACCOUNT_NAME, account) is None or (number and not number.isdecimal()):
        raise ConfigError(
            f"snapshot {name!r}: expected a path of a snapshot in a locker, NAME or NAME:NUMBER"
        )
    locker = open_locker(locker_url)
    return locker, numbered(locker, account, int(number) if number else None)


def numbered(locker: Locker, account: str, number: int | None) -> Snapshot:
    """The snapshot of an account at a number; None: its newest.

    Raises:
        ConfigError: there is none.
    """
    last = head(locker, account_log(account))
    if last is None:
        raise ConfigError(f"locker {locker.url} has no snapshot of account {account}")
    wanted = last.number if number is None else number
    if not 1 <= wanted <= last.number:
        raise ConfigError(
            f"account {account} has no snapshot {wanted} in locker {locker.url}; expected a number"
            f" from 1 to {last.number}"
        )
    return read_snapshot(locker, account, wanted)[1]


def _at(locker: Locker, key: str) -> Snapshot:
    sealed = seal_place(key)
    if sealed is not None and sealed[0].account is not None:
        return read_snapshot(locker, sealed[0].account, sealed[1])[1]
    named = document_place(key)
    if named is None or named[0].account is None:
        raise ConfigError(f"{Path(key).name}: is neither a snapshot document nor a seal")
    data = locker.get(key)
    if sha256(data) != named[1]:
        raise EvidenceError(f"{key}: its content has digest {sha256(data)}; it was changed")
    return parse_snapshot(data, key)
