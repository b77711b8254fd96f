"""A region that does not have a service, as the SDK meets it: the endpoint's name is not known."""

from __future__ import annotations

import socket
from typing import Any

import boto3
import botocore.session
import pytest

from checks.aws.dax import Cluster, encrypted
from collector.answer import NOT_RESOLVED, REDACTED
from collector.collect import collect
from collector.offers import OFFERS
from collector.readers.aws import open_account
from collector.readers.aws_sdk import Models
from collector.reads import Reads


@pytest.fixture
def unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name below `.invalid` is known (RFC 6761), whatever resolver this machine has."""
    resolve = socket.getaddrinfo

    def refuse(host: Any, *args: Any, **kwargs: Any) -> Any:
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("AWS_ENDPOINT_URL_DAX", "http://dax.invalid")


def reads_of(region: str) -> Reads:
    """What a run with reduced models reads of a region. The simulated AWS has AWS's own lists."""
    session = botocore.session.Session()
    Models([Cluster.source]).use_in(session)
    account = boto3.Session(botocore_session=session)
    return collect([encrypted], open_account(account, "test", regions=(region,), expected=None))


@pytest.mark.usefixtures("aws", "unknown")
def test_a_region_without_the_service_holds_nothing() -> None:
    reads = reads_of("me-south-1")

    assert reads[Cluster].unread == ()
    assert [region for region, _ in reads[Cluster].listed] == ["me-south-1"]
    (offers,) = [answer for source, answer in reads.answers if source is OFFERS]
    (unresolved,) = [answer for source, answer in reads.answers if source is not OFFERS]
    assert unresolved.failure is not None
    assert (unresolved.failure.code, unresolved.provenance["status"]) == (NOT_RESOLVED, None)
    assert offers.place == "us-east-1"
    assert len(offers.pages) > 1
    record = offers.record(OFFERS)
    assert record["complete"]
    assert isinstance(record["items"], int) and record["items"] > 10
    assert REDACTED.encode() in (offers.body() or b"")
    assert b"LastModifiedDate" not in (offers.body() or b"")


@pytest.mark.usefixtures("aws", "unknown")
def test_a_region_with_the_service_is_unread() -> None:
    reads = reads_of("eu-west-1")

    assert [(u.region, u.code) for u in reads[Cluster].unread] == [("eu-west-1", NOT_RESOLVED)]


@pytest.mark.usefixtures("aws", "unknown")
def test_where_no_name_is_known_nothing_is_concluded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", "http://ssm.invalid")

    reads = reads_of("me-south-1")

    assert [(u.region, u.code) for u in reads[Cluster].unread] == [("me-south-1", NOT_RESOLVED)]
