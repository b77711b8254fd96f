"""The assertions that hold resources and hand-written answers against botocore's models."""

from __future__ import annotations

from typing import Literal

import pytest

from collector.resource import Part, Resource, at
from collector.source import Aws
from tests.botocore_paths import assert_paths
from tests.botocore_shape import assert_shape

Engine = Literal["AES256", "KMS"]


class Table(Resource):
    """A resource that fits its operation, to be spoilt in one place by each test."""

    source = Aws(
        service="dynamodb",
        operation="ListTables",
        permission="dynamodb:ListTables",
        items="TableNames",
    )
    id: str = at("")


def describe(**changes: object) -> Aws:
    facts: dict[str, object] = {
        "service": "dynamodb",
        "operation": "DescribeTable",
        "permission": "dynamodb:DescribeTable",
        "per": Table,
        "params": {"TableName": "id"},
        **changes,
    }
    return Aws(**facts)  # type: ignore[arg-type]


class Index(Part):
    name: str = at("IndexName")


class Description(Resource):
    source = describe(
        absent=("ResourceNotFoundException",),
        volatile=("Table.ItemCount", "Table.GlobalSecondaryIndexes.ItemCount"),
    )
    engine: Engine | None = at("Table.SSEDescription.SSEType", default=None)
    size: int = at("Table.TableSizeBytes")
    first: str | None = at("Table.GlobalSecondaryIndexes.0.IndexName", default=None)
    indexes: tuple[Index, ...] = at("Table.GlobalSecondaryIndexes", default=())


@pytest.mark.parametrize("resource", [Table, Description])
def test_resource_that_fits_its_operation_is_accepted(resource: type[Resource]) -> None:
    assert_paths(resource)


class WrongPath(Resource):
    source = describe()
    engine: str = at("Table.SSE.Type")


class WrongPathInPart(Resource):
    class Key(Part):
        name: str = at("KeyName")

    source = describe()
    keys: tuple[Key, ...] = at("Table.KeySchema")


class WrongType(Resource):
    source = describe()
    size: str = at("Table.TableSizeBytes")


class NoList(Resource):
    source = describe()
    names: tuple[str, ...] = at("Table.TableName")


class UnknownValue(Resource):
    source = describe()
    engine: Literal["AES256", "AES512", "KMS"] = at("Table.SSEDescription.SSEType")


class ForgottenValue(Resource):
    source = describe()
    engine: Literal["KMS"] | None = at("Table.SSEDescription.SSEType", default=None)


class WrongItems(Resource):
    source = describe(items="Tables")


class ItemsThatAreNoList(Resource):
    source = describe(items="Table")


class WrongParameter(Resource):
    source = describe(params={"Name": "id"})


class MissingParameter(Resource):
    source = describe(params={})


class ParameterOfNoField(Resource):
    source = describe(params={"TableName": "name"})


class ListForOneValue(Resource):
    source = describe(params={"TableName": ("id",)})


class WrongVolatile(Resource):
    source = describe(volatile=("Table.Items",))


class WrongAbsent(Resource):
    source = describe(absent=("TableNotFound",))


class PagesThatCannotBeFollowed(Resource):
    """Its answer would be cut after the first page, and look complete."""

    source = Aws(
        service="rds",
        operation="DescribeDBShardGroups",
        permission="rds:DescribeDBShardGroups",
        items="DBShardGroups",
    )


@pytest.mark.parametrize(
    ("resource", "fault"),
    [
        (WrongPath, "engine: the model has no Table.SSE.Type"),
        (WrongPathInPart, "name: the model has no KeyName"),
        (WrongType, "size at Table.TableSizeBytes is a long"),
        (NoList, "names at Table.TableName is a string, not a list"),
        (UnknownValue, "the model does not know .*AES512"),
        (ForgottenValue, "the model also knows .*AES256"),
        (WrongItems, "no items at Tables"),
        (ItemsThatAreNoList, "Table is no list"),
        (WrongParameter, "takes no .*Name"),
        (MissingParameter, "also needs .*TableName"),
        (ParameterOfNoField, "Table has no name"),
        (ListForOneValue, "TableName is a list: False"),
        (WrongVolatile, "no Table.Items to be volatile"),
        (WrongAbsent, "no error TableNotFound"),
        (PagesThatCannotBeFollowed, "botocore has no paginator"),
    ],
)
def test_resource_that_does_not_fit_is_refused(resource: type[Resource], fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        assert_paths(resource)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ({"Table": {"Name": "visits"}}, "Table has no Name"),
        ({"Table": {"TableName": 1}}, "TableName is a string, not 1"),
        ({"Table": {"TableSizeBytes": True}}, "TableSizeBytes is a long, not True"),
        ({"Table": {"TableStatus": "GONE"}}, "TableStatus is one of"),
        ({"Table": {"KeySchema": {}}}, "KeySchema is a list"),
        ({"Table": {"KeySchema": [{"Key": "id"}]}}, "KeySchema.0 has no Key"),
        ({"Table": []}, "Table is a structure"),
    ],
)
def test_answer_that_the_api_could_not_give_is_refused(answer: object, fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        assert_shape("dynamodb", "DescribeTable", answer)


def test_answer_that_the_api_could_give_is_accepted() -> None:
    assert_shape(
        "dynamodb",
        "DescribeTable",
        {
            "Table": {
                "TableName": "visits",
                "TableStatus": "ACTIVE",
                "CreationDateTime": "2026-11-22T00:00:00Z",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "TableSizeBytes": 0,
            }
        },
    )
