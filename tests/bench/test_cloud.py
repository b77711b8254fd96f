"""The bench's simulated cloud answers what moto does not simulate, as empty as can be."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import pytest

from bench.cloud import missing
from bench.cloud.place import REGIONS, Builder
from bench.cloud.server import Start, completed
from bench.cloud.told import JOB, TOLD
from collector.demo.told import Refused
from tests.botocore_shape import assert_shape


def ask(path: str, service: str, method: str = "GET", **headers: str) -> tuple[str, bytes]:
    """Ask a cloud whose simulation breaks at everything."""

    def broken(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        raise NotImplementedError

    said: list[str] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "wsgi.input": BytesIO(b""),
        "HTTP_AUTHORIZATION": f"Credential=A/20260101/us-east-1/{service}/aws4_request",
        **headers,
    }
    body = b"".join(completed(broken)(environ, lambda status, _: said.append(status)))
    return said[0][:3], body


def test_operation_that_is_not_simulated_answers_empty() -> None:
    status, body = ask(
        "/", "cloudtrail", "POST", HTTP_X_AMZ_TARGET="CloudTrail_20131101.ListTrails"
    )

    assert (status, json.loads(body)) == ("200", {"Trails": []})


def test_rest_operation_is_known_by_its_path() -> None:
    status, body = ask("/guardrails", "bedrock")

    assert (status, json.loads(body)) == ("200", {"guardrails": []})


def test_path_of_no_operation_is_refused() -> None:
    status, body = ask("/no/such/thing", "bedrock")

    assert status == "403"
    assert b"not simulated" in body


def test_job_is_told_that_it_can_be_asked_for() -> None:
    asked = b"Action=GenerateServiceLastAccessedDetails&Version=2010-05-08&Arn=x"

    found = missing.answer(missing.Asked("iam", "us-east-1", "POST", "/", {}, asked))

    assert found is not None
    assert JOB.encode() in found[2]


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_is_as_the_service_could_say_it(name: str) -> None:
    """An operation in the emptiest region; the test of a shape refuses a member that is not one."""
    service, operation = name.split(":")

    with contextlib.suppress(Refused):
        assert_shape(service, operation, TOLD[name]("sa-east-1", {"InstanceIds": ["i-1"]}))


@pytest.mark.parametrize(("scale", "number"), [(1, 10), (3, 30)])
def test_things_are_spread_over_the_regions(scale: int, number: int) -> None:
    make = Builder(lambda service, region: None, scale)  # type: ignore[arg-type,return-value]

    things = make.several("kind", 10)

    assert make.made["kind"] == len({thing.name for thing in things}) == number
    assert [sum(t.region == r for t in things) / scale for r in REGIONS] == [6, 3, 1]
