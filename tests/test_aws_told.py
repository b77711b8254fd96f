"""The fake that answers as told: through each protocol's own bytes, and never against the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws_told import Refused, told

ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "cloudfront:ListDistributions": {"DistributionList": {"Quantity": 0, "IsTruncated": False}},
    "dax:DescribeClusters": {"Clusters": [{"ClusterName": "cache", "TotalNodes": 3}]},
    "ec2:DescribeSnapshots": {"Snapshots": [{"SnapshotId": "snap-1", "Encrypted": False}]},
    "inspector2:BatchGetAccountStatus": {"accounts": []},
    "redshift:DescribeClusters": {"Clusters": [{"ClusterIdentifier": "main", "Encrypted": True}]},
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_arrives_as_it_was_told(name: str) -> None:
    service, operation = name.split(":")
    client = told(ANSWERS).client(service)  # type: ignore[call-overload]

    arrived = client._make_api_call(operation, {})

    assert {k: v for k, v in arrived.items() if k != "ResponseMetadata"} == ANSWERS[name]


def test_a_refusal_arrives_with_its_code_and_status() -> None:
    def no(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        raise Refused("ResourceNotFoundException", f"none in {region}")

    client = told({"account:GetAlternateContact": no}).client("account")

    with pytest.raises(ClientError, match="none in aws-global") as refused:
        client.get_alternate_contact(AlternateContactType="SECURITY")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_an_answer_that_the_service_could_not_give_fails_the_test() -> None:
    client = told({"ec2:DescribeSnapshots": {"Snapshots": [{"Encripted": True}]}}).client("ec2")

    with pytest.raises(AssertionError, match="has no Encripted"):
        client.describe_snapshots()
