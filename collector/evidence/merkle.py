"""Merkle trees over JSON Lines objects: one line can be proved without showing the others. Pure.

The tree is that of RFC 6962, section 2.1, with a salt in each leaf: 0x00, salt, line. Without salts
a neighbour's digest in a proof would let its reader try what the neighbour's line may be, one line
at a time. The salts follow from the whole object, which nobody has who is shown one line: to try
them, all lines must be guessed together, which the object's digest in the document allows anyway.
So nothing secret has to be kept, and the same object always has the same root.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

_SALTS = b"collector/merkle/v1\n"


@dataclass(frozen=True)
class Proof:
    """That a line stands in an object, to whoever knows the root."""

    index: int
    """Place of the line in the object, from 0."""
    size: int
    """How many lines the object has."""
    salt: bytes
    path: tuple[bytes, ...]
    """The neighbours' digests, from the leaf to the root."""


def split_lines(data: bytes) -> list[bytes]:
    """The lines of a JSON Lines object, without their breaks; the last one need not have any."""
    return data.removesuffix(b"\n").split(b"\n") if data else []


def merkle_root(data: bytes) -> str:
    """The root of the tree over an object's lines, in hex."""
    level = _leaves(data)
    while len(level) > 1:
        level = _above(level)
    return (level[0] if level else hashlib.sha256(b"").digest()).hex()


def prove(data: bytes, index: int) -> Proof:
    """The proof for one line of an object.

    Raises:
        IndexError: the object has no such line.
    """
    lines = split_lines(data)
    lines[index]
    level, place, path = _leaves(data), index, []
    while len(level) > 1:
        if place ^ 1 < len(level):
            path.append(level[place ^ 1])
        level, place = _above(level), place // 2
    return Proof(index, len(lines), _salt(_salts_key(data), index), tuple(path))


def proven_root(line: bytes, proof: Proof) -> str | None:
    """The root that a proof leads to, in hex; None if it is no proof of anything.

    The line is proved if this is the root that a document states.
    """
    if not 0 <= proof.index < proof.size:
        return None
    node, place, size, path = _leaf(proof.salt, line), proof.index, proof.size, list(proof.path)
    while size > 1:
        if place ^ 1 < size:
            if not path:
                return None
            neighbour = path.pop(0)
            node = _node(neighbour, node) if place % 2 else _node(node, neighbour)
        place, size = place // 2, (size + 1) // 2
    return None if path else node.hex()


def _leaves(data: bytes) -> list[bytes]:
    key = _salts_key(data)
    return [_leaf(_salt(key, index), line) for index, line in enumerate(split_lines(data))]


def _above(level: list[bytes]) -> list[bytes]:
    """The level above; a node without a neighbour goes up as it is."""
    pairs = [_node(*level[i : i + 2]) for i in range(0, len(level) - 1, 2)]
    return pairs + level[len(level) & ~1 :]


def _salts_key(data: bytes) -> bytes:
    return hashlib.sha256(_SALTS + data).digest()


def _salt(key: bytes, index: int) -> bytes:
    return hmac.digest(key, index.to_bytes(8, "big"), "sha256")


def _leaf(salt: bytes, line: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + salt + line).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
