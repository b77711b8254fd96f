"""CRC-32C (Castagnoli), by which Google's KMS tells whether what it got is what was sent. Pure.

RFC 3720, appendix B.4. For tens of bytes, so it is not made to be fast.
"""

from __future__ import annotations

_POLYNOMIAL = 0x82F63B78
"""Castagnoli's, its bits reversed."""


def crc32c(data: bytes) -> int:
    """The checksum of the data."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (_POLYNOMIAL if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
