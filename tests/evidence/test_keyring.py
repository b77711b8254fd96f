"""Trust in keys grows and shrinks by statements that count, and by no other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.evidence.keyring import KeyRing, SignedStatement, resolve, signing_faults
from collector.evidence.log import ATTESTATIONS, KEY_LOG, account_log
from tests.evidence.statements import print_of, public, roots, signed, signer, statement

PROD = account_log("prod")

Said = tuple[str, str, str] | tuple[str, str, str, dict[str, int]]
"""Who says what of whom; of a revocation, the first numbers that are not trusted."""

Action = Literal["rotate", "admit", "revoke"]


def log_of(*every: Said) -> list[SignedStatement]:
    """A key log of these statements, from number 1 on."""
    return [
        signed(number, said[0], statement(cast(Action, said[1]), said[2], *said[3:]))
        for number, said in enumerate(every, 1)
    ]


@dataclass(frozen=True)
class Case:
    """A key log, and what it comes to. Keys are letters."""

    name: str
    trusted: str
    log: tuple[Said, ...]
    keys: str
    """Those that the ring has in the end."""
    faults: dict[int, str]
    """Part of why a statement does not count, by number."""
    may_sign: tuple[str, ...] = ()
    """Numbers 1 to 9 of prod that may be signed, of keys: `K1-9`; left out: all of each key."""


CASES = [
    Case("nothing is said", "K", (), "K", {}),
    Case("a rotation", "K", (("K", "rotate", "S"),), "KS", {}),
    Case("a rotation of a rotation", "K", (("K", "rotate", "S"), ("S", "rotate", "T")), "KST", {}),
    Case("an admission", "K", (("K", "admit", "C"),), "CK", {}),
    Case("an admission by an admitted", "K", (("K", "admit", "C"), ("C", "admit", "D")), "CDK", {}),
    Case("the old key is gone, the admitted takes over", "K",
         (("K", "admit", "C"), ("K", "rotate", "C")), "CK", {}),
    Case("a statement by an unknown key", "K", (("A", "rotate", "B"),), "K",
         {1: "which is not one of the trusted keys"}),
    Case("an unknown key admits itself", "K", (("A", "admit", "A"),), "K",
         {1: "which is not one of the trusted keys"}),
    Case("two competing rotations", "K", (("K", "rotate", "S"), ("K", "rotate", "A")), "KS",
         {2: "whose place"}),
    Case("a rotated key admits another", "K", (("K", "rotate", "S"), ("K", "admit", "A")), "KS",
         {2: "whose place"}),
    Case("a rotated key revokes the new one", "K",
         (("K", "rotate", "S"), ("K", "revoke", "S", {})), "KS", {2: "whose place"}),
    Case("rotated back", "K", (("K", "rotate", "S"), ("S", "rotate", "K")), "KS",
         {2: "cannot come back"}),
    Case("rotated in a circle", "K",
         (("K", "rotate", "S"), ("S", "rotate", "T"), ("T", "rotate", "K")), "KST",
         {3: "cannot come back"}),
    Case("a rotated key is admitted again", "K", (("K", "rotate", "S"), ("S", "admit", "K")), "KS",
         {2: "cannot come back"}),
    Case("rotated to itself", "K", (("K", "rotate", "K"),), "K", {1: "which only another can say"}),
    Case("a revocation by the key in its place", "K",
         (("K", "rotate", "S"), ("S", "revoke", "K", {"keys": 2, "accounts/prod": 4})), "KS", {},
         ("K1-3", "S1-9")),
    Case("a revocation by another trusted key", "KC",
         (("C", "revoke", "K", {"keys": 1, "accounts/prod": 4}),), "CK", {}, ("K1-3", "C1-9")),
    Case("a revocation that names no log", "KC", (("C", "revoke", "K", {}),), "CK", {}, ("C1-9",)),
    Case("two revocations: the stricter holds in each log", "KCD",
         (("C", "revoke", "K", {"keys": 1, "accounts/prod": 7, "attestations": 2}),
          ("D", "revoke", "K", {"keys": 1, "accounts/prod": 4})), "CDK", {},
         ("K1-3", "C1-9", "D1-9")),
    Case("a revocation by an untrusted key", "K", (("A", "revoke", "K", {}),), "K",
         {1: "which is not one of the trusted keys"}, ("K1-9",)),
    Case("a key revokes itself", "K", (("K", "revoke", "K", {"keys": 2}),), "K",
         {1: "which only another can say"}, ("K1-9",)),
    Case("a revoked key rotates to another", "KC",
         (("C", "revoke", "K", {"keys": 1}), ("K", "rotate", "A")), "CK",
         {2: "which is revoked from number 1 on"}, ("C1-9",)),
    Case("a rotated and revoked key rotates to another", "K",
         (("K", "rotate", "S"), ("S", "revoke", "K", {"keys": 2}), ("K", "rotate", "A")), "KS",
         {3: "which is revoked from number 2 on"}, ("S1-9",)),
    Case("a revoked key revokes the one that revoked it", "KC",
         (("C", "revoke", "K", {"keys": 1}), ("K", "revoke", "C", {})), "CK",
         {2: "which is revoked from number 1 on"}, ("C1-9",)),
    Case("a revoked key is admitted again", "KC",
         (("C", "revoke", "K", {"keys": 1}), ("C", "admit", "K")), "CK", {2: "cannot come back"},
         ("C1-9",)),
    Case("a stolen key had rotated to another before it was revoked", "KC",
         (("K", "rotate", "A"), ("C", "revoke", "K", {"keys": 1, "accounts/prod": 3})), "CK",
         {1: "which is revoked from number 1 on"}, ("K1-2", "C1-9")),
    Case("what rests on a statement undone is undone as well", "KC",
         (("K", "admit", "A"), ("A", "admit", "B"), ("B", "revoke", "D", {}),
          ("C", "revoke", "K", {"keys": 1})), "CK",
         {1: "which is revoked from number 1 on", 2: "not one of the trusted",
          3: "not one of the trusted"}, ("C1-9",)),
    Case("what was said before the theft stands", "KC",
         (("K", "admit", "D"), ("K", "admit", "A"), ("C", "revoke", "K", {"keys": 2})), "CDK",
         {2: "which is revoked from number 2 on"}, ("C1-9", "D1-9")),
    Case("a rotation undone frees what was rotated, which is revoked", "KCD",
         (("K", "rotate", "A"), ("C", "revoke", "K", {"keys": 1, "accounts/prod": 9}),
          ("K", "admit", "B")), "CDK",
         {1: "which is revoked", 3: "which is revoked from number 1 on"},
         ("K1-8", "C1-9", "D1-9")),
    Case("a key takes away what its own trust rests on", "K",
         (("K", "rotate", "S"), ("S", "revoke", "K", {"keys": 1})), "KS",
         {2: "on which the trust in its own key"}, ("K1-9", "S1-9")),
    Case("the same, further back", "K",
         (("K", "admit", "C"), ("C", "admit", "D"), ("D", "revoke", "K", {})), "CDK",
         {3: "on which the trust in its own key"}, ("K1-9", "C1-9", "D1-9")),
    Case("two keys revoke each other: the first holds, the second is told", "KC",
         (("K", "revoke", "C", {"keys": 1}), ("C", "revoke", "K", {"keys": 1})), "CK",
         {2: "which is revoked from number 1 on"}, ("K1-9",)),
    Case("a key is revoked before it is admitted", "K",
         (("K", "revoke", "A", {}), ("K", "admit", "A")), "K", {2: "cannot come back"}),
    Case("nobody is trusted", "", (("K", "rotate", "S"),), "",
         {1: "which is not one of the trusted keys"}),
    Case("only the new key is trusted", "S", (("K", "rotate", "S"),), "S",
         {1: "which is not one of the trusted keys"}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_ring_is_what_statements_that_count_make_of_it(case: Case) -> None:
    found = resolve(roots(case.trusted), log_of(*case.log), are_trusted=True)

    assert set(found.ring.keys) == {print_of(name) for name in case.keys}
    assert found.faults.keys() == case.faults.keys()
    for number, why in case.faults.items():
        assert why in found.faults[number]
    allowed = case.may_sign or tuple(f"{name}1-9" for name in case.keys)
    for name in case.keys:
        told = [
            number
            for number in range(1, 10)
            if not list(signing_faults(found.ring, PROD, [(number, print_of(name))]))
        ]
        expected = [
            number
            for span in allowed
            if span[0] == name
            for number in range(int(span[1]), int(span[3]) + 1)
        ]
        assert (name, told) == (name, expected)


ROTATED = resolve(
    roots("K"), log_of(("K", "rotate", "S"), ("S", "rotate", "T")), are_trusted=True
).ring


@pytest.mark.parametrize(
    ("signers", "at_fault"),
    [
        ("KKKK", []),
        ("KKSS", []),
        ("KKST", []),
        ("KTTT", []),
        ("SSTT", []),
        ("KSK", [3]),
        ("KTKS", [3, 4]),
        ("KSTST", [4]),
        ("KSKKS", [3, 4]),
        ("", []),
    ],
)
def test_a_rotated_key_may_sign_until_another_in_its_place_has(
    signers: str, at_fault: list[int]
) -> None:
    numbered = [(number, print_of(name)) for number, name in enumerate(signers, 1)]

    faults = dict(signing_faults(ROTATED, PROD, numbered))

    assert sorted(faults) == at_fault
    assert all("had taken before" in why for why in faults.values())


def test_admitted_keys_take_turns() -> None:
    ring = resolve(roots("K"), log_of(("K", "admit", "C")), are_trusted=True).ring
    numbered = [(number, print_of(name)) for number, name in enumerate("KCKCC", 1)]

    assert list(signing_faults(ring, ATTESTATIONS, numbered)) == []


def test_a_revoked_key_does_not_push_out_the_one_before() -> None:
    """A thief's seal is named, and what follows by the honest key is not blamed for it."""
    log = log_of(("K", "rotate", "S"), ("C", "revoke", "S", {"keys": 2, "accounts/prod": 2}))
    ring = resolve(roots("KC"), log, are_trusted=True).ring
    numbered = [(number, print_of(name)) for number, name in enumerate("KSK", 1)]

    assert [number for number, _ in signing_faults(ring, PROD, numbered)] == [2]


def test_an_unannounced_key_is_told_once_where_it_begins() -> None:
    ring = KeyRing(roots("K"), are_trusted=False)
    numbered = [(number, print_of(name)) for number, name in enumerate("KAAKAB", 1)]

    faults = dict(signing_faults(ring, PROD, numbered))

    assert sorted(faults) == [2, 5, 6]
    assert faults[2].startswith(f"the key changed from {print_of('K')} to {print_of('A')}")


def test_a_seal_that_names_a_trusted_key_but_is_anothers_does_not_count() -> None:
    log = [signed(1, "A", statement("rotate", "B"), name="K")]

    found = resolve(roots("K"), log, are_trusted=True)

    assert found.faults == {1: "its signature does not hold"}
    assert set(found.ring.keys) == {print_of("K")}


def test_a_statement_that_cannot_be_read_says_nothing() -> None:
    """That its document is gone is told where it is looked for."""
    log = [signed(1, "K", None), signed(2, "A", None)]

    found = resolve(roots("K"), log, are_trusted=True)

    assert list(found.faults) == [2]
    assert found.ring == KeyRing(roots("K"), are_trusted=True)


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (signer("B").public_pem.decode(), "but holds another: SHA256:"),
        (signer("A").public_pem.decode().replace("\n", "\r\n"), "but holds another"),
        ("no key", "cannot be read as PEM"),
    ],
)
def test_a_statement_must_hold_the_key_that_it_names(pem: str, why: str) -> None:
    said = statement("admit", "A").model_copy(update={"public_key": pem})

    found = resolve(roots("K"), [signed(1, "K", said)], are_trusted=True)

    assert why in found.faults[1]
    assert set(found.ring.keys) == {print_of("K")}


def test_numbers_need_not_begin_with_one() -> None:
    """What is missing is told where the log is followed."""
    log = [replace(said, number=said.number) for said in log_of(("K", "rotate", "S"))]
    later = signed(7, "S", statement("rotate", "T"))

    assert not resolve(roots("K"), [*log, later], are_trusted=True).faults


names = st.sampled_from("KCAB")
said = st.tuples(
    names,
    st.sampled_from(["rotate", "admit", "revoke"]),
    names,
    st.dictionaries(st.sampled_from(["keys", "accounts/prod"]), st.integers(1, 6), max_size=2),
)


@given(st.lists(said, max_size=6))
def test_no_statement_brings_trust_that_does_not_come_from_a_trusted_key(
    every: list[tuple[str, str, str, dict[str, int]]],
) -> None:
    """Whatever is said: each key but the root is in the ring by a statement that counts, and
    nothing counts that a key not in the ring, or revoked there, has signed."""
    log = log_of(*every)

    found = resolve({print_of("K"): public("K")}, log, are_trusted=True)

    counted = [s for s in log if s.number not in found.faults]
    assert all(s.sealed.keyid in found.ring.keys for s in counted)
    assert all(
        found.ring.revocation_fault(KEY_LOG, s.number, s.sealed.keyid) is None for s in counted
    )
    brought = {s.statement.key for s in counted if s.statement and s.statement.public_key}
    assert set(found.ring.keys) == brought | {print_of("K")}
    again = resolve({print_of("K"): public("K")}, counted, are_trusted=True)
    assert again.ring.keys.keys() == found.ring.keys.keys()
    assert not again.faults
