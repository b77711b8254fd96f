"""A real key."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from collector.evidence.keys import FileSigner, PublicKey, Signer, load_public_key


@pytest.fixture(scope="session")
def signer() -> Signer:
    return FileSigner(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def trusted(signer: Signer) -> list[PublicKey]:
    return [load_public_key(signer.public_pem, "test")]
