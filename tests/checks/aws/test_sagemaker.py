"""Amazon SageMaker AI."""

from __future__ import annotations

import pytest

from checks.aws.sagemaker import EndpointVolume, NotebookVolume, notebook_encrypted
from tests.aws_told import told
from tests.cases import Case, read_aws, row

KEY = "arn:aws:kms:us-east-1:123456789012:key/phi"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:"
NOTEBOOK = f"{ARN}notebook-instance/"
ENDPOINT = f"{ARN}endpoint-config/risk"
WITH = f"the volume is encrypted with key {KEY}"
WITHOUT = "the volume is encrypted with a key of SageMaker"

CASES = [
    row(notebook_encrypted, NotebookVolume(id=ARN, said=ARN, kms_key=KEY), require_kms=True,
        outcome="pass", reason=WITH),
    row(notebook_encrypted, NotebookVolume(id=ARN, said=ARN),
        outcome="pass", reason=WITHOUT),
    row(notebook_encrypted, NotebookVolume(id=ARN, said=ARN), require_kms=True,
        outcome="fail", reason=f"{WITHOUT}, not KMS"),
    row(notebook_encrypted, EndpointVolume(id=ARN, said=ARN, kms_key=KEY),
        outcome="pass", reason=WITH),
    row(notebook_encrypted, EndpointVolume(id=ARN, said=ARN), require_kms=True,
        outcome="fail", reason=f"{WITHOUT}, not KMS"),
]  # fmt: skip

LISTS = {
    "sagemaker:ListNotebookInstances": {
        "NotebookInstances": [
            {"NotebookInstanceArn": f"{NOTEBOOK}{n}", "NotebookInstanceName": n}
            for n in ("notes", "trial")
        ]
    },
    "sagemaker:ListEndpointConfigs": {
        "EndpointConfigs": [{"EndpointConfigArn": ENDPOINT, "EndpointConfigName": "risk"}]
    },
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_volumes_are_read_with_their_keys() -> None:
    keys = {"notes": {"KmsKeyId": KEY}, "trial": {}}
    session = told(
        {
            **LISTS,
            "sagemaker:DescribeNotebookInstance": lambda params, _: {
                "NotebookInstanceArn": NOTEBOOK + params["NotebookInstanceName"],
                **keys[params["NotebookInstanceName"]],
            },
            "sagemaker:DescribeEndpointConfig": {"EndpointConfigArn": ENDPOINT, "KmsKeyId": KEY},
        }
    )

    reads = read_aws(session, notebook_encrypted)

    assert [o.resource for o in reads[NotebookVolume]] == [
        NotebookVolume(id=f"{NOTEBOOK}notes", said=f"{NOTEBOOK}notes", kms_key=KEY),
        NotebookVolume(id=f"{NOTEBOOK}trial", said=f"{NOTEBOOK}trial"),
    ]
    assert [o.resource for o in reads[EndpointVolume]] == [
        EndpointVolume(id=ENDPOINT, said=ENDPOINT, kms_key=KEY)
    ]


@pytest.mark.parametrize("said", [{}, {"NotebookInstanceArn": f"{NOTEBOOK}other"}], ids=str)
def test_an_answer_about_nothing_or_another_one_is_unread(said: dict[str, str]) -> None:
    """An empty answer would otherwise read as a volume without a key of its own."""
    session = told(
        {
            **LISTS,
            "sagemaker:DescribeNotebookInstance": said,
            "sagemaker:DescribeEndpointConfig": {},
        }
    )

    reads = read_aws(session, notebook_encrypted)

    for resource, count in ((NotebookVolume, 2), (EndpointVolume, 1)):
        assert reads[resource].observed == ()
        assert len(reads[resource].unread) == count
