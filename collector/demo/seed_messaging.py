"""Topics, queues, data streams and shared file systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collector.demo.seed_keys import Keys
    from collector.demo.simulator import Clients


def seed(clients: Clients, keys: Keys) -> None:
    """Make what carries patient records, and what somebody made without a thought.

    Good: all that carries records. Bad: the topic and the queue of the fax service of the early
    days, a stream of clicks, and a file system for drafts.
    """
    sns, sqs = clients("sns", "us-east-1"), clients("sqs", "us-east-1")
    for name in ("lab-results", "appointments"):
        sns.create_topic(Name=name, Attributes={"KmsMasterKeyId": keys.records})
    sns.create_topic(Name="fax-status")
    for name in ("claims", "claims-failed"):
        sqs.create_queue(QueueName=name, Attributes={"SqsManagedSseEnabled": "true"})
    kms = {"SqsManagedSseEnabled": "false", "KmsMasterKeyId": keys.records}
    sqs.create_queue(QueueName="lab-results", Attributes=kms)
    sqs.create_queue(QueueName="fax-outgoing", Attributes={"SqsManagedSseEnabled": "false"})
    kinesis = clients("kinesis", "us-east-1")
    for name in ("vitals", "web-clicks"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.start_stream_encryption(StreamName="vitals", EncryptionType="KMS", KeyId=keys.records)
    efs = clients("efs", "us-east-1")
    efs.create_file_system(CreationToken="scans", Encrypted=True, KmsKeyId=keys.records)
    efs.create_file_system(CreationToken="drafts", Encrypted=False)
