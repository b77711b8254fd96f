"""Files that commands write for others, and keys that they read. Quick to import."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from collector.errors import ConfigError

if TYPE_CHECKING:
    from collector.evidence.keys import PublicKey
    from collector.evidence.report import Report

MOST_PROBLEMS = 20
"""How many problems are listed before they are only counted."""


@contextmanager
def finished(path: Path, *, force: bool) -> Iterator[Path]:
    """A name to write a file under, which becomes `path` at the end, whole; or goes, if that fails.

    Raises:
        ConfigError: `path` is there and may not be replaced, or it cannot be written.
    """
    if os.path.lexists(path) and (not force or not path.is_file()):
        raise ConfigError(f"writing {path}: it exists; --force replaces a file")
    unfinished = path.with_name(f".{path.name}.unfinished-{uuid.uuid4().hex}")
    try:
        yield unfinished
        if force:
            unfinished.replace(path)
        else:
            os.link(unfinished, path)
    except FileExistsError:
        raise ConfigError(f"writing {path}: it exists by now; --force replaces a file") from None
    except OSError as error:
        raise ConfigError(f"writing {path}: {error.strerror or error}") from None
    finally:
        unfinished.unlink(missing_ok=True)


def trusted_keys(names: Sequence[str]) -> list[PublicKey]:
    """The public keys in files.

    Raises:
        ConfigError: a file cannot be read.
        SigningError: it holds no such key.
    """
    from collector.evidence.keys import load_public_key

    found = []
    for name in names:
        try:
            found.append(load_public_key(Path(name).read_bytes(), name))
        except OSError as error:
            raise ConfigError(f"reading public key {name}: {error.strerror}") from None
    return found


def say_problems(what: str, report: Report) -> None:
    """Print what does not hold, on stderr."""
    click.echo(f"NOT VERIFIED {what}: {len(report.problems)} found; nothing is written", err=True)
    for problem in report.problems[:MOST_PROBLEMS]:
        click.echo(f"  {problem}", err=True)
    if len(report.problems) > MOST_PROBLEMS:
        click.echo(f"  and {len(report.problems) - MOST_PROBLEMS} more", err=True)
