"""Reconcile: what two sources tell differently is not judged, and both figures are said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from collector.answer import Failure
from collector.check import Check, Verdict, check, passed
from collector.collect import collect
from collector.evaluate import Result, evaluate
from collector.evidence.canonical import JSON
from collector.resource import Figure, Resource, Roll, at
from collector.source import Aws
from tests.memory import MemoryReader

NOW = datetime(2026, 1, 2, tzinfo=UTC)
OLD, NEW = "2025-01-01T00:00:00Z", "2026-01-01T23:30:00Z"
HOUR = timedelta(hours=1)
DENIED = Failure("AccessDenied", "no", 403, denied=True)


class Census(Resource):
    """How many there are."""

    source = Aws(service="x", operation="GetCensus", permission="x:Census", regions="home")
    cats: int = at("Cats")
    dogs: int = at("Dogs")


class Cat(Resource):
    """Counted by the census."""

    source = Aws(
        service="x", operation="ListCats", permission="x:Cats", items="Cats", regions="home"
    )
    reconciled = (Figure(of=Census, field="cats", settles_in=HOUR),)
    id: str = at("Name")
    created: datetime = at("Made")


class Dog(Resource):
    """Counted by the census, perhaps without the strays."""

    source = Aws(
        service="x", operation="ListDogs", permission="x:Dogs", items="Dogs", regions="home"
    )
    reconciled = (Figure(of=Census, field="dogs", may_leave_out="is_stray", settles_in=HOUR),)
    id: str = at("Name")
    created: datetime = at("Made")
    is_stray: bool = at("Stray")


class Vaccination(Resource):
    """An older list, in which every cat is to be."""

    source = Aws(
        service="x", operation="ListShots", permission="x:Shots", items="Shots", regions="home"
    )
    reconciled = (Roll(of=Cat, settles_in=4 * HOUR),)
    id: str = at("Cat")


class Collar(Resource):
    """An aspect of a cat."""

    source = Aws(
        service="x", operation="GetCollar", permission="x:Collar", per=Cat, params={"Cat": "id"}
    )
    color: str = at("Color")


@check(control="c")
def fed(cat: Cat) -> Verdict:
    """Fed. Passes: so. Fails: not."""
    return passed(cat.id)


@check(control="c")
def leashed(dog: Dog) -> Verdict:
    """Leashed. Passes: so. Fails: not."""
    return passed(dog.id)


@check(control="c")
def vaccinated(shots: Sequence[Vaccination]) -> Verdict:
    """Vaccinated. Passes: so. Fails: not."""
    return passed(f"{len(shots)} shots")


@check(control="c")
def collared(collar: Collar) -> Verdict:
    """Collared. Passes: so. Fails: not."""
    return passed(collar.color)


def judge(one: Check[...], **replies: JSON | Failure) -> list[Result]:
    answers: dict[str, object] = {
        "x:GetCensus": {"Cats": 2, "Dogs": 0},
        "x:ListCats": cats(a=OLD, b=OLD),
        "x:ListDogs": {"Dogs": []},
        "x:ListShots": {"Shots": [{"Cat": "a"}, {"Cat": "b"}]},
        "x:GetCollar": {"Color": "red"},
        **{f"x:{name}": reply for name, reply in replies.items()},
    }
    reads = collect([one], MemoryReader(answers))  # type: ignore[arg-type]
    return evaluate([one], reads, settings={}, now=NOW)


def said(results: list[Result]) -> list[str]:
    return [f"{r.resource.id} {r.outcome}: {r.reason}" for r in results]


def cats(**made: str) -> JSON:
    return {"Cats": [{"Name": name, "Made": when} for name, when in made.items()]}


def dogs(ordinary: int, stray: int) -> JSON:
    return {
        "Dogs": [
            {"Name": f"d{n}", "Made": OLD, "Stray": n >= ordinary} for n in range(ordinary + stray)
        ]
    }


def test_a_listing_that_agrees_with_the_count_is_judged() -> None:
    assert said(judge(fed)) == ["a pass: a", "b pass: b"]


@pytest.mark.parametrize("counted", [1, 3])
def test_a_listing_that_another_source_counts_differently_is_unknown_as_a_whole(
    counted: int,
) -> None:
    (result,) = judge(fed, GetCensus={"Cats": counted, "Dogs": 0})

    assert said([result]) == [
        "123456789012 unknown: not read: x:ListCats in global: Contradictory"
        f" (lists 2; x:GetCensus counts {counted})"
    ]
    assert len(result.evidence) == 2, "both answers"


@pytest.mark.parametrize(("counted", "outcome"), [(0, "unknown"), (1, "pass"), (2, "pass")])
def test_what_was_made_just_before_the_run_may_be_counted_or_not(
    counted: int, outcome: str
) -> None:
    results = judge(fed, ListCats=cats(a=OLD, b=NEW), GetCensus={"Cats": counted, "Dogs": 0})

    assert {r.outcome for r in results} == {outcome}


@pytest.mark.parametrize(
    ("counted", "outcome"),
    [(5, "pass"), (3, "pass"), (4, "unknown"), (2, "unknown"), (6, "unknown")],
)
def test_a_kind_that_the_count_may_leave_out_is_left_out_as_a_whole(
    counted: int, outcome: str
) -> None:
    results = judge(leashed, ListDogs=dogs(3, 2), GetCensus={"Cats": 0, "Dogs": counted})

    assert {r.outcome for r in results} == {outcome}
    if outcome == "unknown":
        assert f"(lists 5, 3 of them not stray; x:GetCensus counts {counted})" in results[0].reason


def test_a_count_that_is_denied_is_unknown_beside_what_was_listed() -> None:
    assert said(judge(fed, GetCensus=DENIED)) == [
        "123456789012 unknown: not read: x:GetCensus in global: AccessDenied;"
        " missing permission x:Census",
        "a pass: a",
        "b pass: b",
    ]


def test_a_listing_that_is_known_to_lack_something_is_not_held_against_the_count() -> None:
    results = judge(fed, ListCats={"Cats": [{"Name": "a", "Made": OLD}, {"Name": 7}]})

    assert said(results) == [
        "123456789012 unknown: not read: x:ListCats in global: Malformed (id: string_type)",
        "a pass: a",
    ]


def test_an_older_list_that_lacks_something_is_unknown() -> None:
    (result,) = judge(vaccinated, ListShots={"Shots": [{"Cat": "b"}, {"Cat": "c"}]})

    assert said([result]) == [
        "123456789012 unknown: not read: x:ListShots in global: Contradictory"
        " (lists 1 of the 2 that x:ListCats lists)"
    ]


def test_an_older_list_may_lack_what_is_new_and_hold_what_is_gone() -> None:
    results = judge(
        vaccinated,
        ListCats=cats(a=OLD, b=NEW),
        ListShots={"Shots": [{"Cat": "a"}, {"Cat": "gone"}]},
    )

    assert [r.outcome for r in results] == ["pass"]


def test_a_list_that_is_held_against_a_doubtful_one_is_doubtful_too() -> None:
    (result,) = judge(vaccinated, GetCensus={"Cats": 3, "Dogs": 0})

    assert result.outcome == "unknown"
    assert result.reason.endswith(
        "x:ListCats in global: Contradictory (lists 2; x:GetCensus counts 3)"
    )


def test_that_there_is_nothing_rests_on_the_count_as_well() -> None:
    (result,) = judge(leashed)

    assert result.outcome == "not_applicable"
    assert len(result.evidence) == 2


def test_what_rests_on_a_contradicted_listing_is_unknown_too() -> None:
    results = judge(collared, GetCensus={"Cats": 9, "Dogs": 0})

    assert [(r.resource.id, r.outcome) for r in results] == [("123456789012", "unknown")]


def test_what_a_check_is_reconciled_with_is_among_its_reads_and_permissions() -> None:
    assert vaccinated.resources == (Vaccination, Cat, Census)
    assert vaccinated.permissions == ("x:Cats", "x:Census", "x:Shots")
