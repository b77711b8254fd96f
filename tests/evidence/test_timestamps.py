"""A timestamp is asked for, checked in full and kept; a seal never waits long for it."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rfc3161_client import decode_timestamp_response

from collector.errors import ConfigError, TimestampError
from collector.evidence import timestamps
from collector.evidence.canonical import sha256
from collector.evidence.chain import Stamp
from collector.evidence.der import INTEGER, SEQUENCE, read, read_all, write
from collector.evidence.keys import Signer, load_public_key
from collector.evidence.seal import open_seal
from collector.evidence.snapshot import authority_key
from collector.evidence.timestamps import load_certificates, stamper
from collector.evidence.token import TokenError, normal_form, read_token
from collector.evidence.verify import verify
from tests.endpoint_servers import serving
from tests.evidence.authority import (
    NOW,
    Authority,
    answer,
    make_authority,
    openssl_authority,
    refusing,
    stamping,
)
from tests.evidence.lockers import MemoryLocker, seal_key, sealed_run
from tests.evidence.wsgi import served

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

SIGNATURE = b"a signature"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority()


@pytest.fixture(scope="module")
def token(authority: Authority) -> bytes:
    return normal_form(answer(authority, SIGNATURE))


@pytest.fixture(scope="module")
def url(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with openssl_authority(authority, tmp_path_factory.mktemp("authority")) as found:
        yield found


def trusting(url: str, authority: Authority) -> timestamps.Authority:
    return timestamps.Authority(url, (authority.root,))


def asked(
    *authorities: timestamps.Authority, timeout_seconds: float = 5, at: datetime | None = None
) -> Stamp:
    return stamper(authorities, timeout_seconds)(SIGNATURE, at or datetime.now(UTC))


def test_a_seal_carries_the_time_where_sigstore_has_it(
    signer: Signer, url: str, authority: Authority, tmp_path: Path
) -> None:
    locker = MemoryLocker({})
    before = datetime.now(UTC).replace(microsecond=0)

    appended = sealed_run(locker, signer, at=before, stamper=stamper([trusting(url, authority)], 5))

    bundle = json.loads(locker.files[seal_key("prod", 1)])
    material = bundle["verificationMaterial"]
    stamps = material["timestampVerificationData"]["rfc3161Timestamps"]
    assert set(material) == {"publicKey", "timestampVerificationData"}
    assert appended.timestamp_fault is None
    assert appended.timestamp is not None
    assert before <= appended.timestamp <= datetime.now(UTC)
    assert [list(s) for s in stamps] == [["signedTimestamp"]]
    (tmp_path / "root").write_bytes(authority.root_pem)
    (tmp_path / "sig").write_bytes(base64.b64decode(bundle["dsseEnvelope"]["signatures"][0]["sig"]))
    (tmp_path / "token").write_bytes(base64.b64decode(stamps[0]["signedTimestamp"]))
    verified = subprocess.run(
        ["openssl", "ts", "-verify", "-data", "sig", "-in", "token", "-CAfile", "root"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert verified.stdout == b"Verification: OK\n", verified.stderr


def test_the_root_is_kept_beside_the_keys(signer: Signer, authority: Authority) -> None:
    files: dict[str, bytes] = {}
    sealed_run(MemoryLocker(files), signer, stamper=stamping(authority))

    key = authority_key(sha256(authority.root.public_bytes(Encoding.DER)))

    assert files[key] == authority.root_pem


def test_a_seal_without_an_answer_is_sealed_and_says_so(signer: Signer) -> None:
    files: dict[str, bytes] = {}
    plain: dict[str, bytes] = {}

    appended = sealed_run(MemoryLocker(files), signer, stamper=refusing)
    sealed_run(MemoryLocker(plain), signer)

    assert appended.timestamp is None
    assert "no answer within 5.0 s" in str(appended.timestamp_fault)
    assert files.keys() == plain.keys()
    assert open_seal(files[seal_key("prod", 1)]).token is None


def test_an_authority_that_failed_is_not_asked_again_for_a_lost_race(signer: Signer) -> None:
    questions: list[str] = []

    class Racing(MemoryLocker):
        def put(self, key: str, data: bytes) -> bool:
            if key == seal_key("prod", 2) and not questions[1:]:
                questions.append("race")
                sealed_run(MemoryLocker(self.files), signer, day=2)
            return super().put(key, data)

    def stamp(signature: bytes, created_at: datetime) -> Stamp:
        questions.append("asked")
        raise TimestampError("none")

    files: dict[str, bytes] = {}
    sealed_run(MemoryLocker(files), signer, day=1)
    appended = sealed_run(Racing(files), signer, day=3, stamper=stamp)

    assert appended.number == 3
    assert questions == ["asked", "race"]


def test_the_second_authority_is_asked_where_the_first_fails(
    url: str, authority: Authority
) -> None:
    with refused("500 Broken", b"") as broken:
        stamp = asked(trusting(broken, authority), trusting(url, authority))

    assert abs(stamp.time - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_second_authority_has_its_time_where_the_first_hangs(
    url: str, authority: Authority
) -> None:
    with serving(silent) as port:
        hanging = trusting(f"http://127.0.0.1:{port}", authority)
        stamp = asked(hanging, trusting(url, authority), timeout_seconds=2)

    assert stamp.authority_pem == authority.root_pem


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


@contextmanager
def refused(
    status: str, body: bytes, kind: str = timestamps.ANSWER, **headers: str
) -> Iterator[str]:
    """A server that gives one answer to all."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, [("Content-Type", kind), *headers.items()])
        return [body]

    with served(app) as found:
        yield found


def test_a_server_that_drips_does_not_hold_up_a_seal(authority: Authority) -> None:
    """Each byte comes before the socket's timeout; the whole answer never does."""
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not stop.wait(0.02):
            connection.sendall(b"x")

    began = datetime.now(UTC)
    with serving(drip) as port:
        with pytest.raises(TimestampError, match=r"no answer within 0\.3 s"):
            asked(trusting(f"http://127.0.0.1:{port}", authority), timeout_seconds=0.3)
        took = datetime.now(UTC) - began
        stop.set()

    assert took < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        ("500 Broken", b"", timestamps.ANSWER, "answered with HTTP status 500"),
        ("302 Found", b"", timestamps.ANSWER, "answered with HTTP status 302"),
        ("200 OK", b"<html>", "text/html", "answered with text/html; expected application/"),
        ("200 OK", b"garbage", timestamps.ANSWER, "it is no token"),
        ("200 OK", b"", timestamps.ANSWER, "it is no token: found 0 values"),
        ("200 OK", b"0" * 2**17, timestamps.ANSWER, "answered with more than 65536 bytes"),
        ("200 OK", bytes.fromhex("30053003020102"), timestamps.ANSWER,
         "the authority refused, with status 2"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(
    authority: Authority, url: str, status: str, body: bytes, kind: str, message: str
) -> None:
    with refused(status, body, kind, Location=url) as bad, pytest.raises(TimestampError) as error:
        asked(trusting(bad, authority))

    assert str(error.value).startswith(f"no timestamp from {bad}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_nobody_there_is_said(authority: Authority) -> None:
    with pytest.raises(TimestampError, match=r"cannot be reached: .*refused"):
        asked(trusting("http://127.0.0.1:1", authority))


@contextmanager
def answering(make: Callable[[bytes, int], bytes]) -> Iterator[str]:
    """An authority whose answer is made of the signature's and the nonce of the question."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        question = read(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))).parts(SEQUENCE)
        nonce = next(int.from_bytes(v.content) for v in question[2:] if v.tag == INTEGER)
        start_response("200 OK", [("Content-Type", timestamps.ANSWER)])
        return [make(SIGNATURE, nonce)]

    with served(app) as found:
        yield found


EXPIRED = (NOW - timedelta(days=9), NOW - timedelta(days=1))
NOT_YET = (NOW + timedelta(days=1), NOW + timedelta(days=9))


@pytest.mark.parametrize(
    ("maker", "make", "message"),
    [
        (make_authority(), lambda a, s, n: answer(a, s, nonce=n + 1), "Nonce mismatch"),
        (make_authority(), lambda a, s, n: answer(a, s), "Nonce mismatch"),
        (make_authority(), lambda a, s, n: answer(a, b"other", nonce=n), "for another signature"),
        (make_authority(), lambda a, s, n: answer(make_authority(), s, nonce=n),
         "certificate verify error"),
        (make_authority(valid=EXPIRED), lambda a, s, n: answer(a, s, nonce=n), "has expired"),
        (make_authority(valid=NOT_YET), lambda a, s, n: answer(a, s, nonce=n), "not yet valid"),
        (make_authority(usage=ExtendedKeyUsageOID.SERVER_AUTH),
         lambda a, s, n: answer(a, s, nonce=n), "unsuitable certificate purpose"),
        (make_authority(), lambda a, s, n: answer(a, s, NOW - timedelta(hours=1), n),
         "before the seal was made by its own account"),
        (make_authority(), lambda a, s, n: answer(a, s, NOW + timedelta(hours=1), n),
         "back-dated, or a clock is wrong"),
    ],
)  # fmt: skip
def test_a_token_that_does_not_hold_is_refused(
    maker: Authority, make: Callable[[Authority, bytes, int], bytes], message: str
) -> None:
    with (
        answering(lambda signature, nonce: make(maker, signature, nonce)) as bad,
        pytest.raises(TimestampError, match=message),
    ):
        asked(trusting(bad, maker), at=NOW)


def test_what_an_authority_leaves_out_is_taken_from_the_configured_certificates(
    authority: Authority,
) -> None:
    whole = answer(authority, SIGNATURE)
    between = authority.between.public_bytes(Encoding.DER)
    bare = _without(whole, between)

    token = normal_form(bare, [authority.between])

    assert token == normal_form(whole)
    with pytest.raises(TokenError, match="unable to get local issuer certificate"):
        read_token(normal_form(bare), SIGNATURE, [authority.root])


def _without(data: bytes, part: bytes) -> bytes:
    """The DER without one of the values in it."""

    def rebuilt(value: bytes) -> bytes:
        outer = read(value)
        if not outer.tag & 0x20:
            return value
        inner = [v.encoded() for v in read_all(outer.content)]
        return write(outer.tag, *(rebuilt(v) for v in inner if v != part))

    return rebuilt(data)


def test_the_form_that_is_kept_says_what_the_answer_says(url: str, authority: Authority) -> None:
    """Of a real authority's answer, the texts and its root are dropped, and nothing else."""
    token = asked(trusting(url, authority)).token
    kept = decode_timestamp_response(token)

    assert normal_form(token) == token
    assert kept.status_string == []
    assert {x509.load_der_x509_certificate(c).subject for c in kept.signed_data.certificates} == {
        authority.leaf.subject,
        authority.between.subject,
    }


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_each_flipped_byte_of_a_token_is_found(authority: Authority, token: bytes) -> None:
    def is_found(position: int) -> bool:
        flipped = bytearray(token)
        flipped[position] ^= 0x01
        try:
            read_token(bytes(flipped), SIGNATURE, [authority.root])
        except TokenError:
            return True
        return False

    assert read_token(token, SIGNATURE, [authority.root]) == NOW
    assert [p for p in range(len(token)) if not is_found(p)] == []


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_other_bytes_are_no_token_and_never_an_error(
    authority: Authority, token: bytes, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(token)))
    end = data.draw(st.integers(start, len(token)))
    changed = token[:start] + data.draw(st.binary(max_size=9)) + token[end:]

    if changed != token:
        with pytest.raises(TokenError):
            read_token(changed, SIGNATURE, [authority.root])


@pytest.mark.parametrize(
    ("pem", "message"),
    [(b"", "cannot be read"), (b"-----BEGIN CERTIFICATE-----\n", "cannot be read")],
)
def test_certificates_that_are_none_are_refused(pem: bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=f"certificates roots.pem {message}"):
        load_certificates(pem, "roots.pem")


def test_certificates_without_a_root_are_refused(authority: Authority) -> None:
    pem = authority.between.public_bytes(Encoding.PEM)

    assert len(load_certificates(pem + authority.root_pem, "roots.pem")) == 2
    with pytest.raises(ConfigError, match="none is a root"):
        load_certificates(pem, "roots.pem")


def test_a_real_authority_is_trusted_by_verify(
    signer: Signer, url: str, authority: Authority
) -> None:
    files: dict[str, bytes] = {}
    sealed_run(
        MemoryLocker(files),
        signer,
        at=datetime.now(UTC),
        stamper=stamper([trusting(url, authority)], 5),
    )
    keys = [load_public_key(signer.public_pem, "key")]

    report = verify(MemoryLocker(files), trusted=keys, roots=[authority.root])

    assert (report.problems, report.warnings) == ((), ())
    assert report.chains[0].times.trusted == 1
