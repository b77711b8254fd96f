"""One pool and one set of roots for all clients, over real TLS on loopback."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
import trustme
from botocore.exceptions import SSLError

from collector.answer import Scope
from collector.readers.aws import AwsReader
from collector.source import Aws

SCOPE = Scope("aws", "test", "123456789012", "arn:aws:iam::123456789012:role/reader", "aws",
              "us-east-1", ("us-east-1", "eu-west-1"))  # fmt: skip
KEYS = Aws(service="kms", operation="ListKeys", permission="kms:ListKeys", items="Keys")
TABLES = Aws(service="dynamodb", operation="ListTables", permission="dynamodb:ListTables",
             items="TableNames")  # fmt: skip


class Cloud(BaseHTTPRequestHandler):
    """Answers every request with empty lists, and keeps its connections."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"Keys":[],"Truncated":false,"TableNames":[]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


class Server(ThreadingHTTPServer):
    """Counts the connections that it is asked for."""

    connections = 0

    def get_request(self) -> Any:
        found = super().get_request()
        self.connections += 1
        return found


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = Server(("localhost", 0), Cloud)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def session(server: Server, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://localhost:{server.server_port}")
    return boto3.Session("AKIAIOSFODNN7EXAMPLE", "none", region_name="us-east-1")


def test_clients_of_services_and_regions_share_connection_and_roots(
    server: Server,
    session: boto3.Session,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bundle = tmp_path / "roots.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    read, load = list[object](), ssl.SSLContext.load_verify_locations
    monkeypatch.setattr(
        ssl.SSLContext,
        "load_verify_locations",
        lambda self, *args, **kwargs: read.append(args) or load(self, *args, **kwargs),  # type: ignore[func-returns-value]
    )
    reader = AwsReader(session, SCOPE)

    answers = [
        reader.read(source, {}, region)
        for source in (KEYS, TABLES)
        for region in ("us-east-1", "eu-west-1")
    ]

    assert [answer.failure for answer in answers] == [None] * 4
    assert len(read) == 1
    assert server.connections == 1


def test_a_server_that_the_roots_do_not_vouch_for_is_not_read(
    session: boto3.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "roots.pem"
    trustme.CA().cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    reader = AwsReader(session, SCOPE)

    answer = reader.read(KEYS, {}, "us-east-1")

    assert answer.failure is not None
    assert answer.failure.code == SSLError.__name__.removesuffix("Error")
    assert not answer.is_complete


def test_by_default_the_public_roots_are_trusted_and_no_other(session: boto3.Session) -> None:
    answer = AwsReader(session, SCOPE).read(KEYS, {}, "us-east-1")

    assert answer.failure is not None
    assert answer.failure.code == "SSL"


def test_a_file_of_roots_that_is_not_there_loses_the_reads_and_says_so(
    session: boto3.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "none.pem"))

    answer = AwsReader(session, SCOPE).read(KEYS, {}, "us-east-1")

    assert answer.failure is not None
    assert "No such file" in answer.failure.message


def test_a_client_that_needs_another_proxy_has_its_own_connections(
    session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = AwsReader(session, SCOPE)
    direct = reader._client("kms", "us-east-1")
    monkeypatch.setenv("HTTPS_PROXY", "http://localhost:1")
    proxied = reader._client("dynamodb", "us-east-1")
    also = reader._client("dynamodb", "eu-west-1")

    assert direct._endpoint.http_session is not proxied._endpoint.http_session
    assert proxied._endpoint.http_session is also._endpoint.http_session
