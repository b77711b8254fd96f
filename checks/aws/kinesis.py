"""Amazon Kinesis Data Streams and Amazon Data Firehose."""

from typing import Literal

from checks.aws.named import Named
from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Resource, at
from collector.source import Aws


class Stream(Resource):
    """A data stream, by name."""

    source = Aws(
        service="kinesis",
        operation="ListStreams",
        permission="kinesis:ListStreams",
        items="StreamNames",
    )
    full_name = "arn:{partition}:kinesis:{region}:{account}:stream/{id}"
    id: str = at("")


class StreamEncryption(Named):
    """Encryption of a data stream."""

    source = Aws(
        service="kinesis",
        operation="DescribeStreamSummary",
        permission="kinesis:DescribeStreamSummary",
        per=Stream,
        params={"StreamName": "id"},
        repeats={"StreamName": "StreamDescriptionSummary.StreamName"},
        # What comes and goes with the load.
        volatile=(
            "StreamDescriptionSummary.ConsumerCount",
            "StreamDescriptionSummary.OpenShardCount",
            "StreamDescriptionSummary.WarmThroughput",
        ),
    )
    said: str = at("StreamDescriptionSummary.StreamName")
    encryption: Literal["KMS", "NONE"] = at("StreamDescriptionSummary.EncryptionType")
    kms_key: str | None = at("StreamDescriptionSummary.KeyId", default=None)


class DeliveryStream(Resource):
    """A stream of Firehose, by name.

    Without `Limit`, Firehose lists ten. botocore cannot page through the list; an answer that says
    that there are more is incomplete.
    """

    source = Aws(
        service="firehose",
        operation="ListDeliveryStreams",
        permission="firehose:ListDeliveryStreams",
        items="DeliveryStreamNames",
        constants={"Limit": 10000},
    )
    full_name = "arn:{partition}:firehose:{region}:{account}:deliverystream/{id}"
    id: str = at("")


class DeliveryStreamEncryption(Named):
    """Encryption of what a stream of Firehose holds on its way.

    Firehose leaves it out where it was never turned on.
    """

    source = Aws(
        service="firehose",
        operation="DescribeDeliveryStream",
        permission="firehose:DescribeDeliveryStream",
        per=DeliveryStream,
        params={"DeliveryStreamName": "id"},
        repeats={"DeliveryStreamName": "DeliveryStreamDescription.DeliveryStreamName"},
    )
    said: str = at("DeliveryStreamDescription.DeliveryStreamName")
    kind: Literal["DatabaseAsSource", "DirectPut", "KinesisStreamAsSource", "MSKAsSource"] = at(
        "DeliveryStreamDescription.DeliveryStreamType"
    )
    status: (
        Literal[
            "DISABLED", "DISABLING", "DISABLING_FAILED", "ENABLED", "ENABLING", "ENABLING_FAILED"
        ]
        | None
    ) = at("DeliveryStreamDescription.DeliveryStreamEncryptionConfiguration.Status", default=None)
    key_owner: Literal["AWS_OWNED_CMK", "CUSTOMER_MANAGED_CMK"] | None = at(
        "DeliveryStreamDescription.DeliveryStreamEncryptionConfiguration.KeyType", default=None
    )
    kms_key: str | None = at(
        "DeliveryStreamDescription.DeliveryStreamEncryptionConfiguration.KeyARN", default=None
    )


@check(control="encryption-at-rest", severity="medium")
def encrypted(
    stream: StreamEncryption | DeliveryStreamEncryption, *, require_kms: bool = False
) -> Verdict:
    """Data streams, and streams of Firehose, encrypt the records that they hold.

    Passes: a data stream encrypts with a KMS key, which the reason names; a stream of Firehose that
        takes records directly has server-side encryption ENABLED, with a key of the account or one
        that AWS owns.
    Fails: encryption is off, or in a state on the way to or from ENABLED; with `require_kms`, also
        where the key of a stream of Firehose is not known to be one of the account.
    Not judged: streams of Firehose that read from another source. They cannot be encrypted by
    themselves: the source keeps the records (Kinesis data streams are judged here). Says nothing of
    where Firehose delivers to, and of records that came before encryption was turned on.
    Remediation: turn on server-side encryption for the stream. Producers and consumers of a data
        stream need rights to its key.
    """
    if isinstance(stream, StreamEncryption):
        if stream.encryption == "NONE":
            return failed("encryption is NONE")
        key = f" with key {stream.kms_key}" if stream.kms_key is not None else ""
        return passed(f"encryption is KMS{key}")
    match stream.kind:
        case "DatabaseAsSource" | "KinesisStreamAsSource" | "MSKAsSource":
            return not_applicable(f"the stream is {stream.kind}, and its source keeps the records")
        case "DirectPut":
            return _direct(stream, require_kms)


def _direct(stream: DeliveryStreamEncryption, require_kms: bool) -> Verdict:
    """The verdict on a stream of Firehose that takes records directly."""
    match stream.status:
        case "ENABLED":
            if stream.key_owner == "CUSTOMER_MANAGED_CMK":
                return passed(f"encryption is ENABLED with key {stream.kms_key}")
            reason = "encryption is ENABLED with an AWS owned key"
            return failed(f"{reason}, not KMS") if require_kms else passed(reason)
        case "DISABLED" | "DISABLING" | "DISABLING_FAILED" | "ENABLING" | "ENABLING_FAILED":
            return failed(f"encryption is {stream.status}")
        case None:
            return failed("encryption was never turned on")
