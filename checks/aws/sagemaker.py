"""Amazon SageMaker AI: notebook instances and endpoints."""

from checks.aws.named import Named
from collector.check import Verdict, check, failed, passed
from collector.resource import Resource, at
from collector.source import Aws


class NotebookInstance(Resource):
    """A notebook instance."""

    source = Aws(
        service="sagemaker",
        operation="ListNotebookInstances",
        permission="sagemaker:ListNotebookInstances",
        items="NotebookInstances",
    )
    id: str = at("NotebookInstanceArn")
    name: str = at("NotebookInstanceName")


class EndpointConfig(Resource):
    """A configuration of endpoints, whether an endpoint uses it or not."""

    source = Aws(
        service="sagemaker",
        operation="ListEndpointConfigs",
        permission="sagemaker:ListEndpointConfigs",
        items="EndpointConfigs",
    )
    id: str = at("EndpointConfigArn")
    name: str = at("EndpointConfigName")


class NotebookVolume(Named):
    """The storage volume of a notebook instance. Without a key of the account, none is given."""

    source = Aws(
        service="sagemaker",
        operation="DescribeNotebookInstance",
        permission="sagemaker:DescribeNotebookInstance",
        per=NotebookInstance,
        params={"NotebookInstanceName": "name"},
    )
    said: str = at("NotebookInstanceArn")
    kms_key: str | None = at("KmsKeyId", default=None)


class EndpointVolume(Named):
    """The storage volume of the instances behind endpoints. Likewise."""

    source = Aws(
        service="sagemaker",
        operation="DescribeEndpointConfig",
        permission="sagemaker:DescribeEndpointConfig",
        per=EndpointConfig,
        params={"EndpointConfigName": "name"},
    )
    said: str = at("EndpointConfigArn")
    kms_key: str | None = at("KmsKeyId", default=None)


@check(control="encryption-at-rest", severity="medium")
def notebook_encrypted(
    volume: NotebookVolume | EndpointVolume, *, require_kms: bool = False
) -> Verdict:
    """Volumes of notebook instances and endpoints are encrypted, with the expected kind of key.

    Passes: always without `require_kms`, because SageMaker encrypts every volume: that of a
        notebook instance with a system key, that of an endpoint with one it throws away. This is
        what AWS says (https://docs.aws.amazon.com/sagemaker/latest/dg/encryption-at-rest-nbi.html);
        the API shows only a KMS key that was chosen, and the reason names it. With `require_kms`:
        there is one.
    Fails: with `require_kms`, no KMS key was chosen.
    Storage that is built into some types of instances is encrypted by their hardware, whatever the
    key. Says nothing of Studio, of jobs, and of what is captured or written to S3.
    Remediation: keys are chosen when a notebook instance or an endpoint configuration is made. Make
        a new one with a key, and delete the old one.
    """
    if volume.kms_key is not None:
        return passed(f"the volume is encrypted with key {volume.kms_key}")
    reason = "the volume is encrypted with a key of SageMaker"
    return failed(f"{reason}, not KMS") if require_kms else passed(reason)
