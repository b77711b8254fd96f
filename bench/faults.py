"""Refusals as AWS words them in each of its protocols, and which calls they strike."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["throttled", "broken"]

REST_XML = frozenset({"cloudfront", "route53", "s3"})
"""Services that speak XML without an `Action`, by the name in the credential scope."""


@dataclass(frozen=True)
class Faults:
    """How often a call is refused, by chance but the same chance for the same seed."""

    throttled: float = 0.0
    broken: float = 0.0
    seed: int = 0

    def strikes(self, call: str, attempt: int) -> Kind | None:
        """What befalls the `attempt`th asking of a call, whatever else is asked before it."""
        if not (self.throttled or self.broken):
            return None
        chance = random.Random(f"{self.seed} {attempt} {call}").random()
        if chance < self.throttled:
            return "throttled"
        return "broken" if chance < self.throttled + self.broken else None


def fault(kind: Kind, service: str, headers: Mapping[str, str]) -> bytes:
    """The whole response, in the protocol of the request with these headers (in lower case)."""
    if headers.get("smithy-protocol") == "rpc-v2-cbor":
        return _cbor(kind)
    if headers.get("x-amz-target"):
        return _json(kind, "ThrottlingException", 400)
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        if service == "ec2":
            return _xml(kind, "Response><Errors", "RequestLimitExceeded", 503)
        return _xml(kind, "ErrorResponse", "Throttling", 400)
    if service == "s3":
        return _xml(kind, "", "SlowDown", 503)
    if service in REST_XML:
        return _xml(kind, "ErrorResponse", "Throttling", 400)
    return _json(kind, "TooManyRequestsException", 429)


def _xml(kind: Kind, around: str, code: str, status: int) -> bytes:
    if kind == "broken":
        code, status = "InternalError", 500
    inner = f"<Code>{code}</Code><Message>by the bench</Message>"
    names = [*around.split("><"), "Error"] if around else ["Error"]
    for name in reversed(names):
        inner = f"<{name}>{inner}</{name}>"
    return _response(status, "text/xml", f'<?xml version="1.0"?>{inner}'.encode())


def _json(kind: Kind, code: str, status: int) -> bytes:
    if kind == "broken":
        code, status = "InternalServerException", 500
    body = f'{{"__type":"{code}","message":"by the bench"}}'.encode()
    return _response(status, "application/json", body, f"x-amzn-errortype: {code}\r\n")


def _cbor(kind: Kind) -> bytes:
    code, status = ("ThrottlingException", 400) if kind == "throttled" else ("InternalFailure", 500)
    # A map of one pair: the text `__type` (6 bytes) to a text shorter than 24 bytes.
    body = b"\xa1\x66__type" + bytes([0x60 + len(code)]) + code.encode()
    return _response(status, "application/cbor", body, "smithy-protocol: rpc-v2-cbor\r\n")


def _response(status: int, kind: str, body: bytes, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} Refused\r\ncontent-type: {kind}\r\n{more}"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
