"""Reduced service models: what is called works as ever, and the rest is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import JSONFileLoader, Loader
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.utils import parse_timestamp

from collector.check import discover
from collector.readers.aws_sdk import Models, parse_time
from collector.source import Aws

SOURCES = {r.source for c in discover().values() for r in c.resources}
OPERATIONS = sorted({(s.service, s.operation) for s in SOURCES if isinstance(s, Aws)})


@pytest.fixture(scope="module")
def reduced() -> botocore.session.Session:
    session = botocore.session.Session()
    Models(SOURCES).use_in(session)
    return session


class Unshared(JSONFileLoader):
    """Reads the files anew. Clients of S3 change what they were given of them."""


@pytest.fixture(scope="module")
def whole() -> botocore.session.Session:
    session = botocore.session.Session()
    session.register_component("data_loader", Loader(file_loader=Unshared()))
    return session


def described(shape: Shape | None, seen: tuple[str, ...] = ()) -> Any:
    """All that a model says of a shape and what is in it."""
    if shape is None or shape.name in seen:
        return shape and shape.name
    inner: Mapping[str, Any] = {}
    match shape:
        case StructureShape():
            inner = {n: described(m, (*seen, shape.name)) for n, m in shape.members.items()}
        case ListShape():
            inner = {"member": described(shape.member, (*seen, shape.name))}
        case MapShape():
            inner = {"value": described(shape.value, (*seen, shape.name))}
    return (shape.name, shape.type_name, shape.metadata, shape.serialization, inner)


def facts(operation: OperationModel) -> Iterator[Any]:
    yield operation.http
    yield operation.static_context_parameters
    yield described(operation.input_shape)
    yield described(operation.output_shape)
    yield [described(error) for error in operation.error_shapes]


@pytest.mark.parametrize("service", sorted({service for service, _ in OPERATIONS} - {"sts"}))
def test_operations_that_are_called_keep_their_whole_model(
    service: str, reduced: botocore.session.Session, whole: botocore.session.Session
) -> None:
    less, full = reduced.get_service_model(service), whole.get_service_model(service)

    for name in (name for of, name in OPERATIONS if of == service):
        assert [*facts(less.operation_model(name))] == [*facts(full.operation_model(name))]
    assert less.metadata == full.metadata
    assert {e.name for e in less.error_shapes} <= {e.name for e in full.error_shapes}
    assert len(less.operation_names) < len(full.operation_names)


def test_services_that_are_not_read_stay_whole(
    reduced: botocore.session.Session, whole: botocore.session.Session
) -> None:
    """STS leads to credentials in many ways, and single sign-on has services of its own."""
    for service in ("sts", "sso", "sso-oidc"):
        names = reduced.get_service_model(service).operation_names

        assert names == whole.get_service_model(service).operation_names


def test_a_service_that_does_not_exist_is_an_error_as_ever(
    reduced: botocore.session.Session,
) -> None:
    with pytest.raises(UnknownServiceError):
        reduced.get_service_model("telepathy")


def test_accounts_share_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand accounts read each service's model once."""
    models = Models(SOURCES)
    loaded: list[str] = []
    load = models._load
    monkeypatch.setattr(models, "_load", lambda path: loaded.append(path) or load(path))  # type: ignore[func-returns-value]

    for _ in range(2):
        session = botocore.session.Session()
        models.use_in(session)
        session.get_service_model("kms")

    assert sum(path.endswith("service-2") and "/kms/" in path for path in loaded) == 1


def test_clients_share_the_event_names_that_were_looked_up(
    reduced: botocore.session.Session,
) -> None:
    clients: list[Any] = [reduced.create_client(name, "us-east-1") for name in ("elb", "kms")]
    seen: list[str] = []
    for client in clients:
        name = client.meta.service_model.service_name
        client.meta.events.register("test.kms.ListKeys", lambda name=name, **_: seen.append(name))

    for client in clients:
        client.meta.events.emit("test.kms.ListKeys")

    assert seen == ["elb", "kms"]
    one, other = (client.meta.events for client in clients)
    assert one._alias_event_name("before-call.elb") == "before-call.elastic-load-balancing"
    assert one._alias_name_cache is other._alias_name_cache


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-22T10:11:12Z",
        "2026-11-22T10:11:12.345Z",
        "2026-11-22T10:11:12+02:00",
        "2026-11-22T10:11:12",
        "Sun, 22 Nov 2026 10:11:12 GMT",
        1795342272,
        1795342272.25,
        "1795342272",
        -62135596800,
    ],
)
def test_times_are_those_that_the_sdk_reads(value: Any) -> None:
    assert parse_time(value) == parse_timestamp(value)
