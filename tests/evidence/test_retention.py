"""What is referred to again is kept as long as what is put now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from collector.errors import LockerError, Refused
from collector.evidence.address import Bucket, Container, GoogleBucket
from collector.evidence.blob import BlobLocker
from collector.evidence.canonical import sha256
from collector.evidence.chain import put_object
from collector.evidence.gcs import GcsLocker
from collector.evidence.keys import Signer
from collector.evidence.locker import Keeping, Locker, Mode, Stat, open_locker
from collector.evidence.retention import MARGIN, SLACK, renew
from collector.evidence.s3 import S3Locker
from collector.evidence.snapshot import object_key
from tests.azure.blobs import FakeContainer
from tests.evidence.azurite import ACCOUNT, connection_string
from tests.evidence.lockers import MemoryLocker, sealed_run
from tests.evidence.wsgi import served
from tests.google.storage import FakeStorage

DATA = b"an answer that does not change"
KEY = object_key(sha256(DATA))
YEAR = timedelta(days=365)
NOW = datetime.now(UTC).replace(microsecond=0)


class RetainingLocker(MemoryLocker):
    """A locker whose files are retained for a year from when they are put."""

    def __init__(self, period: timedelta = YEAR) -> None:
        super().__init__({})
        self.now = NOW
        self.period = period
        self.until: dict[str, datetime] = {}
        self.extended: list[datetime] = []

    def put(self, key: str, data: bytes) -> bool:
        if key in self.files:
            return False
        self.files[key], self.until[key] = data, self.now + self.period
        return True

    def stat(self, key: str) -> Stat:
        return Stat(len(self.get(key)), self.until.get(key))

    def retention(self) -> timedelta:
        return self.period

    def extend_retention(self, key: str, until: datetime) -> None:
        self.extended.append(self.now)
        self.until[key] = max(until, self.until.get(key, until))


@pytest.mark.parametrize("period", [YEAR, timedelta(days=7), timedelta(days=2192)])
def test_every_day_an_object_is_kept_as_long_as_a_new_one(period: timedelta) -> None:
    """And the retention of an object that is referred to every day changes once a month or less."""
    locker = RetainingLocker(period)

    for day in range(400):
        locker.now = NOW + timedelta(days=day)
        put_object(locker, DATA, lambda: locker.now)
        assert locker.until[KEY] >= locker.now + period - SLACK

    between = [b - a for a, b in pairwise(locker.extended)]
    assert min(between) >= min(MARGIN, period / 10) - SLACK


def test_what_is_put_twice_in_a_run_is_left_alone() -> None:
    locker = RetainingLocker()
    put_object(locker, DATA, lambda: NOW)

    put_object(locker, DATA, lambda: NOW + timedelta(minutes=5))

    assert locker.extended == []


def test_the_public_key_is_kept_with_what_it_signed(signer: Signer) -> None:
    locker = RetainingLocker()
    sealed_run(locker, signer, day=1)

    sealed_run(locker, signer, day=1, at=NOW + timedelta(days=100))

    (key,) = (key for key in locker.files if key.endswith(".pem"))
    assert locker.until[key] >= NOW + timedelta(days=100) + YEAR - SLACK


def test_an_object_that_another_run_extends_at_the_same_time_is_well() -> None:
    """What would shorten the other run's end by a second is refused by S3 and by Google."""

    class Raced(RetainingLocker):
        def extend_retention(self, key: str, until: datetime) -> None:
            self.until[key] = until + timedelta(seconds=1)
            raise Refused("it would be shortened")

    locker = Raced()
    put_object(locker, DATA, lambda: NOW)

    renew(locker, KEY, NOW + timedelta(days=50))


def test_an_object_that_cannot_be_kept_long_enough_is_not_referred_to() -> None:
    class Denying(RetainingLocker):
        def extend_retention(self, key: str, until: datetime) -> None:
            raise Refused("s3:PutObjectRetention is denied")

    locker = Denying()
    put_object(locker, DATA, lambda: NOW)

    with pytest.raises(LockerError, match="PutObjectRetention"):
        put_object(locker, DATA, lambda: NOW + timedelta(days=50))


def test_a_folder_keeps_nothing_and_is_not_asked(tmp_path: Path) -> None:
    locker = open_locker(str(tmp_path), Keeping(days=100))
    put_object(locker, DATA)

    put_object(locker, DATA)

    assert locker.stat(KEY).retained_until is None


@pytest.fixture(params=["s3", "gs", "azure"])
def keeping(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Locker]]:
    """Opens a locker of each kind with a retention of its own, at a time."""
    match request.param:
        case "s3":
            request.getfixturevalue("s3_environment")
            name = request.getfixturevalue("locked_bucket")()
            yield lambda keep, clock: S3Locker(Bucket(name, "p"), keep, clock)
        case "gs":
            storage: FakeStorage = request.getfixturevalue("google_storage")
            storage.buckets["evidence"]["objectRetention"] = {"mode": "Enabled"}
            yield lambda keep, clock: GcsLocker(GoogleBucket("evidence", "p"), keep, clock)
        case _:
            with served(FakeContainer()) as url:
                string = connection_string(url)
                monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", string)
                address = Container(ACCOUNT, "blob.core.windows.net", "evidence", "p")
                yield lambda keep, clock: BlobLocker(address, keep, clock)


def test_each_file_is_kept_as_the_configuration_says(keeping: Callable[..., Locker]) -> None:
    locker = keeping(Keeping(days=365), lambda: NOW)

    locker.put("v1/x", DATA)

    assert locker.retention() == YEAR
    assert locker.stat("v1/x").retained_until == NOW + YEAR


@pytest.mark.parametrize("mode", ["governance", "compliance"])
def test_what_is_referred_to_again_is_extended(keeping: Callable[..., Locker], mode: Mode) -> None:
    put_object(keeping(Keeping(days=365, mode=mode), lambda: NOW), DATA, lambda: NOW)
    later = NOW + timedelta(days=60)

    # In governance mode by now: what is in compliance mode stays so.
    put_object(keeping(Keeping(days=365), lambda: later), DATA, lambda: later)

    until = keeping(Keeping(), lambda: NOW).stat(KEY).retained_until
    assert until == later + YEAR + MARGIN


def test_a_file_without_retention_is_given_one_once_it_is_referred_to_again(
    keeping: Callable[..., Locker],
) -> None:
    old = keeping(Keeping(days=1), lambda: NOW - timedelta(hours=23))
    put_object(old, DATA, lambda: NOW)

    put_object(keeping(Keeping(days=365), lambda: NOW), DATA, lambda: NOW)

    until = old.stat(KEY).retained_until
    assert until is not None and until >= NOW + YEAR


def test_s3_is_told_the_mode_and_the_key(
    s3_environment: None, locked_bucket: Callable[[], str]
) -> None:
    import boto3

    name = locked_bucket()
    keep = Keeping(30, "compliance", "arn:aws:kms:us-east-1:123456789012:key/abc")

    open_locker(f"s3://{name}", keep).put("v1/x", DATA)

    head = boto3.session.Session().client("s3").head_object(Bucket=name, Key="v1/x")
    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == (
        "aws:kms",
        "arn:aws:kms:us-east-1:123456789012:key/abc",
    )


def test_compliance_mode_stays(s3_environment: None, locked_bucket: Callable[[], str]) -> None:
    import boto3

    name = locked_bucket()
    open_locker(f"s3://{name}", Keeping(30, "compliance")).put("v1/x", DATA)

    open_locker(f"s3://{name}").extend_retention("v1/x", NOW + YEAR)

    head = boto3.session.Session().client("s3").head_object(Bucket=name, Key="v1/x")
    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert head["ObjectLockRetainUntilDate"] == NOW + YEAR


def test_a_bucket_without_object_lock_retains_nothing(bucket: str) -> None:
    locker = open_locker(f"s3://{bucket}")
    locker.put("v1/x", DATA)

    locker.extend_retention("v1/x", NOW + YEAR)

    assert locker.retention() is None
    assert locker.stat("v1/x").retained_until is None


def test_google_is_told_the_key(google_storage: FakeStorage) -> None:
    key = "projects/p/locations/us/keyRings/r/cryptoKeys/k"

    open_locker("gs://evidence", Keeping(encryption_key=key)).put("v1/x", DATA)

    (written,) = google_storage.objects["evidence", "v1/x"]
    assert written.about["kmsKeyName"].startswith(key)


def test_azure_is_told_the_mode_and_the_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    container = FakeContainer()
    with served(container) as url:
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection_string(url))

        keep = Keeping(30, "compliance", "patients")
        open_locker(f"azure://{ACCOUNT}/evidence", keep).put("v1/x", DATA)

    (blob,) = container.versions_of
    assert (blob.mode, blob.scope) == ("Locked", "patients")


def test_a_policy_of_a_google_bucket_is_extended_where_objects_can_be_retained(
    google_storage: FakeStorage,
) -> None:
    days = {"retentionPeriod": str(365 * 86_400)}
    google_storage.buckets["evidence"] |= {
        "retentionPolicy": days,
        "objectRetention": {"mode": "Enabled"},
    }
    locker = open_locker("gs://evidence")
    put_object(locker, DATA, lambda: NOW)

    put_object(locker, DATA, lambda: NOW + timedelta(days=50))

    assert locker.retention() == YEAR
    assert locker.stat(KEY).retained_until == NOW + timedelta(days=50) + YEAR + MARGIN


@pytest.mark.parametrize(
    ("about", "denied", "told"),
    [
        ({"retentionPolicy": {"retentionPeriod": "86400"}}, set(), "object retention is not"),
        ({}, {"buckets.get"}, "it needs storage.buckets.get"),
    ],
)
def test_a_retention_of_google_that_cannot_be_extended_is_told_in_the_log(
    google_storage: FakeStorage,
    capsys: pytest.CaptureFixture[str],
    about: dict[str, Any],
    denied: set[str],
    told: str,
) -> None:
    google_storage.buckets["evidence"] |= about
    google_storage.denied = denied
    locker = open_locker("gs://evidence")

    assert locker.retention() is None
    assert locker.retention() is None

    said = "".join(capsys.readouterr())
    assert said.count("retention_not_extended") == 1
    assert told in said
