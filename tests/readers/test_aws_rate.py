"""The token bucket: how many requests go at once, and how fast the others follow."""

from __future__ import annotations

import pytest

from collector.readers.aws_rate import PER_SECOND, RATES, TokenBucket, bucket_of


class Clock:
    """Time that passes by sleeping alone."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    clock = Clock()
    bucket = TokenBucket(10, burst=3, clock=clock, sleep=clock.sleep)

    for _ in range(23):
        bucket.take()

    assert clock.slept == pytest.approx([0.1] * 20)


def test_who_waits_waits_behind_those_who_wait_already() -> None:
    clock, waits = Clock(), list[float]()
    bucket = TokenBucket(10, burst=1, clock=clock, sleep=waits.append)

    for _ in range(4):  # nobody's wait is over before the next one comes
        bucket.take()

    assert waits == pytest.approx([0.1, 0.2, 0.3])


def test_a_bucket_at_rest_fills_up_to_its_burst_and_no_further() -> None:
    clock = Clock()
    bucket = TokenBucket(10, burst=3, clock=clock, sleep=clock.sleep)
    clock.now += 3600

    for _ in range(4):
        bucket.take()

    assert clock.slept == pytest.approx([0.1])


def test_services_have_rates_of_their_own() -> None:
    assert bucket_of("logs")._rate == RATES["logs"]
    assert bucket_of("backup")._rate == PER_SECOND
