"""Evaluate: what becomes a result, and that nothing unread becomes a pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from collector.answer import Failure
from collector.check import Check, Verdict, check, failed, not_applicable, passed
from collector.collect import collect
from collector.evaluate import Result, evaluate
from collector.evidence.canonical import JSON
from collector.resource import Resource, at
from collector.source import Aws
from tests.memory import SCOPE, MemoryReader

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DENIED = Failure("AccessDenied", "no", 403, denied=True)


class Door(Resource):
    """Listed in every region."""

    source = Aws(service="x", operation="ListDoors", permission="x:Doors", items="Doors")
    id: str = at("Name")


class Hinge(Resource):
    """An aspect of a door."""

    source = Aws(
        service="x", operation="GetHinge", permission="x:Hinge", per=Door, params={"Door": "id"}
    )
    oiled: bool = at("Oiled")


class Gate(Resource):
    """Another listing."""

    source = Aws(service="x", operation="ListGates", permission="x:Gates", items="Gates")
    id: str = at("Name")


class Street(Resource):
    """Of the account."""

    source = Aws(service="x", operation="GetStreet", permission="x:Street", regions="home")
    lit: bool = at("Lit")


class Lamp(Resource):
    """Of each region."""

    source = Aws(service="x", operation="GetLamp", permission="x:Lamp")
    on: bool = at("On")


@check(control="c")
def oiled(hinge: Hinge) -> Verdict:
    """Oiled. Passes: so. Fails: not."""
    return passed("oiled") if hinge.oiled else failed("dry")


@check(control="c")
def counted(doors: Sequence[Door], *, most: int = 3) -> Verdict:
    """Counted. Passes: few. Fails: many."""
    return passed(f"{len(doors)} doors") if len(doors) <= most else failed(f"{len(doors)} doors")


def judge(one: Check[...], replies: dict[str, object], **settings: object) -> list[Result]:
    reads = collect([one], MemoryReader(replies))  # type: ignore[arg-type]
    return evaluate([one], reads, settings={one.id: settings}, now=NOW)  # type: ignore[dict-item]


def in_us(answer: JSON, elsewhere: object) -> object:
    return lambda params, region: answer if region == "us-east-1" else elsewhere


def doors(*names: str) -> JSON:
    return {"Doors": [{"Name": name} for name in names]}


def said(results: list[Result]) -> list[tuple[str, str, str]]:
    return [(r.resource.id, r.resource.region, f"{r.outcome}: {r.reason}") for r in results]


def test_one_result_a_resource_with_the_digests_it_rests_on() -> None:
    results = judge(
        oiled,
        {
            "x:ListDoors": in_us(doors("a", "b"), doors()),
            "x:GetHinge": lambda params, _: {"Oiled": params["Door"] == "a"},
        },
    )

    assert said(results) == [
        ("a", "us-east-1", "pass: oiled"),
        ("b", "us-east-1", "fail: dry"),
    ]
    assert [len(r.evidence) for r in results] == [2, 2]


def test_what_was_not_read_is_unknown_and_the_rest_is_judged() -> None:
    results = judge(
        oiled,
        {
            "x:ListDoors": in_us(doors("a", "b"), DENIED),
            "x:GetHinge": lambda params, _: DENIED if params["Door"] == "a" else {"Oiled": True},
        },
    )

    assert said(results) == [
        ("123456789012", "eu-west-1",
         "unknown: not read: x:ListDoors in eu-west-1: AccessDenied; missing permission x:Doors"),
        ("a", "us-east-1",
         "unknown: not read: x:GetHinge in us-east-1: AccessDenied; missing permission x:Hinge"),
        ("b", "us-east-1", "pass: oiled"),
    ]  # fmt: skip


def test_nothing_there_is_said_once_and_only_where_every_listing_was_complete() -> None:
    empty = judge(oiled, {"x:ListDoors": doors()})
    denied = judge(oiled, {"x:ListDoors": in_us(doors(), DENIED)})

    reason = "not_applicable: no tests.test_evaluate.door in the account"
    assert said(empty) == [("123456789012", "global", reason)]
    assert len(empty[0].evidence) == 1, "two listings with one content"
    assert [r.outcome for r in denied] == ["unknown"]


def test_not_applicable_resources_give_way_to_judged_ones() -> None:
    @check(control="c")
    def only_a(door: Door) -> Verdict:
        """Only a. Passes: a. Fails: never."""
        return passed("is a") if door.id == "a" else not_applicable("is not a")

    both = judge(only_a, {"x:ListDoors": in_us(doors("a", "b"), doors())})
    none = judge(only_a, {"x:ListDoors": in_us(doors("b", "c"), doors())})

    assert said(both) == [("a", "us-east-1", "pass: is a")]
    assert said(none) == [("123456789012", "global", "not_applicable: nothing to judge: is not a")]


def test_a_check_over_all_is_unknown_if_any_part_was_not_read() -> None:
    whole = judge(counted, {"x:ListDoors": in_us(doors("a", "b"), doors("c"))})
    part = judge(counted, {"x:ListDoors": in_us(doors("a", "b"), DENIED)})

    assert said(whole) == [("123456789012", "global", "pass: 3 doors")]
    assert [r.outcome for r in part] == ["unknown"]


def test_a_check_over_all_is_asked_about_none() -> None:
    results = judge(counted, {"x:ListDoors": doors()})

    assert said(results) == [("123456789012", "global", "pass: 0 doors")]


def test_settings_replace_defaults() -> None:
    results = judge(counted, {"x:ListDoors": in_us(doors("a", "b"), doors())}, most=1)

    assert [r.outcome for r in results] == ["fail"]


def test_scope_region_judges_each_region_alone() -> None:
    @check(control="c", scope="region")
    def some(doors: Sequence[Door]) -> Verdict:
        """Some. Passes: some. Fails: none."""
        return passed("some") if doors else failed("none")

    results = judge(some, {"x:ListDoors": in_us(doors("a"), doors())})
    partly = judge(some, {"x:ListDoors": in_us(doors("a"), DENIED)})

    assert said(results) == [
        ("123456789012", "eu-west-1", "fail: none"),
        ("123456789012", "us-east-1", "pass: some"),
    ]
    assert [r.outcome for r in partly] == ["unknown", "pass"]


def test_a_singleton_of_each_region_is_judged_in_each_region() -> None:
    @check(control="c")
    def lit(lamp: Lamp) -> Verdict:
        """Lit. Passes: on. Fails: off."""
        return passed("on") if lamp.on else failed("off")

    results = judge(lit, {"x:GetLamp": in_us({"On": True}, DENIED)})

    assert [(r.resource.region, r.outcome, r.resource.type) for r in results] == [
        ("eu-west-1", "unknown", "aws.account"),
        ("us-east-1", "pass", "aws.account"),
    ]


def test_facts_of_the_account_and_of_the_region_go_with_every_resource() -> None:
    @check(control="c")
    def seen(door: Door, street: Street, lamp: Lamp) -> Verdict:
        """Seen. Passes: lit. Fails: dark."""
        return passed("lit") if street.lit and lamp.on else failed("dark")

    answers: dict[str, object] = {
        "x:ListDoors": doors("a"),
        "x:GetStreet": {"Lit": True},
        "x:GetLamp": in_us({"On": True}, {"On": False}),
    }

    fine = judge(seen, answers)
    dark = judge(seen, {**answers, "x:GetStreet": DENIED})
    partly = judge(seen, {**answers, "x:GetLamp": in_us({"On": True}, DENIED)})

    assert [(r.resource.region, r.outcome) for r in fine] == [
        ("eu-west-1", "fail"),
        ("us-east-1", "pass"),
    ]
    assert {r.outcome for r in dark} == {"unknown"}
    assert [(r.resource.region, r.outcome) for r in partly] == [
        ("eu-west-1", "unknown"),
        ("us-east-1", "pass"),
    ]


def test_a_union_judges_both_populations() -> None:
    @check(control="c")
    def closed(way: Door | Gate) -> Verdict:
        """Closed. Passes: so. Fails: not."""
        return passed(type(way).__name__)

    results = judge(
        closed,
        {
            "x:ListDoors": in_us(doors("a"), doors()),
            "x:ListGates": in_us({"Gates": [{"Name": "g"}]}, DENIED),
        },
    )

    assert [(r.resource.id, r.outcome) for r in results] == [
        ("123456789012", "unknown"),
        ("a", "pass"),
        ("g", "pass"),
    ]


def test_a_check_that_says_nothing_is_unknown_and_loses_no_other() -> None:
    @check(control="c")
    def silent(door: Door) -> Verdict:
        """Silent. Passes: never. Fails: never."""
        return None if door.id == "a" else passed("shut")  # type: ignore[return-value]

    results = judge(silent, {"x:ListDoors": in_us(doors("a", "b"), doors())})

    assert [(r.outcome, r.reason) for r in results] == [
        ("unknown", "the check broke: it returned no verdict"),
        ("pass", "shut"),
    ]


def test_a_check_that_breaks_is_unknown_and_loses_no_other() -> None:
    @check(control="c")
    def broken(door: Door) -> Verdict:
        """Broken. Passes: never. Fails: never."""
        raise ZeroDivisionError if door.id == "a" else KeyError

    results = judge(broken, {"x:ListDoors": in_us(doors("a", "b"), doors())})

    assert [(r.outcome, r.reason) for r in results] == [
        ("unknown", "the check broke: ZeroDivisionError"),
        ("unknown", "the check broke: KeyError"),
    ]


def test_a_check_is_given_the_time_of_the_run() -> None:
    @check(control="c")
    def dated(door: Door, *, now: datetime) -> Verdict:
        """Dated. Passes: so. Fails: not."""
        return passed(now.isoformat())

    results = judge(dated, {"x:ListDoors": in_us(doors("a"), doors())})

    assert [r.reason for r in results] == ["2026-01-02T00:00:00+00:00"]


def test_a_region_that_is_not_known_is_unknown_beside_the_regions_that_are() -> None:
    @check(control="c", scope="region")
    def some(doors: Sequence[Door]) -> Verdict:
        """Some. Passes: some. Fails: none."""
        return passed("some") if doors else failed("none")

    scope = SCOPE.__class__(**{**vars(SCOPE), "regions": None})
    regions: JSON = [{"RegionName": "us-east-1"}, {"RegionName": "eu-west-1", "OptInStatus": "new"}]
    replies: dict[str, JSON] = {
        "ec2:DescribeRegions": {"Regions": regions},
        "x:ListDoors": doors(),
    }

    reads = collect([some], MemoryReader(replies, scope))
    results = evaluate([some], reads, settings={}, now=NOW)

    assert [(r.resource.region, r.outcome) for r in results] == [
        ("global", "unknown"),
        ("us-east-1", "fail"),
    ]
    assert results[1].evidence, "an empty listing is evidence, too"
