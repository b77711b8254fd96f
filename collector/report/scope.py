"""Scope: what changed, from one snapshot to the next, in what was asked, by whom and by what. Pure.

An auditor must know of these: two results are comparable only as far as they were made alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from collector.evidence.canonical import canonical
from collector.evidence.record import printable
from collector.report.days import Seen, seen
from collector.report.history import SealedSnapshot

What: TypeAlias = Literal[
    "account",
    "regions",
    "checks",
    "settings",
    "program",
    "check code",
    "mappings",
    "identity",
    "key",
]
"""`program` is the collector's version; `check code` and `mappings` are the digests of either."""

_SESSION = re.compile(r"(arn:[a-z-]+:sts::\d{12}:assumed-role/[^/]+)/.*")


@dataclass(frozen=True)
class ScopeChange:
    """Something that is otherwise from a snapshot on."""

    what: What
    when: Seen
    """The first snapshot that has it so."""
    subject: str
    """Of a setting, the check's id; else empty."""
    before: str
    """As it was; of regions and checks, those that are gone, by commas."""
    after: str
    """As it is; of regions and checks, those that are new, by commas."""


def scope_changes(snapshots: Iterable[SealedSnapshot]) -> tuple[ScopeChange, ...]:
    """What changed from one snapshot to the next, in their order.

    Args:
        snapshots: those of the period, and the last one before it.
    """
    found: list[ScopeChange] = []
    before: SealedSnapshot | None = None
    for one in snapshots:
        if before is not None:
            found += [
                ScopeChange(w, seen(one), *map(printable, t)) for w, *t in _between(before, one)
            ]
        before = one
    return tuple(found)


def _between(before: SealedSnapshot, now: SealedSnapshot) -> Iterator[tuple[What, str, str, str]]:
    old, new = before.snapshot, now.snapshot
    single: tuple[tuple[What, str, str], ...] = (
        (
            "account",
            f"{old.account.provider} {old.account.id}",
            f"{new.account.provider} {new.account.id}",
        ),
        ("program", old.collector.version, new.collector.version),
        ("check code", old.collector.checks_sha256, new.collector.checks_sha256),
        ("mappings", old.collector.mappings_sha256, new.collector.mappings_sha256),
        ("identity", _principal(old.identity), _principal(new.identity)),
        ("key", before.keyid, now.keyid),
    )
    many: tuple[tuple[What, Sequence[str], Sequence[str]], ...] = (
        ("regions", old.scope.regions, new.scope.regions),
        ("checks", old.scope.checks, new.scope.checks),
    )
    for what, was, is_now in single:
        if was != is_now:
            yield what, "", was, is_now
    for what, were, are in many:
        if set(were) != set(are):
            yield what, "", _listed(set(were) - set(are)), _listed(set(are) - set(were))
    for check in sorted(set(old.scope.checks) & set(new.scope.checks)):
        was, is_now = (_setting(s.scope.settings, check) for s in (old, new))
        if was != is_now:
            yield "settings", check, was, is_now


def _principal(identity: str) -> str:
    """Who read, without the name of the role's session, which may be another one in every run."""
    return _SESSION.sub(r"\1", identity)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _setting(settings: Mapping[str, object], check: str) -> str:
    value = settings.get(check)
    return "" if value is None else canonical(value).decode()  # type: ignore[arg-type]  # out of JSON
