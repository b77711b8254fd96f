"""A session whose operations answer what a test tells, held against the service's own model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from collector.demo.told import Refused, Reply, Told
from tests.botocore_shape import assert_shape

__all__ = ["Refused", "told"]


def told(replies: Mapping[str, Reply | Mapping[str, Any]]) -> boto3.Session:
    """A session that answers as `replies` say, by operation; any other call fails.

    A reply is the answer as boto3 returns it, or a function of parameters and region that returns
    one or raises `Refused`. An answer that its service could not give fails the test.
    """
    table = {"sts:GetCallerIdentity": _caller, **replies}
    session = boto3.Session("AKIAIOSFODNN7EXAMPLE", "none", region_name="us-east-1")
    answers = Told({name: _conforming(name, reply) for name, reply in table.items()})
    answers.listen(session)
    session.events.register_first("before-send", answers.answer)  # type: ignore[arg-type]
    return session


def _caller(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    arn = "arn:aws:sts::123456789012:assumed-role/reader/test"
    return {"Account": "123456789012", "Arn": arn, "UserId": "AROAEXAMPLE:test"}


def _conforming(name: str, reply: Reply | Mapping[str, Any]) -> Reply:
    def answer(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        given = reply(params, region) if callable(reply) else reply
        service, operation = name.split(":")
        assert_shape(service, operation, given)
        return given

    return answer
