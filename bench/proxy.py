"""The proxy between what is measured and the simulated cloud.

It stands where the network would be: every answer takes a fixed time. It counts what is asked, and
remembers what was answered, so that a slow simulation is not what is measured. Asked to, it refuses
some calls as a cloud does that is asked too often, or that breaks.

What is remembered is found again by what makes a call: service and region (of the credential
scope), operation, path, query and body. Signatures, dates and idempotency tokens are left out.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import threading
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from bench.faults import Faults, fault

LONGEST_WAIT_SECONDS = 120
"""How long the simulated cloud may take for one answer."""

MOST_AT_ONCE = 4
"""Calls that are passed on side by side. The simulation works on one at a time anyway."""

SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/")
WHEN = re.compile(r"\b20\d\d-?\d\d-?\d\d(T[\d:.]+(Z|[+-][\d:]+)?)?|\b(1[6-9]|2\d)\d{8}(\.\d+)?\b")
"""A time as it stands in a parameter: a day, an instant, or seconds since 1970."""

TOKENS = frozenset({"ClientRequestToken", "ClientToken", "IdempotencyToken", "clientToken"})
DROPPED = frozenset({"connection", "content-length", "date", "keep-alive", "transfer-encoding"})


@dataclass(frozen=True)
class Request:
    """One call as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Call:
    """What makes a call: two that are equal ask for the same."""

    service: str
    region: str
    operation: str
    asked: str

    @classmethod
    def of(cls, request: Request) -> Call:
        """The call of a request, without what differs between two askings."""
        scope = SCOPE.search(request.headers.get("authorization", ""))
        region, service = scope.groups() if scope else ("", "")
        if service == "elasticloadbalancing":  # two services of one name
            service = "elb" if b"Version=2012" in request.body else "elbv2"
        url = urlsplit(request.target)
        pairs = _pairs(parse_qsl(url.query, keep_blank_values=True))
        account = request.headers.get("x-amz-account-id", "")
        asked = f"{url.path}?{pairs}#{account}#{_canonical(request)}"
        return cls(service, region, _operation(request, url.path), asked)


def _operation(request: Request, path: str) -> str:
    if target := request.headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    if named := re.search(rb"(?:^|&)Action=(\w+)", request.body):
        return named[1].decode()
    if request.headers.get("smithy-protocol"):
        return path.rpartition("/")[2]
    return f"{request.method} {path}"


def _canonical(request: Request) -> str:
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return _pairs(parse_qsl(request.body.decode(), keep_blank_values=True))
    try:
        value = json.loads(request.body or b"{}")
    except ValueError:  # CBOR, XML
        return request.body.hex()
    if isinstance(value, dict):
        value = {k: v for k, v in value.items() if k not in TOKENS}
    return WHEN.sub("*", json.dumps(value, sort_keys=True))


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    kept = sorted((k, v) for k, v in pairs if k not in TOKENS and not k.startswith("X-Amz-"))
    return "&".join(f"{k}={v if k == 'Version' else WHEN.sub('*', v)}" for k, v in kept)


@dataclass
class Tally:
    """What was asked in one run."""

    answered: Counter[Call] = field(default_factory=Counter)
    faults: Counter[Call] = field(default_factory=Counter)
    forwarded: int = 0
    """Calls that were not remembered, so that the simulation was waited for."""

    @property
    def calls(self) -> int:
        """All that were answered, repeated ones among them."""
        return self.answered.total()

    @property
    def repeats(self) -> Counter[Call]:
        """How often each call was answered beyond the first time."""
        return self.answered - Counter(dict.fromkeys(self.answered, 1))


class Proxy:
    """Listens on a port of this machine, on a thread of its own, until it is closed."""

    def __init__(self, port: int) -> None:
        """Pass on to the simulated cloud at `port` of this machine."""
        self._upstream = port
        self._memory: dict[Call, bytes] = {}
        self._latency_seconds = 0.0
        self._faults = Faults()
        self._tally = Tally()
        self._pool = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="upstream")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def begin(self, *, latency_seconds: float = 0.0, faults: Faults | None = None) -> Tally:
        """Count anew. What is returned is counted in until this is called again."""
        self._latency_seconds, self._faults = latency_seconds, faults or Faults()
        self._tally = Tally()
        return self._tally

    def close(self) -> None:
        """Stop listening, and drop what is still under way."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._pool.shutdown()

    async def _stop(self) -> None:
        self._server.close()
        under_way = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read(reader)) is not None:
                writer.write(await self._answer(request))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # who asked has gone
        except asyncio.CancelledError:
            pass  # closed from this side
        finally:
            writer.close()

    async def _answer(self, request: Request) -> bytes:
        if request.method == "CONNECT":  # to a server that is not this machine's
            return _bytes(403, ["content-length: 0"], b"")
        due = self._loop.time() + self._latency_seconds
        tally, call = self._tally, Call.of(request)
        attempt = tally.answered[call] + tally.faults[call]
        kind = self._faults.strikes(f"{call}", attempt)
        if kind is not None:
            tally.faults[call] += 1
            answer = fault(kind, call.service, request.headers)
        else:
            answer = await self._remembered(call, request, tally)
            tally.answered[call] += 1
        await asyncio.sleep(max(0.0, due - self._loop.time()))
        return answer

    async def _remembered(self, call: Call, request: Request, tally: Tally) -> bytes:
        if (known := self._memory.get(call)) is not None:
            return known
        tally.forwarded += 1
        status, answer = await self._loop.run_in_executor(self._pool, self._forward, request)
        # A report that is still being made is asked for again until it is there.
        if status < 500 and b"<State>STARTED<" not in answer:
            self._memory[call] = answer
        return answer

    def _forward(self, request: Request) -> tuple[int, bytes]:
        upstream = http.client.HTTPConnection(
            "127.0.0.1", self._upstream, timeout=LONGEST_WAIT_SECONDS
        )
        try:
            headers = {k: v for k, v in request.headers.items() if k not in DROPPED}
            # By way of HTTP_PROXY, a whole address is asked for.
            target = urlsplit(request.target)._replace(scheme="", netloc="").geturl()
            upstream.request(request.method, target, request.body, headers)
            answer = upstream.getresponse()
            body = answer.read()
            length = answer.headers["content-length"] if request.method == "HEAD" else len(body)
            lines = [f"{k}: {v}" for k, v in answer.getheaders() if k.lower() not in DROPPED]
            lines += [f"content-length: {length or 0}"]
            return answer.status, _bytes(answer.status, lines, body)
        except (OSError, http.client.HTTPException):
            return 502, _bytes(502, ["content-length: 0"], b"")
        finally:
            upstream.close()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection, or None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    length = int(headers.get("content-length") or 0)
    body = await reader.readexactly(length) if length else b""
    return Request(method, target, headers, body)


def _bytes(status: int, lines: Iterable[str], body: bytes) -> bytes:
    reason = http.client.responses.get(status, "")
    head = "\r\n".join((f"HTTP/1.1 {status} {reason}", *lines))
    return head.encode("latin-1") + b"\r\n\r\n" + body
