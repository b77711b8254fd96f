"""Answers: what a read brought back, with its provenance.

An auditor asks of information that a company produces itself: from which source, with which
parameters, by whom, when, and is it complete. `Answer` holds that for one read, whether it
succeeded or not. The readers make answers; `collect` turns them into resources; the evidence keeps
them, so that `StoredReader` can bring the same answers back without credentials.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Protocol

from collector.evidence.canonical import JSON, canonical, sha256, timestamp
from collector.source import HOME, Aws, Gcp, Provider, Source

NOT_RECORDED = "NotRecorded"
"""Code of a read that a stored snapshot does not hold."""

CUT = "Incomplete"
"""Code of an answer that says itself that it is only a part."""

MALFORMED = "Malformed"
"""Code of an answer that does not have the shape its API promises."""

NOT_RESOLVED = "NotResolved"
"""Code of a read whose endpoint has no address: a region without that service, or no network."""

REDACTED = "[redacted]"

_SECRET_NAME = re.compile(
    r"(password|passwd|secret|secret_?key|secret_?access_?key|token|private_?key|api_?key"
    r"|connection_?string|user_?data|sas_?uri|primary_?key|secondary_?key)$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"(?s:-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z))"
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"
    r"|\b(?:AccountKey|SharedAccessKey|sig)=[^;&\s]+"
)


@dataclass(frozen=True)
class Scope:
    """The account that is read, and where.

    `regions` is None where all regions that are enabled for the account are to be asked.
    """

    provider: Provider
    name: str
    account: str
    identity: str
    partition: str = ""
    home: str = HOME
    regions: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Failure:
    """Why a read failed. `message` is for the call record, free of secrets; it may differ from run
    to run, so no result carries it."""

    code: str
    message: str = ""
    status: int | None = None
    denied: bool = False


IsSensitive = Callable[[tuple[str, ...]], bool]
"""Says of a path of names in an answer (lists do not count) whether the SDK's model marks it."""


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What a reader brings of one read, all pages, before secrets are taken out."""

    pages: Sequence[JSON]
    failure: Failure | None
    endpoint: str
    identity: str
    started: datetime
    duration_seconds: float
    status: int | None
    """HTTP status of the last attempt; None if nobody answered."""
    request_ids: Sequence[str]
    attempts: int
    volatile: Mapping[str, JSON]
    is_sensitive: IsSensitive | None = None


@dataclass(frozen=True)
class Answer:
    """One read of one source with one set of parameters in one place, all pages."""

    source: str
    params: Mapping[str, JSON]
    place: str
    pages: tuple[JSON, ...] = ()
    failure: Failure | None = None
    is_absent: bool = False
    """The API said, by one of the source's codes, that there is nothing."""
    provenance: Mapping[str, JSON] = field(default_factory=dict)
    """endpoint, identity, started, duration_ms, status, request_ids, attempts, volatile."""

    @classmethod
    def of(cls, source: Source, params: Mapping[str, JSON], place: str, read: Finished) -> Answer:
        """The answer that a reader's finished read is: without secrets, with its provenance."""

        def named(path: tuple[str, ...]) -> bool:
            marks = read.is_sensitive
            return ".".join(path) in source.sensitive or (marks is not None and marks(path))

        is_sensitive = named if source.sensitive else read.is_sensitive
        return cls(
            source=source.name,
            params=params,
            place=place,
            pages=tuple(redact(page, is_sensitive) for page in read.pages),
            failure=read.failure,
            is_absent=read.failure is not None and read.failure.code in source.absent,
            provenance={
                "endpoint": read.endpoint,
                "identity": read.identity,
                "started": timestamp(read.started),
                "duration_ms": round(read.duration_seconds * 1000),
                "status": read.status,
                "request_ids": list(read.request_ids),
                "attempts": read.attempts,
                "volatile": redact(read.volatile),
            },
        )

    @property
    def is_complete(self) -> bool:
        """Whether the last page was reached."""
        return self.failure is None or self.is_absent

    def body(self) -> bytes | None:
        """The canonical bytes that are kept as evidence; None where nothing came back.

        Raises:
            ValueError: the answer holds what JSON cannot.
        """
        return self._body

    @cached_property
    def _body(self) -> bytes | None:
        if self.is_absent and self.failure is not None:
            return canonical({"absent": self.failure.code})
        if not self.pages:
            return None
        return canonical({"pages": list(self.pages)})

    def _count(self, source: Source) -> int | None:
        """How many items there are; None where that is not known."""
        if self.failure is not None:
            return None
        try:
            return len(items(source, self.pages))
        except ShapeError:
            return None

    def record(self, source: Source) -> dict[str, JSON]:
        """The call as the calls object lists it, with the digest of `body`."""
        body = self.body()
        error: JSON = None
        if self.failure is not None:
            refused: dict[str, JSON] = {}
            if self.failure.denied:
                refused = {"permissions": list(source.permissions)}
            error = {"code": self.failure.code, "message": self.failure.message, **refused}
        return {
            "source": self.source,
            "params": self.params,
            "region": self.place,
            "pages": len(self.pages),
            "complete": self.is_complete,
            "items": self._count(source),
            "error": error,
            "absent": self.is_absent,
            "answer_sha256": None if body is None else sha256(body),
            **self.provenance,
        }


class Reader(Protocol):
    """Brings answers for the sources of one account. Safe to be called from several threads."""

    @property
    def scope(self) -> Scope:
        """What is read."""
        ...

    def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
        """Ask for all pages; what the cloud refuses comes back as the answer's failure."""
        ...


class Shared:
    """A reader of one account among several, with a limit on the reads of all of them together."""

    def __init__(self, reader: Reader, limit: AbstractContextManager[object]) -> None:
        """Pass reads on to `reader` while `limit`, a semaphore, lets them."""
        self._reader = reader
        self._limit = limit

    @property
    def scope(self) -> Scope:
        """What is read."""
        return self._reader.scope

    def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
        """Ask when it is this read's turn."""
        with self._limit:
            return self._reader.read(source, params, place)


class ShapeError(ValueError):
    """An answer does not have the shape its API promises."""


def items(source: Source, pages: Sequence[JSON]) -> list[JSON]:
    """The items in the pages of a complete answer.

    Raises:
        ShapeError: the list is missing where the API always sends one, or is no list.
    """
    if source.items is None:
        return [_merged(pages)]
    found: list[JSON] = []
    for page in pages:
        found.extend(_listed(page, source.items.split("."), source))
    return found


def _listed(value: JSON, steps: Sequence[str], source: Source) -> Iterator[JSON]:
    if not steps:
        if not isinstance(value, list):
            raise ShapeError(f"{source.items} is no list")
        yield from value
        return
    if steps[0] == "*" and isinstance(value, list):
        for inner in value:
            yield from _listed(inner, steps[1:], source)
        return
    if not isinstance(value, Mapping):
        raise ShapeError(f"nothing to look {steps[0]} up in")
    counted, held = value.get("Quantity"), value.get(steps[0])
    if len(steps) == 1 and isinstance(counted, int) and counted != len(_sized(held)):
        raise ShapeError(f"{steps[0]} does not hold as many as Quantity says")
    if steps[0] == "*":
        for inner in value.values():
            yield from _listed(inner, steps[1:], source)
    elif value.get(steps[0]) is not None:
        yield from _listed(value[steps[0]], steps[1:], source)
    elif not _may_be_missing(source, steps):
        raise ShapeError(f"{steps[0]} is missing")


def _sized(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


def _may_be_missing(source: Source, steps: Sequence[str]) -> bool:
    """Whether an empty list is left out: by Google always, by AWS where the source says so."""
    return isinstance(source, Gcp) or (
        isinstance(source, Aws) and source.omits_empty and len(steps) == 1
    )


def _merged(pages: Sequence[JSON]) -> JSON:
    """Pages of one answer as one: lists are joined, the rest is the first page's."""
    if not pages:
        return {}
    first, *others = pages
    if not isinstance(first, Mapping) or not others:
        return first
    merged = dict(first)
    for page in others:
        if not isinstance(page, Mapping):
            raise ShapeError("a page is no object")
        for key in {*merged, *page}:
            held, value = merged.get(key), page.get(key)
            if isinstance(held, list) and isinstance(value, list):
                merged[key] = [*held, *value]
            elif isinstance(held, list) or isinstance(value, list):
                raise ShapeError(f"{key} is a list on one page and none on another")
            else:
                merged.setdefault(key, value)
    return merged


def redact(value: JSON, is_sensitive: IsSensitive | None = None) -> JSON:
    """The answer without secrets: texts under telling names, key material, and what the SDK's
    model marks.

    Args:
        value: an answer as JSON.
        is_sensitive: says of a path of names (lists do not count) whether the model marks it.
    """
    return _redacted(value, (), is_sensitive or (lambda path: False))


def _redacted(value: JSON, path: tuple[str, ...], is_sensitive: IsSensitive) -> JSON:
    match value:
        case str() if path and (_is_telling(path[-1]) or is_sensitive(path)):
            return REDACTED
        case str():
            return scrub(value)
        case list():
            return [_redacted(v, path, is_sensitive) for v in value]
        case dict() | Mapping():
            return {k: _redacted(v, (*path, k), is_sensitive) for k, v in value.items()}
        case _:
            return value


@lru_cache(maxsize=4096)
def _is_telling(name: str) -> bool:
    """Whether a text of that name is a secret. Names repeat; they are those of an API."""
    return _SECRET_NAME.search(name) is not None


def scrub(text: str) -> str:
    """A text without the key material that can be told by its form."""
    return _SECRET_VALUE.sub(REDACTED, text)


class StoredReader:
    """Brings back the answers of a stored snapshot. Needs no credentials and no network."""

    def __init__(self, scope: Scope, records: Sequence[Mapping[str, JSON]], get: GetObject) -> None:
        """Serve the given call records; `get` returns the bytes of an object by its digest."""
        self._scope = scope
        self._get = get
        self._records = {_key(str(r["source"]), r["params"], str(r["region"])): r for r in records}

    @property
    def scope(self) -> Scope:
        """What was read."""
        return self._scope

    def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
        """The stored answer, or a failure that says that none was stored."""
        record = self._records.get(_key(source.name, params, place))
        if record is None:
            return Answer(source.name, params, place, failure=Failure(NOT_RECORDED))
        return restored(record, self._get)


class GetObject(Protocol):
    """Looks a content-addressed object up."""

    def __call__(self, digest: str, /) -> bytes:
        """The object's bytes."""
        ...


def restored(record: Mapping[str, JSON], get: GetObject) -> Answer:
    """The answer that `Answer.record` was made of."""
    import json

    failure = None
    error = record["error"]
    if isinstance(error, Mapping):
        failure = Failure(str(error["code"]), str(error["message"]), denied="permissions" in error)
    digest = record["answer_sha256"]
    body = json.loads(get(str(digest))) if digest is not None else {}
    own = {"source", "params", "region", "pages", "complete", "items", "error", "absent"}
    params = record["params"]
    assert isinstance(params, Mapping)
    return Answer(
        source=str(record["source"]),
        params=params,
        place=str(record["region"]),
        pages=tuple(body.get("pages", ())),
        failure=failure,
        is_absent=bool(record["absent"]),
        provenance={k: v for k, v in record.items() if k not in own | {"answer_sha256"}},
    )


def _key(source: str, params: JSON, place: str) -> bytes:
    return canonical([source, params, place])
