"""Failing intervals: where they begin and end, and what exceptions cover of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pytest

from collector.report.days import Period, Seen
from collector.report.failing import Failing, failing_intervals, unread_resources
from collector.report.timeline import steps_of
from tests.report.histories import CHECK, OTHER, Judged, Run, history, moment, period, run

LISTING = "unknown:s3:ListBuckets in global: AccessDenied"


@dataclass(frozen=True)
class Acceptance:
    """An exception."""

    id: str
    begins: datetime
    ends: datetime
    resources: tuple[str, ...] = ("a",)
    check: str = CHECK
    reason: str = "known"
    approved_by: str = "CISO"
    compensating: str = "watched"
    seal_sha256: str = "f" * 64

    def spans(self, resource: str) -> list[tuple[datetime, datetime]]:
        return [(self.begins, self.ends)] if resource in self.resources else []


def intervals(
    runs: list[Run], days: Period, exceptions: tuple[Acceptance, ...] = ()
) -> tuple[Failing, ...]:
    found = history(runs, days)
    begins, ends = moment(0), moment(0)
    begins = begins.replace(year=days.first.year, month=days.first.month, day=days.first.day)
    ends = moment((days.last - moment(0).date()).days + 1)
    steps = tuple(steps_of(found, found.snapshots, CHECK))
    return failing_intervals(steps, begins=begins, ends=ends, exceptions=exceptions)


def told(one: Failing) -> str:
    """An interval in a few words, by numbers of snapshots."""
    good = "" if one.last_good is None else f"good {one.last_good.number}, "
    began = "before " if one.began_before else ""
    end = "" if one.end is None else f" {one.end.number}"
    cuts = "".join(f", cut {cut.first.number}-{cut.last.number}" for cut in one.interruptions)
    return (
        f"{one.resource}: {good}{began}fail {one.first_fail.number}-{one.last_fail.number}, "
        f"{one.ended_by}{end}{cuts}"
    )


def daily(*judged: Judged | None) -> list[Run]:
    """A run each day; None: a day without."""
    return [run(number, each) for number, each in enumerate(judged) if each is not None]


A_FAILS, A_PASSES = {"a": "fail"}, {"a": "pass"}


@pytest.mark.parametrize(
    ("runs", "first", "expected"),
    [
        (daily(A_PASSES, A_PASSES), 0, []),
        (daily(A_PASSES, A_FAILS, A_FAILS, A_PASSES), 0, ["a: good 1, fail 2-3, pass 4"]),
        (daily(A_FAILS, A_PASSES), 0, ["a: fail 1-1, pass 2"]),
        (daily(A_PASSES, A_FAILS), 0, ["a: good 1, fail 2-2, open"]),
        # Two intervals, each with its own beginning and the last good one before it.
        (
            daily(A_FAILS, A_PASSES, A_FAILS, A_PASSES),
            0,
            ["a: fail 1-1, pass 2", "a: good 2, fail 3-3, pass 4"],
        ),
        # Gone: deleted, or there is nothing left to judge.
        (daily({**A_FAILS, "b": "pass"}, {"b": "pass"}), 0, ["a: fail 1-1, gone 2"]),
        (daily(A_FAILS, {"@": "not_applicable"}), 0, ["a: fail 1-1, gone 2"]),
        # Made anew under its name: what was good before it went does not count.
        (
            daily({**A_PASSES, "b": "pass"}, {"b": "pass"}, {**A_FAILS, "b": "pass"}),
            0,
            ["a: fail 3-3, open"],
        ),
        # What could not be read ends nothing, whether it is the resource or the listing.
        (daily(A_FAILS, {"a": "unknown"}, A_FAILS), 0, ["a: fail 1-3, open, cut 2-2"]),
        (daily(A_FAILS, {"@": LISTING}, A_FAILS), 0, ["a: fail 1-3, open, cut 2-2"]),
        (daily(A_FAILS, {"a": "unknown"}, {"@": LISTING}, A_PASSES), 0,
         ["a: fail 1-1, pass 4, cut 2-2, cut 3-3"]),
        (daily(A_FAILS, {"a": "unknown"}, {"a": "unknown"}), 0, ["a: fail 1-1, open, cut 2-3"]),
        (daily(A_FAILS, {"@": LISTING}, {"@": "not_applicable"}), 0,
         ["a: fail 1-1, gone 3, cut 2-2"]),
        (daily(A_PASSES, {"a": "unknown"}, A_FAILS), 0, ["a: good 1, fail 3-3, open"]),
        # An unknown of another type may hide it, one of its own type does not.
        (daily(A_FAILS, {"aws.s3.account:x": "unknown"}, A_PASSES), 0,
         ["a: fail 1-1, pass 3, cut 2-2"]),
        (daily(A_FAILS, {"b": "unknown"}), 0, ["a: fail 1-1, gone 2"]),
        # No run, and a run without the check, say nothing.
        (daily(A_FAILS, None, None, A_PASSES), 0, ["a: fail 1-1, pass 2"]),
        ([run(0, A_FAILS), Run(1.5, {OTHER: {"a": "pass"}}), run(2, A_PASSES)], 0,
         ["a: fail 1-1, pass 3"]),
        # Before the period: still failing in it, ended between, and ended before.
        (daily(A_PASSES, A_FAILS, A_FAILS, A_PASSES), 2, ["a: before fail 2-3, pass 4"]),
        (daily(A_FAILS, A_PASSES), 1, ["a: before fail 1-1, pass 2"]),
        (daily(A_FAILS, A_PASSES, A_PASSES), 2, []),
        # What could not be read just before it hides nothing that was known.
        (daily(A_FAILS, {"a": "unknown"}, A_FAILS), 2, ["a: before fail 1-3, open, cut 2-2"]),
        (daily(A_FAILS, {"@": LISTING}, {"@": LISTING}, A_PASSES), 3,
         ["a: before fail 1-1, pass 4, cut 2-3"]),
        (daily({"a": "fail", "b": "unknown"}, {"a": "pass", "b": "unknown"}, A_PASSES), 2, []),
        # The last snapshot before did not run the check: the last that did counts.
        ([run(0, A_FAILS), Run(1.5, {OTHER: {"a": "pass"}}), run(2, A_PASSES)], 2,
         ["a: before fail 1-1, pass 3"]),
        # The account, in each region on its own.
        (daily({"@eu": "fail", "@us": "pass"}, {"@eu": "fail", "@us": "fail"}), 0,
         ["123456789012: fail 1-2, open", "123456789012: good 1, fail 2-2, open"]),
        # One resource, though Azure writes its name in another way.
        (daily({"/subscriptions/S/vm": "fail"}, {"/subscriptions/s/VM": "fail"}), 0,
         ["/subscriptions/S/vm: fail 1-2, open"]),
        # Two results for one resource: the worse one counts.
        (daily({"a": "pass", "aws.s3.thing:a": "fail"}, A_PASSES), 0, ["a: fail 1-1, pass 2"]),
        (daily({"a": "unknown", "aws.s3.thing:a": "fail"}), 0, ["a: fail 1-1, open"]),
    ],
)  # fmt: skip
def test_intervals(runs: list[Run], first: int, expected: list[str]) -> None:
    assert [told(one) for one in intervals(runs, period(9 - first, first))] == expected


def test_an_interval_is_measured_from_first_fail_to_end_or_to_the_end_of_the_period() -> None:
    ended, opened = intervals(daily(A_FAILS, {"a": "pass", "b": "fail"}), period(3))

    assert (ended.seconds, ended.seconds_in_period) == (86_400, 86_400)
    assert (opened.seconds, opened.seconds_in_period) == (129_600, 129_600)


def test_of_an_interval_that_began_before_only_the_part_within_the_period_can_be_accepted() -> None:
    (one,) = intervals(
        daily(A_FAILS, A_FAILS, A_PASSES),
        period(3, first=1),
        (Acceptance("4", moment(0), moment(1.25)),),
    )

    assert (one.seconds, one.seconds_in_period) == (2 * 86_400, 129_600)
    assert [(part.begins, part.ends) for part in one.covered] == [(moment(1), moment(1.25))]
    assert one.covered_seconds == 21_600


@pytest.mark.parametrize(
    ("spans", "covered", "seconds"),
    [
        # The interval is from 0.5 to 2.5.
        ([(0, 3)], [(0.5, 2.5)], 172_800),
        ([(0, 1)], [(0.5, 1)], 43_200),
        ([(2, 9)], [(2, 2.5)], 43_200),
        ([(1, 1.5)], [(1, 1.5)], 43_200),
        ([(0, 0.5), (2.5, 3)], [], 0),
        # Two that overlap count once; two with a hole between them, without it.
        ([(0, 1.5), (1, 2)], [(0.5, 1.5), (1, 2)], 129_600),
        ([(0, 2), (1, 1.5)], [(0.5, 2), (1, 1.5)], 129_600),
        ([(0, 1), (2, 3)], [(0.5, 1), (2, 2.5)], 86_400),
    ],
)
def test_an_exception_covers_the_part_in_which_it_was_in_force(
    spans: list[tuple[float, float]], covered: list[tuple[float, float]], seconds: int
) -> None:
    accepted = tuple(
        Acceptance(str(number), moment(begin), moment(end))
        for number, (begin, end) in enumerate(spans)
    )

    (one,) = intervals(daily(A_FAILS, A_FAILS, A_PASSES), period(3), accepted)

    assert [(part.begins, part.ends) for part in one.covered] == [
        (moment(begin), moment(end)) for begin, end in covered
    ]
    assert one.covered_seconds == seconds
    assert one.ended_by == "pass"


def test_an_exception_of_another_check_or_resource_covers_nothing() -> None:
    accepted = (
        Acceptance("1", moment(0), moment(9), check=OTHER),
        Acceptance("2", moment(0), moment(9), resources=("b",)),
    )

    (one,) = intervals(daily(A_FAILS), period(3), accepted)

    assert (one.covered, one.covered_seconds) == ((), 0)


def test_what_could_not_be_read_is_listed_from_when_to_when() -> None:
    found = history(
        daily({"a": "unknown:denied"}, {"a": "unknown:other"}, A_PASSES, {"a": "unknown"}),
        period(9),
    )

    unread = unread_resources(steps_of(found, found.snapshots, CHECK))

    def number(seen: Seen | None) -> int | None:
        return None if seen is None else seen.number

    assert [(u.reason, u.first.number, u.last.number, number(u.end)) for u in unread] == [
        ("denied", 1, 2, 3),
        ("it is unknown", 4, 4, None),
    ]
