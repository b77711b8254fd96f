"""Verification: read everything in a locker, believe nothing, and name what does not hold.

Trust begins at the keys that somebody gave, or else at the one that signed the first seal of a log;
the key log says to which others it extends (`collector.evidence.keyring`). A sound signature speaks
for a seal, the seal for the digest of a snapshot document and of the seal before, the document for
the digests of its results and calls, and those for the digests of the cloud's answers. Each step
checks bytes against a name that the step before vouches for.

What cannot be seen from within: a chain whose end was cut off, or that was written anew by somebody
who has the key. Only a head that was remembered elsewhere shows that.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import NamedTuple, TypeVar

from collector.errors import Refused
from collector.evidence.chain import Head
from collector.evidence.contents import Content, Kind, read_content
from collector.evidence.documents import Document, KeyStatement, kept_files
from collector.evidence.inventory import take_inventory
from collector.evidence.key_log import read_public_key
from collector.evidence.keyring import SignedStatement
from collector.evidence.keys import PublicKey
from collector.evidence.links import Link, between, read_link, read_named
from collector.evidence.locker import Locker
from collector.evidence.log import ACCOUNTS, KEY_LOG, VERSION, Log, account_log
from collector.evidence.report import Chain, Mark, Problem, Report
from collector.evidence.snapshot import KEYS, OBJECTS, Outcome, Snapshot, object_key
from collector.evidence.trust import Trust
from collector.evidence.versions import version_problems

READERS = 32
"""Files read at once: in a bucket, most of the time of each is waiting."""

WORTH_THREADS = 8
"""Fewer files than this are read one after the other: starting threads would take longer."""

WINDOW = 4
"""Files for each reader that are being read or waiting to be looked at; bounds the memory."""

Progress = Callable[[int, int], None]
"""Told after each file how many were verified, and how many there are as far as known. A seal and
its document count as one."""

RememberedHead = tuple[Log | None, int, str]
"""Log, or None for any; number; digest of the seal with that number."""

Item = TypeVar("Item")
Found = TypeVar("Found")


def verify(
    locker: Locker,
    *,
    account: str | None = None,
    trusted: Sequence[PublicKey] = (),
    heads: Iterable[RememberedHead] = (),
    progress: Progress | None = None,
    readers: int = READERS,
) -> Report:
    """Check every signature, digest and link.

    Args:
        locker: only read.
        account: only this account's log, the key log, and the objects that they refer to; heads
            of other logs are passed over then.
        trusted: the keys that may sign, with those that they say may. Without any, the locker's
            own keys are taken, which is less: the first that signed each log is believed.
        heads: seals that somebody remembers to have been there.
        progress: called on the caller's thread.
        readers: files read at once.

    Raises:
        ConfigError: no account can have that name.
        LockerError: the locker cannot be read. Bad evidence is a problem in the report instead,
            whatever its bytes are.
    """
    run = _Verification(locker, account, trusted, progress, readers)
    run.verify_keys()
    for log in sorted({*run.inventory.seals, *run.inventory.documents} - {KEY_LOG}):
        run.verify_chain(log)
    run.verify_key_log()
    run.verify_objects()
    run.verify_versions()
    for head in heads:
        run.verify_head(*head)
    return run.report()


class _Claim(NamedTuple):
    """What a document says of a results object."""

    check: str
    outcomes: frozenset[tuple[Outcome, int]]


class _Verification:
    """One call of `verify`. What runs on threads returns values; this keeps them on one thread."""

    def __init__(
        self,
        locker: Locker,
        account: str | None,
        trusted: Sequence[PublicKey],
        progress: Progress | None,
        readers: int,
    ) -> None:
        self._only = None if account is None else account_log(account)
        prefixes = (VERSION,) if self._only is None else (self._only.prefix, KEYS)
        self.inventory = take_inventory(key for prefix in prefixes for key in locker.keys(prefix))
        self._locker = locker
        self._trusted = {key.fingerprint: key for key in trusted}
        self._trust = Trust(self._trusted, {}, (), is_whole=False)
        self._key_links: list[Link] = []
        self._progress = progress
        self._readers = readers
        self._problems = {
            Problem(key, "no file of a locker has such a name") for key in self.inventory.unknown
        }
        self._chains: list[Chain] = []
        self._seals: dict[tuple[Log, int], str] = {}
        self._results: dict[str, dict[_Claim, str]] = {}
        self._calls: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._sizes_bytes: dict[str, int] = {}
        self._objects_read: set[str] = set()
        self._warnings: list[str] = []
        self._stray_documents = 0
        self._stray_objects = 0
        self._done = 0
        self._total = (
            len(self.inventory.public_keys)
            + sum(map(len, self.inventory.seals.values()))
            + len(self.inventory.objects)
        )

    def verify_keys(self) -> None:
        """Read the locker's own keys and what it says of them, and see whom to believe."""
        own: dict[str, PublicKey] = {}
        statements: list[SignedStatement] = []
        for found in self._each(partial(read_public_key, self._locker), self.inventory.public_keys):
            if isinstance(found, Problem):
                self._problems.add(found)
            else:
                own[found.fingerprint] = found
        numbers = self.inventory.seals.get(KEY_LOG, ())
        for link in self._each(partial(read_link, self._locker, None, KEY_LOG), numbers):
            self._key_links.append(link)
            if link.sealed is not None:
                assert link.document is None or isinstance(link.document, KeyStatement)
                statements.append(SignedStatement(link.number, link.sealed, link.document))
        self._trust = Trust(self._trusted, own, statements, is_whole=self._only is None)

    def verify_key_log(self) -> None:
        """Judge the statements of the key log, and follow it as any other."""
        faults = self._trust.statement_faults()
        for number, fault in faults.items():
            self._problems.add(Problem(KEY_LOG.seal_key(number), fault))
        links = [
            replace(link, is_signed=link.sealed is not None and link.number not in faults)
            for link in self._key_links
        ]
        self._follow_chain(KEY_LOG, links)

    def verify_chain(self, log: Log) -> None:
        """Follow a log from its first seal to its last, and see who signed."""
        links = self._each(
            partial(read_link, self._locker, self._trust.readable, log),
            self.inventory.seals.get(log, ()),
        )
        signed = self._follow_chain(log, links)
        for number, fault in self._trust.signers_faults(log, signed):
            self._problems.add(Problem(log.seal_key(number), fault))

    def _follow_chain(self, log: Log, links: Iterable[Link]) -> list[tuple[int, str]]:
        """See that links follow one another; number and key of those that are signed."""
        signed: list[tuple[int, str]] = []
        marks: list[Mark] = []
        signers: set[str] = set()
        named: set[str] = set()
        before: Link | None = None
        for link in links:
            self._problems.update(link.problems, between(before, link))
            self._seals[log, link.number] = link.sha256
            created_at = None
            if link.sealed is not None:
                created_at = link.sealed.statement.created_at
                signers.add(link.sealed.keyid)
                if link.is_signed:
                    signed.append((link.number, link.sealed.keyid))
                named.add(link.sealed.statement.document_sha256)
                if link.document is not None:
                    key = log.document_key(link.sealed.statement.document_sha256)
                    self._follow(key, link.document)
            marks.append(Mark(link.number, created_at))
            before = link
        if before is not None:
            head = Head(before.number, before.sha256)
            keys = tuple(sorted(signers))
            self._chains.append(Chain(log, len(marks), marks[0], marks[-1], head, keys))
        self._verify_strays(log, self.inventory.documents.get(log, set()) - named)
        return signed

    def verify_objects(self) -> None:
        """Read every object once: first those that refer to others, then all that are left."""
        first: list[tuple[str, Kind, str]] = [
            *((digest, "results", min(by.values())) for digest, by in self._results.items()),
            *((digest, "calls", document) for digest, document in self._calls.items()),
            *((digest, "bytes", document) for digest, document in self._files.items()),
        ]
        read = {digest for digest, _, _ in first}
        self._total = self._done + len(first) + len(self.inventory.objects - read)
        named_by: dict[str, str] = {}
        for content in self._contents(sorted(first)):
            for digest in content.evidence:
                named_by.setdefault(digest, object_key(content.digest))
            if content.kind == "results" and not content.problems:
                self._compare(content)

        rest = (self.inventory.objects | named_by.keys()) - read
        self._total = self._done + len(rest)
        for _ in self._contents([(d, "bytes", named_by.get(d, VERSION)) for d in sorted(rest)]):
            pass
        self._stray_objects = len(self.inventory.objects - read - named_by.keys())

    def verify_versions(self) -> None:
        """See that no file was deleted or written over, where the locker tells of versions."""
        prefixes = (VERSION,) if self._only is None else (self._only.prefix, KEYS, OBJECTS)
        try:
            for prefix in prefixes:
                found = self._locker.versions(prefix)
                if prefix == OBJECTS:  # those that the account's log leads to
                    found = (version for version in found if version.key in self._objects_read)
                self._problems.update(version_problems(found))
        except Refused as error:
            self._warnings.append(
                "versions could not be listed, so nobody knows whether files were deleted and "
                f"written again: {error}"
            )

    def verify_head(self, log: Log | None, number: int, digest: str) -> None:
        """See that a seal which somebody remembers is still there."""
        if self._only is not None and log not in (None, self._only, KEY_LOG):
            return
        logs = [chain.log for chain in self._chains] if log is None else [log]
        found = [self._seals[one, number] for one in logs if (one, number) in self._seals]
        if digest.lower() in found:
            return
        key = logs[0].seal_key(number) if len(logs) == 1 else ACCOUNTS
        seals = ", ".join(found)
        state = f"it has {seals}: the chain was rewritten" if found else "the chain was truncated"
        self._problems.add(
            Problem(key, f"seal number {number} is remembered with digest {digest}, but {state}")
        )

    def report(self) -> Report:
        """What was found."""
        if all(chain.log == KEY_LOG for chain in self._chains):
            prefix = VERSION if self._only is None else self._only.prefix
            self._problems.add(Problem(prefix, "there is no snapshot"))
        warnings = list(self._warnings)
        if self._stray_documents or self._stray_objects:
            warnings.append(
                f"no seal leads to {self._stray_documents} documents and "
                f"{self._stray_objects} objects: a run was interrupted, or a seal was removed"
            )
        if not self._trust.are_trusted:
            warnings.append(
                "the public keys are the locker's own, and whoever can write all of it could "
                "have replaced them: give a key that you have from elsewhere"
            )
        return Report(
            chains=tuple(self._chains),
            objects=len(self._sizes_bytes),
            size_bytes=sum(self._sizes_bytes.values()),
            problems=tuple(sorted(self._problems)),
            warnings=tuple(warnings),
        )

    def _verify_strays(self, log: Log, digests: set[str]) -> None:
        """Documents that no seal names need not be there, but must be what their name says."""
        self._stray_documents += len(digests)
        strays = [(log.document_key(digest), digest) for digest in sorted(digests)]
        for _, problem in self._each(lambda s: read_named(self._locker, *s, VERSION), strays):
            if problem is not None:
                self._problems.add(problem)

    def _follow(self, key: str, document: Document) -> None:
        """Note what a document says of its objects, and see whether it agrees with itself."""
        if isinstance(document, Snapshot):
            self._follow_snapshot(key, document)
        for digest in kept_files(document):
            self._files.setdefault(digest, key)

    def _follow_snapshot(self, document: str, snapshot: Snapshot) -> None:
        total: Counter[Outcome] = Counter()
        for entry in snapshot.checks:
            total.update(entry.summary)
            claim = _Claim(entry.id, _occurred(entry.summary))
            self._results.setdefault(entry.results_sha256, {}).setdefault(claim, document)
        self._calls.setdefault(snapshot.calls_sha256, document)
        said = snapshot.summary.outcomes()
        if _occurred(total) != _occurred(said):
            message = f"its summary says {_shown(said)}, but its checks {_shown(total)}"
            self._problems.add(Problem(document, message))

    def _compare(self, content: Content) -> None:
        """Set a results object against what the documents say of it."""
        for claim, document in self._results[content.digest].items():
            said = {(claim.check, outcome): count for outcome, count in claim.outcomes}
            if content.outcomes != said:
                found = _shown({f"{c} {o}": n for (c, o), n in content.outcomes.items()})
                message = f"it says {claim.check} {_shown(dict(claim.outcomes))}, but "
                self._problems.add(
                    Problem(document, f"{message}{object_key(content.digest)} holds {found}")
                )

    def _contents(self, items: Sequence[tuple[str, Kind, str]]) -> Iterator[Content]:
        for content in self._each(lambda item: read_content(self._locker, *item), items):
            self._problems.update(content.problems)
            self._objects_read.add(object_key(content.digest))
            if not content.problems:
                self._sizes_bytes[content.digest] = content.size_bytes
            yield content

    def _each(self, work: Callable[[Item], Found], items: Sequence[Item]) -> Iterator[Found]:
        """What `work` finds in each item, in order, read by several threads if worth it."""
        for found in _in_order(work, items, self._readers):
            self._done += 1
            if self._progress is not None:
                self._progress(self._done, max(self._done, self._total))
            yield found


def _in_order(
    work: Callable[[Item], Found], items: Sequence[Item], readers: int
) -> Iterator[Found]:
    if len(items) < WORTH_THREADS or readers == 1:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(readers)
    under_way: deque[Future[Found]] = deque()
    try:
        for item in items:
            under_way.append(pool.submit(work, item))
            if len(under_way) == WINDOW * readers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _occurred(counts: Mapping[Outcome, int]) -> frozenset[tuple[Outcome, int]]:
    return frozenset((outcome, count) for outcome, count in counts.items() if count)


def _shown(counts: Mapping[Outcome, int] | Mapping[str, int]) -> str:
    return ", ".join(f"{what} {count}" for what, count in sorted(counts.items()) if count) or "none"
