"""Labels of Google Cloud resources."""

from __future__ import annotations

import pytest

from checks.gcp.tagging import LabelledResource, resources_classified
from tests.cases import Case, row
from tests.google.fake import FakeGoogle
from tests.google.fixtures import read

BUCKET = "//storage.googleapis.com/records"


def resource(**labels: str) -> LabelledResource:
    """A resource as its answer is parsed."""
    return LabelledResource.parse({"name": BUCKET, "labels": labels})


CASES = [
    row(resources_classified, resource(**{"data-classification": "phi"}), outcome="pass",
        reason="holds health information: data-classification is phi"),
    row(resources_classified, resource(**{"data-classification": "none"}), outcome="pass",
        reason="marked as holding none: data-classification is none"),
    row(resources_classified, resource(owner="ann"), outcome="fail",
        reason="has no label data-classification"),
    row(resources_classified, LabelledResource.parse({"name": BUCKET}), outcome="not_applicable",
        reason="it has no labels any more"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_labelled_resources_are_searched(google: FakeGoogle) -> None:
    labelled = {"name": BUCKET, "labels": {"phi": "yes"}}
    google.answer("cloudasset.v1.searchAllResources", {"results": [labelled]})

    reads = read(google, resources_classified)

    assert [(o.name, o.resource.labels) for o in reads[LabelledResource]] == [
        (BUCKET, {"phi": "yes"})
    ]
