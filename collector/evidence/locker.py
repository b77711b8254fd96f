"""Lockers: where evidence is kept. Create-only; nothing is ever changed or deleted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from collector.errors import ConfigError
from collector.evidence.address import (
    Address,
    Bucket,
    Container,
    Folder,
    GoogleBucket,
    parse_address,
)

DISTRIBUTION = "compliance-evidence-collector"

Mode = Literal["governance", "compliance"]
"""Who can end a retention early: somebody with a special permission, or nobody."""


LARGEST_BYTES = 2**30
"""The largest file that is written or read. Each is in memory as a whole, and whoever can write a
locker could otherwise stop a verification with a file of any size, which costs him nothing."""


@dataclass(frozen=True)
class Keeping:
    """How a bucket is asked to keep what is put into it. A folder can do none of it."""

    days: int | None = None
    """Retention of each new file; None: what the bucket gives by itself."""
    mode: Mode = "governance"
    encryption_key: str | None = None
    """Name of the key that the cloud encrypts new files with, as the cloud has it: a KMS key's ARN
    or alias on S3, a Cloud KMS key's resource name, an encryption scope on Azure. None: what the
    bucket has by itself."""


@dataclass(frozen=True)
class Stat:
    """What a backend tells of a file without reading it."""

    size_bytes: int
    retained_until: datetime | None
    """Until when nobody can delete it; None if nothing keeps it, or the backend does not tell."""


@dataclass(frozen=True, slots=True)
class Version:
    """One of the versions that a backend keeps of a file."""

    key: str
    id: str
    """As the backend names it; empty where it keeps no versions."""
    is_current: bool
    """Whether `get` would answer with this one. None of a deleted file is."""
    is_delete_marker: bool
    written_at: datetime
    """When the version, or the marker, was made; by the backend's clock."""


class Locker(Protocol):
    """Files by key. A key is a relative path with `/`, as in `v1/keys/ab.pem`.

    All methods may be called from several threads, and raise `LockerError` where the locker cannot
    be reached, `Refused` of those where it does not let these credentials in, `ValueError` for a
    key that `check_key` refuses.
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

    def stat(self, key: str) -> Stat:
        """Size and retention of a file; raises `ObjectMissing` if there is none."""
        ...

    def versions(self, prefix: str) -> Iterator[Version]:
        """All versions of the files whose keys begin with `prefix`, those of deleted ones too.

        They come in no particular order. A backend that keeps one version of each file tells that.
        """
        ...

    def retention(self) -> timedelta | None:
        """How long a file that is put now cannot be deleted.

        None where nothing keeps it, or where `extend_retention` could not prolong it.
        """
        ...

    def extend_retention(self, key: str, until: datetime) -> None:
        """Let nobody delete a file before a time. Never shortens; nothing where none is retained.

        Raises:
            LockerError: the retention could not be made to last that long.
        """
        ...

    def check_writable(self) -> None:
        """Raise `LockerError` if a `put` is bound to fail. Writes nothing."""
        ...


def open_locker(url: str, keeping: Keeping = Keeping()) -> Locker:
    """The locker at a path or URL. Nothing is read or written yet.

    Args:
        url: see `collector.evidence.address.SUPPORTED`.
        keeping: how new files are kept; readers have no use for it.

    Raises:
        ConfigError: nothing can be kept at such an address, or its cloud's SDK is not installed.
    """
    address = parse_address(url)
    # Each kind of locker is imported when one is opened: an SDK takes longer to load than a folder
    # does to read.
    with opening(address):
        match address:
            case Folder(root):
                from collector.evidence.folder import FolderLocker

                return FolderLocker(root)
            case Bucket():
                from collector.evidence.s3 import S3Locker

                return S3Locker(address, keeping)
            case GoogleBucket():
                from collector.evidence.gcs import GcsLocker

                return GcsLocker(address, keeping)
            case Container():
                from collector.evidence.blob import BlobLocker

                return BlobLocker(address, keeping)


@contextmanager
def opening(address: Address) -> Iterator[None]:
    """Say which extra is missing where the SDK of a locker's cloud is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        extra = f"[{address.extra}]" if address.extra else ""
        raise ConfigError(
            f"locker {address.url}: the module {error.name} is not installed; pip install "
            f"'{DISTRIBUTION}{extra}'"
        ) from None


def check_key(key: str) -> None:
    """Refuse a key that could leave the locker or be read in two ways.

    Raises:
        ValueError: the key is empty or absolute, or has an empty, `.` or `..` component, a
            backslash or a NUL.
    """
    if "\\" in key or "\0" in key or any(part in ("", ".", "..") for part in key.split("/")):
        raise ValueError(f"key {key!r} is not a relative path of plain components")
