"""The demo account, read as a whole, and without a connection."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from collector.check import discover
from collector.collect import collect
from collector.demo import open_demo
from collector.reads import Reads


@contextlib.contextmanager
def unconnected() -> Iterator[None]:
    """No connection at all, loopback included."""

    def refuse(*_: object) -> None:
        raise AssertionError("the demo opened a connection")

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield


def read_all() -> Reads:
    """What all AWS checks need."""
    checks = [
        check
        for check in discover().values()
        if check.provider == "aws" and not check.follows_findings
    ]
    with unconnected():
        return collect(checks, open_demo())
