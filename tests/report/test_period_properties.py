"""The report against an independent count over a matrix of snapshots × resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.report.period import CheckPeriod, report_period
from tests.report.histories import CHECK, Run, day, history, moment, period

DAYS = 8
BEGIN = 3
"""The period is from here to the last day; what is before is the time before it."""

NAMES = ("a", "b", "c")
OUTCOMES = ("pass", "fail", "unknown")
NOW = datetime(2030, 1, 1, tzinfo=UTC)

judged = st.one_of(
    st.none(),  # a run without the check
    st.fixed_dictionaries({}, optional={name: st.sampled_from(OUTCOMES) for name in NAMES}).map(
        lambda said: said or {"@": "not_applicable"}
    ),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(OUTCOMES)).map(
        lambda said: {**said, "@": "unknown"}
    ),
)
a_day = st.lists(judged, max_size=3)
some_days = st.lists(a_day, min_size=DAYS, max_size=DAYS).filter(
    lambda days: any(each for each in days[BEGIN:])
)


class Cell(NamedTuple):
    """A run of the check, as the count has it: when, and the state of each resource."""

    number: int
    at: float
    states: Mapping[str, str]
    """`pass`, `fail`, `unknown` or `gone` of each name."""
    is_unread: bool


def matrix(days: Sequence[Sequence[Mapping[str, str] | None]]) -> list[Cell]:
    """The runs of the check that count, and what every resource was in them; the slow way.

    Before the period, those count from the last on that has no unknown.
    """
    runs = []
    number = 0
    for which, each in enumerate(days):
        for place, said in enumerate(each):
            number += 1
            if said is not None:
                runs.append((number, which + 0.25 + place / 8, said))
    known = [n for n, (_, at, said) in enumerate(runs) if at < BEGIN and not is_unread(said)]
    cells: list[Cell] = []
    for number, at, said in runs[known[-1] if known else 0 :]:
        before = cells[-1].states if cells else dict.fromkeys(NAMES, "gone")
        states = {}
        for name in NAMES:
            hidden = said.get("@") == "unknown" and before[name] != "gone"
            states[name] = said.get(name, "unknown" if hidden else "gone")
        cells.append(Cell(number, at, states, is_unread(said)))
    return cells


def is_unread(said: Mapping[str, str]) -> bool:
    return "unknown" in said.values()


def runs_of(days: Sequence[Sequence[Mapping[str, str] | None]]) -> list[Run]:
    return [
        Run(which + 0.25 + place / 8, {} if said is None else {CHECK: said})
        for which, runs in enumerate(days)
        for place, said in enumerate(runs)
    ]


def reported(days: Sequence[Sequence[Mapping[str, str] | None]]) -> CheckPeriod | None:
    days_of = period(DAYS - BEGIN, first=BEGIN)
    report = report_period(
        history(runs_of(days), days_of), days_of, cadence="daily", now=NOW, texts={}
    )
    return report.controls[0].checks[0] if report.controls else None


@settings(max_examples=100, deadline=None)
@given(some_days)
def test_the_report_agrees_with_a_count_over_all_days_and_resources(
    days: list[list[dict[str, str] | None]],
) -> None:
    check = reported(days)

    own = [cell for cell in matrix(days) if cell.at >= BEGIN]
    if not own:
        assert check is None
        return
    assert check is not None
    before = [cell for cell in matrix(days) if cell.at < BEGIN]
    assert covered_days(check) == {int(cell.at) for cell in own if not cell.is_unread}
    assert check.days_covered == len(covered_days(check))
    assert vars_of(check) == resource_days(own)
    assert (check.population.start, check.population.end) == (
        members(before[-1] if before else own[0]), members(own[-1])
    )  # fmt: skip
    assert moves(check) == counted_moves([*before[-1:], *own])
    assert intervals(check) == counted_intervals(before, own)


@settings(max_examples=100, deadline=None)
@given(some_days)
def test_start_with_joiners_and_without_leavers_is_the_end(
    days: list[list[dict[str, str] | None]],
) -> None:
    check = reported(days)

    if check is not None:
        found = check.population
        assert found.start + len(found.joiners) - len(found.leavers) == found.end


@settings(max_examples=100, deadline=None)
@given(some_days)
def test_every_day_is_covered_or_missing_once_and_no_unknown_is_a_pass(
    days: list[list[dict[str, str] | None]],
) -> None:
    check = reported(days)

    if check is None:
        return
    lost = [
        day_
        for missing in check.missing
        for day_ in range((missing.first - day(0)).days, (missing.last - day(0)).days + 1)
    ]
    assert len(lost) == len(set(lost)) == check.days - check.days_covered
    assert all(one.end is None or one.ended_by != "open" for one in check.failing)
    own = [cell for cell in matrix(days) if cell.at >= BEGIN]
    never_passed = not any("pass" in cell.states.values() for cell in own)
    assert check.resource_days.passed == 0 or not never_passed


def covered_days(check: CheckPeriod) -> set[int]:
    missing = {
        number
        for one in check.missing
        for number in range((one.first - day(0)).days, (one.last - day(0)).days + 1)
    }
    return set(range(BEGIN, DAYS)) - missing


def vars_of(check: CheckPeriod) -> tuple[int, int, int]:
    found = check.resource_days
    return found.failed, found.passed, found.unknown


def resource_days(cells: Sequence[Cell]) -> tuple[int, int, int]:
    counts = {"fail": 0, "pass": 0, "unknown": 0}
    for number in range(BEGIN, DAYS):
        for name in NAMES:
            said = {cell.states[name] for cell in cells if int(cell.at) == number}
            for state in ("fail", "pass", "unknown"):
                if state in said:
                    counts[state] += 1
                    break
    return counts["fail"], counts["pass"], counts["unknown"]


def members(cell: Cell) -> int:
    return sum(state != "gone" for state in cell.states.values())


def moves(check: CheckPeriod) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    joined = [(moved.when.number, moved.resource) for moved in check.population.joiners]
    left = [(moved.when.number, moved.resource) for moved in check.population.leavers]
    return joined, left


def counted_moves(
    cells: Sequence[Cell],
) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    joined, left = [], []
    for old, new in pairwise(cells):
        for name in NAMES:
            if old.states[name] == "gone" != new.states[name]:
                joined.append((new.number, name))
            if old.states[name] != "gone" == new.states[name]:
                left.append((new.number, name))
    return joined, left


def intervals(check: CheckPeriod) -> set[tuple[str, bool, int, int, int | None, str, int]]:
    return {
        (
            one.resource,
            one.began_before,
            one.first_fail.number,
            one.last_fail.number,
            None if one.end is None else one.end.number,
            one.ended_by,
            one.seconds,
        )
        for one in check.failing
    }


def counted_intervals(
    before: Sequence[Cell], own: Sequence[Cell]
) -> set[tuple[str, bool, int, int, int | None, str, int]]:
    """For each fail that none precedes: look ahead until something ends it."""
    cells = [*before, *own]
    found = set()
    for name in NAMES:
        states = [cell.states[name] for cell in cells]
        place = 0
        while place < len(cells):
            if states[place] != "fail":
                place += 1
                continue
            end = next((n for n in range(place, len(cells)) if states[n] in ("pass", "gone")), None)
            last = max(n for n in range(place, end or len(cells)) if states[n] == "fail")
            if end is not None and end < len(before):  # it is over before the period begins
                place = end
                continue
            until = moment(DAYS) if end is None else moment(cells[end].at)
            how = "open" if end is None else "pass" if states[end] == "pass" else "gone"
            found.add(
                (
                    name,
                    place < len(before),
                    cells[place].number,
                    cells[last].number,
                    None if end is None else cells[end].number,
                    how,
                    int((until - moment(cells[place].at)).total_seconds()),
                )
            )
            place = len(cells) if end is None else end
    return found
