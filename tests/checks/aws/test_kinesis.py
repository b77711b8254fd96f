"""Amazon Kinesis Data Streams and Amazon Data Firehose."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from pydantic import ValidationError

from checks.aws.kinesis import (
    DeliveryStreamEncryption,
    StreamEncryption,
    encrypted,
)
from tests.aws_told import told
from tests.cases import Case, read_aws, row

KEY = "arn:aws:kms:us-east-1:123456789012:key/phi"
NAMED: Any = {"id": "audit", "said": "audit"}
DIRECT = DeliveryStreamEncryption(**NAMED, kind="DirectPut")
OWNED = DeliveryStreamEncryption(
    **NAMED, kind="DirectPut", status="ENABLED", key_owner="AWS_OWNED_CMK"
)
CUSTOMER = DeliveryStreamEncryption(
    **NAMED, kind="DirectPut", status="ENABLED", key_owner="CUSTOMER_MANAGED_CMK", kms_key=KEY
)

CASES = [
    row(encrypted, StreamEncryption(**NAMED, encryption="KMS", kms_key=KEY), require_kms=True,
        outcome="pass", reason=f"encryption is KMS with key {KEY}"),
    row(encrypted, StreamEncryption(**NAMED, encryption="KMS"),
        outcome="pass", reason="encryption is KMS"),
    row(encrypted, StreamEncryption(**NAMED, encryption="NONE"),
        outcome="fail", reason="encryption is NONE"),
    row(encrypted, OWNED, outcome="pass", reason="encryption is ENABLED with an AWS owned key"),
    row(encrypted, OWNED, require_kms=True,
        outcome="fail", reason="encryption is ENABLED with an AWS owned key, not KMS"),
    row(encrypted, CUSTOMER, require_kms=True,
        outcome="pass", reason=f"encryption is ENABLED with key {KEY}"),
    row(encrypted, DIRECT, outcome="fail", reason="encryption was never turned on"),
    *(
        row(encrypted, DIRECT.model_copy(update={"status": status}),
            outcome="fail", reason=f"encryption is {status}")
        for status in ("DISABLED", "DISABLING", "DISABLING_FAILED", "ENABLING", "ENABLING_FAILED")
    ),
    *(
        row(encrypted, DIRECT.model_copy(update={"kind": kind}), outcome="not_applicable",
            reason=f"the stream is {kind}, and its source keeps the records")
        for kind in ("DatabaseAsSource", "KinesisStreamAsSource", "MSKAsSource")
    ),
]  # fmt: skip

ENCRYPTED = {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": KEY, "Status": "ENABLED"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_streams_are_read_with_their_keys(aws: boto3.Session) -> None:
    kinesis = aws.client("kinesis")
    for name in ("clicks", "vitals"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.start_stream_encryption(StreamName="vitals", EncryptionType="KMS", KeyId=KEY)

    reads = read_aws(aws, encrypted)

    assert [o.name for o in reads[StreamEncryption]] == [
        "arn:aws:kinesis:us-east-1:123456789012:stream/clicks",
        "arn:aws:kinesis:us-east-1:123456789012:stream/vitals",
    ]
    assert [o.resource.encryption for o in reads[StreamEncryption]] == ["NONE", "KMS"]
    assert "OpenShardCount" not in str([a.pages for _, a in reads.answers])


def test_delivery_streams_are_read_with_their_encryption() -> None:
    descriptions = {
        "audit": {"DeliveryStreamEncryptionConfiguration": ENCRYPTED},
        "clicks": {},
    }
    session = told(
        {
            "kinesis:ListStreams": {"StreamNames": [], "HasMoreStreams": False},
            "firehose:ListDeliveryStreams": lambda params, _: {
                "DeliveryStreamNames": list(descriptions)[: params.get("Limit", 1)],
                "HasMoreDeliveryStreams": False,
            },
            "firehose:DescribeDeliveryStream": lambda params, _: {
                "DeliveryStreamDescription": {
                    "DeliveryStreamName": params["DeliveryStreamName"],
                    "DeliveryStreamType": "DirectPut",
                    **descriptions[params["DeliveryStreamName"]],
                }
            },
        }
    )

    reads = read_aws(session, encrypted)

    assert [o.resource for o in reads[DeliveryStreamEncryption]] == [
        CUSTOMER,
        DIRECT.model_copy(update={"id": "clicks", "said": "clicks"}),
    ]
    names = [o.name for o in reads[DeliveryStreamEncryption]]
    assert names[0] == "arn:aws:firehose:us-east-1:123456789012:deliverystream/audit"


def test_a_list_that_says_that_there_are_more_is_incomplete() -> None:
    """botocore cannot ask for the rest of the streams of Firehose."""
    session = told(
        {
            "kinesis:ListStreams": {"StreamNames": [], "HasMoreStreams": True},
            "firehose:ListDeliveryStreams": {
                "DeliveryStreamNames": [],
                "HasMoreDeliveryStreams": True,
            },
        }
    )

    reads = read_aws(session, encrypted)

    for resource in (StreamEncryption, DeliveryStreamEncryption):
        assert reads[resource].observed == ()
        assert [u.code for u in reads[resource].unread] == ["Incomplete"]


def test_a_stream_that_does_not_tell_is_unreadable() -> None:
    with pytest.raises(ValidationError, match="encryption"):
        StreamEncryption.parse({"StreamDescriptionSummary": {"StreamName": "clicks"}})
    with pytest.raises(ValidationError, match="kind"):
        DeliveryStreamEncryption.parse(
            {"DeliveryStreamDescription": {"DeliveryStreamEncryptionConfiguration": ENCRYPTED}}
        )
