"""Versions of evidence: each file has one, or somebody deleted it or wrote over it. Pure.

Create-if-absent keeps the promise of a locker only while nothing is deleted: after a deletion it
succeeds again, and what is written then reads like what was there. A bucket that keeps versions
shows both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from collector.evidence.canonical import timestamp
from collector.evidence.locker import Version
from collector.evidence.report import Problem

MOST_TIMES = 5
"""How many versions of one file a problem tells the times of."""


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
