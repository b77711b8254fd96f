"""Populations: who is in them, who joined and who left."""

from __future__ import annotations

import pytest

from collector.report.population import Population, population
from collector.report.timeline import steps_of
from tests.report.histories import CHECK, OTHER, Run, history, period, run

LISTING = "unknown:s3:ListBuckets in global: AccessDenied"


def of(runs: list[Run], first: int = 0) -> Population:
    found = history(runs, period(9 - first, first))
    return population(steps_of(found, found.snapshots, CHECK))


def told(found: Population) -> str:
    """A population in a few words, by numbers of snapshots."""
    joined = "".join(f" +{m.resource}@{m.when.number}" for m in found.joiners)
    left = "".join(f" -{m.resource}@{m.when.number}" for m in found.leavers)
    return f"{found.start}>{found.end} of {found.distinct}{joined}{left}"


@pytest.mark.parametrize(
    ("runs", "first", "expected"),
    [
        ([run(0, {"a": "pass", "b": "fail"})], 0, "2>2 of 2"),
        ([run(0, {"a": "pass"}), run(1, {"a": "pass", "b": "pass"})], 0, "1>2 of 2 +b@2"),
        ([run(0, {"a": "pass", "b": "pass"}), run(1, {"a": "pass"})], 0, "2>1 of 2 -b@2"),
        ([run(0, {"a": "pass"}), run(1, {"b": "pass"})], 0, "1>1 of 2 +b@2 -a@2"),
        # Going and coming again is both.
        ([run(0, {"a": "pass"}), run(1, {"b": "pass"}), run(2, {"a": "pass", "b": "pass"})],
         0, "1>2 of 2 +b@2 +a@3 -a@2"),
        # One that could not be read belongs to it, and what an unread listing hides has not left.
        ([run(0, {"a": "unknown"})], 0, "1>1 of 1"),
        ([run(0, {"a": "pass"}), run(1, {"@": LISTING})], 0, "1>1 of 1"),
        ([run(0, {"a": "pass"}), run(1, {"@": LISTING}), run(2, {"@": "not_applicable"})],
         0, "1>0 of 1 -a@3"),
        ([run(0, {"@": LISTING}), run(1, {"a": "pass"})], 0, "0>1 of 1 +a@2"),
        # The account is a member only where it is judged itself.
        ([run(0, {"@": "not_applicable"})], 0, "0>0 of 0"),
        ([run(0, {"@": "pass"})], 0, "1>1 of 1"),
        ([run(0, {"@": "unknown"}), run(1, {"@": "fail"})], 0, "1>1 of 1"),
        ([run(0, {"@eu": "pass", "@us": "pass"})], 0, "2>2 of 2"),
        # The start is what the last snapshot before the period said that ran the check.
        ([run(0, {"a": "pass"}), run(1, {"a": "pass", "b": "pass"})], 1, "1>2 of 2 +b@2"),
        ([run(0, {"a": "pass"}), Run(1.5, {OTHER: {}}), run(2, {"b": "pass"})],
         2, "1>1 of 2 +b@3 -a@3"),
        # A listing that was not read just before it hides nobody.
        ([run(0, {"a": "pass"}), run(1, {"@": LISTING}), run(2, {"b": "pass"})],
         2, "1>1 of 2 +b@3 -a@3"),
        ([run(0, {"a": "pass", "b": "unknown"}), run(1, {"c": "unknown"}), run(2, {"c": "pass"})],
         2, "1>1 of 1"),
    ],
)  # fmt: skip
def test_population(runs: list[Run], first: int, expected: str) -> None:
    assert told(of(runs, first)) == expected


def test_a_population_says_which_snapshots_its_start_and_end_are_of() -> None:
    found = of([run(0, {"a": "pass"}), run(1, {"a": "pass"}), run(2, {"a": "pass"})], first=1)

    assert found.start_of is not None
    assert found.end_of is not None
    assert (found.start_of.number, found.end_of.number) == (1, 3)
