"""What an exception can be about: the resources that a check has judged. Reads the locker."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from collector.errors import ConfigError
from collector.evidence.canonical import JSON
from collector.evidence.chain import head, read_snapshot
from collector.evidence.locker import Locker
from collector.evidence.log import account_log
from collector.run import read_lines


@dataclass(frozen=True)
class Subjects:
    """The resources of an account that a check has judged."""

    known: frozenset[str]
    """Full names, from the newest snapshot back to where all that were asked for had been found."""
    failing: frozenset[str]
    """Those that fail in the newest snapshot which has the check."""
    checks: tuple[str, ...]
    """Ids of the checks in the newest snapshot."""
    is_judged: bool
    """Whether any snapshot has the check."""


def read_subjects(locker: Locker, account: str, check: str, wanted: Collection[str]) -> Subjects:
    """The resources that a check has judged, as far back as it takes to find all that are wanted.

    Raises:
        ConfigError: the locker has no snapshot of the account.
        EvidenceError: a snapshot or its results are not what their names say.
    """
    last = head(locker, account_log(account))
    if last is None:
        raise ConfigError(f"--account: found {account}; locker {locker.url} has no snapshot of it")
    known: set[str] = set()
    failing: frozenset[str] | None = None
    checks: tuple[str, ...] | None = None
    seen: set[str] = set()
    for number in range(last.number, 0, -1):
        snapshot = read_snapshot(locker, account, number)[1]
        if checks is None:
            checks = tuple(entry.id for entry in snapshot.checks)
        digest = next((e.results_sha256 for e in snapshot.checks if e.id == check), None)
        if digest is None or digest in seen:
            continue
        seen.add(digest)
        results = [(_resource(r), r["outcome"]) for r in read_lines(locker, digest)]
        known |= {name for name, _ in results}
        if failing is None:
            failing = frozenset(name for name, outcome in results if outcome == "fail")
        if known >= set(wanted):
            break
    return Subjects(frozenset(known), failing or frozenset(), checks or (), bool(seen))


def _resource(result: Mapping[str, JSON]) -> str:
    resource = result["resource"]
    assert isinstance(resource, dict)
    return str(resource["id"])
