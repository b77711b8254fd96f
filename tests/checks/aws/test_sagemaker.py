"""Amazon SageMaker AI."""

from __future__ import annotations

import pytest

from checks.aws.sagemaker import EndpointVolume, NotebookVolume, notebook_encrypted
from tests.aws_told import told
from tests.cases import Case, read_aws, row

KEY = "arn:aws:kms:us-east-1:123456789012:key/phi"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:"
WITH = f"the volume is encrypted with key {KEY}"
WITHOUT = "the volume is encrypted with a key of SageMaker"

CASES = [
    row(notebook_encrypted, NotebookVolume(asked="a", name="a", kms_key=KEY), require_kms=True,
        outcome="pass", reason=WITH),
    row(notebook_encrypted, NotebookVolume(asked="a", name="a"),
        outcome="pass", reason=WITHOUT),
    row(notebook_encrypted, NotebookVolume(asked="a", name="a"), require_kms=True,
        outcome="fail", reason=f"{WITHOUT}, not KMS"),
    row(notebook_encrypted, EndpointVolume(asked="a", name="a", kms_key=KEY),
        outcome="pass", reason=WITH),
    row(notebook_encrypted, EndpointVolume(asked="a", name="a"), require_kms=True,
        outcome="fail", reason=f"{WITHOUT}, not KMS"),
]  # fmt: skip

LISTS = {
    "sagemaker:ListNotebookInstances": {
        "NotebookInstances": [
            {"NotebookInstanceArn": f"{ARN}notebook-instance/{n}", "NotebookInstanceName": n}
            for n in ("notes", "trial")
        ]
    },
    "sagemaker:ListEndpointConfigs": {
        "EndpointConfigs": [
            {"EndpointConfigArn": f"{ARN}endpoint-config/risk", "EndpointConfigName": "risk"}
        ]
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
                "NotebookInstanceName": params["NotebookInstanceName"],
                **keys[params["NotebookInstanceName"]],
            },
            "sagemaker:DescribeEndpointConfig": {"EndpointConfigName": "risk", "KmsKeyId": KEY},
        }
    )

    reads = read_aws(session, notebook_encrypted)

    assert [o.resource for o in reads[NotebookVolume]] == [
        NotebookVolume(
            id=f"{ARN}notebook-instance/notes", asked="notes", name="notes", kms_key=KEY
        ),
        NotebookVolume(id=f"{ARN}notebook-instance/trial", asked="trial", name="trial"),
    ]
    assert [o.resource for o in reads[EndpointVolume]] == [
        EndpointVolume(id=f"{ARN}endpoint-config/risk", asked="risk", name="risk", kms_key=KEY)
    ]


@pytest.mark.parametrize("said", [{}, {"NotebookInstanceName": "other"}], ids=str)
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
