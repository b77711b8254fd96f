"""Days covered and missing, and stretches without a run: each definition at its edges."""

from __future__ import annotations

from datetime import timedelta

import pytest

from collector.report.days import (
    CADENCES,
    Period,
    ResourceDays,
    gaps,
    longest,
    missing_days,
    resource_days,
    seen,
)
from collector.report.timeline import steps_of
from tests.report.histories import CHECK, OTHER, Run, day, history, moment, period, run

SECOND = 1 / 86_400
UNREAD = "unknown:s3:ListBuckets in global: AccessDenied"


def missing(runs: list[Run], days: Period) -> list[tuple[int, str, str]]:
    """First day, cause and detail of what is missing, with a line for each stretch of days."""
    found = history(runs, days)
    steps = tuple(steps_of(found, found.snapshots, CHECK))
    first = days.first
    return [
        ((one.first - first).days, f"{one.cause} {one.days}", one.detail)
        for one in missing_days(found, found.snapshots, steps, days)
    ]


@pytest.mark.parametrize(
    ("runs", "days", "expected"),
    [
        ([run(0, {"a": "pass"})], 1, []),
        ([run(0, {"a": "fail"})], 1, []),
        ([run(0, {"@": "not_applicable"})], 1, []),
        ([run(0, {"a": "pass"}), run(3, {"a": "pass"})], 4, [(1, "no run 2", "")]),
        ([run(1, {"a": "pass"})], 3, [(0, "not yet known 1", ""), (2, "no run 1", "")]),
        (
            [run(0, {"a": "pass"}), Run(1.5, {OTHER: {"a": "pass"}})],
            2,
            [(1, "not run 1", "")],
        ),
        (
            [run(0, {"a": "pass"}), run(1, {"a": "pass", "@": UNREAD})],
            2,
            [(1, "unknown 1", f"123456789012: {UNREAD[8:]}")],
        ),
        # The first of several reasons is the first resource's; it is told once for all its days.
        (
            [
                run(0, {"a": "pass", "z": "unknown:later", "b": "unknown:first"}),
                run(1, {"b": "unknown:first"}),
                run(2, {"b": "unknown:other"}),
            ],
            3,
            [(0, "unknown 2", "b: first"), (2, "unknown 1", "b: other")],
        ),
        # A run that was repeated on the same day, with success.
        ([Run(0.1, {CHECK: {"@": UNREAD}}), Run(0.2, {CHECK: {"a": "pass"}})], 1, []),
        ([Run(0.1, {CHECK: {"a": "pass"}}), Run(0.2, {CHECK: {"@": UNREAD}})], 1, []),
        # A run of other checks on the same day does not hide it.
        ([Run(0.1, {CHECK: {"a": "pass"}}), Run(0.2, {OTHER: {"a": "pass"}})], 1, []),
        # A day begins at midnight in UTC: its first and last second.
        ([Run(0.0, {CHECK: {"a": "pass"}}), Run(1.99999, {CHECK: {"a": "pass"}})], 2, []),
    ],
)
def test_a_day_is_covered_or_missing_for_one_cause(
    runs: list[Run], days: int, expected: list[tuple[int, str, str]]
) -> None:
    assert missing(runs, period(days)) == expected


def test_the_day_of_the_first_snapshot_of_all_is_known_though_it_is_before_the_period() -> None:
    runs = [run(0, {"a": "pass"}), run(5, {"a": "pass"})]

    assert missing(runs, period(3, first=3)) == [(0, "no run 2", "")]


@pytest.mark.parametrize("cadence", CADENCES)
def test_a_missing_run_is_always_found_and_jitter_below_half_never(cadence: str) -> None:
    step = CADENCES[cadence]  # type: ignore[index]

    assert longest(cadence) == step * 1.5  # type: ignore[arg-type]
    shortest = timedelta(days=28) if cadence == "monthly" else step
    assert shortest + step > longest(cadence)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at", "before", "expected"),
    [
        ([0.5, 1.5, 2.5], -0.5, []),
        # Exactly one and a half days apart is allowed, a second more is not.
        ([0.5, 2.0, 2.9], -0.5, []),
        ([0.5, 2 + SECOND, 2.9], -0.5, [(0.5, 2 + SECOND)]),
        # To the edges: from the last run before, and to the end.
        ([0.5, 1.5, 2.5], -1.5, [(-1.5, 0.5)]),
        ([1.6, 2.5], None, [(0.0, 1.6)]),
        ([0.5, 1.4], -0.5, [(1.4, 3.0)]),
        ([], -0.5, [(-0.5, 3.0)]),
        ([], None, [(0.0, 3.0)]),
    ],
)
def test_a_gap_is_longer_than_one_and_a_half_times_the_cadence(
    at: list[float], before: float | None, expected: list[tuple[float, float]]
) -> None:
    runs = [run(one - 0.5) for one in ([before] if before is not None else []) + at]
    sealed = [seen(one) for one in history(runs, Period(day(-9), day(9))).snapshots] if runs else []
    own = sealed[1:] if before is not None else sealed

    found = gaps(
        own,
        before=sealed[0] if before is not None else None,
        begins=moment(0),
        ends=moment(3),
        cadence="daily",
    )

    assert [(one.begins, one.ends) for one in found] == [
        (moment(begin), moment(end)) for begin, end in expected
    ]
    assert all(one.seconds == (one.ends - one.begins).total_seconds() for one in found)
    assert all((one.after is None) == (one.begins == moment(0)) for one in found)
    assert all((one.until is None) == (one.ends == moment(3)) for one in found)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([run(0, {"a": "pass", "b": "fail", "c": "unknown"})], (1, 1, 1)),
        # Each day counts each resource once: a fail before a pass, a pass before an unknown.
        ([Run(0.1, {CHECK: {"a": "fail"}}), Run(0.2, {CHECK: {"a": "pass"}})], (1, 0, 0)),
        ([Run(0.1, {CHECK: {"a": "pass"}}), Run(0.2, {CHECK: {"a": "fail"}})], (1, 0, 0)),
        ([Run(0.1, {CHECK: {"a": "pass"}}), Run(0.2, {CHECK: {"a": "unknown"}})], (0, 1, 0)),
        ([Run(0.1, {CHECK: {"a": "unknown"}}), Run(0.2, {CHECK: {"a": "pass"}})], (0, 1, 0)),
        # One that was there for a part of the day counts.
        ([Run(0.1, {CHECK: {"a": "pass", "b": "pass"}}), Run(0.2, {CHECK: {"a": "pass"}})],
         (0, 2, 0)),
        # What the day before left behind does not.
        ([run(0, {"a": "fail"}), Run(1.1, {CHECK: {"a": "pass"}})], (1, 1, 0)),
        # A listing that was not read hides what was there; the account is no resource.
        ([run(0, {"a": "pass", "b": "fail"}), run(1, {"@": UNREAD})], (1, 1, 2)),
        ([run(0, {"@": UNREAD})], (0, 0, 0)),
        ([run(0, {"@": "not_applicable"})], (0, 0, 0)),
        ([run(0, {"@": "pass"}), run(1, {"@": "unknown"})], (0, 1, 1)),
        # No run, no resource days.
        ([run(0, {"a": "pass"}), run(4, {"a": "pass"})], (0, 2, 0)),
    ],
)  # fmt: skip
def test_resource_days(runs: list[Run], expected: tuple[int, int, int]) -> None:
    found = history(runs, period(9))

    assert resource_days(steps_of(found, found.snapshots, CHECK)) == ResourceDays(*expected)


def test_resource_days_do_not_count_what_was_before_the_period() -> None:
    found = history([run(0, {"a": "fail"}), run(1, {"a": "pass"})], period(1, first=1))

    assert resource_days(steps_of(found, found.snapshots, CHECK)) == ResourceDays(0, 1, 0)
