"""What other people's tools say of a seal."""

from __future__ import annotations

import base64
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

from collector.evidence.keys import Signer
from collector.evidence.log import account_log
from collector.evidence.seal import Statement, seal

STATEMENT = Statement(
    log=account_log("prod"),
    number=2,
    document_sha256="5" * 64,
    previous_sha256="9" * 64,
    created_at=datetime(2026, 11, 22, 17, 0, 21, tzinfo=UTC),
)


def securesystemslib_accepts(bundle: bytes, signer: Signer) -> bool:
    """Whether securesystemslib finds the signature of the signer's key on a seal's envelope."""
    envelope = json.loads(bundle)["dsseEnvelope"]
    key = SSlibKey.from_crypto(
        serialization.load_pem_public_key(signer.public_pem), keyid=signer.fingerprint
    )
    return list(Envelope.from_dict(envelope).verify([key], threshold=1)) == [signer.fingerprint]


def openssl_accepts(bundle: bytes, signer: Signer, folder: Path) -> bool:
    """Whether the `openssl` command does."""
    envelope = json.loads(bundle)["dsseEnvelope"]
    payload = base64.b64decode(envelope["payload"])
    (folder / "key.pem").write_bytes(signer.public_pem)
    (folder / "sig").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    (folder / "signed").write_bytes(
        b"DSSEv1 28 application/vnd.in-toto+json %d %b" % (len(payload), payload)
    )
    verified = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "sig", "signed"],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return verified.stdout == b"Verified OK\n"


def all_accept(signer: Signer, folder: Path) -> bool:
    """Whether both accept what the signer seals."""
    bundle = seal(STATEMENT, signer)
    return securesystemslib_accepts(bundle, signer) and openssl_accepts(bundle, signer, folder)
