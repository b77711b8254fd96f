"""Answers: what is kept of them, and that no secret is."""

from __future__ import annotations

import pytest

from collector.answer import REDACTED, Answer, ShapeError, items, redact, scrub
from collector.evidence.canonical import JSON
from collector.source import Aws, Gcp

KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\nabc=\n-----END EC PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"before {KEY} after", f"before {REDACTED} after"),
        ("-----BEGIN PRIVATE KEY-----\nMHcCAQEE and so on", REDACTED),
        ("AccountName=a;AccountKey=c2VjcmV0==;EndpointSuffix=x",
         f"AccountName=a;{REDACTED};EndpointSuffix=x"),
        ("token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2ln here", f"token {REDACTED} here"),
        ("arn:aws:kms:us-east-1:1:key/2", "arn:aws:kms:us-east-1:1:key/2"),
    ],
)  # fmt: skip
def test_key_material_is_scrubbed_whole(text: str, kept: str) -> None:
    assert scrub(text) == kept


def test_texts_under_telling_names_are_not_kept_and_other_values_are() -> None:
    answer: JSON = {
        "MasterUserPassword": "hunter2",
        "password_enabled": "true",
        "HttpTokens": "required",
        "UserData": "IyEvYmlu",
        "MasterUserSecret": {"SecretArn": "arn:1", "KmsKeyId": "arn:2"},
        "Keys": [{"privateKey": "x", "KeyId": "k"}],
        "RequireSymbols": True,
    }

    assert redact(answer) == {
        "MasterUserPassword": REDACTED,
        "password_enabled": "true",
        "HttpTokens": "required",
        "UserData": REDACTED,
        "MasterUserSecret": {"SecretArn": "arn:1", "KmsKeyId": "arn:2"},
        "Keys": [{"privateKey": REDACTED, "KeyId": "k"}],
        "RequireSymbols": True,
    }


def test_an_empty_list_is_left_out_only_where_the_api_does_so() -> None:
    gcp = Gcp(api="x", version="v1", collection="y", permission="p", items="items")
    strict = Aws(service="x", operation="L", permission="p", items="List.Items")
    lax = Aws(service="x", operation="L", permission="p", items="List.Items", omits_empty=True)
    empty: JSON = {"List": {"Quantity": 0}}

    assert items(gcp, [{}]) == []
    assert items(lax, [empty]) == []
    with pytest.raises(ShapeError):
        items(strict, [empty])
    with pytest.raises(ShapeError):
        items(lax, [{}])


def test_an_answer_of_the_wrong_shape_is_recorded_all_the_same() -> None:
    source = Aws(service="x", operation="L", permission="p", items="Items")

    record = Answer(source.name, {}, "us-east-1", pages=({"Other": 1},)).record(source)

    assert (record["items"], record["complete"]) == (None, True)
    assert record["answer_sha256"] is not None


def test_items_of_all_scopes_are_gathered() -> None:
    source = Gcp(api="x", version="v1", collection="y", permission="p", items="items.*.disks")
    pages: list[JSON] = [
        {"items": {"zones/a": {"disks": [1]}, "zones/b": {"warning": {}}}},
        {"items": {"zones/c": {"disks": [2]}}},
    ]

    assert items(source, pages) == [1, 2]


def test_items_of_lists_within_a_list_are_gathered() -> None:
    source = Aws(service="x", operation="L", permission="p", items="Groups.*.Items")

    assert items(source, [{"Groups": [{"Items": [1, 2]}, {"Items": []}]}, {"Groups": []}]) == [1, 2]
    broken: list[JSON] = [{}, {"Groups": [{}]}, {"Groups": ["text"]}, {"Groups": "text"}]
    for page in broken:
        with pytest.raises(ShapeError):
            items(source, [page])
