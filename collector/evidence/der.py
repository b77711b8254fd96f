"""DER, as far as timestamps need it: values with a tag, a length and a content (X.690). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

SEQUENCE = 0x30
SET = 0x31
INTEGER = 0x02
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
CONTEXT_0 = 0xA0
"""`[0]`, constructed."""

_MULTIPLE_BYTES = 0x1F
"""The low bits of a tag that goes on in the next byte, which nothing here has."""


class Value(NamedTuple):
    """One value."""

    tag: int
    content: bytes

    def parts(self, tag: int) -> list[Value]:
        """The values that it consists of; raises `ValueError` if it has another tag."""
        return read_all(self.expect(tag))

    def expect(self, tag: int) -> bytes:
        """Its content; raises `ValueError` if it has another tag."""
        if self.tag != tag:
            raise ValueError(f"found tag {self.tag:#x}, expected {tag:#x}")
        return self.content

    def encoded(self) -> bytes:
        """The bytes of it."""
        size = len(self.content)
        if size < 0x80:
            return bytes([self.tag, size]) + self.content
        length = size.to_bytes((size.bit_length() + 7) // 8)
        return bytes([self.tag, 0x80 | len(length)]) + length + self.content


def read(data: bytes) -> Value:
    """The one value that the bytes are.

    Raises:
        ValueError: they are not, or not in the one way that DER has for it.
    """
    values = read_all(data)
    if len(values) != 1:
        raise ValueError(f"found {len(values)} values, expected one")
    return values[0]


def read_all(data: bytes) -> list[Value]:
    """The values that follow one another in the bytes.

    Raises:
        ValueError: a length is wrong, or not written as shortly as it can be.
    """
    found = []
    place = 0
    while place < len(data):
        start = place
        head = data[place : place + 2]
        if len(head) < 2 or head[0] & _MULTIPLE_BYTES == _MULTIPLE_BYTES:
            raise ValueError(f"no tag and length at byte {place}")
        place, size = place + 2, head[1]
        if size >= 0x80:
            count = size & 0x7F
            size = int.from_bytes(data[place : place + count])
            place += count
        value = Value(head[0], data[place : place + size])
        place += size
        if value.encoded() != data[start:place]:
            raise ValueError(f"the length at byte {start} is wrong")
        found.append(value)
    return found


def write(tag: int, *parts: bytes) -> bytes:
    """The bytes of a value that consists of these parts, each already written."""
    return Value(tag, b"".join(parts)).encoded()


def write_set(parts: Iterable[bytes], tag: int = SET) -> bytes:
    """The bytes of a set, whose order in DER is that of its members' bytes."""
    return write(tag, *sorted(parts))
