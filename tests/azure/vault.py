"""A key vault of its own for each test: behind TLS, under a vault's own name, and it really signs.

Tokens are those of the fake directory in `tests.azure.cloud`. A request without one is answered
with the challenge by which clients learn where tokens are to be had.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tests.azure.cloud import TENANT, Azure, Reply, authority
from tests.directions import direct

HOST = "evidence.vault.azure.net"
AUDIENCE = "https://vault.azure.net"
VERSION = "0123456789abcdef0123456789abcdef"
KEY = f"https://{HOST}/keys/seal/{VERSION}"
API_VERSIONS = ("2025-07-01", "7.6", "7.5", "7.4")


class Vault:
    """What the vault holds and says; a test changes it."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.jwk: dict[str, str] = {}
        """Said of the key instead of what is so."""
        self.signed: bytes | None = None
        """Given as the signature instead of the right one."""
        self.refusals: dict[str, Reply] = {}
        """What is answered instead, by `get` and `sign`."""
        self.resource = AUDIENCE
        """What tokens are to be asked for, says the challenge."""
        self.requests: list[str] = []

    def deny(self, operation: str, inner: str | None = "ForbiddenByRbac") -> None:
        """Refuse `get` or `sign`."""
        said: dict[str, Any] = {"code": "Forbidden", "message": f"Caller may not {operation}."}
        if inner is not None:
            said["innererror"] = {"code": inner}
        self.refusals[operation] = _reply(403, {"error": said})

    def respond(self, path: str, query: Mapping[str, list[str]], token: str, body: bytes) -> Reply:
        """The answer to a request."""
        if token not in self.azure.tokens or not self._is_for_vaults(token):
            place = f"{self.azure.url}/{TENANT}"
            told = f'Bearer authorization="{place}", resource="{self.resource}"'
            said = {"error": {"code": "Unauthorized", "message": "no token"}}
            return _reply(401, said, {"WWW-Authenticate": told})
        if query.get("api-version", [""])[0] not in API_VERSIONS:
            return _reply(400, {"error": {"code": "BadParameter", "message": "api-version"}})
        known = f"/keys/seal/{VERSION}"
        operation = {known: "get", f"{known}/sign": "sign"}.get(path)
        if operation is None:
            said = {"error": {"code": "KeyNotFound", "message": f"A key with {path} was not found"}}
            return _reply(404, said)
        self.requests.append(operation)
        if operation in self.refusals:
            return self.refusals[operation]
        if operation == "get":
            return _reply(200, {"key": self._jwk(), "attributes": {"enabled": True}})
        asked = json.loads(body)
        if asked["alg"] != "ES256":
            return _reply(400, {"error": {"code": "BadParameter", "message": "alg"}})
        signature = self.signed or self.sign(_unpadded(asked["value"]))
        return _reply(200, {"kid": KEY, "value": _padless(signature)})

    def sign(self, digest: bytes) -> bytes:
        """The two numbers of the signature over a digest, one after the other."""
        der = self.private.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        return b"".join(number.to_bytes(32) for number in utils.decode_dss_signature(der))

    def _jwk(self) -> dict[str, Any]:
        numbers = self.private.public_key().public_numbers()
        x, y = (_padless(n.to_bytes(32)) for n in (numbers.x, numbers.y))
        told = {"kid": KEY, "kty": "EC-HSM", "crv": "P-256", "x": x, "y": y}
        return {**told, "key_ops": ["sign", "verify"], **self.jwk}

    def _is_for_vaults(self, token: str) -> bool:
        return bool(json.loads(_unpadded(token.split(".")[1]))["aud"] == AUDIENCE)


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _padless(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _reply(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(body).encode(), headers or {})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    vault: Vault

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        reply = self.vault.respond(url.path, parse_qs(url.query), token, body)
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    do_POST = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing on the tests' stderr."""


@pytest.fixture(name="vault")
def vault_fixture(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    """A vault with one key, and a service principal in the environment that may use it."""
    vault = Vault(azure)
    azure.served.add(AUDIENCE)
    handler = type("Handler", (_Handler,), {"vault": vault})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(HOST).configure_cert(context)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    direct(monkeypatch, HOST, server.server_port)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", azure.ca_bundle)
    yield vault
    server.shutdown()
    server.server_close()
    thread.join()
