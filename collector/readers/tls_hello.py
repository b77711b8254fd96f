"""The first message of a TLS connection, and what a server says to it.

A server shows whether it takes a version of the protocol by its first answer, before anything is
encrypted. TLS libraries of today no longer speak the versions that must be refused, so the message
that offers one of them is written here, as RFC 8446, 5246, 4346, 2246, 6101 and the SSL 2.0 draft
have it.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import Literal

OldVersion = Literal["SSL2", "SSL3", "TLS1_0", "TLS1_1"]

OLD: dict[OldVersion, bytes] = {
    "SSL2": b"\x00\x02",
    "SSL3": b"\x03\x00",
    "TLS1_0": b"\x03\x01",
    "TLS1_1": b"\x03\x02",
}
"""The versions that are offered here, with their numbers."""

Said = Literal["accepted", "refused", "closed", "silent", "plain"]
"""What a server says to an offer: it goes on in that version; it sends an alert, or names another
version; it ends the connection without a word; it says nothing; it answers, but not in TLS."""

# What clients of that time offered: ECDHE, DHE and RSA with AES, Camellia, 3DES, RC4, DES, export.
_SUITES = bytes.fromhex(
    "c00ac014c009c013c008c012c007c011c005c00fc004c00ec003c00dc002c00c"
    "0039003800330032001600130035002f000a00050004008800870045004400840041"
    "009a0099009600070015001200090014001100080006000300ff"
)
_SSL2_CIPHERS = bytes.fromhex("0100800200800300800400800500800600400700c0")

_ALERT, _HANDSHAKE, _SERVER_HELLO, _WARNING = 21, 22, 2, 1
_MOST_WARNINGS = 5


def offer(connection: socket.socket, version: OldVersion, host: str) -> Said:
    """Offer one version on a new connection, and say how the server takes it.

    It is silent if it says nothing for as long as the connection's timeout.
    """
    try:
        connection.sendall(hello(version, host))
        return _answer(connection, version)
    except TimeoutError:
        return "silent"
    except (ConnectionError, EOFError):
        return "closed"


def hello(version: OldVersion, host: str) -> bytes:
    """The message that offers this version and no other."""
    number, random = OLD[version], os.urandom(32)
    if version == "SSL2":
        body = b"\x01" + number + _sized(_SSL2_CIPHERS, only=True) + b"\x00\x00\x00\x10"
        body += _SSL2_CIPHERS + random[:16]
        return (0x8000 | len(body)).to_bytes(2, "big") + body
    body = number + random + b"\x00" + _sized(_SUITES) + b"\x01\x00"
    if version != "SSL3":
        body += _sized(_extensions(host))
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16" + min(number, b"\x03\x01") + _sized(message)


def _extensions(host: str) -> bytes:
    """Server name, groups and point formats."""
    found = b"\x00\x0a" + _sized(_sized(b"\x00\x1d\x00\x17\x00\x18\x00\x19"))
    found += b"\x00\x0b" + _sized(b"\x01\x00")
    if not is_address(host):
        name = b"\x00" + _sized(host.encode("ascii"))
        found = b"\x00\x00" + _sized(_sized(name)) + found
    return found


def is_address(host: str) -> bool:
    """Whether it is an IP address, which is never sent as a server name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _sized(data: bytes, *, only: bool = False) -> bytes:
    """The bytes after their number, or the number alone."""
    size = len(data).to_bytes(2, "big")
    return size if only else size + data


def _answer(connection: socket.socket, version: OldVersion) -> Said:
    for _ in range(_MOST_WARNINGS):
        header = _receive(connection, 5)
        kind, number, size = header[0], header[1:3], int.from_bytes(header[3:5], "big")
        if header[0] & 0x80 and header[2] == 4:  # SSL 2.0: two bytes of size, then SERVER-HELLO
            return "accepted" if version == "SSL2" else "refused"
        if kind not in (_ALERT, _HANDSHAKE) or number[0] != 3:
            return "plain"
        if not size:
            return "plain"
        body = _receive(connection, min(size, 6))
        if kind == _ALERT and body[:1] == bytes([_WARNING]):
            continue  # such as an unknown server name: the server goes on all the same
        if kind == _ALERT or body[0] != _SERVER_HELLO:
            return "refused"
        return "accepted" if body[4:6] == OLD[version] else "refused"
    return "refused"


def _receive(connection: socket.socket, size: int) -> bytes:
    """Exactly so many bytes.

    Raises:
        EOFError: the server ends the connection before.
    """
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data
