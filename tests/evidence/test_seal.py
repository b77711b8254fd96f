"""A seal says one thing, in one form, and other people's tools can check it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.evidence.canonical import canonical, sha256
from collector.evidence.keys import Signer, load_public_key
from collector.evidence.log import ATTESTATIONS, Log, account_log
from collector.evidence.record import EvidenceError
from collector.evidence.seal import Statement, open_seal, pre_authentication_encoding, seal
from tests.evidence.others import STATEMENT, openssl_accepts, securesystemslib_accepts

PAYLOAD = (
    '{"_type":"https://in-toto.io/Statement/v1","predicate":{"account":"prod",'
    '"createdAt":"2026-11-22T17:00:21Z","number":2,"previous":{"sha256":"' + "9" * 64 + '"}},'
    '"predicateType":"urn:collector:snapshot:v1","subject":['
    '{"digest":{"sha256":"' + "5" * 64 + '"},"name":"prod/snapshots/' + "5" * 64 + '.json"}]}'
).encode()  # fmt: skip


class FixedSigner:
    """Signs everything with the same bytes, so that the rest of a bundle can be compared."""

    fingerprint = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
    public_pem = b""

    def sign(self, data: bytes) -> bytes:
        return b"signature"


def test_the_bytes_of_a_seal_are_these_for_good() -> None:
    """Evidence that was sealed must stay readable: a change here is a new version of the format."""
    payload = base64.b64encode(PAYLOAD).decode()

    assert STATEMENT.payload() == PAYLOAD
    assert seal(STATEMENT, FixedSigner()) == (
        '{"dsseEnvelope":{"payload":"' + payload + '",'
        '"payloadType":"application/vnd.in-toto+json","signatures":['
        '{"keyid":"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU","sig":"c2lnbmF0dXJl"}]},'
        '"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":'
        '{"publicKey":{"hint":"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}}}'
    ).encode()  # fmt: skip


def test_the_first_seal_says_that_nothing_is_before_it() -> None:
    first = replace(STATEMENT, number=1, previous_sha256=None)

    assert json.loads(first.payload())["predicate"]["previous"] is None


@given(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", fullmatch=True),
    st.integers(2, 10**12 - 1),
    st.binary(max_size=8),
    st.datetimes(timezones=st.just(UTC)),
)
def test_what_was_sealed_is_what_is_read(
    signer: Signer, account: str, number: int, data: bytes, moment: datetime
) -> None:
    statement = Statement(
        account_log(account),
        number,
        sha256(data),
        sha256(data + b"."),
        moment.replace(microsecond=0),
    )

    bundle = seal(statement, signer)
    sealed = open_seal(bundle)

    assert sealed.statement == statement
    assert sealed.sha256 == sha256(bundle)
    assert sealed.keyid == signer.fingerprint
    assert sealed.is_signed_by(load_public_key(signer.public_pem, "key"))


def test_another_key_did_not_sign(signer: Signer, other_signer: Signer) -> None:
    sealed = open_seal(seal(STATEMENT, signer))

    assert not sealed.is_signed_by(load_public_key(other_signer.public_pem, "key"))


def test_a_key_that_the_bundle_does_not_name_did_not_sign(signer: Signer) -> None:
    sealed = replace(open_seal(seal(STATEMENT, signer)), keyid="SHA256:another")

    assert not sealed.is_signed_by(load_public_key(signer.public_pem, "key"))


def test_each_flipped_byte_is_found(signer: Signer) -> None:
    bundle = seal(STATEMENT, signer)
    key = load_public_key(signer.public_pem, "key")

    def is_found(position: int) -> bool:
        flipped = bytearray(bundle)
        flipped[position] ^= 0x01
        try:
            return not open_seal(bytes(flipped)).is_signed_by(key)
        except EvidenceError:
            return True

    assert [p for p in range(len(bundle)) if not is_found(p)] == []


Change = Callable[[dict[str, Any], dict[str, Any]], object]
"""Changes a bundle or the statement in it."""


def _changed(change: Change) -> bytes:
    bundle = json.loads(seal(STATEMENT, FixedSigner()))
    payload = json.loads(PAYLOAD)
    change(bundle, payload)
    if payload != json.loads(PAYLOAD):
        bundle["dsseEnvelope"]["payload"] = base64.b64encode(canonical(payload)).decode()
    return canonical(bundle)


@pytest.mark.parametrize(
    "change",
    [
        lambda b, p: b.update(extra=1),
        lambda b, p: b.update(mediaType="application/json"),
        lambda b, p: b["verificationMaterial"].update(tlogEntries=[]),
        lambda b, p: b["verificationMaterial"]["publicKey"].update(hint="SHA256:other"),
        lambda b, p: b["dsseEnvelope"].update(payloadType="text/plain"),
        lambda b, p: b["dsseEnvelope"]["signatures"].clear(),
        lambda b, p: b["dsseEnvelope"]["signatures"].append({"sig": "AAAA", "keyid": "x"}),
        lambda b, p: b["dsseEnvelope"].update(payload=base64.b64encode(b"[]").decode()),
        lambda b, p: b["dsseEnvelope"].update(payload=base64.b64encode(PAYLOAD + b" ").decode()),
        lambda b, p: b["dsseEnvelope"]["signatures"][0].update(sig="c2lnbmF0dXJ="),
        lambda b, p: b["dsseEnvelope"]["signatures"][0].update(sig="c2ln bmF0dXJl"),
        lambda b, p: p.update(_type="https://in-toto.io/Statement/v0.1"),
        lambda b, p: p.update(predicateType="urn:other"),
        lambda b, p: p["subject"].append(p["subject"][0]),
        lambda b, p: p["subject"][0].update(name="dev/snapshots/" + "5" * 64 + ".json"),
        lambda b, p: p["subject"][0]["digest"].update(sha256="5" * 63 + "G"),
        lambda b, p: p["subject"][0]["digest"].update(sha512="5" * 128),
        lambda b, p: p["predicate"].update(number=1),
        lambda b, p: p["predicate"].update(number=0),
        lambda b, p: p["predicate"].update(number=2.5),
        lambda b, p: p["predicate"].update(number=True),
        lambda b, p: p["predicate"].update(number=10**12),
        lambda b, p: p["predicate"].update(previous=None),
        lambda b, p: p["predicate"].update(previous={"sha256": "short"}),
        lambda b, p: p["predicate"].update(account="../etc"),
        lambda b, p: p["predicate"].update(createdAt="2026-11-22T17:00:21+00:00"),
        lambda b, p: p["predicate"].update(createdAt="yesterday"),
        lambda b, p: p["predicate"].pop("createdAt"),
    ],
)
def test_a_bundle_that_says_more_less_or_else_is_refused(change: Change) -> None:
    with pytest.raises(EvidenceError):
        open_seal(_changed(change))


@given(st.binary())
def test_any_other_bytes_are_no_seal(data: bytes) -> None:
    with pytest.raises(EvidenceError, match="the file"):
        open_seal(data, "the file")


@pytest.mark.parametrize(
    "part",
    [
        {"number": 0},
        {"number": 10**12},
        {"number": 1},
        {"previous_sha256": None},
        {"previous_sha256": "9" * 63},
        {"document_sha256": "A" * 64},
    ],
)
def test_a_statement_that_no_seal_can_make_is_refused(part: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        replace(STATEMENT, **part)


def test_the_longest_statement_can_be_signed_by_every_kind_of_key() -> None:
    longest = replace(STATEMENT, log=account_log("a" * 63), number=10**12 - 1)

    assert len(pre_authentication_encoding(longest.payload())) < 4096
    with pytest.raises(ValueError, match="too long to be signed"):
        pre_authentication_encoding(b"x" * 4096)


def test_securesystemslib_verifies_the_envelope(signer: Signer) -> None:
    assert securesystemslib_accepts(seal(STATEMENT, signer), signer)


def test_openssl_verifies_the_signature(signer: Signer, tmp_path: Path) -> None:
    assert openssl_accepts(seal(STATEMENT, signer), signer, tmp_path)


def test_a_seal_of_the_lockers_own_logs_names_the_log(signer: Signer) -> None:
    statement = replace(STATEMENT, log=ATTESTATIONS)

    sealed = open_seal(seal(statement, signer))

    said = json.loads(sealed.payload)
    assert sealed.statement == statement
    assert said["predicateType"] == "urn:collector:attestation:v1"
    assert said["predicate"]["log"] == "attestations"
    assert said["subject"][0]["name"] == f"attestations/documents/{'5' * 64}.json"
    assert "account" not in said["predicate"]


@pytest.mark.parametrize(
    "name", ["", "prod", "accounts/", "accounts/a/b", "accounts/../x", "keys/"]
)
def test_there_is_no_log_of_such_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="is not one that a locker has"):
        Log(name)
