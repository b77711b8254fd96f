"""A blob container on loopback that keeps immutability policies and versions, as Azurite does not.

It takes any key and knows one container. Of the service it has what lockers ask for, in XML and
headers of that form.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from tests.evidence.azurite import ACCOUNT

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Blob:
    """One version of a blob."""

    name: str
    data: bytes
    version: str
    is_current: bool = True
    until: datetime | None = None
    mode: str | None = None
    scope: str | None = None


@dataclass
class FakeContainer:
    """A WSGI application."""

    versions_of: list[Blob] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    """Headers that tell of the container."""
    exists: bool = True
    is_hierarchical: bool = False
    order: Callable[[Blob], Any] = lambda blob: (blob.name, blob.version)
    """What listings are sorted by."""
    root: str = f"/{ACCOUNT}"
    """What stands before the container in paths: the account, unless its host name tells it."""
    authorizations: set[str] = field(default_factory=set)
    """Kinds of credentials that requests came with."""
    denied: set[str] = field(default_factory=set)
    """What is refused: `container`, `account`, `versions`, `policy`."""

    def __post_init__(self) -> None:
        """Number the versions."""
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        query = {k: v[0] for k, v in parse_qs(environ["QUERY_STRING"]).items()}
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        self.authorizations.add(headers.get("authorization", "").partition(" ")[0])
        name = environ["PATH_INFO"].removeprefix(self.root).split("/", 2)[2:]
        with self._lock:
            if query.get("restype") == "account" or query.get("comp") == "properties":
                answer = self._account()
            elif not name or not name[0]:
                answer = self._container(environ["REQUEST_METHOD"], query)
            elif environ["REQUEST_METHOD"] == "PUT":
                answer = self._put(name[0], query, headers, body)
            else:
                answer = self._get(name[0])
        status, told, data = answer
        told = {"Content-Type": "application/xml", "x-ms-version": "2025-01-05", **told}
        if environ["REQUEST_METHOD"] == "HEAD":
            data = b""
        else:
            told["Content-Length"] = str(len(data))
        start_response(f"{status} Told", list(told.items()))
        return [data]

    def delete(self, name: str) -> None:
        """Take the current version away, as a delete does where versions are kept."""
        for blob in self.versions_of:
            if blob.name == name:
                blob.is_current = False

    def _account(self) -> Answer:
        if "account" in self.denied:
            return _error(403, "AuthorizationPermissionMismatch")
        hierarchical = str(self.is_hierarchical).lower()
        return 200, {"x-ms-sku-name": "Standard_GRS", "x-ms-is-hns-enabled": hierarchical}, b""

    def _container(self, verb: str, query: Mapping[str, str]) -> Answer:
        if verb == "PUT":
            self.exists = True
            return 201, {}, b""
        if not self.exists:
            return _error(404, "ContainerNotFound")
        if query.get("comp") == "list":
            has_versions = "versions" in query.get("include", "")
            if has_versions and "versions" in self.denied:
                return _error(403, "AuthorizationPermissionMismatch")
            return 200, {}, self._listed(query.get("prefix", ""), has_versions)
        if "container" in self.denied:
            return _error(403, "AuthorizationPermissionMismatch")
        return 200, {"Last-Modified": _date(), "ETag": '"1"', **self.about}, b""

    def _listed(self, prefix: str, has_versions: bool) -> bytes:
        blobs = "".join(
            f"<Blob><Name>{escape(blob.name)}</Name><VersionId>{blob.version}</VersionId>"
            + ("<IsCurrentVersion>true</IsCurrentVersion>" if blob.is_current else "")
            + f"<Properties><Last-Modified>{_date()}</Last-Modified>"
            f"<Content-Length>{len(blob.data)}</Content-Length>"
            "<BlobType>BlockBlob</BlobType></Properties></Blob>"
            for blob in sorted(self.versions_of, key=self.order)
            if blob.name.startswith(prefix) and (blob.is_current or has_versions)
        )
        text = f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker/></EnumerationResults>"
        return f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode()

    def _current(self, name: str) -> Blob | None:
        return next((b for b in self.versions_of if b.name == name and b.is_current), None)

    def _put(
        self, name: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Answer:
        blob = self._current(name)
        until = headers.get("x-ms-immutability-policy-until-date")
        mode = headers.get("x-ms-immutability-policy-mode")
        if query.get("comp") == "immutabilityPolicies":
            if "policy" in self.denied:
                return _error(403, "AuthorizationPermissionMismatch")
            assert blob is not None and until is not None
            moment = parsedate_to_datetime(until)
            if blob.mode == "Locked" and (mode != "Locked" or moment < (blob.until or moment)):
                return _error(409, "BlobImmutableDueToPolicy")
            blob.until, blob.mode = moment, mode
            return 200, {}, b""
        assert headers.get("if-none-match") == "*"
        if blob is not None:
            return _error(409, "BlobImmutableDueToPolicy" if blob.until else "BlobAlreadyExists")
        self.versions_of.append(
            Blob(
                name,
                body,
                version=f"2026-11-22T12:00:00.{next(self._numbers):07}Z",
                until=parsedate_to_datetime(until) if until else None,
                mode=mode,
                scope=headers.get("x-ms-encryption-scope"),
            )
        )
        return 201, {"ETag": '"1"', "Last-Modified": _date()}, b""

    def _get(self, name: str) -> Answer:
        blob = self._current(name)
        if blob is None:
            return _error(404, "BlobNotFound")
        told = {
            "ETag": '"1"',
            "Last-Modified": _date(),
            "Content-Length": str(len(blob.data)),
            "Content-Range": f"bytes 0-{max(len(blob.data) - 1, 0)}/{len(blob.data)}",
            "x-ms-blob-type": "BlockBlob",
        }
        if blob.until is not None and blob.mode is not None:
            told["x-ms-immutability-policy-until-date"] = format_datetime(blob.until, usegmt=True)
            told["x-ms-immutability-policy-mode"] = blob.mode.lower()
        return 200, told, blob.data


def _date() -> str:
    return format_datetime(datetime.now(UTC).replace(microsecond=0), usegmt=True)


def _error(status: int, code: str) -> Answer:
    text = f"<Error><Code>{code}</Code><Message>{code} it is.</Message></Error>"
    return status, {"x-ms-error-code": code}, text.encode()
