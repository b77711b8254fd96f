"""A locker in a folder of this machine, or of a file system that has hard links."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from collector.errors import LockerError, ObjectMissing, ObjectTooLarge
from collector.evidence.files import create_file, create_folder, is_unfinished
from collector.evidence.locker import LARGEST_BYTES, Stat, Version, check_key

_WRITE_BITS = 0o222


class FolderLocker:
    """Files below a folder, which is made by the first `put`."""

    def __init__(self, root: Path) -> None:
        """`root` need not be there."""
        self._root = root.absolute()

    @property
    def url(self) -> str:
        """The folder's path."""
        return str(self._root)

    def put(self, key: str, data: bytes) -> bool:
        """Write the file, flushed to the disk, unless there is one; True if this call wrote it."""
        path = self._path(key)
        try:
            create_folder(path.parent)
            return create_file(path, data)
        except OSError as error:
            raise self._failed("writing", key, error) from error

    def get(self, key: str) -> bytes:
        """The bytes of a file.

        Raises:
            ObjectMissing: there is none, or what is there is not a file.
            ObjectTooLarge: it has more than `LARGEST_BYTES`.
        """
        path = self._path(key)
        try:
            # A named pipe would be waited for, and a device has no end.
            if not path.is_file():
                raise ObjectMissing(f"reading {key} in locker {self.url}: no such file")
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size > LARGEST_BYTES:
                    raise ObjectTooLarge(f"reading {key} in locker {self.url}: {size} bytes")
                return file.read()
        except FileNotFoundError as error:
            raise ObjectMissing(f"reading {key} in locker {self.url}: no such file") from error
        except OSError as error:
            raise self._failed("reading", key, error) from error

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        """Keys that begin with `prefix` and sort behind `after`, ascending."""
        if self._root.exists() and not self._root.is_dir():
            raise LockerError(f"listing locker {self.url}: it is a file; expected a folder")
        start, _, _ = prefix.rpartition("/")
        if start:
            check_key(start)
        yield from (
            key for key in self._below(start, after) if key.startswith(prefix) and key > after
        )

    def stat(self, key: str) -> Stat:
        """Size of a file, which nothing retains; raises `ObjectMissing` as `get` does."""
        path = self._path(key)
        try:
            found = path.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ObjectMissing(f"reading {key} in locker {self.url}: no such file") from error
        except OSError as error:
            raise self._failed("reading", key, error) from error
        if not path.is_file():
            raise ObjectMissing(f"reading {key} in locker {self.url}: no such file")
        return Stat(found.st_size, retained_until=None)

    def versions(self, prefix: str) -> Iterator[Version]:
        """Each file once: a folder keeps no versions."""
        for key in self.keys(prefix):
            try:
                written_at = datetime.fromtimestamp((self._root / key).lstat().st_mtime, UTC)
            except OSError as error:
                raise self._failed("listing", key, error) from error
            yield Version(key, "", is_current=True, is_delete_marker=False, written_at=written_at)

    def retention(self) -> None:
        """None: whoever may write the folder may delete in it."""

    def extend_retention(self, key: str, until: datetime) -> None:
        """Nothing: a folder retains nothing."""

    def check_writable(self) -> None:
        """See that files can be made here, without making one.

        Raises:
            LockerError: the folder, or the nearest one above it that exists, is not a folder or
                not writable.
        """
        nearest = next(path for path in (self._root, *self._root.parents) if os.path.lexists(path))
        if not nearest.is_dir():
            raise LockerError(f"locker {self.url} cannot be written: {nearest} is not a folder")
        # The superuser may write anywhere, but whoever took all write bits away meant it.
        if not nearest.stat().st_mode & _WRITE_BITS or not os.access(nearest, os.W_OK | os.X_OK):
            raise LockerError(
                f"locker {self.url} cannot be written: {nearest} is read-only; "
                f"give this user write permission or choose another locker"
            )

    def _path(self, key: str) -> Path:
        check_key(key)
        return self._root / key

    def _below(self, folder: str, after: str) -> Iterator[str]:
        """Keys of all files below a folder, in order; folders that end before `after` are passed
        over unread."""
        # Not by calling itself: whoever can write here can nest folders deeper than calls.
        waiting = [self._names(folder)]
        while waiting:
            for key in waiting[-1]:
                if not key.endswith("/"):
                    yield key
                elif key > after or after.startswith(key):
                    waiting.append(self._names(key.rstrip("/")))
                    break
            else:
                waiting.pop()

    def _names(self, folder: str) -> Iterator[str]:
        """Keys of the files in a folder, and of its folders with a `/` behind, in order."""
        try:
            with os.scandir(self._root / folder) as entries:
                # A link to a folder is listed as a file: followed, it could lead in a circle.
                names = sorted(e.name + "/" * e.is_dir(follow_symlinks=False) for e in entries)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise self._failed("listing", folder, error) from error
        for name in names:
            if not is_unfinished(name):
                yield f"{folder}/{name}" if folder else name

    def _failed(self, doing: str, key: str, error: OSError) -> LockerError:
        reason = error.strerror or type(error).__name__
        return LockerError(f"{doing} {key or '.'} in locker {self.url}: {reason}")
