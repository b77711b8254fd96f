"""Amazon SNS: topics."""

from checks.aws.named import Named
from collector.check import Verdict, check, failed, passed
from collector.resource import Resource, at
from collector.source import Aws


class Topic(Resource):
    """A topic."""

    source = Aws(
        service="sns",
        operation="ListTopics",
        permission="sns:ListTopics",
        items="Topics",
    )
    id: str = at("TopicArn")


class TopicAttributes(Named):
    """Settings of a topic. SNS leaves the key out where there is none."""

    source = Aws(
        service="sns",
        operation="GetTopicAttributes",
        permission="sns:GetTopicAttributes",
        per=Topic,
        params={"TopicArn": "id"},
        repeats={"TopicArn": "Attributes.TopicArn"},
        volatile=(
            "Attributes.SubscriptionsConfirmed",
            "Attributes.SubscriptionsDeleted",
            "Attributes.SubscriptionsPending",
        ),
    )
    said: str = at("Attributes.TopicArn")
    kms_key: str | None = at("Attributes.KmsMasterKeyId", default=None)


@check(control="encryption-at-rest", severity="medium")
def encrypted(topic: TopicAttributes) -> Verdict:
    """Topics encrypt messages with a KMS key before they store them.

    Passes: server-side encryption is on; the reason names the key, which may be alias/aws/sns, the
        one that AWS manages.
    Fails: it is off. SNS then relies on the encryption of its disks alone, which AWS describes but
        the API does not show.
    Only the body of a message is encrypted: names, subjects and attributes are not. Says nothing of
    what subscribers do with messages, and of the way to them.
    Remediation: turn on encryption for the topic, with a key that the services which publish to it
        may use; of alias/aws/sns some, such as CloudWatch alarms, cannot.
    """
    if topic.kms_key:
        return passed(f"messages are encrypted with key {topic.kms_key}")
    return failed("server-side encryption is off")
