"""When AWS is asked again, and after how long.

What may be asked again is the SDK's own judgement. How long it waits is not: its standard mode
waits up to 20 seconds, so that the few calls that are refused six times in a row hold up a run by a
minute, and its adaptive mode comes down to a call every two seconds where refusals do not depend on
our rate. Here waits are short, because the bucket of tokens has the rate in hand.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import botocore.exceptions
from botocore.retries.standard import (
    RetryEventAdapter,
    StandardRetryConditions,
    ThrottlingErrorDetector,
)
from urllib3.exceptions import NameResolutionError

from collector.readers.aws_rate import TokenBucket

ATTEMPTS = 12
"""If three of ten calls are refused whatever we do, one in a million is lost."""

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 2.0
"""Each wait is up to twice the one before, so that all attempts take ten seconds or so."""

ATTEMPTS_AT_TIMEOUT = 3
"""Each takes up to a minute: what a firewall drops is to hold up a run by minutes, not by hours."""

ATTEMPTS_AT_LASTING = 2
"""A name that is not known may be a service that the region does not have; a certificate that is
not trusted stays so."""

TIMEOUTS = (botocore.exceptions.ConnectTimeoutError, botocore.exceptions.ReadTimeoutError)


class Retries:
    """Decides for one client. A handler of its `needs-retry` event, which follows each attempt."""

    def __init__(
        self,
        attempts: int,
        bucket: TokenBucket,
        draw: Callable[[], float] = random.random,
    ) -> None:
        """Ask at most `attempts` times in all; `draw` gives a number from 0 to 1."""
        self._adapter = RetryEventAdapter()
        self._conditions = StandardRetryConditions(max_attempts=attempts)
        self._throttling = ThrottlingErrorDetector(self._adapter)
        self._bucket = bucket
        self._draw = draw

    def needs_retry(self, **kwargs: Any) -> float | None:
        """Seconds to wait before the next attempt; None where there is to be none."""
        error, attempt = kwargs["caught_exception"], kwargs["attempts"]
        if error is None and _is_answer(*kwargs["response"]):
            self._bucket.speed_up()
            return None
        if error is None and self._throttling.is_throttling_error(**kwargs):
            self._bucket.slow_down()
        elif error is None:
            self._bucket.speed_up()
        is_lasting = is_without_host(error) or isinstance(error, botocore.exceptions.SSLError)
        if is_lasting and attempt >= ATTEMPTS_AT_LASTING:
            return None
        if isinstance(error, TIMEOUTS) and attempt >= ATTEMPTS_AT_TIMEOUT:
            return None
        if not self._conditions.is_retryable(self._adapter.create_retry_context(**kwargs)):
            return None
        longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** (int(attempt) - 1))
        return longest * (1 + self._draw()) / 2


def _is_answer(response: Any, parsed: Any) -> bool:
    """Whether a response is what most are, of which nothing else needs to be asked."""
    return response.status_code < HTTPStatus.MULTIPLE_CHOICES and "Error" not in parsed


def is_without_host(error: BaseException | None) -> bool:
    """Whether a request failed because the name of its endpoint is not known."""
    if not isinstance(error, botocore.exceptions.EndpointConnectionError):
        return False
    return isinstance(error.kwargs.get("error"), NameResolutionError | socket.gaierror)
