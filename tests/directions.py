"""Sends connections for hosts on the Internet to servers on loopback, under their own names."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tests.conftest import LOOPBACK


def direct(monkeypatch: pytest.MonkeyPatch, host: str, port: int) -> None:
    """From now on, connect to a port of loopback where HTTPS of the host is asked for."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def connected(self: socket.socket, address: Any) -> None:
        is_there = isinstance(address, tuple) and address[:2] == (host, 443)
        connect(self, (LOOPBACK[0], port) if is_there else address)

    def resolved(name: Any, service: Any, *arguments: Any, **named: Any) -> Any:
        if (name, service) == (host, 443):
            name, service = LOOPBACK[0], port
        return resolve(name, service, *arguments, **named)

    monkeypatch.setattr(socket.socket, "connect", connected)
    monkeypatch.setattr(socket, "getaddrinfo", resolved)
