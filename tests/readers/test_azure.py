"""Reading Azure Resource Manager and Microsoft Graph."""

from __future__ import annotations

import json

import pytest
from azure.core.pipeline.transport import RequestsTransport

from collector.answer import Answer
from collector.check import Verdict, check, passed
from collector.errors import CheckError
from collector.evidence.canonical import JSON
from collector.reads import Unread
from collector.resource import Resource, at
from collector.source import HOME, Arm, Aws, Graph, Source
from tests.azure import cloud
from tests.azure.answers import access_policy, storage_account
from tests.azure.cloud import (
    CLIENT_ID,
    DEFAULTS,
    OBJECT_ID,
    POLICIES,
    STORAGE,
    Azure,
)

azure = cloud.azure_fixture

ACCOUNTS = Arm(
    path="/subscriptions/{account}/providers/Microsoft.Storage/storageAccounts",
    api_version="2024-01-01",
    permission="Microsoft.Storage/storageAccounts/read",
    items="value",
)
ACCESS = Graph(
    path="/identity/conditionalAccess/policies", permission="Policy.Read.All", items="value"
)


def read(azure: Azure, source: Source = ACCOUNTS, **params: JSON) -> Answer:
    return azure.open().read(source, params, HOME)


def accounts(count: int) -> list[dict[str, JSON]]:
    return [storage_account(f"account{n}") for n in range(count)]


def names(answer: Answer) -> list[str]:
    """Names of the accounts on all pages."""
    return [item["name"] for page in answer.pages for item in page["value"]]  # type: ignore[index, call-overload, union-attr, misc]


def failure(answer: Answer) -> tuple[str, bool]:
    assert answer.failure is not None
    assert not answer.is_complete
    return answer.failure.code, answer.failure.denied


# Pages


def test_all_pages_are_read_with_their_provenance(azure: Azure) -> None:
    azure.put(STORAGE, accounts(5))
    azure.page_size = 2

    answer = read(azure)

    assert answer.is_complete
    assert names(answer) == [f"account{n}" for n in range(5)]
    assert all(set(page) == {"value"} for page in answer.pages if isinstance(page, dict))
    own = answer.provenance
    assert list(own) == [
        "endpoint", "identity", "started", "duration_ms", "status", "request_ids", "attempts",
        "volatile",
    ]  # fmt: skip
    assert own["endpoint"] == f"{azure.url}{STORAGE}?api-version=2024-01-01"
    assert own["identity"] == f"appid {CLIENT_ID}, oid {OBJECT_ID}"
    assert (own["status"], own["attempts"]) == (200, 3)
    assert own["request_ids"] == ["request-1", "request-2", "request-3"]
    assert own["volatile"] == {
        "nextLink": [f"{azure.url}{STORAGE}?api-version=2024-01-01&$skiptoken={n}" for n in (2, 4)]
    }


def test_pages_of_graph_are_read_by_its_own_link(azure: Azure) -> None:
    azure.put(POLICIES, [access_policy(n) for n in "abc"])
    azure.page_size = 1

    answer = read(azure, ACCESS)

    assert answer.is_complete
    assert len(answer.pages) == 3
    assert azure.requests[0] == POLICIES


def test_single_thing_is_one_page(azure: Azure) -> None:
    source = Graph(path=DEFAULTS.removeprefix("/v1.0"), permission="Policy.Read.All")

    answer = read(azure, source)

    assert [page["isEnabled"] for page in answer.pages if isinstance(page, dict)] == [False]


@pytest.mark.parametrize(
    "link",
    [
        "https://attacker.example/subscriptions",
        "//attacker.example/subscriptions",
        "https://attacker.example\\@{host}/",
        "https://{host}@attacker.example/",
        "https://user:password@{host}/",
        "https://localhost:{port}/",
        "https://127.0.0.1:1/",
        "https://127.0.0.1/",
        "http://{host}/",
        "https://[/",
        "ftp://{host}/",
    ],
)
def test_next_page_elsewhere_is_refused_and_gets_no_token(azure: Azure, link: str) -> None:
    azure.put(STORAGE, accounts(2))
    host = azure.url.removeprefix("https://")
    azure.link(STORAGE, link.format(host=host, port=host.partition(":")[2]))

    answer = read(azure)

    assert failure(answer) == ("ForeignNextLink", False)
    assert names(answer) == ["account0", "account1"]
    assert len(azure.requests) == 1


def test_relative_next_page_is_asked_of_the_same_server(azure: Azure) -> None:
    azure.put(STORAGE, accounts(3))
    azure.page_size = 2
    azure.link(STORAGE, f"{STORAGE}?api-version=2024-01-01&$skiptoken=2")

    assert names(read(azure)) == ["account0", "account1", "account2"]


@pytest.mark.parametrize(
    ("link", "code"),
    [(f"{STORAGE}?api-version=2024-01-01", "Incomplete"), (7, "Malformed"), ({}, "Malformed")],
)
def test_next_page_that_is_the_same_or_no_address_is_no_end(
    azure: Azure, link: JSON, code: str
) -> None:
    azure.put(STORAGE, accounts(1))
    azure.link(STORAGE, link)

    assert failure(read(azure)) == (code, False)


@pytest.mark.parametrize("link", [None, ""])
def test_empty_next_link_is_the_end(azure: Azure, link: JSON) -> None:
    azure.put(STORAGE, accounts(1))
    azure.link(STORAGE, link)

    assert read(azure).is_complete


def test_error_on_a_later_page_keeps_the_pages_before_it(azure: Azure) -> None:
    azure.put(STORAGE, accounts(3))
    azure.page_size = 2
    azure.cut(STORAGE)

    answer = read(azure)

    assert failure(answer) == ("InvalidSkipToken", False)
    assert names(answer) == ["account0", "account1"]
    assert answer.provenance["status"] == 400


# What the cloud refuses


@pytest.mark.parametrize(
    ("source", "path", "code", "message", "denied"),
    [
        (ACCOUNTS, STORAGE, "AuthorizationFailed", "no authorization over scope", True),
        (ACCESS, POLICIES, "Authorization_RequestDenied", "Insufficient privileges", True),
        (ACCESS, POLICIES, "AccessDenied", "required scopes are missing", True),
        (ACCESS, POLICIES, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "x", False),
        (ACCESS, POLICIES, "AccessDenied", "Your tenant is not licensed for this.", False),
    ],
)
def test_403_is_a_missing_permission_unless_it_is_a_licence(
    azure: Azure, source: Source, path: str, code: str, message: str, denied: bool
) -> None:
    azure.deny(path, code, message)

    answer = read(azure, source)

    assert failure(answer) == (code, denied)
    assert answer.failure is not None
    assert (answer.failure.message, answer.failure.status) == (message, 403)


def test_error_without_a_code_is_named_by_its_status(azure: Azure) -> None:
    """A proxy's page, say: no permission of the cloud is missing for that."""
    azure.answer(STORAGE, b"<html>Forbidden</html>", status=403)

    assert failure(read(azure)) == ("HTTP 403", False)


def test_code_by_which_there_is_none_makes_the_answer_absent(azure: Azure) -> None:
    source = Graph(path="/groups/x/owners", permission="x", absent=("Request_ResourceNotFound",))

    answer = read(azure, source)

    assert answer.is_absent
    assert answer.is_complete


@pytest.mark.parametrize("version", ["2099-01-01", ""])
def test_api_version_that_the_type_does_not_know_is_a_failure(azure: Azure, version: str) -> None:
    source = Arm(path=ACCOUNTS.path, api_version=version, permission="x", items="value")

    code, _ = failure(read(azure, source))

    assert code in ("MissingApiVersionParameter", "NoRegisteredProviderFound")


def test_throttled_request_is_sent_again(azure: Azure) -> None:
    azure.put(STORAGE, accounts(1))
    azure.throttle(STORAGE)

    answer = read(azure)

    assert names(answer) == ["account0"]
    assert answer.provenance["attempts"] == 2


@pytest.mark.parametrize("seconds", ["301", "86400"])
def test_throttle_that_asks_for_too_long_a_wait_is_a_failure(azure: Azure, seconds: str) -> None:
    azure.throttle(STORAGE, retry_after=seconds)

    assert failure(read(azure)) == ("TooManyRequests", False)


def test_wait_that_is_neither_seconds_nor_a_date_is_the_reader_s_own(azure: Azure) -> None:
    azure.throttle(STORAGE, retry_after="soon")

    assert read(azure).is_complete


def test_redirect_is_not_followed(azure: Azure) -> None:
    azure.answer(STORAGE, b"", status=307, Location=f"{azure.url}/elsewhere")

    assert failure(read(azure)) == ("HTTP 307", False)
    assert len(azure.requests) == 1


# What is no answer


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Welcome</html>", b'{"value": [', b"[]", b"null", b'{"value": NaN}',
     b'{"value": 1e999}', b'{"value": ["\\ud800"]}', b'{"value": "\xff"}',
     b'{"value": ' + b"[" * 100_000],
    ids=["nothing", "a page", "half", "a list", "null", "NaN", "infinite", "surrogate", "bytes",
         "deep"],
)  # fmt: skip
def test_200_with_something_else_than_an_object_is_malformed(azure: Azure, body: bytes) -> None:
    azure.answer(STORAGE, body)

    assert failure(read(azure)) == ("Malformed", False)


def test_numbers_are_kept_to_the_last_digit(azure: Azure) -> None:
    azure.answer(STORAGE, b'{"value": [], "size": 9007199254740993}')

    assert read(azure).body() == b'{"pages":[{"size":"9007199254740993","value":[]}]}'


def test_answer_that_ends_early_is_a_failure(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RequestsTransport, "sleep", lambda self, duration: None)
    azure.answer(STORAGE, b'{"value": []}', Content_Length="99", Connection="close")

    assert not read(azure).is_complete


class Account(Resource):
    """A storage account, by name."""

    source = ACCOUNTS
    id: str = at("name")


@check(control="any")
def is_there(account: Account) -> Verdict:
    """Passes: always. Fails: never."""
    return passed(account.id)


def test_answer_without_its_list_makes_what_rests_on_it_unread(azure: Azure) -> None:
    azure.answer(STORAGE, b'{"values": []}')

    population = azure.read(is_there)[Account]

    assert population.unread == (Unread("Microsoft.Storage/storageAccounts", HOME, "Malformed"),)


# What may be read


@pytest.mark.parametrize("path", ["@attacker.example/x", "attacker", "/x?y=z", "/x#y", "/{other}"])
def test_source_that_is_no_path_is_refused(azure: Azure, path: str) -> None:
    with pytest.raises(CheckError, match="path"):
        read(azure, Arm(path=path, api_version="2024-01-01", permission="x"))


def test_parameter_cannot_leave_its_place_in_the_path(azure: Azure) -> None:
    source = Graph(path="/groups/{group}/members", permission="x")

    read(azure, source, group="../users?$select=id#")

    assert azure.requests == ["/v1.0/groups/..%2Fusers%3F%24select%3Did%23/members"]


def test_path_may_start_with_the_parent_s_own_id(azure: Azure) -> None:
    source = Arm(path="{id}/blobServices", api_version="2024-01-01", permission="x")

    read(azure, source, id=f"{STORAGE}/a (1)")

    assert azure.requests == [f"{STORAGE}/a%20%281%29/blobServices?api-version=2024-01-01"]


def test_source_of_another_cloud_is_refused(azure: Azure) -> None:
    with pytest.raises(CheckError, match="Azure"):
        read(azure, Aws(service="s3", operation="ListBuckets", permission="x"))


def test_secrets_in_an_answer_are_redacted(azure: Azure) -> None:
    body: JSON = {"value": [{"connectionString": "x=y", "note": "AccountKey=c2VjcmV0; rest"}]}
    azure.answer(STORAGE, json.dumps(body).encode())

    (page,) = read(azure).pages

    assert page == {"value": [{"connectionString": "[redacted]", "note": "[redacted]; rest"}]}
