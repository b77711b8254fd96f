"""Versions of evidence: each file has one, or somebody deleted it or wrote over it.

Create-if-absent keeps the promise of a locker only while nothing is deleted: after a deletion it
succeeds again, and what is written then reads like what was there. A bucket that keeps versions
shows both.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

from collector.errors import Refused
from collector.evidence.canonical import timestamp
from collector.evidence.locker import Locker, Version
from collector.evidence.log import VERSION
from collector.evidence.report import Problem
from collector.evidence.snapshot import OBJECTS

MOST_TIMES = 5
"""How many versions of one file a problem tells the times of."""


def read_versions(
    locker: Locker, prefixes: Sequence[str], objects: Container[str]
) -> tuple[set[Problem], tuple[str, ...]]:
    """What is wrong with the versions in a locker, and a warning if they may not be listed.

    Args:
        locker: only listed.
        prefixes: of the keys to look at.
        objects: keys of the objects to look at besides, where `prefixes` do not have them all.
    """
    try:
        problems = {p for prefix in prefixes for p in version_problems(locker.versions(prefix))}
        if VERSION not in prefixes:
            own = (version for version in locker.versions(OBJECTS) if version.key in objects)
            problems.update(version_problems(own))
    except Refused as error:
        return set(), (
            "versions could not be listed, so nobody knows whether files were deleted and written "
            f"again: {error}",
        )
    return problems, ()


def version_problems(versions: Iterable[Version]) -> Iterator[Problem]:
    """What is wrong with files that have a delete marker, a second version, or no current one."""
    by_key: dict[str, tuple[Version, ...]] = {}
    for version in versions:
        by_key[version.key] = (*by_key.get(version.key, ()), version)
    for key, found in by_key.items():
        yield from (Problem(key, message) for message in _messages(found))


def _messages(found: Sequence[Version]) -> Iterator[str]:
    markers = [version for version in found if version.is_delete_marker]
    written = [version for version in found if not version.is_delete_marker]
    if markers:
        yield f"it was deleted at {_times(markers)}: a delete marker is there"
    elif not any(version.is_current for version in found):
        yield f"it was deleted: only what was written at {_times(written)} is left of it"
    if len(written) > 1:
        yield (
            f"it has {len(written)} versions, written at {_times(written)}; expected one: it was "
            "written over, or deleted and written again"
        )


def _times(versions: Sequence[Version]) -> str:
    times = [timestamp(moment) for moment in sorted(v.written_at for v in versions)]
    more = f" and {len(times) - MOST_TIMES} more times" if len(times) > MOST_TIMES else ""
    return ", ".join(times[:MOST_TIMES]) + more
