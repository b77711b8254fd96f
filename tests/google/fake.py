"""A Google Cloud on loopback, which knows of its APIs what their discovery documents say.

Requests are routed and judged by the documents, with Google's error answers; an answer that a test
sets must be one that the method can give. What no test set is refused, and `unexpected` tells.
"""

from __future__ import annotations

import fnmatch
import json
import secrets
import ssl
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from google.auth import jwt

from tests.google.routes import Route, faults, routes
from tests.google.schema import assert_conforms, resolved

PROJECT = "demo-project"
EMAIL = f"collector@{PROJECT}.iam.gserviceaccount.com"

OLD_REASONS = {
    "IAM_PERMISSION_DENIED": "forbidden",
    "RATE_LIMIT_EXCEEDED": "rateLimitExceeded",
    "SERVICE_DISABLED": "accessNotConfigured",
}
"""What older APIs call a reason."""


class Refusal(Exception):
    """An error answer."""

    def __init__(self, status: int, code: str, reason: str, message: str = "no") -> None:
        super().__init__(message)
        self.status, self.code, self.reason = status, code, reason

    def body(self, *, is_old: bool) -> bytes:
        """As new APIs send it, or old ones."""
        error: dict[str, Any] = {"code": self.status, "message": str(self)}
        if is_old:
            reason = OLD_REASONS.get(self.reason, self.reason)
            error["errors"] = [{"domain": "global", "reason": reason, "message": str(self)}]
        else:
            kind = "type.googleapis.com/google.rpc.ErrorInfo"
            error["status"] = self.code
            error["details"] = [{"@type": kind, "reason": self.reason, "domain": "googleapis.com"}]
        return json.dumps({"error": error}).encode()


@dataclass
class Rule:
    """What is answered to the requests that it is for."""

    name: str
    params: Mapping[str, str]
    pages: tuple[Mapping[str, Any], ...] = ()
    is_cut: bool = False
    refusal: Refusal | None = None
    raw: bytes | None = None
    times: int | None = None
    held: threading.Event | None = None
    made: Callable[[Any], Mapping[str, Any]] | None = None

    def is_for(self, name: str, params: Mapping[str, str]) -> bool:
        """Whether it is for a request."""
        told = all(params.get(key) == value for key, value in self.params.items())
        return told and self.times != 0 and fnmatch.fnmatch(name, self.name)


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class FakeGoogle:
    """One project's APIs, and a token endpoint for one service account.

    Names of methods are those of sources (`storage.buckets.list`), with wildcards; parameters
    narrow a rule to the requests that have them. The newest rule that fits a request holds.
    """

    tls: ssl.SSLContext | None = None
    rules: list[Rule] = field(default_factory=list)
    tokens: dict[str, list[str]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    """Method, path and query parameters, body of each request that was in order."""
    unexpected: list[str] = field(default_factory=list)
    has_account: bool = True

    def __post_init__(self) -> None:
        """Start serving."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.cloud = self
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if self.tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def key_file(self) -> dict[str, str]:
        """What the key file of the service account holds."""
        pem = _key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": EMAIL,
            "token_uri": f"{self.url}/token",
        }

    def answer(
        self, name: str, /, *pages: Mapping[str, Any], cut: bool = False, **params: str
    ) -> None:
        """Answer with these pages; `cut`: a further page is promised, and its token refused.

        Raises:
            AssertionError: the methods cannot answer that.
        """
        fitting = [r for r in routes() if fnmatch.fnmatch(r.name, name)]
        assert fitting, f"no API has a method {name}"
        for route in fitting:
            schema = route.method.get("response", {"type": "any"})
            for page in pages:
                assert_conforms(route.doc, schema, page, route.name)
            paged = "nextPageToken" in resolved(route.doc, schema).get("properties", {})
            assert paged or (len(pages) == 1 and not cut), f"{route.name} has no pages"
        self.rules.append(Rule(name, params, pages, is_cut=cut))

    def make(self, name: str, maker: Callable[[Any], Mapping[str, Any]], /, **params: str) -> None:
        """Answer with what is made of the request's body."""
        self.rules.append(Rule(name, params, made=maker))

    def deny(self, name: str, /, **params: str) -> None:
        """Refuse for want of the permission."""
        refusal = Refusal(403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED")
        self.rules.append(Rule(name, params, refusal=refusal))

    def refuse(self, name: str, refusal: Refusal, /, times: int | None = None) -> None:
        """Refuse with an error; `times`: only so often."""
        self.rules.append(Rule(name, {}, refusal=refusal, times=times))

    def garble(self, name: str, raw: bytes, /, **params: str) -> None:
        """Answer 200 and something that is no answer of the method."""
        self.rules.append(Rule(name, params, raw=raw))

    def hold(self, name: str, /, **params: str) -> threading.Event:
        """Answer what the rules before this one say, but the first time only after the event."""
        self.rules.append(Rule(name, params, times=1, held=threading.Event()))
        held = self.rules[-1].held
        assert held is not None
        return held

    def token(self, form: Mapping[str, list[str]]) -> bytes:
        """A token for a signed assertion of the service account."""
        public = _key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        claims = jwt.decode(  # type: ignore[no-untyped-call]
            form["assertion"][0], certs=public, audience="https://oauth2.googleapis.com/token"
        )
        if claims["iss"] != EMAIL or not self.has_account:
            return b'{"error": "invalid_grant", "error_description": "Invalid grant: no account"}'
        token = secrets.token_hex()
        self.tokens[token] = claims["scope"].split()
        return json.dumps({"access_token": token, "expires_in": 3600}).encode()

    def respond(self, verb: str, target: str, authorization: str, body: bytes) -> bytes:
        """The answer to a request.

        Raises:
            Refusal: it is refused, by a rule or because it is wrong.
        """
        url = urlsplit(target)
        route, params = self._route(verb, unquote(url.path))
        scopes = self.tokens.get(authorization.removeprefix("Bearer "))
        if scopes is None:
            raise Refusal(401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED")
        if not set(scopes) & set(route.method["scopes"]):
            raise Refusal(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT")
        query = parse_qsl(url.query, keep_blank_values=True)
        for fault in faults(route, params, query, body):
            self.unexpected.append(f"{route.name}: {fault}")
            raise Refusal(400, "INVALID_ARGUMENT", "invalid", fault)
        params |= dict(query)
        sent = json.loads(body) if body else None
        self.requests.append((route.name, params, sent))
        for rule in reversed(self.rules):
            if not rule.is_for(route.name, params):
                continue
            rule.times = None if rule.times is None else rule.times - 1
            if rule.held is not None:
                rule.held.wait(5)
                continue
            if rule.refusal is not None:
                raise rule.refusal
            if rule.made is not None:
                answer = rule.made(sent)
                assert_conforms(route.doc, route.method["response"], answer, route.name)
                return json.dumps(answer).encode()
            return rule.raw if rule.raw is not None else _page(rule, params)
        self.unexpected.append(f"{route.name} with {params}: no answer is set")
        raise Refusal(400, "FAILED_PRECONDITION", "no_answer_is_set")

    def _route(self, verb: str, path: str) -> tuple[Route, dict[str, str]]:
        for route in routes():
            found = route.path.fullmatch(path) if route.method["httpMethod"] == verb else None
            if found is not None:
                return route, dict(zip(route.path_names, found.groups(), strict=True))
        self.unexpected.append(f"{verb} {path}: no such method")
        raise Refusal(404, "NOT_FOUND", "notFound")


def _page(rule: Rule, params: Mapping[str, str]) -> bytes:
    at = int(params.get("pageToken", "page-0").removeprefix("page-"))
    if at >= len(rule.pages):
        raise Refusal(400, "INVALID_ARGUMENT", "invalidPageToken")
    last = at + 1 == len(rule.pages) and not rule.is_cut
    following = {} if last else {"nextPageToken": f"page-{at + 1}"}
    return json.dumps({**rule.pages[at], **following}).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    cloud: FakeGoogle

    def handle_error(self, request: object, client_address: object) -> None:
        """Tell what broke, unless it is that a client did not wait for its answer."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError):
            self.cloud.unexpected.append(repr(error))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: _Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        status, answer = 200, b""
        if self.path == "/token":
            answer = self.server.cloud.token(parse_qs(body.decode()))
            status = 400 if b'"error"' in answer else 200
        else:
            try:
                answer = self.server.cloud.respond(
                    self.command, self.path, self.headers.get("authorization", ""), body
                )
            except Refusal as refusal:
                status = refusal.status
                answer = refusal.body(is_old=self.path.startswith("/storage/"))
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("X-GUploader-UploadID", secrets.token_hex(4))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing on stderr."""
