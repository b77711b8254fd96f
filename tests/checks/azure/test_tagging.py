"""Tags of Azure resources."""

from __future__ import annotations

import pytest

from checks.azure.tagging import TaggedResource, resources_classified
from tests.azure import cloud
from tests.azure.answers import tagged
from tests.azure.cloud import RESOURCES, Azure
from tests.cases import Case, row

azure = cloud.azure_fixture


def resource(**tags: str) -> TaggedResource:
    """A resource as its answer is parsed."""
    return TaggedResource.parse(tagged("records", **tags))


CASES = [
    row(resources_classified, resource(**{"data-classification": "phi"}), outcome="pass",
        reason="holds health information: data-classification is phi"),
    row(resources_classified, resource(**{"data-classification": "none"}), outcome="pass",
        reason="marked as holding none: data-classification is none"),
    row(resources_classified, resource(owner="ann"), outcome="fail",
        reason="has no tag data-classification"),
    row(resources_classified, resource(), outcome="not_applicable",
        reason="it has no tags any more"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_all_resources_are_read_with_their_tags(azure: Azure) -> None:
    azure.put(RESOURCES, [tagged("records", phi="yes"), tagged("bare")])

    reads = azure.read(resources_classified)

    assert [(o.resource.id.rpartition("/")[2], o.resource.tags) for o in reads[TaggedResource]] == [
        ("bare", None),
        ("records", {"phi": "yes"}),
    ]
