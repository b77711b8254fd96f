"""What protects a locker in an S3 bucket."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from collector.errors import LockerError, Refused
from collector.evidence.address import Bucket
from collector.evidence.locker import Keeping
from collector.evidence.protection import RETENTION_DAYS, Look, NoBucket, Place, Protection
from collector.evidence.s3 import (
    NO_OBJECT_LOCK,
    code,
    default_retention,
    new_client,
    reason,
    status,
)
from collector.evidence.s3_policy import is_covered, statements

_PUBLIC_ACCESS = (
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
)


def s3_protections(address: Bucket, keeping: Keeping, place: Place) -> Sequence[Protection]:
    """Of the bucket as a whole, but for the refusal to delete, which is for the locker's prefix."""
    bucket = _Bucket(address, keeping, place, new_client(address.url))
    days, key = bucket.days, keeping.encryption_key
    return (
        Protection("bucket", "a bucket with Object Lock", bucket.exists, bucket.create),
        Protection("versioning", "enabled", bucket.versioning, bucket.enable_versioning),
        Protection(
            "object lock",
            f"each new object is retained for {days} days in {keeping.mode} mode",
            bucket.object_lock,
            bucket.set_object_lock,
        ),
        Protection(
            "encryption",
            "AES-256 by default" if key is None else f"by default with the KMS key {key}",
            bucket.encryption,
            bucket.set_encryption,
        ),
        Protection(
            "public access",
            "all four kinds of it are blocked",
            bucket.public_access,
            bucket.block_public_access,
        ),
        Protection(
            "policy",
            "refuses plain HTTP, and that anybody deletes or shortens a retention",
            bucket.policy,
            bucket.add_to_policy,
        ),
        Protection(
            "lifecycle",
            "no rule lets objects of the locker expire; take such a rule away by hand",
            bucket.lifecycle,
        ),
    )


@dataclass(frozen=True)
class _Bucket:
    """A bucket, as far as its settings go."""

    address: Bucket
    keeping: Keeping
    place: Place
    client: Any

    @property
    def days(self) -> int:
        """The retention that is wanted."""
        return self.keeping.days if self.keeping.days is not None else RETENTION_DAYS

    def exists(self) -> Look:
        """Whether the bucket is there and lets these credentials in."""
        self._ask("head_bucket")
        return Look(True, f"{self.address.name} is there")

    def create(self) -> None:
        """Make the bucket. Object Lock is on from the first object."""
        region = self.place.location or self.client.meta.region_name
        made_in = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self._set(
            "create_bucket",
            ObjectLockEnabledForBucket=True,
            ObjectOwnership="BucketOwnerEnforced",
            **(made_in if region not in (None, "us-east-1", "aws-global") else {}),
        )

    def versioning(self) -> Look:
        """Whether a second write of a key leaves the first in place."""
        status = self._ask("get_bucket_versioning").get("Status", "never enabled")
        return Look(status == "Enabled", status.lower())

    def enable_versioning(self) -> None:
        """It cannot be undone where Object Lock is on."""
        self._set("put_bucket_versioning", VersioningConfiguration={"Status": "Enabled"})

    def object_lock(self) -> Look:
        """Default retention: as long as wanted, and in compliance mode where that is wanted."""
        rule = self._default()
        if isinstance(rule, Look):
            return rule
        period = default_retention({"Rule": {"DefaultRetention": rule}})
        if period is None:
            return Look(False, "Object Lock without a default retention")
        mode = str(rule["Mode"]).lower()
        enough = period.days >= self.days and mode in (self.keeping.mode, "compliance")
        return Look(enough, f"{period.days} days in {mode} mode")

    def set_object_lock(self) -> None:
        """The longer period and the stricter mode of what is there and what is wanted."""
        rule = self._default()
        there: dict[str, Any] = {} if isinstance(rule, Look) else rule
        period = default_retention({"Rule": {"DefaultRetention": there}})
        days = max(self.days, period.days if period is not None else 0)
        mode = "COMPLIANCE" if there.get("Mode") == "COMPLIANCE" else self.keeping.mode.upper()
        self._set(
            "put_object_lock_configuration",
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": mode, "Days": days}},
            },
        )

    def encryption(self) -> Look:
        """Default encryption of new objects."""
        none = "ServerSideEncryptionConfigurationNotFoundError"
        found = self._ask("get_bucket_encryption", none)
        if found is None:
            return Look(False, "no default encryption")
        by_default = [
            rule["ApplyServerSideEncryptionByDefault"]
            for rule in found["ServerSideEncryptionConfiguration"]["Rules"]
            if "ApplyServerSideEncryptionByDefault" in rule
        ]
        if not by_default:
            return Look(False, "no default encryption")
        algorithm = by_default[0]["SSEAlgorithm"]
        key = by_default[0].get("KMSMasterKeyID")
        wanted = self.keeping.encryption_key
        is_met = wanted is None or (algorithm.startswith("aws:kms") and key == wanted)
        return Look(is_met, f"{algorithm} with key {key}" if key else algorithm)

    def set_encryption(self) -> None:
        """AES-256, or the KMS key of the configuration."""
        key = self.keeping.encryption_key
        kms = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        rule = {
            "ApplyServerSideEncryptionByDefault": kms if key else {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": key is not None,
        }
        self._set("put_bucket_encryption", ServerSideEncryptionConfiguration={"Rules": [rule]})

    def public_access(self) -> Look:
        """The bucket's own block, whatever the account's says."""
        none = "NoSuchPublicAccessBlockConfiguration"
        found = self._ask("get_public_access_block", none)
        block = found["PublicAccessBlockConfiguration"] if found is not None else {}
        open_ = [name for name in _PUBLIC_ACCESS if not block.get(name)]
        return Look(not open_, f"not set: {', '.join(open_)}" if open_ else "all of it is blocked")

    def block_public_access(self) -> None:
        """Block all of it."""
        block = dict.fromkeys(_PUBLIC_ACCESS, True)
        self._set("put_public_access_block", PublicAccessBlockConfiguration=block)

    def policy(self) -> Look:
        """Whether the bucket's policy refuses what it should, in whatever words."""
        missing = self._missing(self._policy())
        names = ", ".join(statement["Sid"] for statement in missing)
        return Look(not missing, f"without {names}" if missing else "refuses all of that")

    def add_to_policy(self) -> None:
        """Add what is missing. Other statements stay as they are."""
        document = self._policy()
        there = _listed(document.get("Statement", []))
        taken = {statement.get("Sid") for statement in there}
        for statement in self._missing(document):
            names = (statement["Sid"], *(f"{statement['Sid']}{n}" for n in range(2, 100)))
            there.append({**statement, "Sid": next(name for name in names if name not in taken)})
        policy = {"Version": "2012-10-17", **document, "Statement": there}
        self._set("put_bucket_policy", Policy=json.dumps(policy))

    def lifecycle(self) -> Look:
        """Whether a rule would let objects expire: a delete marker would hide each of them."""
        none = "NoSuchLifecycleConfiguration"
        found = self._ask("get_bucket_lifecycle_configuration", none)
        expiring = [
            rule.get("ID") or "without a name"
            for rule in (found or {}).get("Rules", ())
            if rule["Status"] == "Enabled" and self._expires(rule)
        ]
        text = f"objects expire by rule {', '.join(expiring)}" if expiring else "no such rule"
        return Look(not expiring, text)

    def _expires(self, rule: Any) -> bool:
        below = rule.get("Filter", {})
        below = below.get("And", below).get("Prefix", rule.get("Prefix", ""))
        prefix = f"{self.address.prefix}/" if self.address.prefix else ""
        concerns = below.startswith(prefix) or prefix.startswith(below)
        expiration = dict(rule.get("Expiration", {}))
        expiration.pop("ExpiredObjectDeleteMarker", None)
        return concerns and bool(expiration or "NoncurrentVersionExpiration" in rule)

    def _default(self) -> Any:
        """The default retention, maybe empty; or what is said where there is no Object Lock."""
        found = self._ask("get_object_lock_configuration", *NO_OBJECT_LOCK)
        configuration = found["ObjectLockConfiguration"] if found is not None else {}
        if configuration.get("ObjectLockEnabled") != "Enabled":
            return Look(False, "no Object Lock")
        return configuration.get("Rule", {}).get("DefaultRetention", {})

    def _policy(self) -> dict[str, Any]:
        found = self._ask("get_bucket_policy", "NoSuchBucketPolicy")
        document: dict[str, Any] = json.loads(found["Policy"]) if found is not None else {}
        return document

    def _missing(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        there = _listed(document.get("Statement", []))
        wanted = statements(self.address, self.client.meta.partition, self.days)
        return [statement for statement in wanted if not is_covered(statement, there)]

    def _ask(self, operation: str, *absent: str) -> Any:
        """The answer of an operation; None where its error says that there is nothing."""
        try:
            return self._method(operation)()
        except ClientError as error:
            if code(error) in absent:
                return None
            if code(error) in ("NoSuchBucket", "404"):  # an answer to HEAD has no code of its own
                raise NoBucket("there is no such bucket") from error
            raise self._failed(operation, error) from error
        except BotoCoreError as error:
            raise self._failed(operation, error) from error

    def _set(self, operation: str, **arguments: Any) -> None:
        try:
            self._method(operation)(**arguments)
        except (BotoCoreError, ClientError) as error:
            raise self._failed(operation, error) from error

    def _method(self, operation: str) -> Callable[..., Any]:
        return partial(getattr(self.client, operation), Bucket=self.address.name)

    def _failed(self, operation: str, error: Exception) -> LockerError:
        name = "".join(part.capitalize() for part in operation.split("_"))
        is_refused = isinstance(error, ClientError) and status(error) in (401, 403)
        kind = Refused if is_refused else LockerError
        return kind(f"{name} of {self.address.url}: {reason(error)}")


def _listed(statement: Any) -> list[dict[str, Any]]:
    return list(statement) if isinstance(statement, list) else [statement]
