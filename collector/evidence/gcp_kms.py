"""Signing keys in Google Cloud KMS.

What is sent is a digest. Checksums go both ways, by which each side knows that it got what the
other sent: https://cloud.google.com/kms/docs/data-integrity-guidelines
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httplib2
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError

from collector.errors import ConfigError, SigningError
from collector.evidence.crc32c import crc32c
from collector.evidence.keys import RemoteSigner, load_public_key
from collector.readers.gcp import TRANSPORT, open_credentials, open_http
from collector.readers.gcp_answers import one_line, refusal
from collector.readers.gcp_methods import discovery_document

KIND = "gcp-kms:"

EXPECTED = (
    "gcp-kms:projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY/cryptoKeyVersions/N"
)

ALGORITHM = "EC_SIGN_P256_SHA256"

RETRIES = 4
"""Of throttled, unavailable and broken requests: 15 seconds of waiting on average."""

TIMEOUT_SECONDS = 30.0
"""How long a connection may be silent."""

_NAME = re.compile(
    r"projects/(?P<project>[^/\s]+)/locations/(?P<location>[a-z0-9-]+)"
    r"/keyRings/(?P<ring>[A-Za-z0-9_-]{1,63})/cryptoKeys/(?P<key>[A-Za-z0-9_-]{1,63})"
    r"/cryptoKeyVersions/[1-9][0-9]*"
)


@dataclass(frozen=True)
class Client:
    """Cloud KMS, and who asks it."""

    versions: Any
    """google-api-python-client's object for the collection `cryptoKeyVersions`."""
    credentials: Any
    """google-auth's."""
    ca_bundle: str | None = None

    def ask(self, spec: str, permission: str, method: str, **arguments: Any) -> Mapping[str, Any]:
        """The answer to one call.

        Raises:
            SigningError: there is none, or it is no object.
        """
        request = getattr(self.versions, method)(**arguments)
        # httplib2 is not thread-safe, and several accounts may be sealed at once.
        plain = open_http(self.ca_bundle, TIMEOUT_SECONDS)
        connection = AuthorizedHttp(self.credentials, http=_Steady(plain))
        try:
            answer = request.execute(http=connection, num_retries=RETRIES)
        except HttpError as error:
            told = refusal(error.resp.status, error.content)
            why = f"{told.code}: {told.message}".rstrip(": .")
            if told.denied:
                why = f"KMS refused {method}; the credentials need {permission}"
            raise SigningError(f"signing key {spec} cannot be used: {why}") from None
        except TRANSPORT as error:
            why = one_line(error)
            raise SigningError(f"signing key {spec} cannot be used: {method}: {why}") from None
        except (ValueError, RecursionError):
            raise SigningError(f"signing key {spec}: {method}: the answer is no JSON") from None
        finally:
            plain.close()
        if not isinstance(answer, Mapping):
            raise SigningError(f"signing key {spec}: {method}: the answer is no object")
        return answer


class _Steady:
    """A connection that says what repeating would not change in a way that is not repeated."""

    def __init__(self, connection: httplib2.Http) -> None:
        self._connection = connection
        self.connections = connection.connections

    def request(self, uri: str, method: str = "GET", **arguments: Any) -> tuple[Any, bytes]:
        """Send one request."""
        try:
            response: tuple[Any, bytes] = self._connection.request(uri, method, **arguments)
        except (ConnectionRefusedError, ssl.SSLCertVerificationError) as error:
            raise httplib2.HttpLib2Error(str(error)) from error
        return response


def open_key(name: str) -> RemoteSigner:
    """The signer of a version of a key, with the credentials that Google's libraries find.

    Args:
        name: the version's full resource name.

    Raises:
        ConfigError: it is none.
        CredentialsError: there are no usable credentials.
        SigningError: the key cannot be used, or is of another kind.
    """
    check_name(name)
    return signer(name, open_client(open_credentials(f"signing key {KIND}{name}", None)))


def check_name(name: str) -> None:
    """Refuse what names no version of a key; raises ConfigError."""
    if _NAME.fullmatch(name) is None:
        raise ConfigError(f"signing key {KIND + name!r} cannot be opened; expected {EXPECTED}")


def open_client(
    credentials: Any, *, endpoint: str | None = None, ca_bundle: str | None = None
) -> Client:
    """Cloud KMS, by the discovery document that the client ships. Nothing is asked yet.

    Args:
        credentials: google-auth's.
        endpoint: root URL to ask instead of Google's.
        ca_bundle: file of the authorities to trust instead of the public ones.
    """
    document = discovery_document("cloudkms", "v1")
    root = (endpoint or document["rootUrl"]).rstrip("/")
    service = build_from_document(
        document,
        http=httplib2.Http(),
        client_options={"api_endpoint": f"{root}/{document['servicePath']}"},
    )
    keys = service.projects().locations().keyRings().cryptoKeys()
    return Client(keys.cryptoKeyVersions(), credentials, ca_bundle)


def signer(name: str, client: Client) -> RemoteSigner:
    """The signer of a version of a key.

    Raises:
        SigningError: the key cannot be read, or is not for ECDSA on P-256.
    """
    spec = KIND + name
    found = client.ask(spec, "cloudkms.cryptoKeyVersions.viewPublicKey", "getPublicKey", name=name)
    if found.get("algorithm") != ALGORITHM:
        raise SigningError(
            f"signing key {spec} is for {found.get('algorithm')}; expected {ALGORITHM}"
        )
    pem = str(found.get("pem", "")).encode()
    _check_name(spec, "getPublicKey", found, name)
    _check_sum(spec, "getPublicKey", pem, found.get("pemCrc32c"))

    def ask(data: bytes) -> bytes:
        digest = hashlib.sha256(data).digest()
        body = {
            "digest": {"sha256": base64.b64encode(digest).decode("ascii")},
            "digestCrc32c": str(crc32c(digest)),
        }
        answer = client.ask(
            spec,
            "cloudkms.cryptoKeyVersions.useToSign",
            "asymmetricSign",
            name=name,
            body=body,
        )
        _check_name(spec, "asymmetricSign", answer, name)
        if answer.get("verifiedDigestCrc32c") is not True:
            raise SigningError(
                f"signing with {spec}: KMS did not see the checksum of what it got; run again"
            )
        try:
            signature = base64.b64decode(str(answer.get("signature", "")), validate=True)
        except binascii.Error:
            raise SigningError(f"signing with {spec}: the answer is no base64") from None
        _check_sum(spec, "asymmetricSign", signature, answer.get("signatureCrc32c"))
        return signature

    return RemoteSigner(spec, load_public_key(pem, spec), ask)


def new_key(name: str) -> RemoteSigner:
    """Say how to make a key: KMS makes one in the background, and someone decides where and how.

    Raises:
        ConfigError: always.
    """
    check_name(name)
    match = _NAME.fullmatch(name)
    assert match is not None
    raise ConfigError(
        f"making key {KIND}{name}: make it with gcloud kms keys create {match['key']} --keyring"
        f" {match['ring']} --location {match['location']} --project {match['project']} --purpose"
        " asymmetric-signing --default-algorithm ec-sign-p256-sha256 --protection-level hsm"
    )


def _check_name(spec: str, method: str, answer: Mapping[str, Any], name: str) -> None:
    """Refuse an answer of another key. Projects have a number too, and answers may name it."""
    found = str(answer.get("name", ""))
    if found.split("/")[2:] != name.split("/")[2:]:
        raise SigningError(f"signing key {spec}: {method}: the answer is of key {found or 'none'}")


def _check_sum(spec: str, method: str, data: bytes, told: object) -> None:
    if str(told) != str(crc32c(data)):
        raise SigningError(
            f"signing key {spec}: {method}: the answer was changed on its way: its checksum is"
            f" {crc32c(data)}, not {told}; run again"
        )
