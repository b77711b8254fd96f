"""Amazon SNS."""

from __future__ import annotations

import boto3
import pytest

from checks.aws.sns import TopicAttributes, encrypted
from tests.aws_told import told
from tests.cases import Case, read_aws, row

ARN = "arn:aws:sns:us-east-1:123456789012:"
KEY = "arn:aws:kms:us-east-1:123456789012:key/phi"

CASES = [
    row(encrypted, TopicAttributes(id=ARN, said=ARN, kms_key=KEY),
        outcome="pass", reason=f"messages are encrypted with key {KEY}"),
    row(encrypted, TopicAttributes(id=ARN, said=ARN, kms_key="alias/aws/sns"),
        outcome="pass", reason="messages are encrypted with key alias/aws/sns"),
    row(encrypted, TopicAttributes(id=ARN, said=ARN),
        outcome="fail", reason="server-side encryption is off"),
    row(encrypted, TopicAttributes(id=ARN, said=ARN, kms_key=""),
        outcome="fail", reason="server-side encryption is off"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_topics_are_read_with_their_keys(aws: boto3.Session) -> None:
    sns = aws.client("sns")
    sns.create_topic(Name="alarms")
    sns.create_topic(Name="results.fifo", Attributes={"FifoTopic": "true", "KmsMasterKeyId": KEY})

    reads = read_aws(aws, encrypted)

    assert [o.resource for o in reads[TopicAttributes]] == [
        TopicAttributes(id=f"{ARN}alarms", said=f"{ARN}alarms"),
        TopicAttributes(id=f"{ARN}results.fifo", said=f"{ARN}results.fifo", kms_key=KEY),
    ]
    bodies = str([a.pages for _, a in reads.answers])
    assert "SubscriptionsConfirmed" not in bodies


def test_a_topic_without_attributes_is_unread() -> None:
    session = told(
        {
            "sns:ListTopics": {"Topics": [{"TopicArn": f"{ARN}alarms"}]},
            "sns:GetTopicAttributes": {"Attributes": {}},
        }
    )

    population = read_aws(session, encrypted)[TopicAttributes]

    assert population.observed == ()
    assert [u.code for u in population.unread] == ["AboutAnother"]
