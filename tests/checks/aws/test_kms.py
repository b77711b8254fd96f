"""AWS KMS."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
import pytest

from checks.aws.kms import Key, KeyMetadata, KeyRotation, not_pending_deletion, rotation
from collector.evidence.canonical import JSON
from tests.botocore_shape import assert_shape
from tests.cases import Case, read_aws, row

ARN = "arn:aws:kms:us-east-1:123456789012:key/phi"
OFF = KeyRotation(is_on=False)
DAY = datetime(2026, 7, 1, tzinfo=UTC)


def key(**changes: object) -> KeyMetadata:
    """A key that can rotate, with some of its facts changed."""
    facts: dict[str, object] = {
        "id": ARN,
        "manager": "CUSTOMER",
        "state": "Enabled",
        "origin": "AWS_KMS",
        "usage": "ENCRYPT_DECRYPT",
        "spec": "SYMMETRIC_DEFAULT",
    }
    return KeyMetadata.model_validate({**facts, **changes})


CASES = [
    row(rotation, key(), KeyRotation(is_on=True), outcome="pass", reason="rotates every 365 days"),
    row(rotation, key(state="Updating", multi_region_type="PRIMARY"),
        KeyRotation(is_on=True, period_days=90), outcome="pass", reason="rotates every 90 days"),
    row(rotation, key(), KeyRotation(is_on=True, period_days=366),
        outcome="fail", reason="rotates every 366 days, expected 365 or fewer"),
    row(rotation, key(), KeyRotation(is_on=True), max_days=180,
        outcome="fail", reason="rotates every 365 days, expected 180 or fewer"),
    row(rotation, key(), KeyRotation(is_on=True, period_days=730), max_days=730,
        outcome="pass", reason="rotates every 730 days"),
    row(rotation, key(), OFF, outcome="fail", reason="automatic rotation is off"),
    row(rotation, key(manager="AWS"), OFF,
        outcome="not_applicable", reason="AWS manages the key and rotates it every year"),
    row(rotation, key(state="Disabled"), OFF,
        outcome="not_applicable", reason="the key is Disabled"),
    row(rotation, key(state="PendingDeletion"), OFF,
        outcome="not_applicable", reason="the key is PendingDeletion"),
    row(rotation, key(origin="EXTERNAL"), OFF,
        outcome="not_applicable", reason="the key material comes from EXTERNAL"),
    row(rotation, key(origin="AWS_CLOUDHSM"), OFF,
        outcome="not_applicable", reason="the key material comes from AWS_CLOUDHSM"),
    row(rotation, key(usage="SIGN_VERIFY", spec="ECC_NIST_P256"), OFF,
        outcome="not_applicable",
        reason="keys of kind ECC_NIST_P256 for SIGN_VERIFY cannot be rotated by KMS"),
    row(rotation, key(spec="RSA_2048"), OFF,
        outcome="not_applicable",
        reason="keys of kind RSA_2048 for ENCRYPT_DECRYPT cannot be rotated by KMS"),
    row(rotation, key(multi_region_type="REPLICA", primary=ARN), OFF,
        outcome="not_applicable", reason=f"the key is a replica; rotation is set at {ARN}"),

    *(row(not_pending_deletion, key(state=state), outcome="pass", reason="no deletion is scheduled")
      for state in ("Creating", "Disabled", "Enabled", "PendingImport", "Unavailable", "Updating")),
    row(not_pending_deletion, key(state="PendingDeletion", deletion=DAY), outcome="fail",
        reason="the key is to be deleted on 2026-07-01"),
    row(not_pending_deletion, key(state="PendingDeletion"), outcome="fail",
        reason="the key is to be deleted"),
    row(not_pending_deletion, key(state="PendingReplicaDeletion"), outcome="fail",
        reason="the key is to be deleted after its replicas"),
    row(not_pending_deletion, key(manager="AWS", state="PendingDeletion"),
        outcome="not_applicable", reason="AWS manages the key"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_rotation_is_asked_only_of_keys_that_can_rotate(aws: boto3.Session) -> None:
    """KMS answers UnsupportedOperationException for the others."""
    kms = aws.client("kms")
    rotating = kms.create_key()["KeyMetadata"]["Arn"]
    still = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    kms.create_key(Origin="EXTERNAL")
    kms.enable_key_rotation(KeyId=rotating)

    reads = read_aws(aws, rotation)

    asked = [a.params["KeyId"] for s, a in reads.answers if s is KeyRotation.source]
    assert sorted(map(str, asked)) == sorted([rotating, still])
    read = {o.name: o.resource.is_on for o in reads[KeyRotation]}
    assert len(read) == 4
    assert (read[rotating], read[still]) == (True, False)


def test_replica_is_read_as_a_replica_of_its_primary(aws: boto3.Session) -> None:
    primary = aws.client("kms").create_key(MultiRegion=True)["KeyMetadata"]
    aws.client("kms").replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-west-1")

    # One at a time: moto's replicas share an object with their primary.
    reads = read_aws(aws, rotation, regions=("us-east-1", "eu-west-1"), workers=1)

    assert {o.region: o.resource.unrotatable for o in reads[KeyMetadata]} == {
        "us-east-1": None,
        "eu-west-1": f"the key is a replica; rotation is set at {primary['Arn']}",
    }


def test_period_of_a_key_is_read() -> None:
    """The simulated KMS forgets the period that is set."""
    answer: JSON = {"KeyId": ARN, "KeyRotationEnabled": True, "RotationPeriodInDays": 180}
    assert_shape("kms", "GetKeyRotationStatus", answer)

    read = KeyRotation.parse(answer, key())

    assert read == KeyRotation(id=ARN, is_on=True, period_days=180)


def test_key_of_a_service_is_read_as_managed_by_aws() -> None:
    answer: JSON = {
        "KeyMetadata": {
            "Arn": ARN,
            "KeyId": "phi",
            "Enabled": True,
            "KeyManager": "AWS",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyState": "Enabled",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "MultiRegion": False,
            "Origin": "AWS_KMS",
        }
    }
    assert_shape("kms", "DescribeKey", answer)

    read = KeyMetadata.parse(answer, Key(id=ARN))

    assert (read.manager, read.rotatable_id) == ("AWS", None)


def test_a_key_that_is_to_be_deleted_is_read_with_the_day(aws: boto3.Session) -> None:
    kms = aws.client("kms")
    made = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=made, PendingWindowInDays=7)

    (one,) = (o.resource for o in read_aws(aws, not_pending_deletion)[KeyMetadata])

    assert one.state == "PendingDeletion"
    assert one.deletion is not None
