"""History: one account's snapshots up to a moment, verified before anything is said of them.

Trust goes the way that `collector.evidence.verify` describes, as far as a report needs it: all
seals with their documents, from number 1 to the first behind the moment, and of the snapshots that
the report rests on also their results, calls and answers. The first that does not hold ends the
report, since a statement about a period is no better than the weakest thing that it rests on.

Each distinct object is read once, and what a results object holds is kept as `results` says, so
that memory grows with what changed and not with days × resources.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from typing import TypeVar

from cryptography import x509

from collector.errors import ConfigError
from collector.evaluate import Result
from collector.evidence.contents import Content, read_content
from collector.evidence.documents import KeyStatement
from collector.evidence.inventory import take_inventory
from collector.evidence.key_log import read_own_keys
from collector.evidence.keyring import KeyRing, SignedStatement
from collector.evidence.keys import PublicKey
from collector.evidence.links import Link, between, read_link, read_named
from collector.evidence.locker import Locker
from collector.evidence.log import KEY_LOG, Log, account_log, seal_place
from collector.evidence.reading import READERS, in_order
from collector.evidence.record import EvidenceError
from collector.evidence.report import Problem
from collector.evidence.snapshot import TIMESTAMPS, CheckEntry, Outcome, Snapshot, object_key
from collector.evidence.times import Timeline, read_authority, with_times
from collector.evidence.trust import Trust
from collector.report.results import Judged, Judgements, ResultsObject


@dataclass(frozen=True)
class SealedSnapshot:
    """A snapshot that was verified, at its place in the chain."""

    number: int
    seal_sha256: str
    """Digest of the seal's bytes. With the number, it is what a report names a snapshot by."""
    created_at: datetime
    """When it was sealed, by the clock of the signer."""
    keyid: str
    """Fingerprint of the key that signed."""
    snapshot_sha256: str
    snapshot: Snapshot
    shown_at: datetime | None = None
    """The earliest time by which a timestamp authority saw the seal; None if none did."""

    @cached_property
    def entries(self) -> Mapping[str, CheckEntry]:
        """What it says of each check that was run, by the check's id."""
        return {entry.id: entry for entry in self.snapshot.checks}


@dataclass(frozen=True)
class History:
    """What a report may rest on. All of it was verified."""

    account: str
    snapshots: tuple[SealedSnapshot, ...]
    """Those of the period, in order; may be empty."""
    before: tuple[SealedSnapshot, ...]
    """In order: the last one before the period; and for each check that a snapshot of the period
    ran, the last one that judged it without an unknown, with those behind that ran it."""
    objects: Mapping[str, ResultsObject]
    """The results objects of every snapshot above, by digest. Equal judgements are one object."""
    first: SealedSnapshot
    """Number 1: the account was not known before."""
    followed_by: SealedSnapshot | None
    """The first one behind the period. While there is none, a cut-off end would not be seen."""
    is_trusted: bool
    """Whether somebody vouched for the keys; otherwise they are the locker's own."""

    @property
    def latest(self) -> SealedSnapshot | None:
        """The last one up to the end of the period."""
        return (*self.before, *self.snapshots)[-1] if self.before or self.snapshots else None

    def judged(self, entry: CheckEntry) -> tuple[Judged, ...]:
        """What a snapshot judged by a check, without the evidence."""
        return self.objects[entry.results_sha256].judged

    def results(self, entry: CheckEntry) -> Iterator[Result]:
        """The results of a check in a snapshot, with their evidence."""
        return self.objects[entry.results_sha256].results()


def has_unknown(entry: CheckEntry) -> bool:
    """Whether something that the check needs was not read."""
    return bool(entry.summary.get("unknown"))


Item = TypeVar("Item")
Found = TypeVar("Found")

Progress = Callable[[int, int], None]
"""Told how many files were verified, and how many there are as far as known."""


def read_history(
    locker: Locker,
    account: str,
    *,
    begins: datetime | None,
    ends: datetime,
    trusted: Sequence[PublicKey] = (),
    roots: Sequence[x509.Certificate] = (),
    progress: Progress | None = None,
) -> History:
    """The verified history of an account in a period.

    Args:
        locker: only read.
        account: its name.
        begins: where the period does, aware; None: only the last snapshot before `ends` is wanted,
            the account as of a moment.
        ends: the first moment behind the period.
        trusted: the keys that may sign. Without any, the locker's own are taken, which is less.
        roots: of the timestamp authorities that are trusted. Without any, the locker's own are
            taken, which is less.
        progress: called on the caller's thread.

    Raises:
        EvidenceError: something does not hold; names the first thing that does not.
        ConfigError: the locker has no snapshot of the account, or no account has such a name.
        LockerError: the locker cannot be read.
    """
    return _Reading(locker, account, trusted, roots, progress).history(begins, ends)


class _Reading:
    """One call of `read_history`."""

    def __init__(
        self,
        locker: Locker,
        account: str,
        trusted: Sequence[PublicKey],
        roots: Sequence[x509.Certificate],
        progress: Progress | None,
    ) -> None:
        self._locker = locker
        self._account = account
        self._log = account_log(account)
        self._given = {key.fingerprint: key for key in trusted}
        self._roots = roots
        self._progress = progress
        self._done = 0
        self._total = 0
        self._entries: dict[tuple[object, ...], CheckEntry] = {}
        self._judgements = Judgements()

    def history(self, begins: datetime | None, ends: datetime) -> History:
        """Follow the chain, then what the snapshots that count refer to."""
        chain = self._chain(ends)
        if not chain:
            raise ConfigError(
                f"locker {self._locker.url} has no snapshot of account {self._account}"
            )
        within: list[SealedSnapshot] = []
        last_before: dict[str, list[SealedSnapshot]] = {}
        newest_before: SealedSnapshot | None = None
        followed_by = chain[-1] if chain[-1].created_at >= ends else None
        for found in chain[:-1] if followed_by is not None else chain:
            if begins is None:
                within = [found]
            elif found.created_at >= begins:
                within.append(found)
            else:
                newest_before = found
                for entry in found.snapshot.checks:
                    kept = last_before.get(entry.id, []) if has_unknown(entry) else []
                    last_before[entry.id] = [*kept, found]
        judged = {entry.id for one in within for entry in one.snapshot.checks}
        older = {one.number: one for check in judged for one in last_before.get(check, ())}
        if newest_before is not None:
            older[newest_before.number] = newest_before
        before = tuple(older[number] for number in sorted(older))
        objects = self._objects((*before, *within))
        return History(
            account=self._account,
            snapshots=tuple(within),
            before=before,
            objects=objects,
            first=chain[0],
            followed_by=followed_by,
            is_trusted=bool(self._given),
        )

    def _chain(self, ends: datetime) -> list[SealedSnapshot]:
        """The chain, from number 1 to the first seal that is not before `ends`."""
        key_links = list(self._links(None, KEY_LOG))
        statements = [
            SignedStatement(link.number, link.sealed, link.document)
            for link in key_links
            if link.sealed is not None and isinstance(link.document, KeyStatement | None)
        ]
        self._require_intact(key_links)
        trust = Trust(self._given, read_own_keys(self._locker), statements, is_whole=False)
        found: list[SealedSnapshot] = []
        before: Link | None = None
        stamps, times = self._timestamps(), Timeline()
        for bare in self._links(trust.readable, self._log):
            link, seen = with_times(self._locker, *stamps, bare)
            contradictions = times.follow(link, seen)
            _refuse([*between(before, link), *link.problems, *seen.problems, *contradictions])
            found.append(self._snapshot(link, seen.first))
            before = link
            if found[-1].created_at >= ends:
                break
        signers = [(one.number, one.keyid) for one in found]
        for number, fault in trust.signers_faults(self._log, signers):
            _refuse([Problem(self._log.seal_key(number), fault)])
        faults = trust.statement_faults()
        before = None
        for link in (replace(one, is_signed=one.number not in faults) for one in key_links):
            told = [] if link.is_signed else [Problem(link.key, faults[link.number])]
            _refuse([*between(before, link), *link.problems, *told])
            before = link
        return found

    def _require_intact(self, links: Sequence[Link]) -> None:
        """See that a log is whole, before what it announces is missed elsewhere."""
        before: Link | None = None
        for link in links:
            _refuse([*between(before, link), *link.problems])
            before = link

    def _timestamps(self) -> tuple[Sequence[x509.Certificate], Mapping[str, Sequence[str]]]:
        """The authorities, and the timestamps that were added to seals later."""
        inventory = take_inventory(self._locker.keys(TIMESTAMPS))
        if self._roots:
            return self._roots, inventory.timestamps
        roots = []
        for key in inventory.authorities:
            root = read_authority(self._locker, key)
            if isinstance(root, Problem):
                _refuse([root])
            else:
                roots.append(root)
        return roots, inventory.timestamps

    def _links(self, ring: KeyRing | None, log: Log) -> Iterator[Link]:
        """The links of a log that have a seal, in order."""
        places = map(seal_place, self._locker.keys(log.seals_prefix))
        numbers = [place[1] for place in places if place is not None]
        self._total = self._done + len(numbers)
        return self._each(partial(read_link, self._locker, ring, log), numbers)

    def _snapshot(self, link: Link, shown_at: datetime | None) -> SealedSnapshot:
        assert link.sealed is not None
        assert isinstance(link.document, Snapshot)
        checks = tuple(map(self._shared, link.document.checks))
        return SealedSnapshot(
            number=link.number,
            seal_sha256=link.sha256,
            created_at=link.sealed.statement.created_at,
            keyid=link.sealed.keyid,
            snapshot_sha256=link.sealed.statement.document_sha256,
            snapshot=link.document.model_copy(update={"checks": checks}),
            shown_at=shown_at,
        )

    def _shared(self, entry: CheckEntry) -> CheckEntry:
        """The entry, as one object with all that are equal to it."""
        key = (*(v for n, v in entry if n != "summary"), *sorted(entry.summary.items()))
        return self._entries.setdefault(key, entry)

    def _objects(self, snapshots: Sequence[SealedSnapshot]) -> dict[str, ResultsObject]:
        """Read all that the snapshots refer to; the results objects by digest."""
        wanted: dict[str, tuple[CheckEntry, str]] = {}
        calls: dict[str, str] = {}
        for one in snapshots:
            document = self._log.document_key(one.snapshot_sha256)
            _refuse_disagreement(one.snapshot, document)
            for entry in one.snapshot.checks:
                wanted.setdefault(entry.results_sha256, (entry, document))
            calls.setdefault(one.snapshot.calls_sha256, document)
        self._total = self._done + len(wanted) + len(calls)
        objects = {}
        rests_on: dict[str, str] = {}
        named = [(digest, document) for digest, (_, document) in wanted.items()]
        for (digest, _), data in zip(named, self._each(self._bytes, named), strict=True):
            objects[digest] = self._parsed(wanted[digest][0].id, digest, data)
            for each in self._judgements.evidence(after=len(rests_on)):
                rests_on[each] = object_key(digest)
        self._compare(snapshots, objects)
        for content in self._each(self._calls, list(calls.items())):
            _refuse(content.problems)
            for digest in content.evidence - rests_on.keys():
                rests_on[digest] = object_key(content.digest)
        answers = [item for item in rests_on.items() if item[0] not in wanted]
        self._total = self._done + len(answers)
        for _ in self._each(self._check, answers):
            pass
        return objects

    def _bytes(self, named: tuple[str, str]) -> bytes:
        """The bytes of an object, by its digest and the file that names it."""
        digest, by = named
        data, problem = read_named(self._locker, object_key(digest), digest, by)
        _refuse([problem] if problem is not None else [])
        return data

    def _check(self, named: tuple[str, str]) -> None:
        self._bytes(named)

    def _calls(self, named: tuple[str, str]) -> Content:
        digest, by = named
        return read_content(self._locker, digest, "calls", by, only_links=True)

    def _parsed(self, check: str, digest: str, data: bytes) -> ResultsObject:
        try:
            return self._judgements.read(check, data)
        except ValueError as error:
            _refuse([Problem(object_key(digest), f"as results, {error}")])
            raise AssertionError from error

    def _compare(
        self, snapshots: Sequence[SealedSnapshot], objects: Mapping[str, ResultsObject]
    ) -> None:
        """Set the results objects against what the documents say of them."""
        counts: dict[str, Counter[tuple[str, Outcome]]] = {}
        compared: set[int] = set()
        for one in snapshots:
            for entry in one.snapshot.checks:
                if id(entry) in compared:  # equal entries are one object
                    continue
                compared.add(id(entry))
                digest = entry.results_sha256
                if digest not in counts:
                    counts[digest] = Counter(
                        (one.check, one.outcome) for one in objects[digest].judged
                    )
                said: dict[tuple[str, Outcome], int] = {
                    (entry.id, outcome): n for outcome, n in entry.summary.items() if n
                }
                if counts[digest] != said:
                    message = (
                        f"it says {_shown(said)}, but "
                        f"{object_key(digest)} holds {_shown(counts[digest])}"
                    )
                    key = self._log.document_key(one.snapshot_sha256)
                    _refuse([Problem(key, message)])

    def _each(self, work: Callable[[Item], Found], items: Sequence[Item]) -> Iterator[Found]:
        """What `work` finds in each item, in order."""
        for found in in_order(work, items, READERS):
            self._done += 1
            if self._progress is not None:
                self._progress(self._done, max(self._done, self._total))
            yield found


def _refuse(problems: Iterable[Problem]) -> None:
    """Raise the first problem, if there is one."""
    for problem in problems:
        raise EvidenceError(f"{problem}; no report can rest on this, collector verify says more")


def _refuse_disagreement(snapshot: Snapshot, document: str) -> None:
    """See that a document has each check once, and that its summary is the sum of theirs."""
    ids = [entry.id for entry in snapshot.checks]
    if len(ids) != len(set(ids)):
        _refuse([Problem(document, "it has a check twice")])
    total: Counter[Outcome] = Counter()
    for entry in snapshot.checks:
        total.update(entry.summary)
    said = snapshot.summary.outcomes()
    if +total != said:
        message = f"its summary says {dict(said)}, but its checks {dict(total)}"
        _refuse([Problem(document, message)])


def _shown(counts: Mapping[tuple[str, Outcome], int]) -> str:
    told = ", ".join(f"{check} {outcome} {n}" for (check, outcome), n in sorted(counts.items()))
    return told or "nothing"
