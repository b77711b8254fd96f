"""How fast AWS is asked: below the rate at which it begins to refuse.

What AWS throttles is refused work that has to be done again, and the company's own programs are
refused along with us. So each client, which stands for one account, service and region, has a
bucket of tokens; a request takes one, and waits where there is none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

PER_SECOND = 20.0
"""Requests a second for a service that the table below does not name. The lowest that large
services document for reads: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
"""

RATES: Mapping[str, float] = {
    "cloudtrail": 10,
    "dynamodb": 100,
    "elb": 10,
    "elbv2": 10,
    "kms": 100,
    "lambda": 15,
    "logs": 10,
    "s3": 100,
    "sns": 30,
    "sqs": 100,
}
"""Services that document another rate, or are known to take much more. botocore's name → requests a
second."""

BURST_SECONDS = 2.0
"""How much of its rate a bucket holds when it is full; AWS's own buckets hold more."""


SLOWER = 0.1
FASTER = 0.02
"""Parts of the rate by which it falls after each refusal and rises after each answer."""

SLOWEST = 0.1
"""Part of its rate below which a bucket does not fall."""


class TokenBucket:
    """Lets through `rate` requests a second on average, and a burst of some more at first.

    The rate falls while requests are refused, and comes back while they are answered.
    """

    def __init__(
        self,
        rate: float,
        burst: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Start full: `burst` requests may go at once."""
        self._full_rate = self._rate = rate
        self._burst = burst
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tokens = burst
        self._since = clock()

    def take(self) -> None:
        """Take a token; wait for it where there is none. Who comes first is served first."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._since) * self._rate)
            self._since = now
            self._tokens -= 1
            wait = -self._tokens / self._rate
        if wait > 0:
            self._sleep(wait)

    def slow_down(self) -> None:
        """A request was refused for being one too many."""
        with self._lock:
            self._rate = max(self._full_rate * SLOWEST, self._rate * (1 - SLOWER))

    def speed_up(self) -> None:
        """A request was answered."""
        with self._lock:
            self._rate = min(self._full_rate, self._rate + self._full_rate * FASTER)


def bucket_of(service: str) -> TokenBucket:
    """A full bucket for one service in one region."""
    rate = RATES.get(service, PER_SECOND)
    return TokenBucket(rate, burst=rate * BURST_SECONDS)
