"""An Azure of its own for each test: Resource Manager, Microsoft Graph and Entra ID's tokens.

One server on loopback behind TLS. It refuses what the real ones refuse: a token it did not issue or
of the other API, a missing or unknown api-version, another method than GET. What tests put into it
is held against the API references in `tests.azure.schema`.
"""

from __future__ import annotations

import base64
import json
import ssl
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import trustme

from collector.check import Check
from collector.collect import collect
from collector.evidence.canonical import JSON
from collector.readers.azure import AzureReader, open_account
from collector.reads import Reads
from tests.azure import schema
from tests.azure.answers import READER, SCOPE, SUBSCRIPTION, role_assignment, security_defaults

TENANT = "99999999-8888-7777-6666-555555555555"
CLIENT_ID = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
OBJECT_ID = "12121212-3434-5656-7878-909090909090"
SECRET = "correct-horse-battery-staple"

ARM = "https://management.azure.com"
GRAPH = "https://graph.microsoft.com"

STORAGE = f"{SCOPE}/providers/Microsoft.Storage/storageAccounts"
RESOURCES = f"{SCOPE}/resources"
ROLES = f"{SCOPE}/providers/Microsoft.Authorization/roleAssignments"
DIAGNOSTICS = f"{SCOPE}/providers/Microsoft.Insights/diagnosticSettings"
POLICIES = "/v1.0/identity/conditionalAccess/policies"
DEFAULTS = "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy"

VERSIONS: Mapping[str, frozenset[str]] = {
    STORAGE: frozenset({"2023-05-01", "2024-01-01"}),
    RESOURCES: frozenset({"2021-04-01", "2025-04-01"}),
    ROLES: frozenset({"2015-07-01", "2022-04-01"}),
    DIAGNOSTICS: frozenset({"2017-05-01-preview", "2021-05-01-preview"}),
}
"""Versions that each type of Resource Manager knows, of those that matter here."""

TYPES: Mapping[str, type[schema.Documented]] = {
    STORAGE: schema.StorageAccount,
    RESOURCES: schema.GenericResource,
    ROLES: schema.RoleAssignment,
    DIAGNOSTICS: schema.SubscriptionDiagnosticSetting,
    POLICIES: schema.ConditionalAccessPolicy,
    DEFAULTS: schema.SecurityDefaultsPolicy,
}


@dataclass(frozen=True)
class Reply:
    """What the server says to one request."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def fault(status: int, code: str, message: str, **headers: str) -> Reply:
    """An error in the form that both APIs share."""
    said = {"error": {"code": code, "message": message}}
    return Reply(status, json.dumps(said).encode(), _named(headers))


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


class Azure:
    """What the server knows and does; a test changes it before it reads."""

    def __init__(self, url: str, ca_bundle: str) -> None:
        self.url = url
        self.ca_bundle = ca_bundle
        self.page_size = 100
        self.tenant = TENANT
        """The directory that issued tokens say they are of."""
        self.served = {ARM, GRAPH}
        """Audiences that tokens are issued for."""
        self.is_jwt = True
        """Whether tokens are JWTs, as they are today but need not be."""
        self.requests: list[str] = []
        """Path and query of each request that came with a token."""
        self.tokens: list[str] = []
        """Every token issued."""
        self._held: dict[str, list[JSON] | dict[str, JSON]] = {
            STORAGE: [],
            RESOURCES: [],
            # Whoever can read a subscription holds a role at it.
            ROLES: [role_assignment(OBJECT_ID, role=READER, type="ServicePrincipal")],
            DIAGNOSTICS: [],
            POLICIES: [],
            DEFAULTS: security_defaults(enabled=False),
        }
        self._instead: dict[tuple[str, int], list[Reply]] = {}
        self._links: dict[str, JSON] = {}

    def put(self, path: str, answer: list[dict[str, JSON]] | dict[str, JSON]) -> None:
        """Have a list, or a single thing, at a path.

        Raises:
            pydantic.ValidationError: the API reference knows no such property or value.
        """
        documented = TYPES.get(path, schema.DirectoryObject)
        for item in answer if isinstance(answer, list) else [answer]:
            documented.model_validate(item)
        self._held[path] = [*answer] if isinstance(answer, list) else answer

    def deny(self, path: str, code: str = "AuthorizationFailed", message: str = "no role") -> None:
        """Refuse a path with 403."""
        self._instead[path, 1] = [fault(403, code, message)] * 99

    def throttle(self, path: str, retry_after: str = "0") -> None:
        """Answer the next request with 429."""
        said = "too many requests"
        self._instead[path, 1] = [fault(429, "TooManyRequests", said, Retry_After=retry_after)]

    def cut(self, path: str) -> None:
        """Answer the second page with an error."""
        self._instead[path, 2] = [fault(400, "InvalidSkipToken", "the skip token is stale")]

    def challenge(self, path: str, authenticate: str) -> None:
        """Answer the next request with 401 and what the next token must be asked with."""
        said = "the session was revoked"
        refusal = fault(401, "InvalidAuthenticationToken", said, WWW_Authenticate=authenticate)
        self._instead[path, 1] = [refusal]

    def answer(self, path: str, body: bytes, status: int = 200, **headers: str) -> None:
        """Answer with just this."""
        self._instead[path, 1] = [Reply(status, body, _named(headers))] * 99

    def link(self, path: str, address: JSON) -> None:
        """Name this as the next page after the first."""
        self._links[path] = address

    def open(self) -> AzureReader:
        """A reader as the command line would open it, with what the environment holds."""
        return open_account(
            "test",
            subscription=SUBSCRIPTION,
            tenant=TENANT,
            endpoint=self.url,
            ca_bundle=self.ca_bundle,
        )

    def read(self, *checks: Check[...]) -> Reads:
        """What the checks' sources bring."""
        return collect(checks, self.open())

    def token(self, path: str, form: Mapping[str, list[str]]) -> Reply:
        """Entra ID's answer to a request for a token by client credentials."""
        if path != f"/{TENANT}/oauth2/v2.0/token":
            return _oauth(400, "invalid_request", "AADSTS90002: Tenant not found.")
        if form.get("client_id") != [CLIENT_ID] or form.get("client_secret") != [SECRET]:
            said = "AADSTS7000215: Invalid client secret provided. Trace ID: 1 Timestamp: 2"
            return _oauth(401, "invalid_client", said)
        audience = form["scope"][0].removesuffix("/.default")
        if form.get("grant_type") != ["client_credentials"] or audience not in self.served:
            said = f"AADSTS500011: The resource principal named {audience} was not found."
            return _oauth(400, "invalid_resource", said)
        claims = {"aud": audience, "appid": CLIENT_ID, "oid": OBJECT_ID, "tid": self.tenant}
        parts = [
            base64.urlsafe_b64encode(json.dumps(p).encode()) for p in ({"alg": "RS256"}, claims)
        ]
        token = b".".join(parts).decode().replace("=", "") + f".{len(self.tokens)}-not-signed"
        if not self.is_jwt:
            token = f"opaque-{audience}-{len(self.tokens)}"
        self.tokens.append(token)
        given = {"token_type": "Bearer", "expires_in": 3599, "access_token": token}
        return Reply(200, json.dumps(given).encode())

    def discovery(self, tenant: str) -> Reply:
        """The directory's OpenID configuration, which msal asks for first."""
        base = f"{self.url}/{tenant}"
        names = {
            "authorization": "authorize",
            "token": "token",
            "device_authorization": "devicecode",
        }
        places = {f"{n}_endpoint": f"{base}/oauth2/v2.0/{end}" for n, end in names.items()}
        return Reply(200, json.dumps({"issuer": f"{base}/v2.0", **places}).encode())

    def get(self, path: str, query: Mapping[str, list[str]], token: str | None) -> Reply:
        """An API's answer to a GET."""
        refusal = self._unauthorized(path, token) or _wrong_version(path, query)
        if refusal is not None:
            return refusal
        start = int(query.get("$skiptoken", ["0"])[0])
        page = 1 + start // self.page_size
        if self._instead.get((path, page)):
            return self._instead[path, page].pop(0)
        held = self._held.get(path)
        if held is None:
            code = "InvalidResourceType" if path.startswith("/subs") else "Request_ResourceNotFound"
            return fault(404, code, f"nothing at {path}")
        if not isinstance(held, list):
            return Reply(200, json.dumps(held).encode())
        end = start + self.page_size
        body: dict[str, JSON] = {"value": held[start:end]}
        name = "@odata.nextLink" if path.startswith("/v1.0") else "nextLink"
        if path in self._links and page == 1:
            body[name] = self._links[path]
        elif end < len(held):
            kept = {k: v[0] for k, v in query.items()} | {"$skiptoken": str(end)}
            said = "&".join(f"{k}={quote(v)}" for k, v in kept.items())
            body[name] = f"{self.url}{path}?{said}"
        return Reply(200, json.dumps(body).encode())

    def _unauthorized(self, path: str, token: str | None) -> Reply | None:
        audience = GRAPH if path.startswith("/v1.0") else ARM
        if token is None or token not in self.tokens:
            return fault(
                401, "InvalidAuthenticationToken", "The access token is missing or invalid."
            )
        payload = token.split(".")[1] if self.is_jwt else ""
        text = base64.urlsafe_b64decode(payload + "==").decode() if self.is_jwt else token
        if audience not in text:
            return fault(401, "InvalidAuthenticationTokenAudience", "The audience is another.")
        return None


def _oauth(status: int, error: str, description: str) -> Reply:
    said = {"error": error, "error_description": description}
    return Reply(status, json.dumps(said).encode())


def _wrong_version(path: str, query: Mapping[str, list[str]]) -> Reply | None:
    if path not in VERSIONS:
        return None
    version = query.get("api-version")
    if version is None:
        return fault(400, "MissingApiVersionParameter", "The api-version parameter is required.")
    if version[0] not in VERSIONS[path]:
        return fault(400, "NoRegisteredProviderFound", f"No provider for version {version[0]}.")
    return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without it each small answer waits for the acknowledgement of its head.
    disable_nagle_algorithm = True
    azure: Azure

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path.endswith("/.well-known/openid-configuration"):
            self._send(self.azure.discovery(url.path.split("/")[1]))
            return
        self.azure.requests.append(self.path)
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        bearer = token if scheme == "Bearer" else None
        self._send(self.azure.get(url.path, parse_qs(url.query), bearer))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._send(self.azure.token(self.path, parse_qs(body)))

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        given = {
            "Content-Type": "application/json",
            "Content-Length": str(len(reply.body)),
            "request-id": f"request-{len(self.azure.requests)}",
            "x-ms-request-id": f"request-{len(self.azure.requests)}",
            **reply.headers,
        }
        for name, value in given.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the tests' stderr."""


class _Server(ThreadingHTTPServer):
    def __init__(self, handler: type[_Handler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.faults: list[BaseException] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Note what broke here, but not a client that hung up or does not trust this server."""
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            self.faults.append(error)


@cache
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(name="azure")
def azure_fixture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Azure]:
    """An empty subscription and directory, and the environment of a service principal."""
    handler = type("Handler", (_Handler,), {})
    server = _Server(handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    bundle = tmp_path / "ca.pem"
    authority().cert_pem.write_to_path(str(bundle))
    azure = Azure(f"https://127.0.0.1:{server.server_port}", str(bundle))
    handler.azure = azure  # type: ignore[attr-defined]  # of the class made above
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", azure.url)
    monkeypatch.setenv("AZURE_TENANT_ID", TENANT)
    monkeypatch.setenv("AZURE_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", SECRET)
    yield azure
    server.shutdown()
    server.server_close()
    thread.join()
    assert server.faults == []
