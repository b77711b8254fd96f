"""A locker in a container of Azure Blob Storage."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import (
    BlobImmutabilityPolicyMode,
    ContainerClient,
    ExponentialRetry,
    ImmutabilityPolicy,
)
from requests.adapters import HTTPAdapter

from collector.errors import ConfigError, LockerError, ObjectMissing, Refused
from collector.evidence.address import Container
from collector.evidence.locker import Keeping, Mode, Stat, Version, check_key
from collector.readers.azure_tokens import one_line, open_tokens

CONNECTIONS = 32
"""Requests under way at once on one locker."""

RETRIES = 4
"""Of throttled, unavailable and broken requests."""

READ_SECONDS = 60
"""How long an answer may be silent."""

AUDIENCE = "https://storage.azure.com/.default"
"""What a token is asked for."""

CONNECTION_STRING = "AZURE_STORAGE_CONNECTION_STRING"

MODES: dict[Mode, BlobImmutabilityPolicyMode] = {
    "governance": BlobImmutabilityPolicyMode.UNLOCKED,
    "compliance": BlobImmutabilityPolicyMode.LOCKED,
}

EXISTS = (
    "BlobAlreadyExists",
    "BlobImmutableDueToPolicy",
    "BlobImmutableDueToLegalHold",
    # To who may create and not write over.
    "UnauthorizedBlobOverwrite",
)
"""What Azure answers to a write of a blob that is there."""

_REFUSED = (401, 403)
_HINTS = {
    "ContainerNotFound": "there is no such container; create it first, for example with "
    "collector locker init",
    "AuthorizationPermissionMismatch": "the credentials may not do that; see docs/lockers.md for "
    "the role that they need",
}


class BlobLocker:
    """Block blobs below a prefix of a container.

    The credentials are those of the SDK's default chain, or of AZURE_STORAGE_CONNECTION_STRING.
    """

    def __init__(
        self,
        address: Container,
        keeping: Keeping,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Raises `ConfigError` for a connection string that is of another account, or none."""
        self.url = address.url
        self._prefix = f"{address.prefix}/" if address.prefix else ""
        self._keeping = keeping
        self._clock = clock
        self._container = new_client(address)

    def put(self, key: str, data: bytes) -> bool:
        """Write the blob unless there is one; True if this call wrote it.

        Azure checks the MD5 of what arrived, and keeps it beside the blob. Where an answer was lost
        and the request sent again, the blob may be there by this very call, and the answer is False
        all the same.
        """
        check_key(key)
        kept: dict[str, Any] = {}
        if self._keeping.days is not None:
            until = self._clock() + timedelta(days=self._keeping.days)
            kept["immutability_policy"] = _policy(self._keeping.mode, until)
        if self._keeping.encryption_key is not None:
            kept["encryption_scope"] = self._keeping.encryption_key
        try:
            self._blob(key).upload_blob(data, overwrite=False, validate_content=True, **kept)
        except HttpResponseError as error:
            if error_code(error) in EXISTS:
                return False
            raise self._failed("writing", key, error) from error
        except AzureError as error:
            raise self._failed("writing", key, error) from error
        return True

    def get(self, key: str) -> bytes:
        """The bytes of a blob, whose MD5 is checked; raises `ObjectMissing` if there is none."""
        check_key(key)
        try:
            found = self._blob(key).download_blob()
            data: bytes = found.readall()
        except AzureError as error:
            raise self._failed("reading", key, error) from error
        told = found.properties.content_settings.content_md5
        if told and bytes(told) != hashlib.md5(data, usedforsecurity=False).digest():
            raise LockerError(
                f"reading {key} in locker {self.url}: its bytes do not have the MD5 that Azure "
                "tells; run again"
            )
        return data

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        """Keys that begin with `prefix` and sort behind `after`, ascending, as Azure lists them.

        Raises:
            LockerError: they come in another order, as in an account with a hierarchical namespace.
        """
        start = {"start_from": self._prefix + after} if after else {}
        before = after
        for blob in self._listed(prefix, **start):
            key = self._key(blob)
            if key <= after:  # the start itself is listed, too
                continue
            if key <= before:
                raise LockerError(
                    f"listing {prefix or 'all'} in locker {self.url}: {key} comes after {before}; "
                    "expected an account without hierarchical namespace"
                )
            before = key
            yield key

    def stat(self, key: str) -> Stat:
        """Size and immutability policy of a blob; raises `ObjectMissing` if there is none."""
        found = self._properties(key)
        return Stat(found.size, _until(found))

    def versions(self, prefix: str) -> Iterator[Version]:
        """All versions, and what is deleted and can still be brought back.

        A blob without a current version is a deleted one; Azure has no other mark.
        """
        for blob in self._listed(prefix, include=["versions", "deleted"]):
            is_current = not blob.deleted and (blob.version_id is None or blob.is_current_version)
            yield Version(
                key=self._key(blob),
                id=blob.version_id or "",
                is_current=bool(is_current),
                is_delete_marker=False,
                written_at=blob.last_modified,
            )

    def retention(self) -> timedelta | None:
        """What is asked for with each new blob. A container's default is not told to its users."""
        return timedelta(days=self._keeping.days) if self._keeping.days is not None else None

    def extend_retention(self, key: str, until: datetime) -> None:
        """Let the blob be immutable until then; a locked policy stays locked."""
        if self.retention() is None:
            check_key(key)
            return
        found = self._properties(key)
        kept = _until(found)
        if kept is not None and kept >= until:
            return
        is_locked = str(found.immutability_policy.policy_mode or "").lower() == "locked"
        mode: Mode = "compliance" if is_locked else self._keeping.mode
        try:
            self._blob(key).set_immutability_policy(_policy(mode, until))
        except AzureError as error:
            raise self._failed("extending the retention of", key, error) from error

    def check_writable(self) -> None:
        """See that the container is there and lets these credentials in. Writes nothing.

        Whether they may write shows only when something is written: Azure has no way to ask.
        """
        try:
            self._container.get_container_properties()
        except AzureError as error:
            kind = Refused if is_refused(error) else LockerError
            raise kind(f"locker {self.url} cannot be used: {reason(error)}") from error

    def _blob(self, key: str) -> Any:
        return self._container.get_blob_client(self._prefix + key)

    def _key(self, blob: Any) -> str:
        name: str = blob.name
        return name[len(self._prefix) :]

    def _properties(self, key: str) -> Any:
        check_key(key)
        try:
            return self._blob(key).get_blob_properties()
        except AzureError as error:
            raise self._failed("reading", key, error) from error

    def _listed(self, prefix: str, **arguments: Any) -> Iterator[Any]:
        if prefix:
            check_key(prefix.rstrip("/"))
        try:
            yield from self._container.list_blobs(self._prefix + prefix or None, **arguments)
        except AzureError as error:
            raise self._failed("listing", prefix, error) from error

    def _failed(self, doing: str, key: str, error: AzureError) -> LockerError:
        text = f"{doing} {key or 'all'} in locker {self.url}"
        if error_code(error) == "BlobNotFound":
            return ObjectMissing(f"{text}: no such blob")
        kind = Refused if is_refused(error) else LockerError
        return kind(f"{text}: {reason(error)}")


def new_client(address: Container) -> ContainerClient:
    """A client of the container.

    Raises:
        ConfigError: AZURE_STORAGE_CONNECTION_STRING is of another account, or none at all.
        CredentialsError: no token can be had.
    """
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS))
    options: dict[str, Any] = {
        "transport": RequestsTransport(
            session=session, connection_timeout=10, read_timeout=READ_SECONDS
        ),
        "retry_policy": ExponentialRetry(
            initial_backoff=1, increment_base=2, retry_total=RETRIES, random_jitter_range=1
        ),
        "logging_enable": False,
    }
    secret = os.environ.get(CONNECTION_STRING)
    if not secret:
        what = f"locker {address.url}"
        tokens, _ = open_tokens(what, audience=AUDIENCE, tenant=None, connection={})
        return ContainerClient(address.endpoint, address.name, credential=tokens, **options)
    doing = f"locker {address.url}: reading {CONNECTION_STRING}"
    try:
        client = ContainerClient.from_connection_string(secret, address.name, **options)
    except ValueError as error:
        # What it says of the string may hold the string.
        raise ConfigError(
            f"{doing}: {type(error).__name__}; expected a connection string"
        ) from None
    if client.account_name != address.account:
        raise ConfigError(f"{doing}: it is of account {client.account_name}")
    return client


def reason(error: AzureError) -> str:
    """What went wrong, on one line."""
    if isinstance(error, HttpResponseError) and error.response is not None:
        code = error_code(error)
        first = str(error.message or "").strip().partition("\n")[0]
        text = _HINTS.get(code, first) or "no message"
        return one_line(f"Azure answered {error.response.status_code} {code}: {text}").rstrip(".")
    return one_line(str(error)).rstrip(".")


def error_code(error: AzureError) -> str:
    """The service's own name for an error; empty where it gave none."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def is_refused(error: AzureError) -> bool:
    """Whether the service does not let these credentials do something."""
    return isinstance(error, HttpResponseError) and (
        error.response is not None and error.response.status_code in _REFUSED
    )


def _policy(mode: Mode, until: datetime) -> ImmutabilityPolicy:
    return ImmutabilityPolicy(expiry_time=until, policy_mode=MODES[mode])


def _until(found: Any) -> datetime | None:
    until: datetime | None = found.immutability_policy.expiry_time
    return until
