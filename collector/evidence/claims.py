"""Claims: what documents say of objects, to be set against what is found in those. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from collector.evidence.contents import Content, Kind, occurred, shown
from collector.evidence.documents import Document, kept_files
from collector.evidence.report import Problem
from collector.evidence.snapshot import Outcome, Snapshot, object_key


class _Claim(NamedTuple):
    """What a document says of a results object."""

    check: str
    outcomes: frozenset[tuple[Outcome, int]]


class Claims:
    """The claims of many documents. First all of these are noted, then each object is compared."""

    def __init__(self) -> None:
        self._results: dict[str, dict[_Claim, str]] = {}
        self._calls: dict[str, dict[int, str]] = {}
        self._merkle_roots: dict[str, dict[str, str]] = {}
        self._files: dict[str, str] = {}
        self._rests: dict[tuple[str, str], str] = {}
        """Of results and the calls beside them, the first document that names both."""
        self._evidence: dict[str, frozenset[str]] = {}
        self._digests: dict[str, str] = {}

    def note(self, key: str, document: Document) -> Iterator[Problem]:
        """Note what a document says of its objects; where it contradicts itself.

        Args:
            key: the document's.
            document: of whichever log.
        """
        if isinstance(document, Snapshot):
            yield from self._note_snapshot(key, document)
        for digest in kept_files(document):
            self._files.setdefault(digest, key)

    def objects(self) -> list[tuple[str, Kind, str]]:
        """The objects that documents name: digest, what it is, and the first document."""
        return [
            *((digest, "results", min(by.values())) for digest, by in self._results.items()),
            *((digest, "calls", min(by.values())) for digest, by in self._calls.items()),
            *((digest, "bytes", document) for digest, document in self._files.items()),
        ]

    def compare(self, content: Content) -> Iterator[Problem]:
        """Set one of these objects against what the documents say of it."""
        if content.root is not None:
            yield from self._compare_merkle_roots(content, content.root)
        if content.problems or content.kind == "bytes":
            return
        # The same digests come again every day: one text of each is enough.
        names = (self._digests.setdefault(digest, digest) for digest in content.evidence)
        self._evidence[content.digest] = frozenset(names)
        if content.kind == "results":
            yield from self._compare_results(content)
            return
        for count, document in self._calls[content.digest].items():
            if count != content.lines:
                message = f"its summary says {count} calls, but {object_key(content.digest)} holds "
                yield Problem(document, f"{message}{content.lines}")

    def unanswered(self) -> Iterator[Problem]:
        """Results that rest on an answer which no call of their snapshot brought. To be asked
        last; of what could not be read, nothing is said."""
        for (results, calls), document in self._rests.items():
            if results not in self._evidence or calls not in self._evidence:
                continue
            for digest in sorted(self._evidence[results] - self._evidence[calls])[:1]:
                message = f"{object_key(results)} rests on answer {digest}, which no call in "
                yield Problem(document, f"{message}{object_key(calls)} brought")

    def _note_snapshot(self, key: str, snapshot: Snapshot) -> Iterator[Problem]:
        total: Counter[Outcome] = Counter()
        for entry in snapshot.checks:
            total.update(entry.summary)
            claim = _Claim(entry.id, occurred(entry.summary))
            self._results.setdefault(entry.results_sha256, {}).setdefault(claim, key)
            self._rests.setdefault((entry.results_sha256, snapshot.calls_sha256), key)
            self._note_merkle_root(entry.results_sha256, entry.results_merkle_root, key)
        self._calls.setdefault(snapshot.calls_sha256, {}).setdefault(snapshot.summary.calls, key)
        self._note_merkle_root(snapshot.calls_sha256, snapshot.calls_merkle_root, key)
        said = snapshot.summary.outcomes()
        if occurred(total) != occurred(said):
            message = f"its summary says {shown(said)}, but its checks {shown(total)}"
            yield Problem(key, message)
        twice = [check for check, n in Counter(e.id for e in snapshot.checks).items() if n > 1]
        if twice:
            yield Problem(key, f"it has the check {twice[0]} more than once")

    def _note_merkle_root(self, digest: str, root: str | None, document: str) -> None:
        if root is not None:
            self._merkle_roots.setdefault(digest, {}).setdefault(root, document)

    def _compare_merkle_roots(self, content: Content, root: str) -> Iterator[Problem]:
        """A false root would let lines be shown that are not in the object."""
        for claimed, document in self._merkle_roots.get(content.digest, {}).items():
            if claimed != root:
                message = f"it says {claimed} is the Merkle root of "
                yield Problem(
                    document, f"{message}{object_key(content.digest)}, but that is {root}"
                )

    def _compare_results(self, content: Content) -> Iterator[Problem]:
        for claim, document in self._results[content.digest].items():
            said = {(claim.check, outcome): count for outcome, count in claim.outcomes}
            if content.outcomes != said:
                found = shown({f"{c} {o}": n for (c, o), n in content.outcomes.items()})
                message = f"it says {claim.check} {shown(dict(claim.outcomes))}, but "
                yield Problem(document, f"{message}{object_key(content.digest)} holds {found}")
