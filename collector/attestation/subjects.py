"""What an exception can be about: resources that a check has judged, and their tags. Reads the
locker."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from collector.attestation.state import NO_TAGS, Tags
from collector.check import Check
from collector.classification import Tagged, reads_tags, same
from collector.errors import ConfigError
from collector.evidence.canonical import JSON
from collector.evidence.chain import head, read_snapshot
from collector.evidence.locker import Locker
from collector.evidence.log import account_log
from collector.evidence.snapshot import Snapshot
from collector.run import read_lines, stored_reads


@dataclass(frozen=True)
class Subjects:
    """The resources of an account that a check has judged."""

    known: frozenset[str]
    """Full names, from the newest snapshot back to where all that were asked for had been found."""
    failing: frozenset[str]
    """Those that fail in the newest snapshot which has the check."""
    is_judged: bool
    """Whether any snapshot has the check."""
    newest: Snapshot


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
    newest: Snapshot | None = None
    seen: set[str] = set()
    for number in range(last.number, 0, -1):
        snapshot = read_snapshot(locker, account, number)[1]
        newest = newest or snapshot
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
    assert newest is not None
    return Subjects(frozenset(known), failing or frozenset(), bool(seen), newest)


def read_tags(
    locker: Locker, snapshot: Snapshot, checks: Mapping[str, Check[...]], names: Iterable[str]
) -> Tags:
    """The tags that resources had when a snapshot was made, out of what its run read.

    A run reads tags where the account's configuration says which of them mark health information.
    What had none, or whose tags could not be read, is left out.

    Args:
        locker: where the snapshot's reads are.
        snapshot: whose.
        checks: all checks by id.
        names: full names of the resources, as the results have them.

    Raises:
        EvidenceError: an object is not what its name says.
        ObjectMissing: an object is not there.
    """
    readers = [checks[i] for i in snapshot.scope.checks if i in checks and reads_tags(checks[i])]
    if not readers:
        return NO_TAGS
    reads = stored_reads(snapshot, readers, locker)
    tags = {
        same(one.name): one.resource.tag_values
        for check in readers
        for resource in check.resources
        if issubclass(resource, Tagged)
        for one in reads[resource]
    }
    return {name: tags[same(name)] for name in names if same(name) in tags}


def _resource(result: Mapping[str, JSON]) -> str:
    resource = result["resource"]
    assert isinstance(resource, dict)
    return str(resource["id"])
