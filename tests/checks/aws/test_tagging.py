"""Tags of AWS resources."""

from __future__ import annotations

import boto3
import pytest

from checks.aws.tagging import Tag, TaggedResource, resources_classified
from tests.cases import Case, read_aws, row

ARN = "arn:aws:s3:::records"


def tagged(**tags: str) -> TaggedResource:
    """A bucket with tags; `_` stands for `-` in their keys."""
    pairs = tuple(Tag(key=k.replace("_", "-"), value=v) for k, v in tags.items())
    return TaggedResource(id=ARN, tags=pairs)


OTHERS = ("phi=yes", "data=phi", "data=ephi")

CASES = [
    row(resources_classified, tagged(data_classification="phi"), outcome="pass",
        reason="holds health information: data-classification is phi"),
    row(resources_classified, tagged(data_classification="public"), outcome="pass",
        reason="marked as holding none: data-classification is public"),
    row(resources_classified, tagged(data_classification="PHI"), outcome="pass",
        reason="marked as holding none: data-classification is PHI"),
    row(resources_classified, tagged(owner="ann"), outcome="fail",
        reason="has no tag data-classification"),
    row(resources_classified, tagged(data_classification=""), outcome="fail",
        reason="has no tag data-classification"),
    row(resources_classified, tagged(), outcome="not_applicable",
        reason="it has no tags any more"),
    row(resources_classified, tagged(data="ephi", phi="no"), phi_tags=OTHERS, outcome="pass",
        reason="holds health information: data is ephi, phi is no"),
    row(resources_classified, tagged(data_classification="phi"), phi_tags=OTHERS, outcome="fail",
        reason="has no tag data or phi"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_what_has_tags_is_read_with_them(aws: boto3.Session) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="records")
    s3.create_bucket(Bucket="bare")
    tags = [{"Key": "data-classification", "Value": "phi"}]
    s3.put_bucket_tagging(Bucket="records", Tagging={"TagSet": tags})

    reads = read_aws(aws, resources_classified)

    assert [o.resource for o in reads[TaggedResource]] == [tagged(data_classification="phi")]
    assert [o.name for o in reads[TaggedResource]] == [ARN]
