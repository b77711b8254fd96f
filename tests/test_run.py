"""A run: what it seals, what it does not store twice, and that a replay says the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from collector.answer import NOT_RESOLVED, Failure
from collector.check import Check, discover
from collector.errors import ConfigError, LockerError, NotSealed
from collector.evidence.canonical import JSON
from collector.evidence.folder import FolderLocker
from collector.evidence.keys import Signer, load_public_key, open_signer
from collector.evidence.verify import verify
from collector.mapping import Mappings, load_mappings
from collector.readers.aws import open_account
from collector.run import Outcome, Plan, plan, read_lines, replay, run
from tests.memory import SCOPE, MemoryReader, Reply

CHECKS = ("aws.s3.bucket_not_public", "aws.s3.default_encryption", "aws.s3.tls_only")


@pytest.fixture(scope="module")
def checks() -> dict[str, Check[...]]:
    return dict(discover())


@pytest.fixture(scope="module")
def mappings() -> Mappings:
    return load_mappings()


@pytest.fixture
def s3_plan(checks: dict[str, Check[...]], mappings: Mappings) -> Plan:
    return plan(checks, CHECKS, {}, mappings)


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return open_signer(f"file:{tmp_path / 'key.pem'}", create=True)


@pytest.fixture
def locker(tmp_path: Path) -> FolderLocker:
    return FolderLocker(tmp_path / "evidence")


def ticking() -> Iterator[datetime]:
    """Times a second apart, so that two runs differ in all that may differ."""
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    while True:
        yield moment
        moment += timedelta(seconds=1)


def run_on(
    session: boto3.Session,
    s3_plan: Plan,
    locker: FolderLocker,
    signer: Signer,
    times: Iterator[datetime],
) -> Outcome:
    reader = open_account(session, "prod", regions=("us-east-1",), expected=None)
    return run(reader, s3_plan, locker=locker, signer=signer, clock=lambda: next(times), workers=4)


def objects(locker: FolderLocker) -> set[str]:
    return set(locker.keys("v1/objects/"))


def test_a_run_seals_a_snapshot_that_verifies(
    aws: boto3.Session, s3_plan: Plan, locker: FolderLocker, signer: Signer
) -> None:
    aws.client("s3").create_bucket(Bucket="logs")

    outcome = run_on(aws, s3_plan, locker, signer, ticking())

    key = load_public_key(signer.public_pem, "test")
    report = verify(locker, trusted=[key])
    assert (report.problems, report.warnings) == ((), ())
    assert outcome.sealed is not None
    assert outcome.sealed.number == 1
    assert outcome.snapshot.complete
    assert outcome.snapshot.summary.model_dump(by_alias=True) == {
        "pass": 1, "fail": 2, "unknown": 0, "not_applicable": 0, "calls": 7,
    }  # fmt: skip


def test_a_second_run_is_chained_and_stores_nothing_twice(
    aws: boto3.Session, s3_plan: Plan, locker: FolderLocker, signer: Signer
) -> None:
    aws.client("s3").create_bucket(Bucket="logs")
    times = ticking()
    first = run_on(aws, s3_plan, locker, signer, times)
    before = objects(locker)

    second = run_on(aws, s3_plan, locker, signer, times)

    assert second.sealed is not None
    assert second.sealed.number == 2
    new = objects(locker) - before
    assert [key.rpartition("/")[2] for key in new] == [second.snapshot.calls_sha256]
    assert second.snapshot.checks == first.snapshot.checks
    assert verify(locker, trusted=[load_public_key(signer.public_pem, "test")]).ok


def test_a_replay_gives_the_same_results_objects_without_credentials(
    aws: boto3.Session,
    s3_plan: Plan,
    locker: FolderLocker,
    signer: Signer,
    checks: dict[str, Check[...]],
    mappings: Mappings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    aws.client("s3").create_bucket(Bucket="logs")
    first = run_on(aws, s3_plan, locker, signer, ticking())
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    again = replay(first.snapshot, checks, mappings, locker)

    assert again.snapshot.checks == first.snapshot.checks
    assert again.results == first.results


def test_a_replay_keeps_to_the_regions_that_were_listed_though_a_check_asks_for_all(
    aws: boto3.Session,
    checks: dict[str, Check[...]],
    mappings: Mappings,
    locker: FolderLocker,
    signer: Signer,
) -> None:
    both = ("aws.alarms.auth_failures", "aws.ebs.encryption_by_default")
    first = run_on(aws, plan(checks, both, {}, mappings), locker, signer, ticking())

    again = replay(first.snapshot, checks, mappings, locker)

    assert [r.resource.region for r in first.results] == ["global", "us-east-1"]
    assert again.results == first.results


def test_a_run_over_regions_without_a_service_is_complete_and_its_replay_too(
    checks: dict[str, Check[...]], mappings: Mappings, locker: FolderLocker, signer: Signer
) -> None:
    path = "/aws/service/global-infrastructure/services/dax/regions"
    names: list[JSON] = [{"RegionName": "us-east-1"}, {"RegionName": "me-south-1"}]
    replies: dict[str, Reply | Callable[[Mapping[str, JSON], str], Reply]] = {
        "ec2:DescribeRegions": {"Regions": names},
        "ssm:GetParametersByPath": {"Parameters": [{"Name": f"{path}/us-east-1"}]},
        "dax:DescribeClusters": lambda _, place: (
            {"Clusters": []} if place == "us-east-1" else Failure(NOT_RESOLVED)
        ),
    }
    reader = MemoryReader(replies, replace(SCOPE, regions=None))
    times = ticking()

    dax = plan(checks, ["aws.dax.encrypted"], {}, mappings)
    done = run(reader, dax, locker=locker, signer=signer, clock=lambda: next(times), workers=4)

    assert done.snapshot.complete
    (result,) = done.results
    assert result.outcome == "not_applicable"
    assert len(result.evidence) == 3, "the regions, the listing, and the list of AWS"
    again = replay(done.snapshot, checks, mappings, locker)
    assert again.results == done.results
    assert again.snapshot.checks == done.snapshot.checks


def test_settings_are_recorded_and_replayed(
    aws: boto3.Session,
    checks: dict[str, Check[...]],
    mappings: Mappings,
    locker: FolderLocker,
    signer: Signer,
) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="logs")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(
        Bucket="logs",
        ServerSideEncryptionConfiguration={"Rules": [rule]},
    )
    strict = plan(checks, CHECKS, {"aws.s3.default_encryption": {"require_kms": True}}, mappings)

    first = run_on(aws, strict, locker, signer, ticking())
    again = replay(first.snapshot, checks, mappings, locker)

    assert first.snapshot.scope.settings == {"aws.s3.default_encryption": {"require_kms": True}}
    assert {r.outcome for r in first.results if r.check == "aws.s3.default_encryption"} == {"fail"}
    assert again.snapshot.checks == first.snapshot.checks


def test_what_could_not_be_read_makes_the_snapshot_incomplete(
    s3_plan: Plan, locker: FolderLocker, signer: Signer
) -> None:
    reader = MemoryReader({"s3:ListBuckets": Failure("AccessDenied", "", 403, denied=True)})
    times = ticking()

    outcome = run(
        reader, s3_plan, locker=locker, signer=signer, clock=lambda: next(times), workers=2
    )

    assert not outcome.snapshot.complete
    assert {r.outcome for r in outcome.results} == {"unknown"}
    calls = read_lines(locker, outcome.snapshot.calls_sha256)
    (listing,) = (c for c in calls if c["source"] == "s3:ListBuckets")
    assert listing["error"] == {
        "code": "AccessDenied", "message": "", "permissions": ["s3:ListAllMyBuckets"],
    }  # fmt: skip


def test_a_locker_that_refuses_is_found_before_the_cloud_is_read(
    s3_plan: Plan, tmp_path: Path, signer: Signer
) -> None:
    class ReadOnly(FolderLocker):
        def put(self, key: str, data: bytes) -> bool:
            raise LockerError("writing evidence: AccessDenied")

    reader = MemoryReader({})
    times = ticking()

    with pytest.raises(LockerError) as error:
        run(
            reader,
            s3_plan,
            locker=ReadOnly(tmp_path / "read-only"),
            signer=signer,
            clock=lambda: next(times),
            workers=2,
        )

    assert error.value.exit_code == 2
    assert reader.calls == []


def test_nothing_is_sealed_when_an_object_cannot_be_stored(
    s3_plan: Plan, tmp_path: Path, signer: Signer
) -> None:
    class Full(FolderLocker):
        def put(self, key: str, data: bytes) -> bool:
            if key.startswith("v1/objects/"):
                raise LockerError("writing evidence: no space left on device")
            return super().put(key, data)

    locker = Full(tmp_path / "full")
    times = ticking()

    with pytest.raises(NotSealed, match=r"no space.*; nothing is sealed"):
        run(
            MemoryReader({"s3:ListBuckets": {"Buckets": []}}),
            s3_plan,
            locker=locker,
            signer=signer,
            clock=lambda: next(times),
            workers=2,
        )

    assert [k for k in locker.keys("v1/") if "/log/" in k] == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"aws.s3.nix": {}}, "settings of check aws.s3.nix: there is no such check"),
        ({"aws.s3.default_encryption": {"kms": True}},
         "settings of check aws.s3.default_encryption: unknown key kms; expected require_kms"),
        ({"aws.s3.default_encryption": {"require_kms": 1}},
         "settings of check aws.s3.default_encryption: require_kms: found 1; expected bool"),
        ({"aws.ec2.sg_no_admin_ports_open": {"admin_ports": []}},
         "settings of check aws.ec2.sg_no_admin_ports_open: admin_ports: found []: list should"
         " have at least 1 item"),
        ({"aws.ec2.sg_no_admin_ports_open": {"admin_ports": ["ssh"]}},
         "settings of check aws.ec2.sg_no_admin_ports_open: admin_ports: found ['ssh']: string"
         " should match pattern '^[0-9]{1,5}$'"),
        ({"aws.iam.access_key_age": {"max_age_days": -1}},
         "settings of check aws.iam.access_key_age: max_age_days: found -1; expected 0 or more"),
    ],
)  # fmt: skip
def test_settings_that_no_check_has_are_refused(
    checks: dict[str, Check[...]],
    mappings: Mappings,
    settings: dict[str, dict[str, object]],
    message: str,
) -> None:
    with pytest.raises(ConfigError) as error:
        plan(checks, CHECKS, settings, mappings)

    assert str(error.value) == message
