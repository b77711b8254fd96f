"""Verification: read everything in a locker, believe nothing, and name what does not hold.

Trust begins at the keys that somebody gave, or else at the one that signed the first seal of a log;
the key log says to which others it extends (`collector.evidence.keyring`). A sound signature speaks
for a seal, the seal for the digest of a snapshot document and of the seal before, the document for
the digests of its results and calls, and those for the digests of the cloud's answers. Each step
checks bytes against a name that the step before vouches for.

What cannot be seen from within: a chain whose end was cut off, or that was written anew by somebody
who has the key. Only a head that was remembered elsewhere shows that, or an anchor; and only a
timestamp shows that a seal was not made later than it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from cryptography import x509

from collector.evidence.anchors import Anchored, contradictions, digest_at, shown_by_anchors
from collector.evidence.chain import Head
from collector.evidence.claims import Claims
from collector.evidence.contents import Content, Kind, read_content
from collector.evidence.documents import Anchor, KeyStatement
from collector.evidence.heads import numbers_since, passed_over, reopened
from collector.evidence.inventory import take_inventory
from collector.evidence.key_log import read_public_key
from collector.evidence.keyring import SignedStatement
from collector.evidence.keys import PublicKey
from collector.evidence.links import Link, between, read_link, read_named
from collector.evidence.locker import Locker
from collector.evidence.log import ACCOUNTS, KEY_LOG, VERSION, Log, account_log
from collector.evidence.reading import READERS, in_order
from collector.evidence.report import Chain, Mark, Problem, Report
from collector.evidence.snapshot import KEYS, TIMESTAMPS, object_key
from collector.evidence.times import (
    Seen,
    Timeline,
    read_authority,
    read_timed_link,
    with_times,
    without_seal,
)
from collector.evidence.trust import Trust
from collector.evidence.versions import read_versions

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
    roots: Sequence[x509.Certificate] = (),
    since: Mapping[Log, int] | None = None,
    progress: Progress | None = None,
    readers: int = READERS,
) -> Report:
    """Check every signature, digest, link and timestamp.

    Args:
        locker: only read.
        account: only this account's log, the key log, and the objects that they refer to; heads
            of other logs are passed over then.
        trusted: the keys that may sign, with those that they say may. Without any, the locker's
            own keys are taken, which is less: the first that signed each log is believed.
        heads: seals that somebody remembers to have been there.
        roots: of the timestamp authorities that are trusted. Without any, the locker's own are
            taken, which is less.
        since: the last seals that an earlier verification saw, by log. Of these logs, that seal
            and what comes after it is read, and of the objects only what that refers to. What is
            before is as sound as it was then, if that seal is the one it was: which is for a
            remembered head to show. The log of the keys is always read whole.
        progress: called on the caller's thread.
        readers: files read at once.

    Raises:
        ConfigError: no account can have that name.
        LockerError: the locker cannot be read. Bad evidence is a problem in the report instead,
            whatever its bytes are.
    """
    run = _Verification(locker, account, trusted, roots, since, progress, readers)
    run.verify_keys()
    run.verify_authorities()
    for log in sorted({*run.inventory.seals, *run.inventory.documents} - {KEY_LOG}):
        run.verify_chain(log)
    run.verify_key_log()
    run.verify_anchors()
    run.verify_objects()
    run.verify_versions()
    for head in heads:
        run.verify_head(*head)
    return run.report()


class _Verification:
    """One call of `verify`. What runs on threads returns values; this keeps them on one thread."""

    def __init__(
        self,
        locker: Locker,
        account: str | None,
        trusted: Sequence[PublicKey],
        roots: Sequence[x509.Certificate],
        since: Mapping[Log, int] | None,
        progress: Progress | None,
        readers: int,
    ) -> None:
        self._only = None if account is None else account_log(account)
        self._prefixes = (VERSION,) if self._only is None else (self._only.prefix, KEYS, TIMESTAMPS)
        self.inventory = take_inventory(k for prefix in self._prefixes for k in locker.keys(prefix))
        self._locker = locker
        self._trusted = {key.fingerprint: key for key in trusted}
        self._trust = Trust(self._trusted, {}, (), is_whole=False)
        self._key_links: list[Link] = []
        self._roots, self._are_roots_trusted = list(roots), bool(roots)
        self._since = since
        self._progress = progress
        self._readers = readers
        self._problems = {
            Problem(key, "no file of a locker has such a name") for key in self.inventory.unknown
        }
        self._chains: list[Chain] = []
        self._seals: dict[tuple[Log, int], str] = {}
        self._anchors: list[Anchored] = []
        self._are_seals_sound = True
        self._claims = Claims()
        self._sizes_bytes: dict[str, int] = {}
        self._objects_read: set[str] = set()
        self._warnings: tuple[str, ...] = ()
        self._stray_documents = 0
        self._stray_objects = 0
        self._done = 0
        self._total = (
            len(self.inventory.public_keys)
            + len(self.inventory.authorities)
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
        self._since = reopened(self._since, statements)
        is_whole = self._only is None and self._since is None
        self._trust = Trust(self._trusted, own, statements, is_whole=is_whole)

    def verify_key_log(self) -> None:
        """Judge the statements of the key log, and follow it as any other."""
        faults = self._trust.statement_faults()
        for number, fault in faults.items():
            self._problems.add(Problem(KEY_LOG.seal_key(number), fault))
        links = [
            replace(link, is_signed=link.sealed is not None and link.number not in faults)
            for link in self._key_links
        ]
        beside = self.inventory.timestamps
        self._follow_chain(
            KEY_LOG, (with_times(self._locker, self._roots, beside, link) for link in links)
        )

    def verify_authorities(self) -> None:
        """Read the locker's own authorities, and use them if nobody gave better ones."""
        for found in self._each(partial(read_authority, self._locker), self.inventory.authorities):
            if isinstance(found, Problem):
                self._problems.add(found)
            elif not self._are_roots_trusted:
                self._roots.append(found)

    def verify_chain(self, log: Log) -> None:
        """Follow a log from its first seal, or the remembered one, to its last; see who signed."""
        base, numbers, gaps = numbers_since(self.inventory.seals.get(log, []), log, self._since)
        self._problems.update(gaps)
        ring, beside = self._trust.readable, self.inventory.timestamps
        read = partial(read_timed_link, self._locker, ring, self._roots, beside, log)
        signed = self._follow_chain(log, self._each(read, numbers), base)
        if base is not None and self._trust.has_replaced(keyid for _, keyid in signed):
            # Whether the key in its place has signed there stands before what is new.
            before = [n for n in self.inventory.seals[log] if n < numbers[0]]
            links = self._each(partial(read_link, self._locker, ring, log), before)
            signed = [
                (n.number, n.sealed.keyid) for n in links if n.sealed and n.is_signed
            ] + signed
        for number, fault in self._trust.signers_faults(log, signed):
            self._problems.add(Problem(log.seal_key(number), fault))

    def _follow_chain(
        self, log: Log, links: Iterable[tuple[Link, Seen]], base: int | None = None
    ) -> list[tuple[int, str]]:
        """See that links follow one another; number and key of those that are signed."""
        signed: list[tuple[int, str]] = []
        marks: list[Mark] = []
        signers: set[str] = set()
        named: set[str] = set()
        times = Timeline()
        before: Link | None = None
        for link, seen in links:
            self._problems.update(link.problems, seen.problems, times.follow(link, seen))
            if link.number != base:
                self._problems.update(between(before, link))
            self._are_seals_sound &= link.is_signed
            self._seals[log, link.number] = link.sha256
            created_at = None
            if link.sealed is not None:
                created_at = link.sealed.statement.created_at
                signers.add(link.sealed.keyid)
                if link.is_signed:
                    signed.append((link.number, link.sealed.keyid))
                named.add(link.sealed.statement.document_sha256)
                if isinstance(link.document, Anchor) and link.is_signed:
                    self._anchors.append(Anchored(link.number, link.document, seen.first))
                if link.document is not None and link.number != base:
                    key = log.document_key(link.sealed.statement.document_sha256)
                    self._problems.update(self._claims.note(key, link.document))
            marks.append(Mark(link.number, created_at))
            before = link
        if before is not None:
            head = Head(before.number, before.sha256)
            keys = tuple(sorted(signers))
            seen_times, older = times.summary(), 0 if base is None else marks[0].number - 1
            found = Chain(log, len(marks), marks[0], marks[-1], head, keys, seen_times, older)
            self._chains.append(found)
        if base is None:
            self._verify_strays(log, self.inventory.documents.get(log, set()) - named)
        return signed

    def verify_objects(self) -> None:
        """Read every object once: first those that refer to others, then all that are left."""
        first = self._claims.objects()
        read = {digest for digest, _, _ in first}
        self._total = self._done + len(first) + len(self.inventory.objects - read)
        named_by: dict[str, str] = {}
        for content in self._contents(sorted(first)):
            for digest in content.evidence:
                named_by.setdefault(digest, object_key(content.digest))
            self._problems.update(self._claims.compare(content))
        self._problems.update(self._claims.unanswered())

        all_there = self.inventory.objects if self._since is None else set[str]()
        rest = (all_there | named_by.keys()) - read
        self._total = self._done + len(rest)
        for _ in self._contents([(d, "bytes", named_by.get(d, VERSION)) for d in sorted(rest)]):
            pass
        self._stray_objects = len(all_there - read - named_by.keys())

    def verify_anchors(self) -> None:
        """See that what the anchors name is there, and so is what timestamps were added to."""
        self._problems.update(contradictions(self._anchors, self._digest))
        # Of a seal that does not hold, the timestamps are named by another digest.
        if self._only is not None or self._since is not None or not self._are_seals_sound:
            return
        seals = set(self._seals.values())
        self._problems.update(without_seal(self.inventory.timestamps, seals))

    def verify_versions(self) -> None:
        """See that no file was deleted or written over, where the locker tells of versions."""
        found, self._warnings = read_versions(self._locker, self._prefixes, self._objects_read)
        self._problems.update(found)

    def verify_head(self, log: Log | None, number: int, digest: str) -> None:
        """See that a seal which somebody remembers is still there."""
        if self._only is not None and log not in (None, self._only, KEY_LOG):
            return
        logs = [chain.log for chain in self._chains] if log is None else [log]
        found = [d for one in logs if (d := self._digest(one, number)) is not None]
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
        elif all(chain.log.account is None for chain in self._chains):
            self._warnings += ("there is no snapshot of any account",)
        warnings = [] if self._since is None else [passed_over(self._chains)]
        warnings += self._warnings
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
        if not self._are_roots_trusted and any(c.times.trusted for c in self._chains):
            warnings.append(
                "the timestamp authorities are the locker's own: give their certificates, from "
                "elsewhere, to trust the times"
            )
        return Report(
            chains=tuple(shown_by_anchors(self._chains, self._anchors)),
            objects=len(self._sizes_bytes),
            size_bytes=sum(self._sizes_bytes.values()),
            problems=tuple(sorted(self._problems)),
            warnings=tuple(warnings),
        )

    def _digest(self, log: Log, number: int) -> str | None:
        """Digest of the seal at a number, None if there is none."""
        if (log, number) in self._seals:
            return self._seals[log, number]
        if number not in self.inventory.seals.get(log, ()):
            return None
        return digest_at(self._locker, log, number)

    def _verify_strays(self, log: Log, digests: set[str]) -> None:
        """Documents that no seal names need not be there, but must be what their name says."""
        self._stray_documents += len(digests)
        strays = [(log.document_key(digest), digest) for digest in sorted(digests)]
        for _, problem in self._each(lambda s: read_named(self._locker, *s, VERSION), strays):
            if problem is not None:
                self._problems.add(problem)

    def _contents(self, items: Sequence[tuple[str, Kind, str]]) -> Iterator[Content]:
        for content in self._each(lambda item: read_content(self._locker, *item), items):
            self._problems.update(content.problems)
            self._objects_read.add(object_key(content.digest))
            if not content.problems:
                self._sizes_bytes[content.digest] = content.size_bytes
            yield content

    def _each(self, work: Callable[[Item], Found], items: Sequence[Item]) -> Iterator[Found]:
        """What `work` finds in each item, in order, read by several threads if worth it."""
        for found in in_order(work, items, self._readers):
            self._done += 1
            if self._progress is not None:
                self._progress(self._done, max(self._done, self._total))
            yield found
