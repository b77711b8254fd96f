"""Files that are written whole, once, or not at all."""

from __future__ import annotations

import os
import re
import uuid
from pathlib import Path

_UNFINISHED = re.compile(r"\.unfinished-[0-9a-f]{32}")


def create_file(path: Path, data: bytes, *, mode: int = 0o644) -> bool:
    """Write a file that must not be there yet; True if this call wrote it.

    Nobody ever sees a part of it: the bytes are written under another name in the same folder,
    flushed to the disk, and then linked to their name, which fails if the name is taken. A crash
    may leave the other name behind (`is_unfinished`).

    Args:
        path: in a folder that exists.
        data: the whole content.
        mode: permission bits, less the umask.

    Raises:
        OSError: as the file system has it.
    """
    if path.exists():
        return False
    unfinished = path.with_name(f".unfinished-{uuid.uuid4().hex}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(unfinished, path)
        except FileExistsError:
            return False
    finally:
        unfinished.unlink()
    _flush_folder(path.parent)
    return True


def is_unfinished(name: str) -> bool:
    """Whether a file of this name is one that `create_file` did not finish."""
    return _UNFINISHED.fullmatch(name) is not None


def create_folder(path: Path, *, mode: int = 0o777) -> None:
    """Make a folder and those above it, as far as missing, durably.

    Args:
        path: the folder.
        mode: permission bits of each folder made, less the umask.

    Raises:
        OSError: as the file system has it; a file where a folder should be is one.
    """
    if path.is_dir():
        return
    create_folder(path.parent, mode=mode)
    path.mkdir(mode=mode, exist_ok=True)
    _flush_folder(path.parent)


def _flush_folder(path: Path) -> None:
    """Make sure that a new name in the folder survives a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
