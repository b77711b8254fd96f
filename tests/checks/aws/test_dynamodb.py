"""Amazon DynamoDB."""

from __future__ import annotations

import boto3
import pytest
from pydantic import ValidationError

from checks.aws.dynamodb import Table, TableBackups, TableEncryption, encrypted, pitr
from collector.answer import Answer
from collector.evidence.canonical import JSON
from collector.resource import lookup
from tests.botocore_shape import assert_shape
from tests.cases import Case, read_aws, row

KEY = "arn:aws:kms:us-east-1:123456789012:key/phi"
KMS = TableEncryption(state="ACTIVE", status="ENABLED", algorithm="KMS", kms_key=KEY)
OWNED = "encryption is the default AES-256 with an AWS owned key"

CASES = [
    row(encrypted, KMS, outcome="pass", reason=f"encryption is KMS with key {KEY}"),
    row(encrypted, KMS, require_kms=True,
        outcome="pass", reason=f"encryption is KMS with key {KEY}"),
    row(encrypted, TableEncryption(state="ACTIVE"), outcome="pass", reason=OWNED),
    row(encrypted, TableEncryption(state="ACTIVE"), require_kms=True,
        outcome="fail", reason=f"{OWNED}, not KMS"),
    row(encrypted, TableEncryption(state="ACTIVE", status="DISABLED"), require_kms=True,
        outcome="fail", reason=f"{OWNED}, not KMS"),
    row(encrypted, TableEncryption(state="ACTIVE", status="ENABLED", algorithm="AES256"),
        require_kms=True, outcome="fail", reason=f"{OWNED}, not KMS"),
    row(encrypted, TableEncryption(state="UPDATING", status="UPDATING", algorithm="KMS"),
        outcome="pass", reason="encryption is UPDATING"),
    row(encrypted, TableEncryption(state="UPDATING", status="UPDATING", algorithm="KMS"),
        require_kms=True, outcome="fail", reason="encryption is UPDATING, not KMS"),
    row(encrypted, TableEncryption(state="DELETING"), require_kms=True,
        outcome="not_applicable", reason="the table is DELETING"),
    row(pitr, TableBackups(status="ENABLED", days=35),
        outcome="pass", reason="point-in-time recovery reaches back 35 d"),
    row(pitr, TableBackups(status="ENABLED", days=7),
        outcome="pass", reason="point-in-time recovery reaches back 7 d"),
    row(pitr, TableBackups(status="ENABLED", days=6),
        outcome="fail", reason="point-in-time recovery reaches back 6 d, fewer than 7"),
    row(pitr, TableBackups(status="ENABLED", days=7), min_days=35,
        outcome="fail", reason="point-in-time recovery reaches back 7 d, fewer than 35"),
    row(pitr, TableBackups(status="DISABLED"),
        outcome="fail", reason="point-in-time recovery is disabled"),
    row(pitr, TableBackups(status="DISABLED", days=35),
        outcome="fail", reason="point-in-time recovery is disabled"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def create(aws: boto3.Session, name: str, **more: object) -> None:
    aws.client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "patient", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "patient", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )


def test_tables_are_read_with_and_without_a_key_in_kms(aws: boto3.Session) -> None:
    """DynamoDB describes no encryption where it uses a key of its own."""
    create(aws, "owned")
    create(aws, "kms", SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY})

    reads = read_aws(aws, encrypted)

    assert [o.name for o in reads[Table]] == [
        "arn:aws:dynamodb:us-east-1:123456789012:table/kms",
        "arn:aws:dynamodb:us-east-1:123456789012:table/owned",
    ]
    assert [o.resource for o in reads[TableEncryption]] == [
        TableEncryption(
            id="kms",
            arn="arn:aws:dynamodb:us-east-1:123456789012:table/kms",
            state="ACTIVE",
            status="ENABLED",
            algorithm="KMS",
            kms_key=KEY,
        ),
        TableEncryption(
            id="owned",
            arn="arn:aws:dynamodb:us-east-1:123456789012:table/owned",
            state="ACTIVE",
        ),
    ]


def test_items_put_into_a_table_change_nothing_in_its_evidence(aws: boto3.Session) -> None:
    """Counts that grow with use are kept with the call, not in the answer."""
    create(aws, "visits")
    before = described(aws)

    aws.client("dynamodb").put_item(TableName="visits", Item={"patient": {"S": "1"}})
    after = described(aws)

    assert after.body() == before.body()
    assert [lookup(a.provenance, "volatile")["Table.ItemCount"] for a in (before, after)] == [
        [0],
        [1],
    ]


def test_recovery_is_read_with_its_period_and_without_its_moving_times(
    aws: boto3.Session,
) -> None:
    create(aws, "visits")
    create(aws, "drafts")
    aws.client("dynamodb").update_continuous_backups(
        TableName="visits", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )

    reads = read_aws(aws, pitr)

    assert [o.resource for o in reads[TableBackups]] == [
        TableBackups(id="drafts", status="DISABLED"),
        TableBackups(id="visits", status="ENABLED", days=35),
    ]
    bodies = b"".join(a.body() or b"" for s, a in reads.answers if s is TableBackups.source)
    assert b"RestorableDateTime" not in bodies


def test_recovery_whose_period_is_not_told_is_unreadable() -> None:
    """DynamoDB tells it of every table that has recovery, so an answer without it is not whole."""
    recovery: JSON = {"PointInTimeRecoveryStatus": "ENABLED"}
    answer: JSON = {
        "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": recovery,
        }
    }
    assert_shape("dynamodb", "DescribeContinuousBackups", answer)

    with pytest.raises(ValidationError, match="without its period"):
        TableBackups.parse(answer)


def described(aws: boto3.Session) -> Answer:
    """The answer that describes the only table."""
    (answer,) = [a for s, a in read_aws(aws, encrypted).answers if s is TableEncryption.source]
    return answer
