"""Collect: which reads follow from the checks, and what becomes of what could not be read."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import pytest

from collector.answer import Answer, Failure, StoredReader
from collector.check import Verdict, check, passed
from collector.collect import BROKEN, CONTRADICTORY, collect
from collector.evidence.canonical import JSON, sha256
from collector.reads import Region
from collector.resource import Part, Resource, at, parent
from collector.source import HOME, Aws, Source
from tests.memory import SCOPE, MemoryReader

DENIED = Failure("AccessDenied", "no", 403, denied=True)


class Room(Resource):
    """A thing that is listed in every region."""

    source = Aws(service="x", operation="ListRooms", permission="x:List", items="Rooms")
    full_name = "arn:{partition}:x:{region}:{account}:room/{id}"
    id: str = at("Name")
    key: str | None = at("Key", default=None)


class Lock(Resource):
    """An aspect of a room."""

    source = Aws(
        service="x",
        operation="GetLock",
        permission="x:GetLock",
        per=Room,
        params={"Room": "id"},
        absent=("NoLock",),
    )
    state: Literal["open", "shut"] = at("State", absent="open")
    room_key: str | None = parent("key", default=None)


class KeyDetail(Resource):
    """Asked for only where a room has a key."""

    source = Aws(
        service="x", operation="GetKey", permission="x:GetKey", per=Room, params={"Ids": ("key",)}
    )
    bits: int = at("Bits", default=0)


class Alarm(Resource):
    """An aspect of the account that tells when it last rang, and of what."""

    source = Aws(
        service="x",
        operation="GetAlarm",
        permission="x:GetAlarm",
        regions="home",
        volatile=("LastRing",),
    )
    codes: tuple[str, ...] = at("Codes")
    last_ring: datetime | None = at("LastRing", default=None)


class Ring(Resource):
    """What the codes of the alarm mean, all in one call."""

    source = Aws(
        service="x",
        operation="GetRings",
        permission="x:GetRings",
        per=Alarm,
        params={"Codes": ("codes",)},
    )
    meaning: str = at("Meaning")


class Door(Resource):
    """An aspect of a room whose answer says of which room it is, and so does each of its locks."""

    source = Aws(
        service="x",
        operation="GetDoor",
        permission="x:GetDoor",
        per=Room,
        params={"Rooms": ("id",)},
        repeats={"Rooms": "Doors.*.Room"},
        items="Doors",
    )
    id: str = at("Id")


@check(control="c")
def doored(door: Door) -> Verdict:
    """Doored. Passes: so. Fails: not."""
    return passed("so")


class Shelf(Part):
    """A structure inside an answer."""

    width: int = at("Size.Width")


class House(Resource):
    """Of the account as a whole, at the home endpoint."""

    source = Aws(service="x", operation="GetHouse", permission="x:GetHouse", regions="home")
    shelves: tuple[Shelf, ...] = at("Shelves")


@check(control="c")
def locked(lock: Lock) -> Verdict:
    """Locked. Passes: shut. Fails: open."""
    return passed(lock.state)


@check(control="c")
def keyed(room: Room, key: KeyDetail) -> Verdict:
    """Keyed. Passes: so. Fails: not."""
    return passed(str(key.bits))


class HomeRoom(Resource):
    """What the listing of the home region alone says."""

    source = Aws(
        service="x", operation="ListRooms", permission="x:List", items="Rooms", regions="home"
    )
    full_name = Room.full_name
    id: str = at("Name")


@check(control="c")
def at_home(some: Sequence[HomeRoom], every: Sequence[Room]) -> Verdict:
    """At home. Passes: so. Fails: not."""
    return passed(f"{len(some)} of {len(every)}")


@check(control="c")
def housed(house: House) -> Verdict:
    """Housed. Passes: so. Fails: not."""
    return passed(str(len(house.shelves)))


class Everywhere(Resource):
    """Listed in every region under one name."""

    source = Aws(service="x", operation="ListAll", permission="x:All", items="All")
    id: str = at("Arn")
    region: str = at("Home")


@check(control="c")
def once(one: Everywhere) -> Verdict:
    """Once. Passes: so. Fails: not."""
    return passed(one.id)


class EverywherePart(Resource):
    """An aspect of it."""

    source = Aws(
        service="x",
        operation="GetPart",
        permission="x:Part",
        per=Everywhere,
        params={"Arn": "id"},
    )
    state: str = at("State")


@check(control="c")
def kept(part: EverywherePart) -> Verdict:
    """Kept. Passes: so. Fails: not."""
    return passed(part.state)


class Twice(Resource):
    """Its state differs from region to region, which it cannot."""

    source = Aws(service="x", operation="ListTwice", permission="x:Twice", items="All")
    id: str = at("Arn")
    region: str = at("Home")
    state: str = at("State")


@check(control="c")
def same(one: Twice) -> Verdict:
    """Same. Passes: so. Fails: not."""
    return passed(one.state)


def rooms(*names: str, **more: str) -> JSON:
    return {"Rooms": [{"Name": name, **more} for name in names]}


def test_each_operation_is_called_once_whatever_number_of_checks_ask() -> None:
    reader = MemoryReader({"x:ListRooms": rooms("a"), "x:GetLock": {"State": "shut"}})

    collect([locked, keyed, locked], reader)

    regions = sorted(place for _, place in reader.called("x:ListRooms"))
    assert regions == ["eu-west-1", "us-east-1"]
    assert len(reader.called("x:GetLock")) == 2


def test_children_are_read_in_the_region_of_their_parent() -> None:
    reader = MemoryReader(
        {
            "x:ListRooms": lambda params, region: rooms("a") if region == "eu-west-1" else rooms(),
            "x:GetLock": {"State": "shut"},
        }
    )

    reads = collect([locked], reader)

    assert reader.called("x:GetLock") == [({"Room": "a"}, "eu-west-1")]
    (lock,) = reads[Lock]
    assert (lock.name, lock.region) == ("arn:aws:x:eu-west-1:123456789012:room/a", "eu-west-1")


def test_fields_come_from_the_answer_by_path_and_from_the_parent() -> None:
    reader = MemoryReader({"x:ListRooms": rooms("a", Key="k1"), "x:GetLock": {"State": "shut"}})

    reads = collect([locked], reader)

    assert {o.resource for o in reads[Lock]} == {Lock(id="a", state="shut", room_key="k1")}


def test_a_parameter_that_the_parent_does_not_have_is_not_asked_for() -> None:
    reader = MemoryReader(
        {
            "x:ListRooms": lambda params, region: {
                "Rooms": [{"Name": "a", "Key": "k1"}, {"Name": "b"}]
                if region == "us-east-1"
                else []
            },
            "x:GetKey": {"Bits": 256},
        }
    )

    reads = collect([keyed], reader)

    assert reader.called("x:GetKey") == [({"Ids": ["k1"]}, "us-east-1")]
    assert [(o.resource.id, o.resource.bits) for o in reads[KeyDetail]] == [("a", 256), ("b", 0)]


@check(control="c")
def silent(alarm: Alarm, ring: Ring) -> Verdict:
    """S.

    Passes: always.
    Fails: never.
    """
    return passed("silent")


def test_volatile_fields_are_told_but_are_no_evidence_also_when_read_again() -> None:
    """A parameter of several values is sent as it is."""

    class Ringing(MemoryReader):
        def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
            volatile: JSON = {"LastRing": "2026-01-02T03:04:05Z"} if source.volatile else {}
            answer = super().read(source, params, place)
            return replace(answer, provenance={"volatile": volatile})

    reader = Ringing({"x:GetAlarm": {"Codes": ["a", "b"]}, "x:GetRings": {"Meaning": "fire"}})

    first = collect([silent], reader)

    (alarm,) = first[Alarm]
    assert alarm.resource.last_ring == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert reader.called("x:GetRings") == [({"Codes": ["a", "b"]}, "us-east-1")]
    bodies = [body for _, a in first.answers if (body := a.body()) is not None]
    assert b"LastRing" not in b"".join(bodies)
    records = [answer.record(source) for source, answer in first.answers]
    again = collect(
        [silent], StoredReader(SCOPE, records, {sha256(b): b for b in bodies}.__getitem__)
    )
    assert again[Alarm] == first[Alarm]


def test_a_code_that_means_absence_is_an_answer_with_evidence() -> None:
    reader = MemoryReader({"x:ListRooms": rooms("a"), "x:GetLock": Failure("NoLock")})

    reads = collect([locked], reader)

    assert {o.resource.state for o in reads[Lock]} == {"open"}
    assert all(len(o.evidence) == 2 for o in reads[Lock])
    assert reads[Lock].unread == ()


def test_a_denied_listing_makes_its_children_unread_in_that_region_alone() -> None:
    reader = MemoryReader(
        {
            "x:ListRooms": lambda p, region: DENIED if region == "eu-west-1" else rooms("a"),
            "x:GetLock": {"State": "shut"},
        }
    )

    reads = collect([locked], reader)

    assert [o.region for o in reads[Lock]] == ["us-east-1"]
    (unread,) = reads[Lock].unread
    assert unread.reason == "x:ListRooms in eu-west-1: AccessDenied; missing permission x:List"


def test_a_denied_aspect_names_the_resource_and_leaves_the_others() -> None:
    reader = MemoryReader(
        {
            "x:ListRooms": lambda p, region: rooms("a", "b") if region == "us-east-1" else rooms(),
            "x:GetLock": lambda params, _: DENIED if params["Room"] == "a" else {"State": "shut"},
        }
    )

    reads = collect([locked], reader)

    assert [o.resource.id for o in reads[Lock]] == ["b"]
    assert [u.of for u in reads[Lock].unread] == ["arn:aws:x:us-east-1:123456789012:room/a"]


def test_a_value_that_the_model_does_not_know_is_unread_and_is_not_repeated() -> None:
    reader = MemoryReader(
        {
            "x:ListRooms": lambda p, region: rooms("a") if region == "us-east-1" else rooms(),
            "x:GetLock": {"State": "hunter2"},
        }
    )

    reads = collect([locked], reader)

    assert list(reads[Lock]) == []
    assert [u.code for u in reads[Lock].unread] == ["Malformed (state: literal_error)"]


def test_what_stands_for_absence_stands_for_no_other_answer() -> None:
    reader = MemoryReader({"x:ListRooms": rooms("a"), "x:GetLock": {"Other": 1}})

    reads = collect([locked], reader)

    assert list(reads[Lock]) == []
    assert {u.code for u in reads[Lock].unread} == {"Malformed (state: missing)"}


def test_a_list_that_is_missing_or_no_list_is_malformed_not_empty() -> None:
    for answer in ({}, {"Rooms": "none"}, {"Rooms": {"Name": "a"}}):
        reads = collect([locked], MemoryReader({"x:ListRooms": answer}))

        assert len(reads[Room].unread) == 2, answer
        assert all(u.code == "Malformed" for u in reads[Room].unread)


def test_pages_of_a_listing_are_one_population() -> None:
    reader = MemoryReader(
        {
            "x:ListRooms": lambda p, region: (
                [rooms("a"), rooms("b")] if region == "eu-west-1" else rooms()
            )
        }
    )

    reads = collect([keyed], reader)

    assert [o.resource.id for o in reads[Room]] == ["a", "b"]


def test_a_thing_that_two_regions_show_is_one_with_the_evidence_of_both() -> None:
    def listing(params: object, region: str) -> JSON:
        return {"All": [{"Arn": "arn:1", "Home": "us-east-1"}], "Seen": region}

    reads = collect([once], MemoryReader({"x:ListAll": listing}))

    (found,) = reads[Everywhere]
    assert len(found.evidence) == 2


def test_answers_that_contradict_each_other_are_unread() -> None:
    def listing(params: object, region: str) -> JSON:
        return {"All": [{"Arn": "arn:1", "Home": "us-east-1", "State": region}]}

    reads = collect([same], MemoryReader({"x:ListTwice": listing}))

    assert list(reads[Twice]) == []
    assert [u.code for u in reads[Twice].unread] == [CONTRADICTORY]


def test_a_listing_that_is_also_asked_for_at_home_is_evidence_for_its_own_region_alone() -> None:
    reads = collect([at_home], MemoryReader({"x:ListRooms": lambda _, region: rooms(region)}))

    assert {region for region, _ in reads[Room].listed} == {"us-east-1", "eu-west-1"}
    assert {region for region, _ in reads[HomeRoom].listed} == {HOME}


def test_regions_are_asked_for_where_none_are_named() -> None:
    scope = SCOPE.__class__(**{**vars(SCOPE), "regions": None})
    found: list[JSON] = [
        {"RegionName": "us-east-1", "OptInStatus": "opt-in-not-required"},
        {"RegionName": "af-south-1", "OptInStatus": "not-opted-in"},
        {"RegionName": "eu-south-1", "OptInStatus": "opted-in"},
    ]
    reader = MemoryReader(
        {"ec2:DescribeRegions": {"Regions": found}, "x:ListRooms": rooms()}, scope
    )

    reads = collect([locked], reader)

    assert sorted(place for _, place in reader.called("x:ListRooms")) == ["eu-south-1", "us-east-1"]
    assert reads.regions == ("eu-south-1", "us-east-1")


def test_regions_that_cannot_be_listed_make_everything_regional_unread() -> None:
    scope = SCOPE.__class__(**{**vars(SCOPE), "regions": None})
    reader = MemoryReader({"ec2:DescribeRegions": DENIED, "x:GetHouse": {"Shelves": []}}, scope)

    reads = collect([locked, housed], reader)

    assert [u.operation for u in reads[Lock].unread] == [Region.source.name]
    assert [o.name for o in reads[House]] == [SCOPE.account]


def test_a_reader_that_breaks_loses_one_read() -> None:
    def broken(params: object, region: str) -> JSON:
        if region == "eu-west-1":
            raise KeyError("bug")
        return rooms("a")

    reads = collect([locked], MemoryReader({"x:ListRooms": broken}))

    assert [o.region for o in reads[Room]] == ["us-east-1"]
    assert [u.code for u in reads[Room].unread] == [f"{BROKEN} (KeyError)"]


def test_nested_structures_are_read_by_path() -> None:
    reader = MemoryReader({"x:GetHouse": {"Shelves": [{"Size": {"Width": 3}}]}})

    reads = collect([housed], reader)

    assert [o.resource.shelves for o in reads[House]] == [(Shelf(width=3),)]


def test_stored_answers_bring_back_the_same_reads() -> None:
    replies = {
        "x:ListRooms": lambda p, region: rooms("a", "b") if region == "us-east-1" else DENIED,
        "x:GetLock": lambda p, _: Failure("NoLock") if p["Room"] == "a" else {"State": "shut"},
    }
    first = collect([locked], MemoryReader(replies))
    objects = {sha256(b): b for _, a in first.answers if (b := a.body()) is not None}
    records = [answer.record(source) for source, answer in first.answers]

    again = collect([locked], StoredReader(SCOPE, records, objects.__getitem__))

    assert again[Lock] == first[Lock]
    assert sorted(map(str, records)) == sorted(str(a.record(s)) for s, a in again.answers)


def test_an_account_without_any_region_is_not_believed() -> None:
    scope = SCOPE.__class__(**{**vars(SCOPE), "regions": None})

    reads = collect([locked], MemoryReader({"ec2:DescribeRegions": {"Regions": []}}, scope))

    assert [u.code for u in reads[Lock].unread] == ["Malformed (no region)"]


@pytest.mark.parametrize("later", [{}, {"Shelves": None}, "x"])
def test_a_later_page_that_lost_its_list_makes_the_whole_answer_malformed(later: JSON) -> None:
    shelf: JSON = {"Size": {"Width": 3}}
    pages: list[JSON] = [{"Shelves": [shelf]}, later]

    reads = collect([housed], MemoryReader({"x:GetHouse": pages}))

    assert list(reads[House]) == []
    assert len(reads[House].unread) == 1


def test_an_answer_that_is_no_unicode_loses_only_itself() -> None:
    reader = MemoryReader(
        {"x:ListRooms": lambda p, region: rooms("\ud800" if region == "eu-west-1" else "a")}
    )

    reads = collect([keyed], reader)

    assert [o.region for o in reads[Room]] == ["us-east-1"]
    assert [u.region for u in reads[Room].unread] == ["eu-west-1"]


def test_evidence_of_what_is_unread_does_not_depend_on_what_came_first() -> None:
    """One thing is listed in two regions; its aspect fails before the second listing is there."""
    failed_first = threading.Event()

    def listing(params: object, region: str) -> JSON:
        if region == "eu-west-1":
            assert failed_first.wait(10)
        return {"All": [{"Arn": "arn:1", "Home": "us-east-1"}], "Seen": region}

    def refused(params: object, region: str) -> Failure:
        failed_first.set()
        return DENIED

    reads = collect([kept], MemoryReader({"x:ListAll": listing, "x:GetPart": refused}))

    (unread,) = reads[EverywherePart].unread
    assert len(unread.evidence) == 2


class Drawer(Resource):
    """Listed for rooms that have a key, and for no other."""

    source = Aws(
        service="x",
        operation="ListDrawers",
        permission="x:Drawers",
        items="Drawers",
        per=Room,
        params={"Key": "key"},
    )
    id: str = at("Name")


@check(control="c")
def tidy(drawer: Drawer) -> Verdict:
    """Tidy. Passes: so. Fails: not."""
    return passed(drawer.id)


def test_a_listing_that_is_not_asked_for_holds_nothing() -> None:
    reader = MemoryReader({"x:ListRooms": rooms("a")})

    reads = collect([tidy], reader)

    assert reader.called("x:ListDrawers") == []
    assert (reads[Drawer].observed, reads[Drawer].unread) == ((), ())


@pytest.mark.parametrize(
    ("doors", "code"),
    [
        ([{"Id": "d", "Room": "a"}, {"Id": "e", "Room": "b"}], "AboutAnother"),
        ([{"Id": "d"}], "AboutAnother"),
        (["a"], "AboutAnother"),
        (None, "AboutAnother"),
        ([{"Id": "d", "Room": "a"}], None),
        ([], None),
    ],
    ids=["one is of another", "one says nothing", "no object", "no list", "as asked", "none"],
)
def test_an_answer_that_does_not_repeat_what_was_asked_for_is_not_read(
    doors: JSON, code: str | None
) -> None:
    reader = MemoryReader(
        {"x:ListRooms": {"Rooms": [{"Name": "a"}]}, "x:GetDoor": {"Doors": doors}}
    )

    reads = collect([doored], reader)

    assert {u.code for u in reads[Door].unread} == ({code} if code is not None else set())
    assert len(reads[Door].observed) == (2 if code is None and doors else 0)  # one a region
