"""Timestamp authorities: a real one, `openssl ts` on loopback, and tokens of any time and fault."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from collector.errors import TimestampError
from collector.evidence.canonical import sha256
from collector.evidence.chain import Stamp, Stamper
from collector.evidence.der import (
    CONTEXT_0,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    read,
    write,
    write_set,
)
from collector.evidence.token import normal_form
from tests.evidence.wsgi import served

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

NOW = datetime.now(UTC).replace(microsecond=0)
CONFIG = """[tsa]
default_tsa = test
[test]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
tsa_name = yes
ess_cert_id_chain = no
"""


@dataclass(frozen=True)
class Authority:
    """A root, what lies between, and the certificate that signs times, with its key."""

    root: x509.Certificate
    between: x509.Certificate
    leaf: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def root_pem(self) -> bytes:
        return self.root.public_bytes(serialization.Encoding.PEM)


def make_authority(
    name: str = "Test",
    *,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING,
    valid: tuple[datetime, datetime] = (NOW - timedelta(days=1), NOW + timedelta(days=9)),
) -> Authority:
    """An authority; `valid` is the time of the certificate that signs."""
    years = (NOW - timedelta(days=9999), NOW + timedelta(days=9999))

    def certificate(
        subject: str,
        issuer: str,
        key: ec.EllipticCurvePrivateKey,
        by: ec.EllipticCurvePrivateKey,
        time: tuple[datetime, datetime],
    ) -> x509.Certificate:
        is_authority = time is years
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(time[0])
            .not_valid_after(time[1])
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        )
        if not is_authority:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        return builder.sign(by, hashes.SHA256())

    root_key, between_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    root, between = f"{name} root", f"{name} between"
    return Authority(
        certificate(root, root, root_key, root_key, years),
        certificate(between, root, between_key, root_key, years),
        certificate(name, between, key, between_key, valid),
        key,
    )


@contextmanager
def openssl_authority(authority: Authority, folder: Path) -> Iterator[str]:
    """`openssl ts` behind HTTP; its URL. Like many, it also sends its root, and in no order."""
    pem = serialization.Encoding.PEM
    (folder / "serial").write_text("01\n")
    (folder / "config").write_text(CONFIG.format(folder=folder))
    (folder / "leaf").write_bytes(authority.leaf.public_bytes(pem))
    (folder / "chain").write_bytes(authority.between.public_bytes(pem) + authority.root_pem)
    (folder / "key").write_bytes(
        authority.key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    files = ["-config", "config", "-signer", "leaf", "-chain", "chain", "-inkey", "key"]

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        question = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        command = ["openssl", "ts", "-reply", "-queryfile", "/dev/stdin", *files]
        done = subprocess.run(command, cwd=folder, input=question, capture_output=True, check=True)
        start_response("200 OK", [("Content-Type", "application/timestamp-reply")])
        return [done.stdout]

    with served(app) as url:
        yield url


def oid(dotted: str) -> bytes:
    """An object identifier, in DER."""
    first, second, *rest = map(int, dotted.split("."))
    content = bytes([40 * first + second])
    for number in rest:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(number & 0x7F | 0x80)
        content += bytes(reversed(digits))
    return write(0x06, content)


def answer(
    authority: Authority, signature: bytes, time: datetime = NOW, nonce: int | None = None
) -> bytes:
    """What an authority answers that says another time than it is, made by hand."""
    digest = write(SEQUENCE, oid("2.16.840.1.101.3.4.2.1"))
    info = write(
        SEQUENCE,
        write(INTEGER, b"\x01"),
        oid("1.2.3.4"),
        write(SEQUENCE, digest, write(OCTET_STRING, hashlib.sha256(signature).digest())),
        write(INTEGER, b"\x07"),
        write(0x18, time.strftime("%Y%m%d%H%M%SZ").encode()),
        *([] if nonce is None else [write(INTEGER, nonce.to_bytes(nonce.bit_length() // 8 + 1))]),
    )
    der = serialization.Encoding.DER
    leaf = authority.leaf.public_bytes(der)
    content_type = oid("1.2.840.113549.1.9.16.1.4")

    def attribute(name: str, value: bytes) -> bytes:
        return write(SEQUENCE, oid(name), write_set([value]))

    named = write(SEQUENCE, write(OCTET_STRING, hashlib.sha256(leaf).digest()))
    attributes = [
        attribute("1.2.840.113549.1.9.3", content_type),
        attribute("1.2.840.113549.1.9.4", write(OCTET_STRING, hashlib.sha256(info).digest())),
        attribute("1.2.840.113549.1.9.16.2.47", write(SEQUENCE, write(SEQUENCE, named))),
    ]
    signed = authority.key.sign(write_set(attributes), ec.ECDSA(hashes.SHA256()))
    body = read(authority.leaf.tbs_certificate_bytes).parts(SEQUENCE)
    signer = write(
        SEQUENCE,
        write(INTEGER, b"\x01"),
        write(SEQUENCE, body[3].encoded(), body[1].encoded()),
        digest,
        write_set(attributes, CONTEXT_0),
        write(SEQUENCE, oid("1.2.840.10045.4.3.2")),
        write(OCTET_STRING, signed),
    )
    data = write(
        SEQUENCE,
        write(INTEGER, b"\x03"),
        write_set([digest]),
        write(SEQUENCE, content_type, write(CONTEXT_0, write(OCTET_STRING, info))),
        write_set([leaf, authority.between.public_bytes(der)], CONTEXT_0),
        write_set([signer]),
    )
    return write(
        SEQUENCE,
        write(SEQUENCE, write(INTEGER, b"\x00")),
        write(SEQUENCE, oid("1.2.840.113549.1.7.2"), write(CONTEXT_0, data)),
    )


def stamping(authority: Authority, time: Callable[[datetime], datetime] = lambda at: at) -> Stamper:
    """A stamper that needs no server: its authority's clock tells what `time` makes of the seal's.

    It believes what it says, so seals can be made whose times contradict each other.
    """
    der = authority.root.public_bytes(serialization.Encoding.DER)

    def stamp(signature: bytes, created_at: datetime) -> Stamp:
        seen = time(created_at)
        token = normal_form(answer(authority, signature, seen))
        return Stamp(token, seen, sha256(der), authority.root_pem)

    return stamp


def refusing(signature: bytes, created_at: datetime) -> Stamp:
    """A stamper whose authorities never answer."""
    raise TimestampError("no timestamp from https://tsa.example.org: no answer within 5.0 s")
