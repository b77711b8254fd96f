"""What people type: days, facts, tags, names and texts, each looked at on its own. Pure.

Every error names the option, what was found and what is expected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Final

from collector.errors import ConfigError

_SECRET: Final = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    rb"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"
    rb"|\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{20,}"
)
"""What is certainly a secret. Entries stay for years, and cannot be deleted."""


def parse_day(option: str, text: str) -> date:
    """A day as people write it, 2026-01-31.

    Raises:
        ConfigError: it is no such day.
    """
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ConfigError(f"{option}: found {text!r}; expected a day such as 2026-01-31")


def parse_facts(texts: Iterable[str]) -> dict[str, str]:
    """Facts as people write them, `name=value`.

    Raises:
        ConfigError: one is written otherwise, or given twice.
    """
    facts: dict[str, str] = {}
    for text in texts:
        name, is_given, value = text.partition("=")
        if not is_given or not name.strip() or not value.strip():
            raise ConfigError(f"--fact: found {text!r}; expected name=value")
        if name.strip() in facts:
            raise ConfigError(f"--fact: {name.strip()} is given twice")
        facts[name.strip()] = value.strip()
    return facts


def parse_tag(text: str) -> tuple[str, str]:
    """A tag as people write it, `key=value`; a value may be empty in a cloud, but not here.

    Raises:
        ConfigError: it is written otherwise.
    """
    key, is_given, value = text.partition("=")
    if not is_given or not key or not value:
        raise ConfigError(f"--tag: found {text!r}; expected key=value")
    return line("--tag", key), line("--tag", value)


def require_known(option: str, found: str, known: Iterable[str], *, where: str) -> None:
    """See that a name is known; the error tells those that are nearest to it.

    Raises:
        ConfigError: it is not.
    """
    names = list(known)
    if found not in names:
        raise ConfigError(f"{option}: found {found}, which is not {where}{nearest(found, names)}")


def refuse_secret(option: str, data: bytes) -> None:
    """See that nothing secret is written where it could never be deleted.

    Raises:
        ConfigError: a private key or token is in it.
    """
    if _SECRET.search(data):
        raise ConfigError(
            f"{option}: found a private key or token; expected none, since evidence cannot be"
            " deleted"
        )


def line(option: str, given: str) -> str:
    """A text on one line.

    Raises:
        ConfigError: it is none, or too long.
    """
    found = text(option, given)
    if re.search(r"[\x00-\x1f\x7f]", found):
        raise ConfigError(f"{option}: found {given!r}; expected one line")
    if len(found) > 1000:
        raise ConfigError(f"{option}: found {len(found)} characters; expected 1000 at most")
    return found


def text(option: str, given: str) -> str:
    """A text that is not empty, without blanks around it.

    Raises:
        ConfigError: it is none, too long, or holds a secret.
    """
    found = given.strip()
    if not found:
        raise ConfigError(f"{option}: found nothing; expected a text")
    if len(found) > 20_000:
        raise ConfigError(f"{option}: found {len(found)} characters; expected 20000 at most")
    try:
        refuse_secret(option, found.encode())
    except UnicodeEncodeError:
        raise ConfigError(f"{option}: found what is not Unicode; expected a text") from None
    return found


def nearest(found: str, known: Sequence[str]) -> str:
    """The end of an error: the names that are nearest to one that is not known."""
    near = get_close_matches(found, known, n=3, cutoff=0.5)
    return f"; nearest: {', '.join(near)}" if near else ""
