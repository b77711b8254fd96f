"""Fields of Azure's resources against the API references."""

from __future__ import annotations

from collections import defaultdict

import pytest

from collector.check import discover
from collector.evidence.canonical import canonical
from collector.resource import Resource
from collector.source import Arm, Graph, Source
from tests.azure import schema
from tests.azure.answers import SUBSCRIPTION
from tests.azure.cloud import TYPES, VERSIONS
from tests.azure.fields import assert_documented

RESOURCES = sorted(
    {r for c in discover().values() if c.provider == "azure" for r in c.resources},
    key=lambda r: r.__name__,
)


def documented(source: Source) -> type[schema.Documented]:
    """The type of the items that a source lists."""
    match source:
        case Arm():
            return TYPES[source.path.format(account=SUBSCRIPTION)]
        case Graph():
            return TYPES.get(f"/v1.0{source.path}", schema.DirectoryObject)
    raise AssertionError(f"{source.name} is not Azure's")


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda r: r.__name__)
def test_fields_are_documented_ones(resource: type[Resource]) -> None:
    assert_documented(resource, documented(resource.source))


def test_api_versions_are_ones_that_the_types_know() -> None:
    for source in (r.source for r in RESOURCES):
        if isinstance(source, Arm):
            assert source.api_version in VERSIONS[source.path.format(account=SUBSCRIPTION)]


def test_sources_of_one_name_are_one_operation() -> None:
    """Calls are told apart by name and parameters, so another query needs another name."""
    meant = defaultdict(set)
    for source in (r.source for r in RESOURCES):
        assert isinstance(source, Arm | Graph)
        version = source.api_version if isinstance(source, Arm) else ""
        meant[source.name].add(canonical([source.path, version, dict(source.query)]))

    assert [name for name, operations in meant.items() if len(operations) > 1] == []
