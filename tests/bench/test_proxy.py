"""The bench's proxy counts each call, knows repeated ones, remembers answers, and refuses some."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from bench.faults import Faults
from bench.proxy import Proxy

ANSWER = "<{0}Response><{0}Result><Account>123456789012</Account></{0}Result></{0}Response>"

THROTTLED = {
    "RequestLimitExceeded",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}

READS: dict[str, Callable[[Any], object]] = {
    "cloudfront": lambda client: client.list_distributions(),
    "cloudwatch": lambda client: client.describe_alarms(),
    "dynamodb": lambda client: client.list_tables(),
    "ec2": lambda client: client.describe_vpcs(),
    "iam": lambda client: client.list_users(),
    "lambda": lambda client: client.list_functions(),
    "s3": lambda client: client.list_buckets(),
    "sqs": lambda client: client.list_queues(),
}
"""A read in each of the protocols that AWS has."""


class Cloud(BaseHTTPRequestHandler):
    """Says who asks, whatever it is asked, and counts."""

    asked = 0

    def do_POST(self) -> None:
        type(self).asked += 1
        asked = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        self.send_response(200)
        self.send_header("content-type", "text/xml")
        self.end_headers()
        self.wfile.write(ANSWER.format(asked["Action"][0]).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def cloud() -> Iterator[type[Cloud]]:
    Cloud.asked = 0
    server = HTTPServer(("127.0.0.1", 0), Cloud)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    Cloud.port = server.server_port  # type: ignore[attr-defined]
    yield Cloud
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def proxy(cloud: Any) -> Iterator[Proxy]:
    proxy = Proxy(cloud.port)
    yield proxy
    proxy.close()


@functools.cache
def one_session() -> boto3.Session:
    """A session keeps the services' models, which take longer to load than all else here."""
    return boto3.Session("AKIAIOSFODNN7EXAMPLE", "none")


def client(proxy: Proxy, service: str, *, region: str = "us-east-1", attempts: int = 1) -> Any:
    session: Any = one_session()
    config = Config(retries={"mode": "standard", "total_max_attempts": attempts})
    return session.client(service, region, endpoint_url=proxy.url, config=config)


def test_same_call_again_is_a_repeat_and_is_answered_from_memory(
    proxy: Proxy, cloud: type[Cloud]
) -> None:
    tally = proxy.begin()
    asking = client(proxy, "sts")

    answers = [asking.get_caller_identity()["Account"] for _ in range(3)]

    assert answers == ["123456789012"] * 3
    assert (tally.calls, tally.repeats.total(), tally.forwarded) == (3, 2, 1)
    assert cloud.asked == 1


def test_other_region_or_other_parameter_is_another_call(proxy: Proxy) -> None:
    tally = proxy.begin()

    client(proxy, "sts").get_caller_identity()
    client(proxy, "sts", region="eu-west-1").get_caller_identity()
    for key in ("AKIAIOSFODNN7EXAMPL1", "AKIAIOSFODNN7EXAMPL2"):
        client(proxy, "sts").get_access_key_info(AccessKeyId=key)

    assert (tally.calls, tally.repeats.total()) == (4, 0)
    assert {call.region for call in tally.answered} == {"us-east-1", "eu-west-1"}


def test_counts_start_anew_and_memory_stays(proxy: Proxy) -> None:
    client(proxy, "sts").get_caller_identity()

    tally = proxy.begin()
    client(proxy, "sts").get_caller_identity()

    assert (tally.calls, tally.repeats.total(), tally.forwarded) == (1, 0, 0)


def test_each_answer_takes_its_latency(proxy: Proxy) -> None:
    asking = client(proxy, "sts")
    asking.get_caller_identity()
    proxy.begin(latency_seconds=0.05)

    begin = time.monotonic()
    for _ in range(3):
        asking.get_caller_identity()

    assert time.monotonic() - begin >= 0.15


@pytest.mark.parametrize("service", READS)
def test_throttled_call_is_refused_in_the_protocol_of_its_service(
    proxy: Proxy, service: str
) -> None:
    tally = proxy.begin(faults=Faults(throttled=1.0))

    with pytest.raises(ClientError) as refused:
        READS[service](client(proxy, service))

    assert refused.value.response["Error"]["Code"] in THROTTLED
    assert (tally.calls, tally.faults.total()) == (0, 1)


@pytest.mark.parametrize("service", READS)
def test_broken_call_is_one_of_status_500(proxy: Proxy, service: str) -> None:
    proxy.begin(faults=Faults(broken=1.0))

    with pytest.raises(ClientError) as refused:
        READS[service](client(proxy, service))

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500


def test_refused_attempt_is_neither_a_call_nor_a_repeat(proxy: Proxy) -> None:
    seed = next(s for s in range(99) if _pattern(s) == ["throttled", None])
    tally = proxy.begin(faults=Faults(throttled=0.5, seed=seed))

    client(proxy, "sts", attempts=3).get_caller_identity()

    assert (tally.calls, tally.repeats.total(), tally.faults.total()) == (1, 0, 1)


def _pattern(seed: int) -> list[str | None]:
    from bench.proxy import Call, Request

    sent = Request(
        "POST",
        "/",
        {
            "authorization": "Credential=A/20260101/us-east-1/sts/aws4_request",
            "content-type": "application/x-www-form-urlencoded",
        },
        b"Action=GetCallerIdentity&Version=2011-06-15",
    )
    return [Faults(0.5, seed=seed).strikes(f"{Call.of(sent)}", n) for n in range(2)]


def test_chance_is_the_same_for_the_same_seed() -> None:
    struck = [Faults(0.3, 0.02, seed=1).strikes(f"call {n}", 0) for n in range(2000)]

    assert struck == [Faults(0.3, 0.02, seed=1).strikes(f"call {n}", 0) for n in range(2000)]
    assert 500 < struck.count("throttled") < 700
    assert 20 < struck.count("broken") < 70
