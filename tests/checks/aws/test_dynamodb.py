"""Amazon DynamoDB."""

from __future__ import annotations

import boto3
import pytest

from checks.aws.dynamodb import Table, TableEncryption, encrypted
from collector.answer import Answer
from collector.resource import lookup
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
        TableEncryption(id="kms", state="ACTIVE", status="ENABLED", algorithm="KMS", kms_key=KEY),
        TableEncryption(id="owned", state="ACTIVE"),
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


def described(aws: boto3.Session) -> Answer:
    """The answer that describes the only table."""
    (answer,) = [a for s, a in read_aws(aws, encrypted).answers if s is TableEncryption.source]
    return answer
