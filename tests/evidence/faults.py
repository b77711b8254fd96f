"""A proxy on loopback that lets through what a client asks a server for, but for some faults."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

Fault = Literal["throttled", "broken", "silent", "cut"]
"""Answered as throttled, or 500, without being carried out; never answered; carried out, and cut
off before the answer."""

HOP_BY_HOP = ("connection", "content-length", "date", "expect", "server", "transfer-encoding")


class Proxy:
    """Where it is, what goes wrong next with a request of some kind, and what went through."""

    def __init__(self, upstream: str, throttled: int) -> None:
        self.upstream = upstream
        self.statuses: dict[Fault, int] = {"throttled": throttled, "broken": 500}
        self.faults: list[Fault | None] = []
        """Each is for one request whose verb writes, PUT or POST; None lets it through."""
        self.reached: list[str] = []
        """Verbs of the requests that came."""
        self.is_over = threading.Event()
        self.url = ""


@contextmanager
def proxy(upstream: str, throttled: int = 503) -> Iterator[Proxy]:
    """A proxy for a server, which says by this status that it is asked too often."""
    state = Proxy(upstream, throttled)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.state = state
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield state
    finally:
        state.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    state: Proxy

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that were cut."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: _Server

    def handle_expect_100(self) -> bool:
        """Say at once that the body may come; boto3 waits a second for it."""
        carries_on = super().handle_expect_100()
        self.wfile.flush()
        return carries_on

    def do_GET(self) -> None:
        state = self.server.state
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        state.reached.append(self.command)
        writes = self.command in ("PUT", "POST")
        fault = state.faults.pop(0) if writes and state.faults else None
        if fault is not None and fault in state.statuses:
            self._answer(state.statuses[fault], [], b"")
            return
        if fault == "silent":
            state.is_over.wait(30)
            self.close_connection = True
            return
        status, headers, data = self._forwarded(body)
        if fault == "cut":
            self.close_connection = True
            return
        self._answer(status, headers, data)

    do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = do_GET

    def _forwarded(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.server.state.upstream).netloc)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("expect",)}
        connection.request(self.command, self.path, body or None, headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), data

    def _answer(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
        self.send_response(status)
        length = str(len(data))
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
            elif name.lower() == "content-length" and self.command == "HEAD":
                length = value
        self.send_header("Content-Length", length)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing on stderr."""
