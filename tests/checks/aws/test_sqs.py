"""Amazon SQS."""

from __future__ import annotations

import boto3
import pytest
from pydantic import ValidationError

from checks.aws.sqs import Queue, QueueEncryption, encrypted
from tests.aws_told import told
from tests.cases import Case, read_aws, row

ARN = "arn:aws:sqs:us-east-1:123456789012:"
URL = "https://queue.amazonaws.com/123456789012/"
KEY = "arn:aws:kms:us-east-1:123456789012:key/phi"
MANAGED = "messages are encrypted with a key that SQS manages"


def queue(**facts: str) -> QueueEncryption:
    return QueueEncryption.model_validate({"name": "claims", "arn": f"{ARN}claims", **facts})


CASES = [
    row(encrypted, queue(sqs_managed="true"), outcome="pass", reason=MANAGED),
    row(encrypted, queue(sqs_managed="true"), require_kms=True,
        outcome="fail", reason=f"{MANAGED}, not KMS"),
    row(encrypted, queue(sqs_managed="false", kms_key=KEY), require_kms=True,
        outcome="pass", reason=f"messages are encrypted with key {KEY}"),
    row(encrypted, queue(sqs_managed="false"),
        outcome="fail", reason="server-side encryption is off"),
    row(encrypted, queue(),
        outcome="fail", reason="server-side encryption is off"),
    row(encrypted, queue(kms_key=""),
        outcome="fail", reason="server-side encryption is off"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_queues_are_read_with_their_encryption_and_named_by_arn(aws: boto3.Session) -> None:
    sqs = aws.client("sqs")
    sqs.create_queue(QueueName="claims", Attributes={"SqsManagedSseEnabled": "true"})
    sqs.create_queue(QueueName="letters", Attributes={"SqsManagedSseEnabled": "false"})
    kms = {"SqsManagedSseEnabled": "false", "KmsMasterKeyId": KEY}
    sqs.create_queue(QueueName="results", Attributes=kms)

    reads = read_aws(aws, encrypted)

    assert [o.name for o in reads[QueueEncryption]] == [
        f"{ARN}claims", f"{ARN}letters", f"{ARN}results"
    ]  # fmt: skip
    found = [(o.resource.sqs_managed, o.resource.kms_key) for o in reads[QueueEncryption]]
    assert found == [("true", None), ("false", None), ("false", KEY)]


def test_more_than_a_thousand_queues_are_listed_to_the_end() -> None:
    """SQS says that there are more only to those who ask for a number."""

    def listing(params: object, region: str) -> dict[str, object]:
        assert isinstance(params, dict)
        if "MaxResults" not in params:
            return {"QueueUrls": [f"{URL}a"]}
        if params.get("NextToken") is None:
            return {"QueueUrls": [f"{URL}a"], "NextToken": "2"}
        return {"QueueUrls": [f"{URL}b"]}

    session = told(
        {
            "sqs:ListQueues": listing,
            "sqs:GetQueueAttributes": lambda params, _: {
                "Attributes": {"QueueArn": ARN + params["QueueUrl"][-1]}
            },
        }
    )

    assert [o.resource.name for o in read_aws(session, encrypted)[Queue]] == ["a", "b"]


def test_an_account_without_queues_costs_one_call() -> None:
    """SQS then leaves the list out."""
    reads = read_aws(told({"sqs:ListQueues": {}}), encrypted)

    assert reads[QueueEncryption].observed == ()
    assert reads[QueueEncryption].unread == ()
    assert [a.source for _, a in reads.answers] == ["sqs:ListQueues"]


def test_attributes_that_do_not_name_the_queue_are_unreadable() -> None:
    with pytest.raises(ValidationError, match="arn"):
        QueueEncryption.parse({"Attributes": {"SqsManagedSseEnabled": "true"}})


def test_an_answer_about_another_queue_is_unreadable() -> None:
    with pytest.raises(ValidationError, match="another queue"):
        queue(arn=f"{ARN}letters")
