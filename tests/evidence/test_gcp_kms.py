"""Keys in Google Cloud KMS sign, and nothing but their own signature is used."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from collector.errors import ConfigError, CredentialsError, SigningError
from collector.evidence import gcp_kms
from collector.evidence.crc32c import crc32c
from collector.evidence.keys import RemoteSigner, new_signer, open_signer
from collector.readers.gcp import open_credentials
from tests.directions import direct
from tests.evidence.others import all_accept
from tests.google import fixtures
from tests.google.fake import FakeGoogle, Refusal
from tests.google.fixtures import use

google = fixtures.google

NAME = "projects/demo/locations/europe-west3/keyRings/evidence/cryptoKeys/seal/cryptoKeyVersions/2"

METHODS = "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions"


class Key:
    """A key as Cloud KMS has one; a test has it answer otherwise."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.public: dict[str, Any] = {}
        """Said of the public key instead of what is so."""
        self.signed: dict[str, Any] = {}
        """The same of a signature."""
        self.digests: list[str] = []

    def tell(self, body: object) -> Mapping[str, Any]:
        """The answer of getPublicKey."""
        pem = self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        told = {"pem": pem.decode(), "pemCrc32c": str(crc32c(pem))}
        return {"name": NAME, "algorithm": "EC_SIGN_P256_SHA256", **told, **self.public}

    def sign(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer of asymmetricSign."""
        digest = base64.b64decode(body["digest"]["sha256"])
        self.digests.append(body["digest"]["sha256"])
        sound = body["digestCrc32c"] == str(crc32c(digest))
        signature = self.private.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        return {
            "name": NAME,
            "signature": base64.b64encode(signature).decode(),
            "signatureCrc32c": str(crc32c(signature)),
            "verifiedDigestCrc32c": sound,
            **self.signed,
        }

    def serve(self, cloud: FakeGoogle) -> None:
        cloud.make(f"{METHODS}.getPublicKey", self.tell, name=NAME)
        cloud.make(f"{METHODS}.asymmetricSign", self.sign, name=NAME)


@pytest.fixture
def key(google: FakeGoogle) -> Key:
    made = Key()
    made.serve(google)
    return made


def signer_of(google: FakeGoogle) -> RemoteSigner:
    client = gcp_kms.open_client(open_credentials("test", None), endpoint=google.url)
    return gcp_kms.signer(NAME, client)


@pytest.fixture
def real_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeGoogle]:
    """The fake under the name of Cloud KMS itself, whose certificate is trusted."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("cloudkms.googleapis.com", "127.0.0.1").configure_cert(context)
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setattr("httplib2.CA_CERTS", str(bundle))
    cloud = FakeGoogle(tls=context)
    use(cloud, monkeypatch, tmp_path)
    direct(monkeypatch, "cloudkms.googleapis.com", int(cloud.url.rpartition(":")[2]))
    yield cloud
    cloud.close()
    assert not cloud.unexpected, cloud.unexpected


def test_a_key_is_opened_by_its_name_alone(real_name: FakeGoogle, tmp_path: Path) -> None:
    Key().serve(real_name)

    signer = open_signer(f"gcp-kms:{NAME}", create=True)

    assert all_accept(signer, tmp_path)


def test_a_digest_is_sent_and_not_what_is_signed(google: FakeGoogle, key: Key) -> None:
    signer_of(google).sign(b"data")

    assert key.digests == ["Om6weQ85rIfJTzhWst0sXREOaBFgImGpqSPTuyOtyLc="]


def test_answers_may_name_the_project_by_its_number(google: FakeGoogle, key: Key) -> None:
    name = NAME.replace("projects/demo", "projects/123456789")
    key.public, key.signed = {"name": name}, {"name": name}

    assert signer_of(google).sign(b"data")


OTHER = NAME.removesuffix("2") + "3"
FORGED = ec.generate_private_key(ec.SECP256R1()).sign(b"data", ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"name": OTHER}, f"the answer is of key {OTHER}"),
        ({"name": ""}, "the answer is of key none"),
        ({"signatureCrc32c": "1"}, "the answer was changed on its way"),
        ({"verifiedDigestCrc32c": False}, "KMS did not see the checksum"),
        ({"signature": "AAAA"}, "the answer was changed on its way"),
        (
            {
                "signature": base64.b64encode(FORGED).decode(),
                "signatureCrc32c": str(crc32c(FORGED)),
            },
            "what came back is not the signature of key SHA256:",
        ),
        (
            {"signature": "", "signatureCrc32c": "0"},
            "what came back is not the signature of key SHA256:",
        ),
    ],
)
def test_a_wrong_signature_is_not_used(
    google: FakeGoogle, key: Key, said: dict[str, Any], why: str
) -> None:
    signer = signer_of(google)
    key.signed = said

    with pytest.raises(SigningError, match=why):
        signer.sign(b"data")


def test_checksums_that_are_left_out_are_missed(google: FakeGoogle, key: Key) -> None:
    signer = signer_of(google)
    answer = {"name": NAME, "signature": "AAAA", "signatureCrc32c": str(crc32c(b"\0\0\0"))}
    google.answer(f"{METHODS}.asymmetricSign", answer)

    with pytest.raises(SigningError, match="KMS did not see the checksum"):
        signer.sign(b"data")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"algorithm": "RSA_SIGN_PSS_2048_SHA256"}, "is for RSA_SIGN_PSS_2048_SHA256; expected EC"),
        ({"name": OTHER}, f"the answer is of key {OTHER}"),
        ({"pemCrc32c": "7"}, "the answer was changed on its way"),
        ({"pem": ""}, "the answer was changed on its way"),
        ({"pem": "x", "pemCrc32c": str(crc32c(b"x"))}, "cannot be read as PEM"),
    ],
)
def test_a_wrong_public_key_is_not_used(
    google: FakeGoogle, key: Key, said: dict[str, Any], why: str
) -> None:
    key.public = said

    with pytest.raises(SigningError, match=why):
        signer_of(google)


@pytest.mark.parametrize(
    ("method", "permission"),
    [("getPublicKey", "viewPublicKey"), ("asymmetricSign", "useToSign")],
)
def test_a_missing_permission_is_named(
    google: FakeGoogle, key: Key, method: str, permission: str
) -> None:
    google.deny(f"{METHODS}.{method}")

    with pytest.raises(SigningError) as refused:
        signer_of(google).sign(b"data")

    assert str(refused.value) == (
        f"signing key gcp-kms:{NAME} cannot be used: KMS refused {method}; the credentials need"
        f" cloudkms.cryptoKeyVersions.{permission}"
    )


def test_a_disabled_version_is_one_line(google: FakeGoogle, key: Key) -> None:
    refusal = Refusal(400, "FAILED_PRECONDITION", "KEY_NOT_ENABLED", "the version is DISABLED.")
    google.refuse(f"{METHODS}.asymmetricSign", refusal)

    with pytest.raises(SigningError, match=r"KEY_NOT_ENABLED: the version is DISABLED$"):
        signer_of(google).sign(b"data")


def test_a_throttled_request_is_repeated(
    google: FakeGoogle, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    busy = Refusal(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED")
    google.refuse(f"{METHODS}.asymmetricSign", busy, times=2)

    assert signer_of(google).sign(b"data")


@pytest.mark.parametrize("raw", [b"<html>", b"[]", b'"text"'])
def test_an_answer_that_is_none_is_refused(google: FakeGoogle, key: Key, raw: bytes) -> None:
    google.garble(f"{METHODS}.asymmetricSign", raw)

    with pytest.raises(SigningError, match="asymmetricSign: the answer is no"):
        signer_of(google).sign(b"data")


def test_a_service_that_is_not_there_is_one_line(google: FakeGoogle) -> None:
    client = gcp_kms.open_client(open_credentials("test", None), endpoint="http://127.0.0.1:1")

    with pytest.raises(SigningError, match=r"getPublicKey: .*Connection refused"):
        gcp_kms.signer(NAME, client)


def test_missing_credentials_are_told_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent.json")

    with pytest.raises(CredentialsError, match=f"^signing key gcp-kms:{NAME}: finding Google"):
        open_signer(f"gcp-kms:{NAME}", create=False)


def test_how_to_make_a_key_is_told() -> None:
    with pytest.raises(ConfigError, match="gcloud kms keys create seal --keyring evidence"):
        new_signer(f"gcp-kms:{NAME}")


@pytest.mark.parametrize(
    "name",
    [
        NAME.rpartition("/cryptoKeyVersions")[0],
        NAME + "/",
        NAME.replace("/2", "/latest"),
        NAME.replace("/2", "/0"),
        NAME.replace("demo", "a/b"),
        NAME.replace("demo", ""),
        "/" + NAME,
        NAME + "\n",
        "seal",
    ],
)
@pytest.mark.parametrize("opened", [lambda spec: open_signer(spec, create=False), new_signer])
def test_a_name_that_is_none_is_refused(name: str, opened: Any) -> None:
    with pytest.raises(ConfigError) as refused:
        opened(f"gcp-kms:{name}")

    assert repr(f"gcp-kms:{name}") in str(refused.value)
    assert "expected gcp-kms:projects/PROJECT/" in str(refused.value)
