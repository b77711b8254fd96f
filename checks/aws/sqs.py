"""Amazon SQS: queues."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from collector.check import Verdict, check, failed, passed
from collector.resource import Resource, at, parent
from collector.source import Aws

QueueName = Annotated[str, AfterValidator(lambda url: url.rpartition("/")[2])]
"""The name at the end of a queue's URL."""


class Queue(Resource):
    """A queue, by its URL.

    Without `MaxResults`, SQS lists a thousand queues and does not say that there are more.
    """

    source = Aws(
        service="sqs",
        operation="ListQueues",
        permission="sqs:ListQueues",
        items="QueueUrls",
        constants={"MaxResults": 1000},
        omits_empty=True,
    )
    full_name = "arn:{partition}:sqs:{region}:{account}:{name}"
    id: str = at("")
    name: QueueName = at("")


class QueueEncryption(Resource):
    """How a queue encrypts messages. SQS leaves out the settings that are not made."""

    source = Aws(
        service="sqs",
        operation="GetQueueAttributes",
        permission="sqs:GetQueueAttributes",
        per=Queue,
        params={"QueueUrl": "id"},
        # Not All: the rest counts messages.
        constants={"AttributeNames": ["QueueArn", "KmsMasterKeyId", "SqsManagedSseEnabled"]},
    )
    name: str = parent("name")
    arn: str = at("Attributes.QueueArn")
    sqs_managed: Literal["false", "true"] = at("Attributes.SqsManagedSseEnabled", default="false")
    kms_key: str | None = at("Attributes.KmsMasterKeyId", default=None)

    @model_validator(mode="after")
    def _is_what_was_asked_for(self) -> Self:
        if self.arn.rpartition(":")[2] != self.name:
            raise ValueError("the answer is about another queue")
        return self


@check(control="encryption-at-rest", severity="medium")
def encrypted(queue: QueueEncryption, *, require_kms: bool = False) -> Verdict:
    """Queues encrypt the messages that they hold.

    Passes: messages are encrypted with a KMS key, which the reason names, or with a key that SQS
        manages, as in every queue since October 2022 that asks for nothing else.
    Fails: neither is on; with `require_kms`, also where SQS manages the key.
    Only the body of a message is encrypted: its attributes are not. Messages that came before
    encryption was turned on stay as they are until they are taken or expire.
    Remediation: turn on server-side encryption for the queue.
    """
    if queue.kms_key:
        return passed(f"messages are encrypted with key {queue.kms_key}")
    if queue.sqs_managed == "false":
        return failed("server-side encryption is off")
    reason = "messages are encrypted with a key that SQS manages"
    return failed(f"{reason}, not KMS") if require_kms else passed(reason)
