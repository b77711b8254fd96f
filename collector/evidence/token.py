"""Tokens of RFC 3161 in the one form that is kept, and what they show. Pure.

A token is signed over the time and over the digest of what it is for, but not every byte of an
authority's answer is under that signature: texts, certificates that nothing refers to, the order of
them. So an answer is written anew from the parts that count before it is kept, with the
certificates that lead to a root, and is later accepted only if that gives the same bytes: whatever
is changed in it is then either under a signature or not in that form.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from collector.evidence.der import (
    CONTEXT_0,
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    Value,
    read,
    read_all,
    write,
    write_set,
)

Certificates = Sequence[x509.Certificate]

MOST_CERTIFICATES = 10
"""How many certificates may lead from a token to a root."""


class TokenError(ValueError):
    """An answer of an authority, or a token that was kept, shows nothing; says why."""


def _oid(encoded: str) -> bytes:
    return write(OBJECT_IDENTIFIER, bytes.fromhex(encoded))


_SIGNED_DATA = _oid("2a864886f70d010702")
_TST_INFO = _oid("2a864886f70d0109100104")
_GRANTED = write(SEQUENCE, write(INTEGER, b"\x00"))
_NULL = b"\x05\x00"

_DIGESTS = {
    _oid("608648016503040201"): ("2a864886f70d01010b", "2a8648ce3d040302"),
    _oid("608648016503040202"): ("2a864886f70d01010c", "2a8648ce3d040303"),
    _oid("608648016503040203"): ("2a864886f70d01010d", "2a8648ce3d040304"),
}
"""SHA-256, -384 and -512, each with its signature algorithms: with RSA, and with ECDSA."""

_RSA = "2a864886f70d010101"

_NAMED_BY = (hashlib.sha256, hashlib.sha384, hashlib.sha512, hashlib.sha1)
"""How a token names the certificate that it is signed with (RFC 5816, RFC 2634)."""


def normal_form(answer: bytes, others: Certificates = ()) -> bytes:
    """The answer of an authority without what is not needed, as it is kept.

    What is kept is again an answer of RFC 3161, as Sigstore bundles have it: granted, without text,
    and the token with the certificate that signed it and those that lead to a root.

    Args:
        answer: DER.
        others: certificates that may be needed on the way to a root, and are not in the answer.

    Raises:
        TokenError: it is no such answer, or none that grants a token.
    """
    try:
        return _rebuilt(answer, others)
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        if isinstance(error, TokenError):
            raise
        raise TokenError(f"it is no token: {error}") from None


def read_token(
    token: bytes, signature: bytes, roots: Certificates, nonce: int | None = None
) -> datetime:
    """The time at which an authority saw a signature; aware.

    Certificates are judged by what held at that time: that one has expired since, as each does,
    takes nothing away.

    Args:
        token: what `normal_form` gave.
        signature: what the token has to be for.
        roots: certificates of authorities that are trusted.
        nonce: what was sent with the question, if it is known.

    Raises:
        TokenError: it is not of a trusted authority, is for something else, or was changed.
    """
    if normal_form(token) != token:
        raise TokenError("it is not in the form that tokens are kept in, so it was changed")
    builder = VerifierBuilder(roots=list(roots), nonce=nonce)
    if not roots:
        raise TokenError("there is no certificate of an authority to check it by")
    try:
        response = decode_timestamp_response(token)
        imprint = response.tst_info.message_imprint
        time = response.tst_info.gen_time
        if imprint.message != _digest(imprint.hash_algorithm.dotted_string, signature):
            raise TokenError("it is for another signature")
        builder.build().verify_message(response, signature)
    except VerificationError as error:
        raise TokenError(_explained(str(error))) from None
    except ValueError as error:
        if isinstance(error, TokenError):
            raise
        raise TokenError(f"it cannot be read: {error}") from None
    return time


def root_of(token: bytes, roots: Iterable[x509.Certificate]) -> x509.Certificate | None:
    """The root that the certificates of a token lead to, among some."""
    inside = _certificates(_signed_data(read(token))[1])
    return next((root for c in inside for root in roots if _is_issued_by(c, root)), None)


def is_root(certificate: x509.Certificate) -> bool:
    """Whether a certificate is signed with its own key."""
    return _is_issued_by(certificate, certificate)


def _rebuilt(answer: bytes, others: Certificates) -> bytes:
    status, parts = _signed_data(read(answer))
    if status != b"\x00":
        raise TokenError(f"the authority refused, with status {int.from_bytes(status)}")
    content = parts[2].parts(SEQUENCE)
    if [v.encoded() for v in content[:1]] != [_TST_INFO] or len(content) != 2:
        raise ValueError("what is signed is not a time")
    info = read(content[1].expect(CONTEXT_0)).expect(OCTET_STRING)
    signers = parts[-1].parts(SET)
    if len(signers) != 1:
        raise ValueError(f"found {len(signers)} signatures, expected one")
    _, signer_id, digest, attributes, algorithm, signature, *_ = signers[0].parts(SEQUENCE)
    _check_algorithms(digest, algorithm)
    leaf, *chain = _chain(signer_id, [*_certificates(parts), *others])
    if not any(h(leaf, usedforsecurity=False).digest() in attributes.content for h in _NAMED_BY):
        raise ValueError("it does not name the certificate that it is signed with")
    return write(
        SEQUENCE,
        _GRANTED,
        write(
            SEQUENCE,
            _SIGNED_DATA,
            write(
                CONTEXT_0,
                write(
                    SEQUENCE,
                    write(INTEGER, b"\x03"),
                    write_set([digest.encoded()]),
                    write(SEQUENCE, _TST_INFO, write(CONTEXT_0, write(OCTET_STRING, info))),
                    write_set([leaf, *chain], CONTEXT_0),
                    write_set(
                        [
                            write(
                                SEQUENCE,
                                write(INTEGER, b"\x01"),
                                signer_id.encoded(),
                                digest.encoded(),
                                write(CONTEXT_0, attributes.expect(CONTEXT_0)),
                                algorithm.encoded(),
                                write(OCTET_STRING, signature.expect(OCTET_STRING)),
                            )
                        ]
                    ),
                ),
            ),
        ),
    )


def _signed_data(answer: Value) -> tuple[bytes, list[Value]]:
    """The status of an answer, and the parts of what was signed."""
    status, *token = answer.parts(SEQUENCE)
    code = status.parts(SEQUENCE)[0].expect(INTEGER)
    if not token:
        return code, []
    kind, wrapped = token[0].parts(SEQUENCE)
    if kind.encoded() != _SIGNED_DATA or len(token) != 1:
        raise ValueError("what is granted is not signed")
    return code, read(wrapped.expect(CONTEXT_0)).parts(SEQUENCE)


def _check_algorithms(digest: Value, signature: Value) -> None:
    """Refuse weak algorithms, and contradictions: no signature is over their names."""
    name, *nothing = [v.encoded() for v in digest.parts(SEQUENCE)]
    if name not in _DIGESTS or nothing not in ([], [_NULL]):
        raise ValueError("its digest is none of SHA-256, SHA-384 and SHA-512")
    with_rsa, with_ecdsa = _DIGESTS[name]
    known = (
        write(SEQUENCE, _oid(_RSA), _NULL),
        write(SEQUENCE, _oid(with_rsa), _NULL),
        write(SEQUENCE, _oid(with_ecdsa)),
    )
    if signature.encoded() not in known:
        raise ValueError("its signature is neither RSA nor ECDSA over that digest")


def _certificates(parts: Sequence[Value]) -> list[x509.Certificate]:
    """The certificates inside a token."""
    return [
        x509.load_der_x509_certificate(value.encoded())
        for part in parts[3:-1]
        if part.tag == CONTEXT_0
        for value in read_all(part.content)
    ]


def _chain(signer_id: Value, certificates: Certificates) -> list[bytes]:
    """DER of the certificate that signed, and of those that lead up to, but not of, a root."""
    chain = [c for c in certificates if _issuer_and_serial(c) == signer_id.parts(SEQUENCE)][:1]
    if not chain:
        raise ValueError("the certificate that it is signed with is not in it")
    while len(chain) <= MOST_CERTIFICATES:
        above = next((c for c in certificates if _is_issued_by(chain[-1], c)), None)
        if above is None or is_root(above):
            return [c.public_bytes(Encoding.DER) for c in chain]
        chain.append(above)
    raise ValueError("too many certificates lead away from it")


def _issuer_and_serial(certificate: x509.Certificate) -> list[Value]:
    signed = read(certificate.tbs_certificate_bytes).parts(SEQUENCE)
    version = 1 if signed[0].tag == CONTEXT_0 else 0
    return [signed[version + 2], signed[version]]


@lru_cache(maxsize=4096)
def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _digest(algorithm: str, data: bytes) -> bytes:
    """The digest that a token has to be over; empty if it is over one of an unknown kind."""
    kinds = {
        "2.16.840.1.101.3.4.2.1": hashlib.sha256,
        "2.16.840.1.101.3.4.2.2": hashlib.sha384,
        "2.16.840.1.101.3.4.2.3": hashlib.sha512,
    }
    return kinds[algorithm](data).digest() if algorithm in kinds else b""


def _explained(said: str) -> str:
    """What the verifier said, without the stack of the library below."""
    reasons = re.findall(r'"Verify error: ([^"]*)"|reason: "([^"]*)"', said)
    named = [error or reason for error, reason in reasons]
    return f"it does not hold: {'; '.join(named) or said}"
