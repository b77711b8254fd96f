"""Answers: what is kept of them, and that no secret is."""

from __future__ import annotations

import pytest

from collector.answer import REDACTED, ShapeError, items, redact, scrub
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


def test_a_list_may_be_left_out_by_google_and_nested_by_aws_but_not_at_the_top_of_an_answer() -> (
    None
):
    gcp = Gcp(api="x", version="v1", collection="y", permission="p", items="items")
    nested = Aws(service="x", operation="L", permission="p", items="List.Items")
    top = Aws(service="x", operation="L", permission="p", items="Items")

    assert items(gcp, [{}]) == []
    assert items(nested, [{"List": {"Quantity": 0}}]) == []
    for source in (nested, top):
        with pytest.raises(ShapeError):
            items(source, [{}])


def test_items_of_all_scopes_are_gathered() -> None:
    source = Gcp(api="x", version="v1", collection="y", permission="p", items="items.*.disks")
    pages: list[JSON] = [
        {"items": {"zones/a": {"disks": [1]}, "zones/b": {"warning": {}}}},
        {"items": {"zones/c": {"disks": [2]}}},
    ]

    assert items(source, pages) == [1, 2]
