"""Every resource of Google Cloud, against the discovery documents."""

from __future__ import annotations

from typing import Literal

import pytest

from checks.gcp.logging import LogBucket
from collector.check import discover
from collector.resource import Resource, at
from collector.source import Gcp
from tests.google.schema import assert_paths

RESOURCES = sorted(
    {r for c in discover().values() for r in c.resources if r.source.provider == "gcp"},
    key=lambda resource: resource.__qualname__,
)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.__name__)
def test_resource_fits_its_method(resource: type[Resource]) -> None:
    assert_paths(resource)


def test_resource_of_another_shape_is_told_apart() -> None:
    """So that the test above means something."""

    class Misnamed(Resource):
        source = LogBucket.source
        days: int = at("retention.days")

    class Mistyped(Resource):
        source = LogBucket.source
        days: str = at("retentionDays")

    class Outdated(Resource):
        source = LogBucket.source
        state: Literal["ACTIVE"] = at("lifecycleState")

    class Unasked(Resource):
        source = Gcp(
            api="logging",
            version="v2",
            collection="projects.locations.buckets",
            permission="logging.buckets.list",
        )

    wrongs: dict[type[Resource], str] = {
        Misnamed: "the document has no retention.days",
        Mistyped: "is of type integer",
        Outdated: "differs by",
        Unasked: "also needs {'parent'}",
    }
    for wrong, told in wrongs.items():
        with pytest.raises(AssertionError, match=told):
            assert_paths(wrong)
