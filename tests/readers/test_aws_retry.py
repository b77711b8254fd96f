"""When AWS is asked again, and how long that waits."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
)

from collector.readers.aws_rate import TokenBucket
from collector.readers.aws_retry import LONGEST_WAIT_SECONDS, Retries

LIST_KEYS = botocore.session.Session().get_service_model("kms").operation_model("ListKeys")


class Response:
    """As much of an HTTP response as botocore's conditions look at."""

    def __init__(self, status: int) -> None:
        self.status_code = status
        self.headers: Mapping[str, str] = {}


def after(
    attempt: int, *, status: int = 200, code: str = "", error: Exception | None = None
) -> Any:
    parsed = {"Error": {"Code": code}} if code else {}
    return {
        "attempts": attempt,
        "caught_exception": error,
        "operation": LIST_KEYS,
        "request_dict": {"context": {}},
        "response": None if error else (Response(status), parsed),
    }


@pytest.fixture
def bucket() -> TokenBucket:
    return TokenBucket(20, burst=40)


@pytest.fixture
def retries(bucket: TokenBucket) -> Retries:
    return Retries(12, bucket, draw=lambda: 1.0)


def test_waits_double_up_to_the_longest(retries: Retries) -> None:
    waits = [retries.needs_retry(**after(n, status=400, code="Throttling")) for n in range(1, 12)]

    assert waits[:5] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6])
    assert set(waits[5:]) == {LONGEST_WAIT_SECONDS}


def test_after_the_last_attempt_it_is_not_asked_again(retries: Retries) -> None:
    assert retries.needs_retry(**after(12, status=400, code="Throttling")) is None


@pytest.mark.parametrize(
    "attempt",
    [
        after(1, status=500, code="InternalError"),
        after(1, status=503),
        after(1, status=429, code="TooManyRequestsException"),
        after(1, error=ReadTimeoutError(endpoint_url="https://kms")),
        after(1, error=EndpointConnectionError(endpoint_url="https://kms", error=OSError())),
    ],
    ids=["broken", "unavailable", "too many", "timeout", "no connection"],
)
def test_what_may_pass_is_asked_again(retries: Retries, attempt: Any) -> None:
    assert retries.needs_retry(**attempt) == pytest.approx(0.1)


@pytest.mark.parametrize(
    "attempt",
    [after(1), after(1, status=400, code="AccessDeniedException"), after(1, status=404)],
    ids=["answered", "denied", "not there"],
)
def test_what_is_an_answer_is_not_asked_again(retries: Retries, attempt: Any) -> None:
    assert retries.needs_retry(**attempt) is None


def test_a_host_that_is_not_known_is_asked_for_twice_and_no_more(retries: Retries) -> None:
    error = EndpointConnectionError(endpoint_url="https://dax", error=socket.gaierror())

    assert retries.needs_retry(**after(1, error=error)) is not None
    assert retries.needs_retry(**after(2, error=error)) is None


@pytest.mark.parametrize("timeout", [ConnectTimeoutError, ReadTimeoutError])
def test_a_host_that_does_not_answer_in_time_is_asked_three_times_and_no_more(
    retries: Retries, timeout: type[HTTPClientError]
) -> None:
    error = timeout(endpoint_url="https://kms")

    assert retries.needs_retry(**after(2, error=error)) is not None
    assert retries.needs_retry(**after(3, error=error)) is None


def test_refusals_slow_the_client_down_and_answers_speed_it_up(
    retries: Retries, bucket: TokenBucket
) -> None:
    retries.needs_retry(**after(1, status=400, code="Throttling"))
    refused = bucket._rate
    for _ in range(10):
        retries.needs_retry(**after(1))

    assert refused == pytest.approx(18)
    assert bucket._rate == pytest.approx(20)


def test_even_a_flood_of_refusals_leaves_some_rate(retries: Retries, bucket: TokenBucket) -> None:
    for _ in range(100):
        retries.needs_retry(**after(1, status=400, code="Throttling"))

    assert bucket._rate == pytest.approx(2)
