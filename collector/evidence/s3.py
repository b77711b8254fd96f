"""A locker in an S3 bucket, or in what speaks S3's protocol with conditional writes."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from collector.errors import LockerError, ObjectMissing
from collector.evidence.locker import check_key

CONNECTIONS = 32
"""Requests under way at once on one locker."""

CONFLICTS = 10
"""How often S3 may answer 409 to one write. It asks to be asked again, and does not say when:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"""

_PRECONDITION_FAILED = 412
_CONFLICT = 409
_HINTS = {
    301: "the bucket is in another region; set AWS_REGION",
    400: "check the region and that the credentials have not expired",
    403: "the credentials may not use this bucket; they need s3:ListBucket, s3:GetObject "
    "and s3:PutObject",
    404: "there is no such bucket; create it first",
}


class S3Locker:
    """Objects below a prefix of a bucket, by boto3's default credential chain."""

    def __init__(self, bucket: str, prefix: str) -> None:
        """`prefix` is without slash at its ends, and may be empty."""
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        try:
            self._client = boto3.session.Session().client(
                "s3",
                config=Config(
                    retries={"mode": "standard", "total_max_attempts": 5},
                    connect_timeout=10,
                    read_timeout=60,
                    max_pool_connections=CONNECTIONS,
                ),
            )
        except (BotoCoreError, ValueError) as error:
            raise LockerError(f"opening locker {self.url}: {_reason(error)}") from error

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
                )
            except ClientError as error:
                if _status(error) == _PRECONDITION_FAILED:
                    return False
                if _status(error) != _CONFLICT:
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

    def check_writable(self) -> None:
        """See that the bucket is there and lets these credentials in. Writes nothing.

        Whether they may write shows only when something is written: S3 has no way to ask.
        """
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except ClientError as error:
            # An answer to HEAD has no body, so the service's own words are missing.
            hint = _HINTS.get(_status(error), _reason(error))
            raise LockerError(
                f"locker {self.url} cannot be used: S3 answered {_status(error)}: {hint}"
            ) from error
        except BotoCoreError as error:
            raise LockerError(f"locker {self.url} cannot be used: {_reason(error)}") from error

    def _failed(self, doing: str, key: str, error: Exception) -> LockerError:
        return LockerError(f"{doing} {key} in locker {self.url}: {_reason(error)}")


def _status(error: ClientError) -> int:
    return error.response["ResponseMetadata"]["HTTPStatusCode"]


def _reason(error: Exception) -> str:
    """What went wrong, on one line, without a password that an endpoint's URL may hold."""
    if isinstance(error, ClientError):
        details = error.response["Error"]
        text = f"{details.get('Code', 'error')}: {details.get('Message', '')}".rstrip(": ")
    else:
        text = str(error).rstrip(".")
    return re.sub(r"//[^/\s@]*@", "//", " ".join(text.split()))
