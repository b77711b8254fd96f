"""Logs: the chains of seals that a locker holds, and the names of their files. Pure.

Each account has one. Three more belong to the locker as a whole: what people have signed
(attestations, exceptions, decisions), what became of the keys, and the anchors, which hold the
heads of all the others. All are built alike: a seal at each number from 1 on, over one document and
over the seal before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from collector.errors import ConfigError
from collector.evidence.record import ACCOUNT_NAME, DIGEST

VERSION: Final = "v1/"
ACCOUNTS: Final = "v1/accounts/"

LAST_NUMBER: Final = 10**12 - 1
"""Numbers have twelve digits in file names, so that their order is that of the names."""

_OWN = "attestations|anchors|keys"
_NAME = rf"accounts/{ACCOUNT_NAME}|{_OWN}"
_SEAL = re.compile(rf"{VERSION}({_NAME})/log/([0-9]{{12}})\.sigstore\.json")
_DOCUMENT = re.compile(
    rf"{VERSION}(accounts/{ACCOUNT_NAME}(?=/snapshots/)|(?:{_OWN})(?=/documents/))"
    rf"/[a-z]+/({DIGEST})\.json"
)


@dataclass(frozen=True, order=True)
class Log:
    """One chain of seals. Raises `ValueError` for a name that no log has."""

    name: str
    """`accounts/NAME`, `attestations`, `anchors` or `keys`; its path below `v1/`."""

    def __post_init__(self) -> None:
        """Refuse what is no log."""
        if re.fullmatch(_NAME, self.name) is None:
            raise ValueError(f"log {self.name!r} is not one that a locker has")

    @property
    def account(self) -> str | None:
        """The account whose log it is; None for the locker's own."""
        kind, _, account = self.name.partition("/")
        return account if kind == "accounts" else None

    @property
    def title(self) -> str:
        """Its name for people, which `named_log` understands: the account's, or its own."""
        account = self.account
        return self.name if account is None or account in _KINDS else account

    @property
    def predicate_type(self) -> str:
        """What its seals state, as a URI (RFC 3986); `cosign … --type` takes it as it stands."""
        return f"urn:collector:{_KINDS[self.name.partition('/')[0]]}:v1"

    @property
    def prefix(self) -> str:
        """What the keys of all its files begin with."""
        return f"{VERSION}{self.name}/"

    @property
    def seals_prefix(self) -> str:
        """What the keys of its seals begin with."""
        return f"{self.prefix}log/"

    @property
    def documents_folder(self) -> str:
        """The folder of its documents, below its prefix."""
        return "snapshots" if self.account is not None else "documents"

    def seal_key(self, number: int) -> str:
        """Key of the seal at a number; keys sort as the numbers do."""
        return f"{self.seals_prefix}{number:012}.sigstore.json"

    def document_key(self, sha256: str) -> str:
        """Key of the document with this content."""
        return f"{self.prefix}{self.documents_folder}/{sha256}.json"

    def subject(self, sha256: str) -> str:
        """What a seal calls the document: its key, without what all logs share."""
        return self.document_key(sha256).removeprefix(ACCOUNTS).removeprefix(VERSION)


_KINDS: Final = {
    "accounts": "snapshot",
    "attestations": "attestation",
    "anchors": "anchor",
    "keys": "key-statement",
}

ATTESTATIONS: Final = Log("attestations")
ANCHORS: Final = Log("anchors")
KEY_LOG: Final = Log("keys")
OWN_LOGS: Final = (ATTESTATIONS, ANCHORS, KEY_LOG)
"""The logs that belong to no account."""


@lru_cache(maxsize=4096)
def account_log(account: str) -> Log:
    """The log of an account.

    Raises:
        ConfigError: no account can have that name.
    """
    if re.fullmatch(ACCOUNT_NAME, account) is None:
        raise ConfigError(
            f"account name {account!r} cannot be used; expected 1 to 63 letters, digits, "
            f"dots, dashes and underscores, with a letter or digit first"
        )
    return Log(f"accounts/{account}")


def named_log(title: str) -> Log:
    """The log that a person calls so: an account's name, `accounts/NAME`, or a log of the locker.

    An account that is called like one of the locker's own logs is reached as `accounts/NAME`.

    Raises:
        ConfigError: no log can have that name.
    """
    if any(title == log.name for log in OWN_LOGS):
        return Log(title)
    return account_log(title.removeprefix("accounts/"))


def seal_place(key: str) -> tuple[Log, int] | None:
    """The log and number that `Log.seal_key` made a key of; None if it made it of nothing."""
    match = _SEAL.fullmatch(key)
    if match is None or not int(match[2]):
        return None
    return _log(match[1]), int(match[2])


def document_place(key: str) -> tuple[Log, str] | None:
    """The log and digest that `Log.document_key` made a key of; None if it made it of nothing."""
    match = _DOCUMENT.fullmatch(key)
    return None if match is None else (_log(match[1]), match[2])


@lru_cache(maxsize=4096)
def _log(name: str) -> Log:
    return Log(name)
