"""What protects a locker in a Google Cloud Storage bucket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from googleapiclient.errors import HttpError

from collector.errors import LockerError
from collector.evidence.address import GoogleBucket
from collector.evidence.gcs_api import Storage, failed
from collector.evidence.locker import Keeping
from collector.evidence.protection import RETENTION_DAYS, Look, NoBucket, Place, Protection
from collector.readers.gcp import TRANSPORT

DAY_SECONDS = 86_400

_NOT_FOUND = 404


def gcs_protections(address: GoogleBucket, keeping: Keeping, place: Place) -> Sequence[Protection]:
    """Of the bucket as a whole: Google has nothing of the kind for a prefix."""
    bucket = _Bucket(address, keeping, place, Storage(address.url))
    name, days = address.name, bucket.days
    # Locking is for ever: the command does not do that for anybody.
    by_hand = f"gcloud storage buckets update gs://{name} --lock-retention-period"
    locked = (
        Protection(
            "lock", f"nobody can shorten the retention policy; by hand: {by_hand}", bucket.lock
        ),
    )
    return (
        Protection("bucket", "a bucket with object retention", bucket.exists, bucket.create),
        Protection(
            "uniform access",
            "access by IAM alone, not by each object's list",
            bucket.uniform_access,
            bucket.enable_uniform_access,
        ),
        Protection(
            "public access",
            "prevention is enforced",
            bucket.public_access,
            bucket.prevent_public_access,
        ),
        Protection(
            "retention policy",
            f"each object is retained for {days} days",
            bucket.retention,
            bucket.set_retention,
        ),
        *(locked if keeping.mode == "compliance" else ()),
        Protection(
            "object retention",
            "enabled, so that what is referred to again can be kept longer; by hand, or in a new "
            f"bucket: gcloud storage buckets create gs://{name} --enable-per-object-retention",
            bucket.object_retention,
        ),
        Protection(
            "versioning",
            "enabled, unless the retention policy refuses a second version anyway",
            bucket.versioning,
            bucket.enable_versioning,
        ),
        Protection(
            "encryption",
            "by Google's own keys"
            if keeping.encryption_key is None
            else f"by default with the key {keeping.encryption_key}",
            bucket.encryption,
            bucket.set_encryption,
        ),
        Protection(
            "lifecycle",
            "no rule deletes objects; take such a rule away by hand",
            bucket.lifecycle,
        ),
    )


@dataclass(frozen=True)
class _Bucket:
    """A bucket, as far as its settings go."""

    address: GoogleBucket
    keeping: Keeping
    place: Place
    storage: Storage

    @property
    def days(self) -> int:
        """The retention that is wanted."""
        return self.keeping.days if self.keeping.days is not None else RETENTION_DAYS

    def exists(self) -> Look:
        """Whether the bucket is there and lets these credentials look at it."""
        self._read()
        return Look(True, f"{self.address.name} is there")

    def create(self) -> None:
        """Make the bucket. Object retention can be enabled now, and by this API never again."""
        project = self.storage.project
        if project is None:
            raise LockerError(
                f"making the bucket of {self.address.url}: no project is known; set "
                "GOOGLE_CLOUD_PROJECT"
            )
        about: dict[str, Any] = {
            "name": self.address.name,
            "iamConfiguration": {
                "uniformBucketLevelAccess": {"enabled": True},
                "publicAccessPrevention": "enforced",
            },
        }
        if self.place.location is not None:
            about["location"] = self.place.location
        self._call("buckets.insert", project=project, body=about, enableObjectRetention=True)

    def uniform_access(self) -> Look:
        """Whether access lists of single objects are out of use."""
        found = self._read()
        access = found.get("iamConfiguration", {}).get("uniformBucketLevelAccess", {})
        return _enabled(access.get("enabled") is True)

    def enable_uniform_access(self) -> None:
        """Objects that only their own lists let somebody read are closed to them then."""
        self._patch(iamConfiguration={"uniformBucketLevelAccess": {"enabled": True}})

    def public_access(self) -> Look:
        """The bucket's own setting; an organization's policy may enforce it as well."""
        found = self._read()
        told = found.get("iamConfiguration", {}).get("publicAccessPrevention", "unspecified")
        return Look(told == "enforced", str(told))

    def prevent_public_access(self) -> None:
        """Whatever roles say."""
        self._patch(iamConfiguration={"publicAccessPrevention": "enforced"})

    def retention(self) -> Look:
        """The bucket's retention policy, which counts from each object's creation."""
        found = self._read()
        seconds = self._seconds(found)
        text = f"{seconds // DAY_SECONDS} days" if seconds else "no retention policy"
        return Look(seconds >= self.days * DAY_SECONDS, text)

    def set_retention(self) -> None:
        """It holds for the objects that are there, too."""
        self._patch(retentionPolicy={"retentionPeriod": str(self.days * DAY_SECONDS)})

    def lock(self) -> Look:
        """Whether the retention policy can be shortened by nobody."""
        found = self._read()
        is_locked = found.get("retentionPolicy", {}).get("isLocked") is True
        return Look(is_locked, "locked" if is_locked else "not locked")

    def object_retention(self) -> Look:
        """Whether an object can be retained for longer than the bucket's policy says."""
        found = self._read()
        return _enabled(found.get("objectRetention", {}).get("mode") == "Enabled")

    def versioning(self) -> Look:
        """Whether a second write of a name leaves the first in place."""
        found = self._read()
        if found.get("versioning", {}).get("enabled") is True:
            return Look(True, "enabled")
        if self._seconds(found) >= self.days * DAY_SECONDS:
            return Look(True, "not enabled; the retention policy refuses a second version")
        return Look(False, "not enabled")

    def enable_versioning(self) -> None:
        """Needed only where the retention policy is too short."""
        self._patch(versioning={"enabled": True})

    def encryption(self) -> Look:
        """Default key of new objects; without one, Google encrypts with its own."""
        found = self._read()
        key = found.get("encryption", {}).get("defaultKmsKeyName")
        wanted = self.keeping.encryption_key
        return Look(wanted in (None, key), f"key {key}" if key else "Google's own keys")

    def set_encryption(self) -> None:
        """The key of the configuration."""
        self._patch(encryption={"defaultKmsKeyName": self.keeping.encryption_key})

    def lifecycle(self) -> Look:
        """Whether a rule would delete objects once nothing retains them."""
        found = self._read()
        rules = found.get("lifecycle", {}).get("rule", ())
        deleting = [rule for rule in rules if rule.get("action", {}).get("type") == "Delete"]
        return Look(not deleting, f"{len(deleting)} rules delete" if deleting else "no such rule")

    def _seconds(self, found: Any) -> int:
        return int(found.get("retentionPolicy", {}).get("retentionPeriod", 0))

    def _read(self) -> Any:
        """The bucket as Google describes it."""
        doing = f"reading the bucket of {self.address.url}"
        try:
            return self.storage.call("buckets.get", bucket=self.address.name)
        except HttpError as error:
            if error.resp.status == _NOT_FOUND:
                raise NoBucket("there is no such bucket") from error
            raise failed(doing, error) from error
        except TRANSPORT as error:
            raise failed(doing, error) from error

    def _patch(self, **about: Any) -> None:
        self._call("buckets.patch", bucket=self.address.name, body=about)

    def _call(self, method: str, **arguments: Any) -> None:
        try:
            self.storage.call(method, **arguments)
        except (HttpError, *TRANSPORT) as error:
            raise failed(f"{method} of {self.address.url}", error) from error


def _enabled(is_enabled: bool) -> Look:
    return Look(is_enabled, "enabled" if is_enabled else "not enabled")
