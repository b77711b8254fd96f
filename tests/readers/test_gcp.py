"""The reader of Google Cloud, against the fake on loopback."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.oauth2.service_account import Credentials

from collector.answer import Answer, Scope
from collector.errors import CheckError
from collector.evidence.canonical import JSON
from collector.readers import gcp
from collector.readers.gcp import RETRIES, SCOPE, GcpReader
from collector.readers.gcp_answers import refusal
from collector.source import HOME, Gcp
from tests.google import fixtures
from tests.google.fake import EMAIL, PROJECT, FakeGoogle, Refusal
from tests.google.fixtures import reader

google = fixtures.google

BUCKETS = Gcp(
    api="storage",
    version="v1",
    collection="buckets",
    permission="storage.buckets.list",
    items="items",
)
POLICY = Gcp(
    api="storage",
    version="v1",
    collection="buckets",
    method="getIamPolicy",
    permission="storage.buckets.getIamPolicy",
    absent=("notFound",),
    volatile=("etag",),
)
LOGS = Gcp(
    api="logging",
    version="v2",
    collection="projects.locations.buckets",
    permission="logging.buckets.list",
    items="buckets",
)
DISKS = Gcp(
    api="compute",
    version="v1",
    collection="disks",
    method="aggregatedList",
    permission="compute.disks.list",
    items="items.*.disks",
)
PARAMS: Mapping[str, dict[str, JSON]] = {
    BUCKETS.name: {"project": PROJECT},
    POLICY.name: {"bucket": "records"},
    LOGS.name: {"parent": f"projects/{PROJECT}/locations/-"},
    DISKS.name: {"project": PROJECT},
}
THROTTLED = Refusal(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED")


def ask(reads: GcpReader, source: Gcp) -> Answer:
    return reads.read(source, PARAMS[source.name], HOME)


def policy_of(reads: GcpReader, bucket: str) -> Answer:
    return reads.read(POLICY, {"bucket": bucket}, HOME)


def custom(cloud: FakeGoogle, credentials: Any = None, **arguments: Any) -> GcpReader:
    """A reader that is made by hand, with credentials that have no token yet."""
    own = Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
        cloud.key_file(), scopes=[SCOPE]
    )
    return GcpReader(credentials or own, Scope("gcp", "test", PROJECT, EMAIL), **arguments)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the attempts of one request."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def test_answer_holds_every_page_and_where_it_is_from(google: FakeGoogle) -> None:
    google.answer(BUCKETS.name, {"items": [{"name": "a"}]}, {}, {"items": [{"name": "b"}]})
    reads = custom(google, endpoint=google.url, clock=lambda: datetime(2026, 11, 22, tzinfo=UTC))

    answer = ask(reads, BUCKETS)

    assert answer.is_complete
    assert [page.get("items") for page in answer.pages if isinstance(page, dict)] == [
        [{"name": "a"}],
        None,
        [{"name": "b"}],
    ]
    facts = dict(answer.provenance)
    assert isinstance(facts.pop("duration_ms"), int)
    requests = facts.pop("request_ids")
    assert isinstance(requests, list)
    assert len(set(map(str, requests))) == 3
    assert facts == {
        "endpoint": f"{google.url}/storage/v1/",
        "identity": EMAIL,
        "started": "2026-11-22T00:00:00Z",
        "status": 200,
        "attempts": 3,
        "volatile": {},
    }


def test_listing_whose_second_page_is_refused_is_cut(google: FakeGoogle) -> None:
    google.answer(BUCKETS.name, {"items": [{"name": "a"}]}, cut=True)

    answer = ask(reader(google), BUCKETS)

    assert answer.failure is not None
    assert (answer.failure.code, answer.failure.status) == ("invalidPageToken", 400)
    assert [page["items"] for page in answer.pages if isinstance(page, dict)] == [[{"name": "a"}]]


@pytest.mark.parametrize("source", [BUCKETS, POLICY], ids=["same page", "no pages"])
def test_page_after_which_there_is_no_way_on_is_incomplete(google: FakeGoogle, source: Gcp) -> None:
    google.garble(source.name, b'{"nextPageToken": "again"}')

    answer = reader(google).read(source, PARAMS[source.name], HOME)

    assert answer.failure is not None
    assert answer.failure.code == "Incomplete"


@pytest.mark.parametrize(
    ("source", "page"),
    [
        (BUCKETS, {"items": [], "unreachable": ["projects/_/buckets/far"]}),
        (DISKS, {"unreachables": ["zones/a"]}),
        (DISKS, {"warning": {"code": "PARTIAL_SUCCESS"}}),
        (DISKS, {"items": {"zones/a": {"warning": {"code": "UNREACHABLE"}}}}),
    ],
    ids=["unreachable", "unreachables", "warning", "warning of a scope"],
)
def test_answer_that_says_that_it_is_a_part_is_incomplete(
    google: FakeGoogle, source: Gcp, page: dict[str, Any]
) -> None:
    google.answer(source.name, page)

    answer = ask(reader(google), source)

    assert answer.failure is not None
    assert answer.failure.code == "Incomplete"
    assert answer.pages == (page,)


def test_object_that_is_no_answer_of_the_method_is_no_empty_list(google: FakeGoogle) -> None:
    google.garble(BUCKETS.name, b'{"message": "sign in first"}')

    answer = ask(reader(google), BUCKETS)

    assert answer.failure is not None
    assert answer.failure.code == "Malformed"


def test_answer_without_content_is_no_empty_list(google: FakeGoogle) -> None:
    google.refuse(BUCKETS.name, Refusal(204, "", ""))

    answer = ask(reader(google), BUCKETS)

    assert answer.failure is not None
    assert answer.failure.code == "Malformed"


def test_scope_that_holds_nothing_is_complete(google: FakeGoogle) -> None:
    empty = {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": "none"}}
    google.answer(DISKS.name, {"items": {"zones/a": empty, "zones/b": {"disks": []}}})

    assert ask(reader(google), DISKS).is_complete


@pytest.mark.parametrize("source", [BUCKETS, LOGS], ids=["old", "new"])
def test_missing_permission_is_told_in_both_forms_of_errors(
    google: FakeGoogle, source: Gcp
) -> None:
    google.deny(source.name)

    failure = ask(reader(google), source).failure

    assert failure is not None
    assert (failure.code, failure.denied, failure.status) == ("PERMISSION_DENIED", True, 403)


@pytest.mark.parametrize("source", [BUCKETS, LOGS], ids=["old", "new"])
def test_api_that_is_not_enabled_is_no_missing_permission(google: FakeGoogle, source: Gcp) -> None:
    google.refuse(source.name, Refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED"))

    failure = ask(reader(google), source).failure

    assert failure is not None
    assert (failure.code, failure.denied) == ("SERVICE_DISABLED", False)


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    "refusal",
    [THROTTLED, Refusal(403, "", "RATE_LIMIT_EXCEEDED"), Refusal(503, "", "backendError")],
)
def test_request_that_is_throttled_once_is_repeated(google: FakeGoogle, refusal: Refusal) -> None:
    google.answer(BUCKETS.name, {})
    google.refuse(BUCKETS.name, refusal, times=1)

    answer = ask(reader(google), BUCKETS)

    assert answer.is_complete
    assert answer.provenance["attempts"] == 2


@pytest.mark.usefixtures("no_waiting")
def test_request_that_is_always_throttled_fails(google: FakeGoogle) -> None:
    google.refuse(LOGS.name, THROTTLED)

    answer = ask(reader(google), LOGS)

    assert answer.failure is not None
    assert (answer.failure.code, answer.failure.denied) == ("RATE_LIMIT_EXCEEDED", False)
    assert answer.provenance["attempts"] == RETRIES + 1


@pytest.mark.parametrize(
    "raw",
    [b"<html>", b"", b"[]", b"null", b'{"items": NaN}', b'{"a": "\\ud800"}', b"\xff", b"[" * 9999],
    ids=repr,
)
def test_answer_that_is_no_json_object_is_malformed(google: FakeGoogle, raw: bytes) -> None:
    google.garble(BUCKETS.name, raw)

    answer = ask(reader(google), BUCKETS)

    assert answer.failure is not None
    assert answer.failure.code == "Malformed"
    assert answer.body() is None


@pytest.mark.parametrize("raw", [b"<html>", b'{"error": "invalid_token"}', b'[{"error": {}}]', b""])
def test_refusal_in_no_known_form_has_its_status_as_code(raw: bytes) -> None:
    failure = refusal(400, raw)

    assert (failure.code, failure.denied) == ("400", False)


def test_absent_codes_volatile_fields_and_secrets_are_taken_out(google: FakeGoogle) -> None:
    google.answer(POLICY.name, {"etag": "CAE=", "resourceId": "-----BEGIN PRIVATE KEY-----"})
    google.refuse(POLICY.name, Refusal(404, "NOT_FOUND", "notFound"), times=1)
    reads = reader(google)

    gone, there = policy_of(reads, "gone"), policy_of(reads, "there")

    assert (gone.is_absent, there.is_absent) == (True, False)
    assert there.pages == ({"resourceId": "[redacted]"},)
    assert there.provenance["volatile"] == {"etag": "CAE="}


def test_token_that_has_expired_is_replaced(google: FakeGoogle) -> None:
    google.answer(BUCKETS.name, {})
    reads = reader(google)
    google.tokens.clear()

    assert ask(reads, BUCKETS).is_complete


@pytest.mark.usefixtures("no_waiting")
def test_lost_credentials_are_a_failure_and_no_exception(google: FakeGoogle) -> None:
    reads = reader(google)
    google.tokens.clear()
    google.has_account = False

    failures = [
        ask(reads, BUCKETS).failure,
        ask(custom(google, AnonymousCredentials(), endpoint=google.url), BUCKETS).failure,  # type: ignore[no-untyped-call]
    ]

    assert [f.code for f in failures if f is not None] == ["RefreshError", "InvalidOperation"]


def test_server_that_is_gone_is_a_failure_at_once(google: FakeGoogle) -> None:
    reads = reader(google)
    google.close()

    answer = ask(reads, BUCKETS)

    assert answer.failure is not None
    assert answer.failure.code == "ConnectionRefusedError"
    assert answer.provenance["attempts"] == 1


def test_late_answer_is_not_taken_for_the_next_one(
    google: FakeGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gcp, "RETRIES", 0)
    google.answer(POLICY.name, {"resourceId": "slow"}, bucket="slow")
    google.answer(POLICY.name, {"resourceId": "quick"}, bucket="quick")
    answering = google.hold(POLICY.name, bucket="slow")
    reads = custom(google, endpoint=google.url, timeout_seconds=0.2)

    slow = policy_of(reads, "slow")
    answering.set()
    quick = policy_of(reads, "quick")

    assert slow.failure is not None
    assert slow.failure.code == "TimeoutError"
    assert quick.pages == ({"resourceId": "quick"},)


def test_reads_from_many_threads_keep_apart(google: FakeGoogle) -> None:
    names = [f"bucket-{number}" for number in range(40)]
    for name in names:
        google.answer(POLICY.name, {"resourceId": name}, bucket=name)
    reads = reader(google)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda name: policy_of(reads, name), names))

    assert [answer.pages for answer in answers] == [({"resourceId": name},) for name in names]


def test_endpoints_are_googles_own_where_none_is_configured(google: FakeGoogle) -> None:
    google.has_account = False  # so that nothing is sent there

    answer = ask(custom(google), DISKS)

    assert answer.provenance["endpoint"] == "https://compute.googleapis.com/compute/v1/"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (Gcp(api="nosuch", version="v1", collection="a", permission=""), "no document"),
        (Gcp(api="storage", version="v1", collection="no.such", permission=""), "no such method"),
        (
            Gcp(api="storage", version="v1", collection="buckets", method="delete", permission=""),
            "not read-only",
        ),
    ],
    ids=["api", "method", "change"],
)
def test_method_that_may_not_be_called_is_not_called(
    google: FakeGoogle, source: Gcp, told: str
) -> None:
    with pytest.raises(CheckError, match=told):
        reader(google).read(source, {"bucket": "a"}, HOME)

    assert google.requests == []
