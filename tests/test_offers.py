"""Offers: a region that does not have a service holds nothing of it, and AWS says so itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from collector.answer import CUT, NOT_RESOLVED, Answer, Failure, StoredReader
from collector.check import Check, Verdict, check, discover, failed, passed
from collector.collect import collect
from collector.evaluate import Result, evaluate
from collector.evidence.canonical import JSON, sha256
from collector.offers import CODES, OFFERS, listing_of
from collector.permissions import permissions, policy
from collector.reads import Reads, is_regional
from collector.resource import Resource, at
from collector.source import Aws
from tests.memory import SCOPE, MemoryReader, Reply

NO_NAME = Failure(NOT_RESOLVED, "Could not connect to the endpoint URL")
DENIED = Failure("AccessDeniedException", "no", 400, denied=True)
LIST = "/aws/service/global-infrastructure/services/dax/regions"
NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)


class Cluster(Resource):
    """A thing that is listed in every region."""

    source = Aws(service="dax", operation="ListClusters", permission="dax:List", items="Clusters")
    id: str = at("Name")


class Node(Resource):
    """A thing in such a thing."""

    source = Aws(
        service="dax",
        operation="ListNodes",
        permission="dax:Nodes",
        items="Nodes",
        per=Cluster,
        params={"Cluster": "id"},
    )
    id: str = at("Name")


class Defaults(Resource):
    """What holds for a region as a whole, of the same service."""

    source = Aws(service="dax", operation="GetDefaults", permission="dax:Defaults")
    is_encrypted: bool = at("Encrypted")


class Unlisted(Resource):
    """Of a service of whose list nothing is known."""

    source = Aws(service="x", operation="ListAll", permission="x:List", items="All")
    id: str = at("Name")


@check(control="c")
def reachable(cluster: Cluster, nodes: Sequence[Node]) -> Verdict:
    """Reachable. Passes: so. Fails: not."""
    return passed("so")


@check(control="c", scope="region")
def used(clusters: Sequence[Cluster]) -> Verdict:
    """Used. Passes: so. Fails: not."""
    return passed("so") if clusters else failed("not")


@check(control="c")
def encrypted(defaults: Defaults) -> Verdict:
    """Encrypted. Passes: so. Fails: not."""
    return passed("so") if defaults.is_encrypted else failed("not")


@check(control="c")
def unlisted(one: Unlisted) -> Verdict:
    """Unlisted. Passes: so. Fails: not."""
    return passed("so")


CHECKS: Sequence[Check[...]] = [reachable, used, encrypted]


def offered_in(*regions: str, below: str = LIST) -> dict[str, Any]:
    """A page of AWS's list as evidence holds it."""
    return {"Parameters": [{"Name": f"{below}/{r}", "Value": "[redacted]"} for r in regions]}


def account(offers: Reply, *, dax: Failure = NO_NAME, regions: int = 2) -> MemoryReader:
    """An account in whose us-east-1 DAX answers, and in whose other regions it fails."""

    def unless(place: str, page: JSON) -> JSON | Failure:
        return page if place == "us-east-1" else dax

    return MemoryReader(
        {
            "dax:ListClusters": lambda _, place: unless(place, {"Clusters": [{"Name": "one"}]}),
            "dax:ListNodes": {"Nodes": [{"Name": "first"}]},
            "dax:GetDefaults": lambda _, place: unless(place, {"Encrypted": True}),
            OFFERS.name: offers,
        }
    )


def outcomes(reads: Reads) -> dict[tuple[str, str], Result]:
    results = evaluate(CHECKS, reads, settings={}, now=NOW)
    return {(r.check.rpartition(".")[2], r.resource.region): r for r in results}


def test_a_region_that_the_list_leaves_out_holds_nothing_and_the_list_is_the_evidence() -> None:
    pages: list[JSON] = [offered_in("us-east-1", "us-west-2"), offered_in("cn-north-1")]
    reader = account(pages)

    reads = collect(CHECKS, reader)

    evidence = sha256(Answer("", {}, "", tuple(pages)).body() or b"")
    for resource in (Cluster, Node, Defaults):
        assert reads[resource].unread == ()
        assert ("eu-west-1", evidence) in reads[resource].listed
        assert reads[resource].regions == ("us-east-1",)
    assert [o.region for o in reads[Node]] == ["us-east-1"]
    assert reader.called(OFFERS.name) == [({"Path": LIST}, "us-east-1")]


def test_a_region_without_the_service_has_no_result_and_the_others_have_theirs() -> None:
    reads = collect(CHECKS, account(offered_in("us-east-1")))

    found = outcomes(reads)

    assert {key: r.outcome for key, r in found.items()} == {
        ("reachable", "us-east-1"): "pass",
        ("used", "us-east-1"): "pass",
        ("encrypted", "us-east-1"): "pass",
    }


def test_where_no_region_has_the_service_there_is_nothing_to_judge() -> None:
    reader = account(offered_in("us-east-1"))
    reader.scope = replace(SCOPE, regions=("eu-west-1",))

    reads = collect(CHECKS, reader)

    found = outcomes(reads).values()
    assert {r.outcome for r in found} == {"not_applicable"}
    assert all(r.reason.startswith("no ") and "  " not in r.reason for r in found)
    (digest,) = {digest for _, digest in reads[Cluster].listed}
    assert all(r.evidence == (digest,) for r in found)


def cut() -> Answer:
    page = offered_in("us-east-1")
    return Answer(OFFERS.name, {"Path": LIST}, "us-east-1", (page,), Failure(CUT))


@pytest.mark.parametrize(
    "offers",
    [
        offered_in("us-east-1", "eu-west-1"),
        [offered_in("us-east-1"), offered_in("eu-west-1")],
        offered_in(),
        [],
        DENIED,
        NO_NAME,
        cut(),
        {},
        {"Parameters": {}},
        {"Parameters": [*offered_in("us-east-1")["Parameters"], {"Value": "us-west-2"}]},
        {"Parameters": ["us-east-1"]},
        offered_in("us-east-1", below=LIST.replace("dax", "ec2")),
        offered_in("cn-north-1", "us-west-2"),
    ],
    ids=[
        "it names the region", "on a later page", "empty", "no page", "denied", "not resolved",
        "cut", "without its list", "no list", "an item without name", "no items", "of another",
        "without the home region",
    ],
)  # fmt: skip
def test_a_list_that_proves_nothing_leaves_the_first_failure(offers: Reply) -> None:
    reads = collect(CHECKS, account(offers))

    for resource in (Cluster, Node, Defaults):
        assert {(u.region, u.code) for u in reads[resource].unread} == {("eu-west-1", NOT_RESOLVED)}
    assert reads[Cluster].regions == ("eu-west-1", "us-east-1")
    found = outcomes(reads)
    assert {key[0] for key, r in found.items() if r.outcome == "unknown"} == {
        "reachable", "used", "encrypted",
    }  # fmt: skip
    assert all(key[1] == "eu-west-1" for key, r in found.items() if r.outcome == "unknown")


@pytest.mark.parametrize("failure", [DENIED, Failure("ConnectTimeout"), Failure("SSL")])
def test_no_other_failure_asks_for_the_list(failure: Failure) -> None:
    reader = account(offered_in("us-east-1"), dax=failure)

    reads = collect(CHECKS, reader)

    assert reader.called(OFFERS.name) == []
    assert [u.code for u in reads[Cluster].unread] == [failure.code]


def test_a_listing_that_has_begun_is_one_of_a_service_that_is_there() -> None:
    begun = Answer("dax:ListClusters", {}, "us-east-1", ({"Clusters": []},), NO_NAME)
    reader = MemoryReader({"dax:ListClusters": begun, OFFERS.name: offered_in("us-east-1")})

    reads = collect([used], reader)

    assert reader.called(OFFERS.name) == []
    assert {u.code for u in reads[Cluster].unread} == {NOT_RESOLVED}


def test_only_listings_without_a_parent_are_asked_about() -> None:
    reader = MemoryReader(
        {
            "dax:ListClusters": {"Clusters": [{"Name": "one"}]},
            "dax:ListNodes": NO_NAME,
            OFFERS.name: offered_in("us-east-1"),
        }
    )

    reads = collect([reachable], reader)

    assert reader.called(OFFERS.name) == []
    assert {u.of for u in reads[Node].unread} == {"one"}


def test_a_service_whose_list_is_not_known_stays_unread() -> None:
    reader = MemoryReader({"x:ListAll": NO_NAME, OFFERS.name: offered_in("us-east-1")})

    reads = collect([unlisted], reader)

    assert reader.called(OFFERS.name) == []
    assert {u.region for u in reads[Unlisted].unread} == {"us-east-1", "eu-west-1"}


def test_stored_answers_bring_back_the_same() -> None:
    reads = collect(CHECKS, account(offered_in("us-east-1")))
    objects = {sha256(body): body for _, a in reads.answers if (body := a.body()) is not None}
    stored = StoredReader(SCOPE, [a.record(s) for s, a in reads.answers], objects.__getitem__)

    again = collect(CHECKS, stored)

    assert outcomes(again) == outcomes(reads)
    assert again[Cluster] == reads[Cluster]


def test_stored_answers_of_a_time_when_the_list_was_not_asked_for_stay_unread() -> None:
    reads = collect(CHECKS, account(offered_in("us-east-1")))
    old = [a.record(s) for s, a in reads.answers if s is not OFFERS]
    objects = {sha256(body): body for _, a in reads.answers if (body := a.body()) is not None}

    again = collect(CHECKS, StoredReader(SCOPE, old, objects.__getitem__))

    assert [u.code for u in again[Cluster].unread] == [NOT_RESOLVED]


def test_the_policy_grants_the_lists_and_no_other_parameter() -> None:
    document: Any = policy([used], "aws")

    assert "ssm:GetParametersByPath" in permissions([used], "aws")
    everywhere, lists = document["Statement"]
    assert "ssm:GetParametersByPath" not in everywhere["Action"]
    assert lists == {
        "Effect": "Allow",
        "Action": "ssm:GetParametersByPath",
        "Resource": ["arn:aws:ssm:*:*:parameter/aws/service/global-infrastructure/*"],
    }


def test_the_list_of_each_service_that_checks_read_in_regions_is_known() -> None:
    read = {r for c in discover().values() for r in c.resources if is_regional(r)}

    unknown = {r.source.name for r in read if listing_of(r.source) is None}

    assert unknown == set(), "collector/offers.py: add the code of the service's list"


def test_each_code_stands_for_the_endpoint_that_is_called(
    aws: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulated account holds AWS's own lists, with the endpoint of each service."""
    ssm = aws.client("ssm")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    called, published = {}, {}
    for service, code in CODES.items():
        client = aws.client(service, "eu-west-1")  # type: ignore[call-overload]  # the stubs know each service by a literal
        called[service] = urlsplit(client.meta.endpoint_url).hostname
        path = f"/aws/service/global-infrastructure/services/{code}/regions/eu-west-1"
        found = ssm.get_parameters_by_path(Path=path)["Parameters"]
        published[service] = {p["Name"]: p["Value"] for p in found}.get(f"{path}/endpoint")

    # What is listed is the address of the registry itself; that of its API was made later.
    assert published.pop("ecr") == "ecr.eu-west-1.amazonaws.com"
    assert called.pop("ecr") == "api.ecr.eu-west-1.amazonaws.com"
    assert published == called
