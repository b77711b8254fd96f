"""Amazon EBS."""

from __future__ import annotations

import boto3
import pytest

from checks.aws.ebs import EncryptionByDefault, Volume, encryption_by_default, volumes_encrypted
from tests.cases import Case, read_aws, row

KEY = "arn:aws:kms:us-east-1:123456789012:key/phi"

CASES = [
    row(volumes_encrypted, Volume(id="vol-1", state="in-use", is_encrypted=True, kms_key=KEY),
        outcome="pass", reason=f"the volume is encrypted with key {KEY}"),
    row(volumes_encrypted, Volume(id="vol-1", state="creating", is_encrypted=True),
        outcome="pass", reason="the volume is encrypted"),
    row(volumes_encrypted, Volume(id="vol-1", state="in-use", is_encrypted=False),
        outcome="fail", reason="the volume is not encrypted"),
    row(volumes_encrypted, Volume(id="vol-1", state="available", is_encrypted=False),
        outcome="fail", reason="the volume is not encrypted"),
    row(volumes_encrypted, Volume(id="vol-1", state="error", is_encrypted=False),
        outcome="fail", reason="the volume is not encrypted"),
    row(volumes_encrypted, Volume(id="vol-1", state="deleting", is_encrypted=False),
        outcome="not_applicable", reason="the volume is deleting"),
    row(encryption_by_default, EncryptionByDefault(is_on=True),
        outcome="pass", reason="new volumes are encrypted by default"),
    row(encryption_by_default, EncryptionByDefault(is_on=False),
        outcome="fail", reason="new volumes are not encrypted by default"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_volumes_are_read_with_their_encryption(aws: boto3.Session) -> None:
    ec2 = aws.client("ec2")
    plain = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    secure = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, Encrypted=True, KmsKeyId=KEY)

    reads = read_aws(aws, volumes_encrypted)

    assert {o.name: o.resource for o in reads[Volume]} == {
        f"arn:aws:ec2:us-east-1:123456789012:volume/{plain}": Volume(
            id=plain, state="available", is_encrypted=False
        ),
        f"arn:aws:ec2:us-east-1:123456789012:volume/{secure['VolumeId']}": Volume(
            id=secure["VolumeId"], state="available", is_encrypted=True, kms_key=KEY
        ),
    }


def test_encryption_by_default_is_read_in_every_region(aws: boto3.Session) -> None:
    aws.client("ec2", region_name="eu-west-1").enable_ebs_encryption_by_default()

    reads = read_aws(aws, encryption_by_default, regions=("us-east-1", "eu-west-1"))

    assert [(o.region, o.resource.is_on) for o in reads[EncryptionByDefault]] == [
        ("eu-west-1", True),
        ("us-east-1", False),
    ]
