"""Reduced service models: what is called works as ever, and the rest is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import UnknownServiceError
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from collector.check import discover
from collector.readers.aws_sdk import EventNames, Models
from collector.source import Aws

SOURCES = {r.source for c in discover().values() for r in c.resources}
OPERATIONS = sorted({(s.service, s.operation) for s in SOURCES if isinstance(s, Aws)})


@pytest.fixture(scope="module")
def reduced() -> botocore.session.Session:
    session = botocore.session.Session()
    Models(SOURCES).use_in(session)
    return session


@pytest.fixture(scope="module")
def whole() -> botocore.session.Session:
    return botocore.session.Session()


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


def events_of(client: Any) -> Any:
    return client.meta.events


def looked_up(client: Any, event: str) -> str:
    name: str = events_of(client)._alias_event_name(event)
    return name


def test_clients_use_the_event_names_that_others_have_looked_up() -> None:
    session: Any = botocore.session.Session()
    one, other = (session.create_client(name, region_name="us-east-1") for name in ("elb", "kms"))
    names, seen = EventNames(), list[str]()
    for client in (one, other):
        names.remember_in(client)
        client.meta.events.register("test.kms.ListKeys", lambda **_: seen.append("heard"))

    for client in (one, other):
        client.meta.events.emit("test.kms.ListKeys")

    assert seen == ["heard", "heard"]
    assert looked_up(one, "before-call.elb") == "before-call.elastic-load-balancing"
    assert events_of(one)._alias_event_name is events_of(other)._alias_event_name
