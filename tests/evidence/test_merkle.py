"""One line can be proved to stand in an object, and none that does not."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.evidence.merkle import merkle_root, prove, proven_root, split_lines

OBJECTS = st.lists(st.binary(max_size=8).map(lambda b: b.hex().encode()), max_size=40).map(
    lambda lines: b"".join(line + b"\n" for line in lines)
)


def test_the_root_of_an_object_is_this_for_good() -> None:
    """It stands in signed documents: a change here is a new version of the format."""
    root = merkle_root(b'{"a":1}\n{"b":2}\n{"c":3}\n')

    assert root == "fdc9ecef1a669048a226d54cde0ab7389d9bb3558c9ada42735decd5d2d0bb9d"


def test_the_root_of_nothing_is_the_digest_of_nothing() -> None:
    assert merkle_root(b"") == hashlib.sha256(b"").hexdigest()


@given(OBJECTS.filter(bool))
def test_each_line_is_proved(data: bytes) -> None:
    root = merkle_root(data)

    assert [
        line
        for i, line in enumerate(split_lines(data))
        if proven_root(line, prove(data, i)) != root
    ] == []


@given(OBJECTS.filter(bool), st.data())
def test_a_line_that_is_not_there_is_not_proved(data: bytes, draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, len(split_lines(data)) - 1))
    proof = prove(data, index)

    other = split_lines(data)[index] + b" "

    assert proven_root(other, proof) != merkle_root(data)


@pytest.mark.parametrize(
    "change",
    [
        {"index": 1},
        {"index": -1},
        {"index": 3},
        {"size": 0},
        {"size": 5},
        {"salt": b""},
        {"path": ()},
        {"path": (b"\0" * 32,)},
    ],
)
def test_a_changed_proof_proves_nothing(change: dict[str, object]) -> None:
    data = b"a\nb\nc\n"
    proof = replace(prove(data, 0), **change)  # type: ignore[arg-type]

    assert proven_root(b"a", proof) != merkle_root(data)


def test_a_proof_holds_nothing_by_which_a_single_neighbour_can_be_guessed() -> None:
    """Its neighbour's digest is not that of the line, nor with the salt that is shown."""
    proof = prove(b"mine\nsecret\n", 0)

    guesses = {hashlib.sha256(b"\0" + salt + b"secret").digest() for salt in (b"", proof.salt)}

    assert guesses.isdisjoint(proof.path)
    assert prove(b"mine\nsecret\n", 1).salt != proof.salt


def test_there_is_no_proof_for_a_line_beyond_the_end() -> None:
    with pytest.raises(IndexError):
        prove(b"a\n", 1)
