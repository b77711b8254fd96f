"""Lockers: where evidence is kept. Create-only; nothing is ever changed or deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from collector.errors import ConfigError

SUPPORTED = "a folder (a path or file:///path) or an S3 bucket (s3://bucket/prefix)"


class Locker(Protocol):
    """Files by key. A key is a relative path with `/`, as in `v1/keys/ab.pem`.

    All methods may be called from several threads, and raise `LockerError` where the locker cannot
    be reached or refuses, `ValueError` for a key that `check_key` refuses.
    """

    @property
    def url(self) -> str:
        """Where the locker is, for people."""
        ...

    def put(self, key: str, data: bytes) -> bool:
        """Write a file whole if no file has the key yet; False if one has, which then stays.

        False says nothing about the bytes that are there: ask `get` where that matters.
        """
        ...

    def get(self, key: str) -> bytes:
        """The bytes of a file; raises `ObjectMissing` if there is none."""
        ...

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        """Keys that begin with `prefix` and sort behind `after`, ascending by code point."""
        ...

    def check_writable(self) -> None:
        """Raise `LockerError` if a `put` is bound to fail. Writes nothing."""
        ...


def open_locker(url: str) -> Locker:
    """The locker at a path or URL. Nothing is read or written yet.

    Raises:
        ConfigError: nothing can be kept at such an address.
    """
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", url)
    shown = repr(re.sub(r"//[^/]*@", "//[redacted]@", url))
    match scheme.group(1).lower() if scheme is not None else None:
        case None if url:
            return _folder(_expanded(url))
        case "file":
            parts = urlsplit(url)
            if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
                raise ConfigError(f"locker {shown} cannot be opened; expected file:///path")
            return _folder(Path(unquote(parts.path)))
        case "s3":
            parts = urlsplit(url)
            if not parts.netloc or "@" in parts.netloc or parts.query or parts.fragment:
                raise ConfigError(f"locker {shown} cannot be opened; expected s3://bucket/prefix")
            return _s3(parts.netloc, parts.path.strip("/"))
        case other:
            found = f"scheme {other}:" if other else "no address"
            raise ConfigError(f"locker {shown} cannot be opened: {found}; expected {SUPPORTED}")


def _expanded(url: str) -> Path:
    try:
        return Path(url).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"locker {url!r} cannot be opened: {error}") from None


def check_key(key: str) -> None:
    """Refuse a key that could leave the locker or be read in two ways.

    Raises:
        ValueError: the key is empty or absolute, or has an empty, `.` or `..` component, a
            backslash or a NUL.
    """
    if "\\" in key or "\0" in key or any(part in ("", ".", "..") for part in key.split("/")):
        raise ValueError(f"key {key!r} is not a relative path of plain components")


# Each kind of locker is imported when one is opened: an SDK takes longer to load than a folder does
# to read.


def _folder(root: Path) -> Locker:
    from collector.evidence.folder import FolderLocker

    return FolderLocker(root)


def _s3(bucket: str, prefix: str) -> Locker:
    from collector.evidence.s3 import S3Locker

    return S3Locker(bucket, prefix)
