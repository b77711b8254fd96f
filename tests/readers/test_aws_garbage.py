"""What the AWS reader makes of bytes that are no answer, in each of the protocols of AWS."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from checks.aws.s3 import BucketLogging, BucketVersioning
from collector.answer import MALFORMED
from collector.check import discover
from collector.collect import collect
from collector.evaluate import evaluate
from collector.readers.aws import open_account
from collector.resource import Resource
from collector.source import Aws
from tests.aws_told import told
from tests.botocore_shape import service_model

BODIES = {
    "nothing": b"",
    "half an object": b'{"TableNames": ["a", "b',
    "half a document": b"<R><Buckets><Bucket><Name>a</Name>",
    "a page for people": b"<html><body>Welcome</body></html>",
    "a list": b'["a"]',
    "null": b"null",
    "a text": b'"text"',
    "a number": b"7",
    "an empty object": b"{}",
    "an empty document": b"<Response/>",
    "no text": b"\xff\xfe\x00",
    "deep lists": b"[" * 9999,
}

LISTINGS = {
    "ec2": ("ec2:DescribeVolumes", "aws.ebs.volumes_encrypted"),
    "json": ("dynamodb:ListTables", "aws.dynamodb.pitr"),
    "query": ("rds:DescribeDBInstances", "aws.rds.storage_encrypted"),
    "rest-json": ("guardduty:ListDetectors", "aws.guardduty.enabled"),
    "rest-xml": ("s3:ListBuckets", "aws.s3.versioning"),
}
"""A listing of each protocol, and a check that rests on it."""


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> list[bytes]:
        return [self._body]


def test_every_protocol_that_checks_meet_is_here() -> None:
    sources = {r.source for check in discover().values() for r in check.resources}
    services = {source.service for source in sources if isinstance(source, Aws)}

    spoken = {service_model(service).resolved_protocol for service in services}

    assert spoken - set(LISTINGS) == set()


@pytest.mark.parametrize("protocol", LISTINGS)
def test_what_is_no_answer_is_no_empty_account(protocol: str) -> None:
    operation, check_id = LISTINGS[protocol]
    check = discover()[check_id]
    session = told({"rds:DescribeDBClusters": {"DBClusters": []}})
    body = b""

    def answer(request: Any, **_: object) -> AWSResponse:
        kind = "application/json" if "json" in protocol else "text/xml"
        return AWSResponse(
            request.url, 200, HTTPHeaders.from_dict({"content-type": kind}), _Raw(body)
        )

    service, name = operation.split(":")
    session.events.register_first(f"before-send.{service}.{name}", answer)  # type: ignore[arg-type]

    once = Config(retries={"total_max_attempts": 1})
    reader = open_account(session, "test", regions=("us-east-1",), expected=None, config=once)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    outcomes = {}
    for what, given in BODIES.items():
        body = given
        results = evaluate([check], collect([check], reader), settings={}, now=now)
        outcomes[what] = {r.outcome for r in results if f"{operation} in" in r.reason}
        # S3 answers 200 where it has an error to tell, so its SDK takes what is no XML for a 500.
        codes = {r.reason.rpartition(": ")[2] for r in results}
        assert codes <= ({"500", MALFORMED} if protocol == "rest-xml" else {MALFORMED}), what

    assert outcomes == {what: {"unknown"} for what in BODIES}


@pytest.mark.parametrize("what", ["nothing", "a page for people"])
@pytest.mark.parametrize("kind", ["", "text/html", "application/xml"])
@pytest.mark.parametrize("resource", [BucketLogging, BucketVersioning])
def test_what_is_no_answer_is_no_empty_element(
    resource: type[Resource], what: str, kind: str
) -> None:
    def answer(request: Any, **_: object) -> AWSResponse:
        headers = HTTPHeaders.from_dict({"content-type": kind})
        return AWSResponse(request.url, 200, headers, _Raw(BODIES[what]))

    source = resource.source
    assert isinstance(source, Aws)
    session = told({})
    listener: Any = answer
    session.events.register_first(f"before-send.s3.{source.operation}", listener)
    once = Config(retries={"total_max_attempts": 1})
    reader = open_account(session, "test", regions=("us-east-1",), expected=None, config=once)

    found = reader.read(source, {"Bucket": "b"}, "us-east-1")

    assert found.failure is not None
    assert found.failure.code in (MALFORMED, "500")
