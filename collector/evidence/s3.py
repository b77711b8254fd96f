"""A locker in an S3 bucket, or in what speaks S3's protocol with conditional writes."""

from __future__ import annotations

import base64
import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import structlog
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from collector.errors import LockerError, ObjectMissing, ObjectTooLarge, Refused
from collector.evidence.address import Bucket
from collector.evidence.locker import LARGEST_BYTES, Keeping, Stat, Version, check_key

CONNECTIONS = 32
"""Requests under way at once on one locker."""

READ_SECONDS = 60
"""How long an answer may be silent."""

CONFLICTS = 10
"""How often S3 may answer 409 to one write. It asks to be asked again, and does not say when:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"""

NO_OBJECT_LOCK = ("ObjectLockConfigurationNotFoundError", "NotImplemented", "MethodNotAllowed")
"""What is answered where a bucket has no Object Lock, or a server none of S3's."""

_UNTOLD = object()

_NOT_FOUND = 404
_PRECONDITION_FAILED = 412
_CONFLICT = 409
_REFUSED = (401, 403, 405, 501)
_HINTS = {
    301: "the bucket is in another region; set AWS_REGION",
    400: "check the region and that the credentials have not expired",
    403: "the credentials may not use this bucket; they need s3:ListBucket, s3:GetObject "
    "and s3:PutObject",
    404: "there is no such bucket; create it first, for example with collector locker init",
}

log = structlog.get_logger()


class S3Locker:
    """Objects below a prefix of a bucket, by boto3's default credential chain."""

    def __init__(
        self,
        address: Bucket,
        keeping: Keeping,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Raises `LockerError` where there can be no client."""
        self.url = address.url
        self._bucket = address.name
        self._prefix = f"{address.prefix}/" if address.prefix else ""
        self._keeping = keeping
        self._clock = clock
        self._default: timedelta | object | None = _UNTOLD
        self._lock = threading.Lock()
        self._client = new_client(self.url)

    def put(self, key: str, data: bytes) -> bool:
        """Write the object unless there is one; True if this call wrote it.

        S3 checks the SHA-256 of what arrived, and keeps it beside the object. Where an answer was
        lost and the request sent again, the object may be there by this very call, and the answer
        is False all the same.
        """
        check_key(key)
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")
        for _ in range(CONFLICTS):
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=self._prefix + key,
                    Body=data,
                    IfNoneMatch="*",
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=digest,
                    **self._kept(),
                )
            except ClientError as error:
                if status(error) == _PRECONDITION_FAILED:
                    return False
                if status(error) != _CONFLICT:
                    raise self._failed("writing", key, error) from error
            except BotoCoreError as error:
                raise self._failed("writing", key, error) from error
            else:
                return True
        raise LockerError(
            f"writing {key} in locker {self.url}: {CONFLICTS} conflicts with other writers in a "
            f"row; run again"
        )

    def get(self, key: str) -> bytes:
        """The bytes of an object; raises `ObjectMissing` if there is none."""
        check_key(key)
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            if answer["ContentLength"] > LARGEST_BYTES:
                answer["Body"].close()
                size = f"{answer['ContentLength']} bytes"
                raise ObjectTooLarge(f"reading {key} in locker {self.url}: {size}")
            data: bytes = answer["Body"].read()
        except self._client.exceptions.NoSuchKey as error:
            raise ObjectMissing(f"reading {key} in locker {self.url}: no such object") from error
        except (BotoCoreError, ClientError) as error:
            raise self._failed("reading", key, error) from error
        return data

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        """Keys that begin with `prefix` and sort behind `after`, ascending, as S3 lists them."""
        if prefix:
            check_key(prefix.rstrip("/"))
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket,
            Prefix=self._prefix + prefix,
            StartAfter=self._prefix + after if after else "",
        )
        try:
            for page in pages:
                for item in page.get("Contents", ()):
                    key: str = item["Key"]
                    yield key[len(self._prefix) :]
        except (BotoCoreError, ClientError) as error:
            raise self._failed("listing", prefix, error) from error

    def stat(self, key: str) -> Stat:
        """Size and retention of an object; raises `ObjectMissing` if there is none.

        S3 leaves the retention out where the credentials lack s3:GetObjectRetention.
        """
        found = self._head(key)
        return Stat(found["ContentLength"], found.get("ObjectLockRetainUntilDate"))

    def versions(self, prefix: str) -> Iterator[Version]:
        """All versions and delete markers; needs s3:ListBucketVersions."""
        if prefix:
            check_key(prefix.rstrip("/"))
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        try:
            for page in pages:
                for item in page.get("Versions", ()):
                    yield self._version(item, is_delete_marker=False)
                for item in page.get("DeleteMarkers", ()):
                    yield self._version(item, is_delete_marker=True)
        except (BotoCoreError, ClientError) as error:
            raise self._failed("listing versions of", prefix, error) from error

    def retention(self) -> timedelta | None:
        """What is asked for with each new object, or else the bucket's default, asked for once.

        Where the credentials may not read the default, a warning is logged and nothing is known.
        """
        if self._keeping.days is not None:
            return timedelta(days=self._keeping.days)
        with self._lock:
            if self._default is _UNTOLD:
                self._default = self._bucket_default()
            assert self._default is None or isinstance(self._default, timedelta)
            return self._default

    def extend_retention(self, key: str, until: datetime) -> None:
        """Let the object be retained until then, in the stricter of its mode and the one asked for.

        Needs s3:PutObjectRetention. What is there is looked at first; where s3:GetObjectRetention
        is lacking, it is not told, and S3 itself refuses to shorten it: no leave to bypass
        governance mode is ever asked for.
        """
        check_key(key)
        if self.retention() is None:
            return
        found = self._head(key)
        kept = found.get("ObjectLockRetainUntilDate")
        if kept is not None and kept >= until:
            return
        is_strict = found.get("ObjectLockMode") == "COMPLIANCE"
        mode = "COMPLIANCE" if is_strict else self._keeping.mode.upper()
        try:
            self._client.put_object_retention(
                Bucket=self._bucket,
                Key=self._prefix + key,
                Retention={"Mode": mode, "RetainUntilDate": until},
            )
        except (BotoCoreError, ClientError) as error:
            raise self._failed("extending the retention of", key, error) from error

    def check_writable(self) -> None:
        """See that the bucket is there and lets these credentials in. Writes nothing.

        Whether they may write shows only when something is written: S3 has no way to ask.
        """
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except ClientError as error:
            # An answer to HEAD has no body, so the service's own words are missing.
            hint = _HINTS.get(status(error), reason(error))
            raise LockerError(
                f"locker {self.url} cannot be used: S3 answered {status(error)}: {hint}"
            ) from error
        except BotoCoreError as error:
            raise LockerError(f"locker {self.url} cannot be used: {reason(error)}") from error

    def _kept(self) -> dict[str, Any]:
        """How a new object is kept, where that is not left to the bucket."""
        kept: dict[str, Any] = {}
        if self._keeping.days is not None:
            until = self._clock() + timedelta(days=self._keeping.days)
            kept |= {
                "ObjectLockMode": self._keeping.mode.upper(),
                "ObjectLockRetainUntilDate": until,
            }
        if self._keeping.encryption_key is not None:
            kept |= {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": self._keeping.encryption_key,
                "BucketKeyEnabled": True,
            }
        return kept

    def _head(self, key: str) -> Any:
        check_key(key)
        try:
            return self._client.head_object(Bucket=self._bucket, Key=self._prefix + key)
        except ClientError as error:
            # An answer to HEAD has no words: a bucket that is not there looks the same.
            if status(error) == _NOT_FOUND:
                raise ObjectMissing(
                    f"reading {key} in locker {self.url}: no such object"
                ) from error
            raise self._failed("reading", key, error) from error
        except BotoCoreError as error:
            raise self._failed("reading", key, error) from error

    def _bucket_default(self) -> timedelta | None:
        try:
            answer = self._client.get_object_lock_configuration(Bucket=self._bucket)
        except ClientError as error:
            if code(error) in NO_OBJECT_LOCK:
                return None
            if status(error) not in _REFUSED:
                raise self._failed("reading the Object Lock of", "", error) from error
            log.warning(
                "retention_not_extended",
                locker=self.url,
                reason=f"{reason(error)}; it needs s3:GetBucketObjectLockConfiguration, or days "
                "under [retention] of the configuration",
            )
            return None
        except BotoCoreError as error:
            raise self._failed("reading the Object Lock of", "", error) from error
        return default_retention(answer["ObjectLockConfiguration"])

    def _version(self, item: Any, *, is_delete_marker: bool) -> Version:
        return Version(
            key=item["Key"][len(self._prefix) :],
            id=item.get("VersionId", ""),
            is_current=item["IsLatest"] and not is_delete_marker,
            is_delete_marker=is_delete_marker,
            written_at=item["LastModified"],
        )

    def _failed(self, doing: str, key: str, error: Exception) -> LockerError:
        kind = (
            Refused if isinstance(error, ClientError) and status(error) in _REFUSED else LockerError
        )
        return kind(f"{doing} {key or 'all'} in locker {self.url}: {reason(error)}")


def new_client(url: str) -> Any:
    """A client of S3, as the environment and the SDK's files configure it.

    Raises:
        LockerError: they configure none that could be.
    """
    try:
        return boto3.session.Session().client(
            "s3",
            config=Config(
                retries={"mode": "standard", "total_max_attempts": 5},
                connect_timeout=10,
                read_timeout=READ_SECONDS,
                max_pool_connections=CONNECTIONS,
            ),
        )
    except (BotoCoreError, ValueError) as error:
        raise LockerError(f"opening locker {url}: {reason(error)}") from error


def default_retention(configuration: Any) -> timedelta | None:
    """What an Object Lock configuration gives to new objects; a year has 365 days there."""
    rule = configuration.get("Rule", {}).get("DefaultRetention", {})
    days: int = rule.get("Days") or 365 * rule.get("Years", 0)
    return timedelta(days=days) if days else None


def reason(error: Exception) -> str:
    """What went wrong, on one line, without a password that an endpoint's URL may hold."""
    if isinstance(error, ClientError):
        details: Any = error.response.get("Error", {})
        text = f"{details.get('Code', 'error')}: {details.get('Message', '')}".rstrip(": ")
    else:
        text = str(error).rstrip(".")
    return re.sub(r"//[^/\s@]*@", "//", " ".join(text.split()))


def status(error: ClientError) -> int:
    """The HTTP status of an error answer."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def code(error: ClientError) -> str:
    """S3's own name for an error; empty where it gave none."""
    return error.response.get("Error", {}).get("Code", "")
