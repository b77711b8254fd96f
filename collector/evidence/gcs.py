"""A locker in a Google Cloud Storage bucket."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaInMemoryUpload

from collector.errors import LockerError, ObjectMissing, Refused
from collector.evidence.address import GoogleBucket
from collector.evidence.gcs_api import REFUSED, Storage, failed, said
from collector.evidence.locker import Keeping, Stat, Version, check_key
from collector.readers.gcp import TRANSPORT

NEEDED = ("storage.objects.create", "storage.objects.get", "storage.objects.list")
"""Permissions of whoever writes evidence."""

MODES = {"governance": "Unlocked", "compliance": "Locked"}

_UNTOLD = object()

_NOT_FOUND = 404
_PRECONDITION_FAILED = 412

log = structlog.get_logger()


class GcsLocker:
    """Objects below a prefix of a bucket, by Google's default credentials.

    `STORAGE_EMULATOR_HOST` names another server, which is asked without credentials, as all of
    Google's libraries have it.
    """

    def __init__(
        self,
        address: GoogleBucket,
        keeping: Keeping,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Raises `CredentialsError` where there are none."""
        self.url = address.url
        self._bucket = address.name
        self._prefix = f"{address.prefix}/" if address.prefix else ""
        self._keeping = keeping
        self._clock = clock
        self._default: timedelta | object | None = _UNTOLD
        self._lock = threading.Lock()
        self._storage = Storage(self.url)

    def put(self, key: str, data: bytes) -> bool:
        """Write the object unless there is one; True if this call wrote it.

        Google checks the MD5 of what arrived. Where an answer was lost and the request sent again,
        the object may be there by this very call, and the answer is False all the same.
        """
        check_key(key)
        about: dict[str, Any] = {"name": self._prefix + key, "md5Hash": _md5(data)}
        if self._keeping.days is not None:
            until = self._clock() + timedelta(days=self._keeping.days)
            about["retention"] = self._retained(self._keeping.mode, until)
        key_name = self._keeping.encryption_key
        try:
            self._storage.call(
                "objects.insert",
                bucket=self._bucket,
                body=about,
                media_body=MediaInMemoryUpload(data, "application/octet-stream"),
                ifGenerationMatch="0",
                **({"kmsKeyName": key_name} if key_name is not None else {}),
                fields="generation",
            )
        except HttpError as error:
            # What is retained cannot be written over, which may be what Google says first.
            if error.resp.status == _PRECONDITION_FAILED or "retentionPolicyNotMet" in str(error):
                return False
            raise failed(f"writing {key} in locker {self.url}", error) from error
        except TRANSPORT as error:
            raise failed(f"writing {key} in locker {self.url}", error) from error
        return True

    def get(self, key: str) -> bytes:
        """The bytes of an object, whose MD5 is checked; raises `ObjectMissing` if there is none."""
        headers: dict[str, str] = {}
        data = self._object("objects.get_media", key, heard=headers.update)
        assert isinstance(data, bytes)
        told = [part.strip() for part in headers.get("x-goog-hash", "").split(",")]
        wanted = [part.removeprefix("md5=") for part in told if part.startswith("md5=")]
        if wanted and wanted != [_md5(data)]:
            raise LockerError(
                f"reading {key} in locker {self.url}: its bytes do not have the MD5 that Google "
                "tells; run again"
            )
        return data

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        """Keys that begin with `prefix` and sort behind `after`, ascending, as Google lists them.

        Google sorts by UTF-8, which is the order of code points.
        """
        start = {"startOffset": self._prefix + after} if after else {}
        for item in self._listed(prefix, fields="items(name),nextPageToken", **start):
            key = item["name"][len(self._prefix) :]
            if key > after:  # the offset itself is listed, too
                yield key

    def stat(self, key: str) -> Stat:
        """Size and retention of an object, by whatever retains it longest."""
        found = self._object("objects.get", key, fields="size,retention,retentionExpirationTime")
        return Stat(int(found["size"]), _retained_until(found))

    def versions(self, prefix: str) -> Iterator[Version]:
        """All generations that the bucket keeps; needs no more than storage.objects.list."""
        fields = "items(name,generation,timeCreated,timeDeleted),nextPageToken"
        for item in self._listed(prefix, versions=True, fields=fields):
            yield Version(
                key=item["name"][len(self._prefix) :],
                id=item["generation"],
                is_current="timeDeleted" not in item,
                is_delete_marker=False,
                written_at=datetime.fromisoformat(item["timeCreated"]),
            )

    def retention(self) -> timedelta | None:
        """What is asked for with each new object, or else the bucket's policy, asked for once.

        A bucket's policy counts from an object's creation. It can be extended for an object only
        where the bucket has object retention enabled; elsewhere, and where the credentials may not
        read the policy, a warning is logged and the answer is None.
        """
        if self._keeping.days is not None:
            return timedelta(days=self._keeping.days)
        with self._lock:
            if self._default is _UNTOLD:
                self._default = self._bucket_default()
            assert self._default is None or isinstance(self._default, timedelta)
            return self._default

    def extend_retention(self, key: str, until: datetime) -> None:
        """Let the object be retained until then; a locked retention stays locked.

        Needs storage.objects.update and storage.objects.setRetention.
        """
        if self.retention() is None:
            check_key(key)
            return
        found = self._object("objects.get", key, fields="retention,retentionExpirationTime")
        kept = _retained_until(found)
        if kept is not None and kept >= until:
            return
        is_locked = found.get("retention", {}).get("mode") == "Locked"
        mode = "compliance" if is_locked else self._keeping.mode
        self._object("objects.patch", key, body={"retention": self._retained(mode, until)})

    def check_writable(self) -> None:
        """See that the bucket is there and that these credentials may write into it."""
        doing = f"locker {self.url} cannot be used"
        try:
            answer = self._storage.call(
                "buckets.testIamPermissions", bucket=self._bucket, permissions=list(NEEDED)
            )
        except (HttpError, *TRANSPORT) as error:
            raise failed(doing, error) from error
        missing = sorted(set(NEEDED) - set(answer.get("permissions", ())))
        if missing:
            raise Refused(f"{doing}: the credentials lack {', '.join(missing)}")

    def _bucket_default(self) -> timedelta | None:
        fields = "retentionPolicy,objectRetention"
        try:
            found = self._storage.call("buckets.get", bucket=self._bucket, fields=fields)
        except HttpError as error:
            if error.resp.status not in REFUSED:
                raise failed(f"reading the bucket of locker {self.url}", error) from error
            self._warn(f"{said(error)}; it needs storage.buckets.get, or days under [retention]")
            return None
        except TRANSPORT as error:
            raise failed(f"reading the bucket of locker {self.url}", error) from error
        seconds = int(found.get("retentionPolicy", {}).get("retentionPeriod", 0))
        if seconds and found.get("objectRetention", {}).get("mode") != "Enabled":
            self._warn("object retention is not enabled on the bucket, so its policy is all")
            return None
        return timedelta(seconds=seconds) if seconds else None

    def _warn(self, reason: str) -> None:
        log.warning("retention_not_extended", locker=self.url, reason=reason)

    @staticmethod
    def _retained(mode: str, until: datetime) -> dict[str, str]:
        moment = until.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return {"mode": MODES[mode], "retainUntilTime": moment}

    def _object(
        self,
        method: str,
        key: str,
        *,
        heard: Callable[[Mapping[str, str]], None] | None = None,
        **arguments: Any,
    ) -> Any:
        """Call a method on one object."""
        check_key(key)
        doing = f"{'changing' if 'patch' in method else 'reading'} {key} in locker {self.url}"
        try:
            return self._storage.call(
                method, heard, bucket=self._bucket, object=self._prefix + key, **arguments
            )
        except HttpError as error:
            # A bucket that is not there is told by the same code.
            if error.resp.status == _NOT_FOUND and "bucket does not exist" not in str(error):
                raise ObjectMissing(f"{doing}: no such object") from error
            raise failed(doing, error) from error
        except TRANSPORT as error:
            raise failed(doing, error) from error

    def _listed(self, prefix: str, **arguments: Any) -> Iterator[Any]:
        if prefix:
            check_key(prefix.rstrip("/"))
        token: dict[str, str] = {}
        while True:
            try:
                page = self._storage.call(
                    "objects.list",
                    bucket=self._bucket,
                    prefix=self._prefix + prefix,
                    **token,
                    **arguments,
                )
            except (HttpError, *TRANSPORT) as error:
                raise failed(f"listing {prefix or 'all'} in locker {self.url}", error) from error
            yield from page.get("items", ())
            if not page.get("nextPageToken"):
                return
            token = {"pageToken": page["nextPageToken"]}


def _retained_until(found: Mapping[str, Any]) -> datetime | None:
    times = [
        found.get("retention", {}).get("retainUntilTime"),
        found.get("retentionExpirationTime"),
    ]
    return max((datetime.fromisoformat(t) for t in times if t), default=None)


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode("ascii")
