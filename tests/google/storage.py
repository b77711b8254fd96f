"""Google Cloud Storage on loopback: buckets, objects and their generations, in memory.

Requests are routed and judged by the discovery document of storage.v1, answers are held against
its schemas. It keeps what lockers rely on: `ifGenerationMatch`, MD5, noncurrent generations,
retention of buckets and of objects, partial answers, pages.
"""

from __future__ import annotations

import base64
import binascii
import email.parser
import email.policy
import hashlib
import itertools
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.google.fake import Refusal
from tests.google.routes import Route, faults, routes
from tests.google.schema import assert_conforms, document

ALL_PERMISSIONS = ("storage.objects.create", "storage.objects.get", "storage.objects.list")

Json = dict[str, Any]


@dataclass
class Generation:
    """One object as it was written once."""

    about: Json
    data: bytes


@dataclass
class FakeStorage:
    """One project's Cloud Storage."""

    buckets: dict[str, Json] = field(default_factory=dict)
    objects: dict[tuple[str, str], list[Generation]] = field(default_factory=dict)
    """All generations, the oldest first."""
    denied: set[str] = field(default_factory=set)
    """Methods that are refused, as in `objects.list`; `versions` for listings of those."""
    permissions: tuple[str, ...] = ALL_PERMISSIONS
    before: list[Callable[[BaseHTTPRequestHandler], bool]] = field(default_factory=list)
    """Each is taken for one request, which it may answer itself: it says whether it did."""
    after: list[Callable[[BaseHTTPRequestHandler], bool]] = field(default_factory=list)
    """The same, once the request was carried out."""
    calls: list[str] = field(default_factory=list)
    page_size: int = 1000
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __post_init__(self) -> None:
        """Start serving."""
        self._lock = threading.Lock()
        self._generations = itertools.count(1_700_000_000_000_000)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.storage = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def make_bucket(self, name: str, **about: Any) -> None:
        """A bucket, as it is without any setting but these."""
        self.buckets[name] = {
            "name": name,
            "kind": "storage#bucket",
            "location": "US",
            "versioning": {"enabled": False},
            "iamConfiguration": {
                "uniformBucketLevelAccess": {"enabled": False},
                "publicAccessPrevention": "inherited",
            },
            **about,
        }

    def delete(self, bucket: str, name: str) -> None:
        """Delete an object; `Refusal` if it is retained."""
        with self._lock:
            self._delete(bucket, self._live(bucket, name))

    def respond(self, verb: str, target: str, kind: str, body: bytes) -> tuple[bytes, str | None]:
        """The body of an answer, and its MD5 where it is an object's bytes.

        Raises:
            Refusal: the answer is an error.
        """
        parts = urlsplit(target)
        path = parts.path.removeprefix("/upload")
        query = parse_qsl(parts.query, keep_blank_values=True)
        route, params = _route(verb, path)
        data = b""
        if path != parts.path:
            assert ("uploadType", "multipart") in query, f"an upload is multipart, not {query}"
            body, data = _multipart(kind, body)
        query = [(n, v) for n, v in query if n not in ("uploadType", "alt")]
        if wrong := list(faults(route, params, query, body)):
            raise Refusal(400, "INVALID_ARGUMENT", "invalid", "; ".join(wrong))
        given = params | dict(query)
        name = route.name.removeprefix("storage.")
        with self._lock:
            self.calls.append(name)
            if name in self.denied or (given.get("versions") and "versions" in self.denied):
                raise Refusal(403, "PERMISSION_DENIED", "forbidden", f"may not call {name}")
            if name == "objects.get" and "alt=media" in parts.query:
                found = self._live(given["bucket"], given["object"])
                return found.data, found.about["md5Hash"]
            method = getattr(self, f"_{name.replace('.', '_')}", None)
            assert method is not None, f"the fake has no {name}"
            answer: Json = method(given, json.loads(body) if body else {}, data, query)
        response = route.method["response"]
        assert_conforms(document("storage", "v1"), response, answer, name)
        return json.dumps(_partial(answer, given.get("fields"))).encode(), None

    def _buckets_insert(self, given: Json, body: Json, *_: Any) -> Json:
        if body["name"] in self.buckets:
            raise Refusal(409, "ALREADY_EXISTS", "conflict", "it exists")
        lock = {"objectRetention": {"mode": "Enabled"}}
        self.make_bucket(body["name"], **(lock if given.get("enableObjectRetention") else {}))
        return self._buckets_patch({"bucket": body["name"]}, body)

    def _buckets_get(self, given: Json, *_: object) -> Json:
        if given["bucket"] not in self.buckets:
            raise Refusal(404, "NOT_FOUND", "notFound", "The specified bucket does not exist.")
        return self.buckets[given["bucket"]]

    def _buckets_patch(self, given: Json, body: Json, *_: Any) -> Json:
        bucket = self._buckets_get(given)
        policy: Json = bucket.get("retentionPolicy", {})
        asked: Json = body.get("retentionPolicy", policy)
        wanted = asked.get("retentionPeriod", "0")
        if policy.get("isLocked") and int(wanted) < int(policy["retentionPeriod"]):
            raise Refusal(403, "PERMISSION_DENIED", "forbidden", "a locked policy is not shortened")
        for name, value in body.items():
            known = bucket.get(name)
            bucket[name] = {**known, **value} if isinstance(known, dict) else value
        return bucket

    def _buckets_testIamPermissions(
        self, given: Json, body: Json, data: bytes, query: list[tuple[str, str]]
    ) -> Json:
        self._buckets_get(given)
        asked = [value for name, value in query if name == "permissions"]
        held = [p for p in asked if p in self.permissions]
        return {"kind": "storage#testIamPermissionsResponse", "permissions": held}

    def _objects_insert(self, given: Json, body: Json, data: bytes, *_: Any) -> Json:
        bucket = self._buckets_get(given)
        md5 = base64.b64encode(hashlib.md5(data).digest()).decode()
        if body.get("md5Hash", md5) != md5:
            raise Refusal(400, "INVALID_ARGUMENT", "invalid", "the MD5 is another")
        if "retention" in body and bucket.get("objectRetention", {}).get("mode") != "Enabled":
            raise Refusal(400, "INVALID_ARGUMENT", "invalid", "object retention is not enabled")
        there = self.objects.setdefault((given["bucket"], body["name"]), [])
        live = [g for g in there if "timeDeleted" not in g.about]
        if given.get("ifGenerationMatch") == "0" and live:
            raise Refusal(412, "FAILED_PRECONDITION", "conditionNotMet", "it exists")
        for before in live:
            self._delete(given["bucket"], before)
        about = {
            **body,
            "bucket": given["bucket"],
            "md5Hash": md5,
            "size": str(len(data)),
            "generation": str(next(self._generations)),
            "timeCreated": _time(self.clock()),
        }
        if given.get("kmsKeyName"):
            about["kmsKeyName"] = f"{given['kmsKeyName']}/cryptoKeyVersions/1"
        there.append(Generation(about, data))
        return self._told(given["bucket"], about)

    def _objects_get(self, given: Json, *_: Any) -> Json:
        return self._told(given["bucket"], self._live(given["bucket"], given["object"]).about)

    def _objects_patch(self, given: Json, body: Json, *_: Any) -> Json:
        about = self._live(given["bucket"], given["object"]).about
        own, wanted = about.get("retention"), body["retention"]
        if own and wanted["retainUntilTime"] < own["retainUntilTime"]:
            raise Refusal(403, "PERMISSION_DENIED", "forbidden", "retention is not shortened")
        if own and own["mode"] == "Locked" and wanted["mode"] != "Locked":
            raise Refusal(403, "PERMISSION_DENIED", "forbidden", "a locked retention stays so")
        about |= body
        return self._told(given["bucket"], about)

    def _objects_list(self, given: Json, *_: Any) -> Json:
        self._buckets_get(given)
        found = [
            self._told(bucket, generation.about)
            for (bucket, name), generations in sorted(self.objects.items())
            if bucket == given["bucket"]
            and name.startswith(given.get("prefix", ""))
            and name >= given.get("startOffset", "")
            for generation in generations
            if given.get("versions") == "true" or "timeDeleted" not in generation.about
        ]
        at = int(given.get("pageToken", 0))
        end = at + self.page_size
        following = {"nextPageToken": str(end)} if end < len(found) else {}
        return {"kind": "storage#objects", "items": found[at:end], **following}

    def _live(self, bucket: str, name: str) -> Generation:
        self._buckets_get({"bucket": bucket})
        for generation in self.objects.get((bucket, name), ()):
            if "timeDeleted" not in generation.about:
                return generation
        raise Refusal(404, "NOT_FOUND", "notFound", f"No such object: {bucket}/{name}")

    def _delete(self, bucket: str, generation: Generation) -> None:
        until = self._told(bucket, generation.about).get("retentionExpirationTime", "")
        own = generation.about.get("retention", {}).get("retainUntilTime", "")
        if max(until, own) > _time(self.clock()):
            raise Refusal(403, "PERMISSION_DENIED", "retentionPolicyNotMet", "it is retained")
        if self.buckets[bucket]["versioning"]["enabled"]:
            generation.about["timeDeleted"] = _time(self.clock())
        else:
            self.objects[bucket, generation.about["name"]].remove(generation)

    def _told(self, bucket: str, about: Json) -> Json:
        """An object as it is told, with what its bucket's policy makes of it."""
        period = self.buckets[bucket].get("retentionPolicy", {}).get("retentionPeriod")
        if period is None:
            return about
        until = datetime.fromisoformat(about["timeCreated"]) + timedelta(seconds=int(period))
        return {**about, "retentionExpirationTime": _time(until)}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _route(verb: str, path: str) -> tuple[Route, dict[str, str]]:
    for route in routes():
        found = route.path.fullmatch(path) if route.method["httpMethod"] == verb else None
        if found is not None and route.name.startswith("storage."):
            names = map(unquote, found.groups())
            return route, dict(zip(route.path_names, names, strict=True))
    raise Refusal(404, "NOT_FOUND", "notFound", f"no method {verb} {path}")


def _multipart(kind: str, body: bytes) -> tuple[bytes, bytes]:
    """The two parts of an upload: what is told of the object, and its bytes."""
    boundary = email.parser.Parser(policy=email.policy.HTTP).parsestr(f"Content-Type: {kind}\n")
    mark = f"--{boundary.get_boundary()}".encode()
    _, about, data, _ = body.split(mark)
    parts = [part.split(b"\n\n", 1)[1].removesuffix(b"\n") for part in (about, data)]
    if b"base64" in data.split(b"\n\n", 1)[0]:
        parts[1] = binascii.a2b_base64(parts[1])
    return parts[0], parts[1]


def _partial(answer: Json, fields: str | None) -> Json:
    """The part of an answer that was asked for, as in `items(name),nextPageToken`."""
    if fields is None:
        return answer
    wanted = dict(re.findall(r"(\w+)(?:\(([^)]*)\))?", fields))
    return {
        name: [{k: v for k, v in item.items() if k in wanted[name].split(",")} for item in value]
        if wanted[name]
        else value
        for name, value in answer.items()
        if name in wanted
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    storage: FakeStorage

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that were cut."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: _Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        storage = self.server.storage
        if storage.before and storage.before.pop(0)(self):
            return
        status, md5 = 200, None
        try:
            kind = self.headers.get("content-type", "")
            answer, md5 = storage.respond(self.command, self.path, kind, body)
        except Refusal as refusal:
            status, answer = refusal.status, refusal.body(is_old=True)
        if storage.after and storage.after.pop(0)(self):
            return
        self.send_response(status)
        if md5 is not None:
            self.send_header("X-Goog-Hash", f"crc32c=AAAAAA==, md5={md5}")
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing on stderr."""
