"""The evidence package: what an auditor needs of a period, in one ZIP, with the means to check it.

What is in it is again a locker, and each chain in it begins at number 1: so all of it verifies,
with nothing to be taken on trust and nothing to be excused. That costs little, since what did not
change is in it once. The same period out of the same locker gives the same bytes: names in order,
no times, and stored as they are, because two versions of zlib compress differently.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from string import Template

import collector.export
from collector.errors import ConfigError, ObjectMissing
from collector.evidence.canonical import sha256
from collector.evidence.chain import Head
from collector.evidence.contents import Content, Kind, read_content
from collector.evidence.documents import Anchor, Document, kept_files, parse_document
from collector.evidence.keys import PublicKey
from collector.evidence.locker import Locker, Stat, Version
from collector.evidence.log import ANCHORS, ATTESTATIONS, KEY_LOG, Log, account_log, seal_place
from collector.evidence.reading import READERS, in_order
from collector.evidence.record import EvidenceError
from collector.evidence.report import Report
from collector.evidence.seal import open_seal
from collector.evidence.snapshot import KEYS, TIMESTAMPS, Snapshot, object_key
from collector.evidence.verify import verify

AUTHORITIES = f"{TIMESTAMPS}authorities/"

README = "README.txt"
MANIFEST = "MANIFEST.sha256"
PROGRAMS = {
    "verify.py": "verifier.py",
    "verify.sh": "verifier.sh",
    "verify.html": "verifier.html",
}
"""Names in the package, and those of the same files here."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP can state."""


@dataclass(frozen=True)
class Period:
    """Days in UTC, both included."""

    first: date
    last: date

    @property
    def end(self) -> datetime:
        """The moment at which it is over."""
        return datetime.combine(self.last, datetime.min.time(), UTC) + timedelta(days=1)

    def has(self, moment: datetime) -> bool:
        """Whether a moment is in it."""
        return self.first <= moment.date() <= self.last


@dataclass
class Selection:
    """What goes into a package. Built by `select`."""

    files: set[str] = field(default_factory=set)
    """Keys in the locker."""
    heads: dict[Log, Head] = field(default_factory=dict)
    """The last seal of each log in the package."""
    of_period: dict[Log, list[int]] = field(default_factory=dict)
    """Numbers that were sealed in the period, by the account's log."""
    left_out: dict[Log, int] = field(default_factory=dict)
    """How many later seals of a log are left out."""
    seals: set[str] = field(default_factory=set)
    """Digests of the seals."""
    objects: dict[str, Kind] = field(default_factory=dict)
    """What documents refer to, by digest."""


def select(locker: Locker, accounts: Sequence[str], period: Period) -> Selection:
    """Choose what the snapshots of a period need. Nothing is verified.

    Of each account's log: all seals up to the end of the period, with all that they lead to. Of the
    attestations and the keys: all, since a later one may be about the period. Of the anchors: those
    from the first on that name nothing which is not in the package.

    Raises:
        ConfigError: an account has no snapshot in the period, or no account can have that name.
        LockerError: the locker cannot be read.
    """
    chosen = Selection()
    for account in accounts:
        log = account_log(account)
        _select_log(locker, chosen, log, period)
        if not chosen.of_period.get(log):
            raise ConfigError(
                f"packaging account {account}: locker {locker.url} has no snapshot that was sealed"
                f" from {period.first} to {period.last}"
            )
    for log in (ATTESTATIONS, KEY_LOG, ANCHORS):
        _select_log(locker, chosen, log, None)
    _select_objects(locker, chosen)
    chosen.files.update(k for k in locker.keys(KEYS) if k.count("/") == 2)
    for key in locker.keys(TIMESTAMPS):
        if key.startswith(AUTHORITIES) or key.split("/")[2] in chosen.seals:
            chosen.files.add(key)
    return chosen


def write(locker: Locker, chosen: Selection, period: Period, path: Path) -> None:
    """Write the ZIP; one file at a time is in memory, and some that wait.

    What the locker does not have is left out, for `check` to find.

    Raises:
        LockerError: the locker cannot be read.
        OSError: as the file system has it.
    """
    digests: dict[str, str] = {}
    with zipfile.ZipFile(path, "x", zipfile.ZIP_STORED) as package:

        def add(name: str, data: bytes) -> None:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3  # Unix, whatever this is written on
            info.external_attr = (0o100755 if name.endswith(".sh") else 0o100644) << 16
            package.writestr(info, data)
            digests[name] = sha256(data)

        add(README, _readme(chosen, period).encode())
        for name, source in PROGRAMS.items():
            add(name, resources.files(collector.export).joinpath(source).read_bytes())
        for key, data in _read(locker, sorted(chosen.files)):
            if data is not None:
                add(key, data)
        lines = (f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
        add(MANIFEST, "".join(lines).encode())


def check(path: Path, chosen: Selection, trusted: Sequence[PublicKey]) -> Report:
    """Verify a package as its receiver will, with nothing but what is in it."""
    with zipfile.ZipFile(path) as package:
        heads = [(log, head.number, head.sha256) for log, head in chosen.heads.items()]
        return verify(ZipLocker(package, path), trusted=trusted, heads=heads)


class ZipLocker:
    """A locker in a ZIP, which can only be read."""

    def __init__(self, package: zipfile.ZipFile, path: Path) -> None:
        """`path` is where it is, for people."""
        self._package = package
        self.url = str(path)

    def put(self, key: str, data: bytes) -> bool:
        """Never writes."""
        raise ConfigError(f"writing {key} in package {self.url}: it is read only")

    def get(self, key: str) -> bytes:
        """The bytes of a file; raises `ObjectMissing` if there is none."""
        try:
            return self._package.read(key)
        except KeyError:
            raise ObjectMissing(f"reading {key} in package {self.url}: no such file") from None

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        """Keys that begin with `prefix` and sort behind `after`, ascending."""
        names = self._package.namelist()
        yield from sorted(n for n in names if n.startswith(prefix) and n > after)

    def stat(self, key: str) -> Stat:
        """Size of a file, which nothing retains; raises `ObjectMissing` if there is none."""
        return Stat(len(self.get(key)), retained_until=None)

    def versions(self, prefix: str) -> Iterator[Version]:
        """Each entry of a file: a ZIP may hold a name twice, and reads the last."""
        found = [info for info in self._package.infolist() if info.filename.startswith(prefix)]
        for info in found:
            is_current = info is self._package.getinfo(info.filename)
            moment = datetime(*info.date_time, tzinfo=UTC)
            yield Version(info.filename, str(info.header_offset), is_current, False, moment)

    def retention(self) -> None:
        """None: it is a file."""

    def extend_retention(self, key: str, until: datetime) -> None:
        """Nothing: a ZIP retains nothing."""

    def check_writable(self) -> None:
        """Raise, since it never is."""
        raise ConfigError(f"package {self.url} is read only")


def file_digest(path: Path) -> str:
    """The SHA-256 digest of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _select_log(locker: Locker, chosen: Selection, log: Log, period: Period | None) -> None:
    """Choose the seals of a log, to the end of the period, with their documents."""
    numbers = [place[1] for key in locker.keys(log.seals_prefix) if (place := seal_place(key))]
    for position, number in enumerate(numbers):
        key = log.seal_key(number)
        data = locker.get(key)
        files, document = {key}, None
        try:
            sealed = open_seal(data, key)
            created = sealed.statement.created_at
            digest = sealed.statement.document_sha256
            files.add(log.document_key(digest))
            document = _document(locker, log, digest)
        except EvidenceError:  # it goes in as it is, and `check` says so
            created = None
        is_after = period is not None and created is not None and created >= period.end
        if is_after or (isinstance(document, Anchor) and not _is_covered(document, chosen)):
            chosen.left_out[log] = len(numbers) - position
            return
        if period is not None and created is not None and period.has(created):
            chosen.of_period.setdefault(log, []).append(number)
        chosen.files |= files
        chosen.heads[log] = Head(number, sha256(data))
        chosen.seals.add(sha256(data))
        if document is not None:
            _note_objects(chosen, document)


def _document(locker: Locker, log: Log, digest: str) -> Document | None:
    key = log.document_key(digest)
    try:
        return parse_document(log, locker.get(key), key)
    except (ObjectMissing, EvidenceError):
        return None


def _is_covered(anchor: Anchor, chosen: Selection) -> bool:
    """Whether all that an anchor names is in the package."""
    last = {log.name: head.number for log, head in chosen.heads.items()}
    return all(head.number <= last.get(head.log, 0) for head in anchor.heads)


def _note_objects(chosen: Selection, document: Document) -> None:
    if isinstance(document, Snapshot):
        chosen.objects[document.calls_sha256] = "calls"
        chosen.objects.update((entry.results_sha256, "results") for entry in document.checks)
    chosen.objects.update((digest, "bytes") for digest in kept_files(document))


def _select_objects(locker: Locker, chosen: Selection) -> None:
    """Choose the objects that documents name, and those that these name."""
    chosen.files.update(map(object_key, chosen.objects))
    referring = [digest for digest, kind in chosen.objects.items() if kind != "bytes"]

    def read(digest: str) -> Content:
        return read_content(locker, digest, chosen.objects[digest], "")

    for content in in_order(read, referring, READERS):
        chosen.files.update(map(object_key, content.evidence))


def _read(locker: Locker, keys: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
    """Files in the given order; None for what is not there."""

    def get(key: str) -> bytes | None:
        try:
            return locker.get(key)
        except ObjectMissing:
            return None

    wanted = list(keys)
    return zip(wanted, in_order(get, wanted, READERS), strict=True)


def _readme(chosen: Selection, period: Period) -> str:
    """What the package is and how to check it, in plain words."""
    template = resources.files(collector.export).joinpath("package_readme.txt").read_text("utf-8")
    snapshots = "\n".join(
        f"  {log.title}: numbers {numbers[0]} to {numbers[-1]} of the period, and"
        f" {numbers[0] - 1 or 'none'} before"
        for log, numbers in sorted(chosen.of_period.items())
    )
    heads = "\n".join(
        f"  {log.name}:{head.number}:{head.sha256}" for log, head in sorted(chosen.heads.items())
    )
    anchors = chosen.left_out.get(ANCHORS, 0)
    log, numbers = min(chosen.of_period.items())
    return Template(template).substitute(
        first=period.first,
        last=period.last,
        snapshots=snapshots,
        heads=heads,
        anchors=f"{anchors} later ones of the locker name" if anchors else "None that name",
        seal=log.seal_key(numbers[-1]),
        type=log.predicate_type,
    )
