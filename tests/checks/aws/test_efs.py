"""Amazon EFS."""

from __future__ import annotations

import boto3
import pytest
from pydantic import ValidationError

from checks.aws.efs import FileSystem, encrypted
from tests.cases import Case, read_aws, row

KEY = "arn:aws:kms:us-east-1:123456789012:key/phi"
ARN = "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-1"

CASES = [
    row(encrypted, FileSystem(id=ARN, is_encrypted=True, kms_key=KEY),
        outcome="pass", reason=f"the file system is encrypted with key {KEY}"),
    row(encrypted, FileSystem(id=ARN, is_encrypted=True),
        outcome="pass", reason="the file system is encrypted"),
    row(encrypted, FileSystem(id=ARN, is_encrypted=False),
        outcome="fail", reason="the file system is not encrypted"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_file_systems_are_read_without_their_growing_size(aws: boto3.Session) -> None:
    efs = aws.client("efs")
    efs.create_file_system(CreationToken="a", Encrypted=True, KmsKeyId=KEY)
    efs.create_file_system(CreationToken="b", Encrypted=False)

    reads = read_aws(aws, encrypted)

    found = [o.resource for o in reads[FileSystem]]
    assert sorted((f.is_encrypted, f.kms_key) for f in found) == [(False, None), (True, KEY)]
    assert all(f.id.startswith("arn:aws:elasticfilesystem:us-east-1:") for f in found)
    assert "SizeInBytes" not in str([a.pages for _, a in reads.answers])


def test_a_file_system_that_does_not_tell_is_unreadable() -> None:
    with pytest.raises(ValidationError, match="is_encrypted"):
        FileSystem.parse({"FileSystemArn": ARN})
