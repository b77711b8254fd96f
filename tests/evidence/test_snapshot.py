"""The snapshot document is read back only if it is written exactly as it is written here."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from collector.errors import ConfigError
from collector.evidence.canonical import JSON
from collector.evidence.log import account_log, seal_place
from collector.evidence.record import EvidenceError
from collector.evidence.snapshot import (
    Account,
    CheckEntry,
    Collector,
    Scope,
    Snapshot,
    Summary,
    object_key,
    parse_snapshot,
    public_key_key,
)
from tests.evidence.lockers import seal_key, snapshot_key

DOCUMENT = b"""{"account":{"id":"123456789012","name":"prod","provider":"aws"},\
"calls_sha256":"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",\
"checks":[{"control":"encryption-at-rest","hipaa":["164.312(a)(2)(iv)"],\
"id":"aws.s3.default_encryption",\
"results_sha256":"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc",\
"severity":"high","soc2":["CC6.1"],"summary":{"fail":1,"pass":1}}],\
"collector":{"checks_sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",\
"mappings_sha256":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",\
"version":"1.0"},"complete":true,"finished":"2026-11-22T17:00:21Z","identity":"reader",\
"schema":"collector/snapshot/v1","scope":{"checks":["aws.s3.default_encryption"],\
"regions":["us-east-1"],"settings":{"max_age_days":90}},"started":"2026-11-22T17:00:00Z",\
"summary":{"calls":9,"fail":1,"not_applicable":0,"pass":1,"unknown":0}}"""

SNAPSHOT = Snapshot(
    account=Account(name="prod", provider="aws", id="123456789012"),
    started=datetime(2026, 11, 22, 17, 0, 0, 999999, tzinfo=UTC),
    finished=datetime(2026, 11, 22, 18, 0, 21, tzinfo=timezone(timedelta(hours=1))),
    collector=Collector(version="1.0", checks_sha256="a" * 64, mappings_sha256="b" * 64),
    identity="reader",
    scope=Scope(
        regions=("us-east-1",),
        checks=("aws.s3.default_encryption",),
        settings={"max_age_days": 90},
    ),
    summary=Summary(passed=1, failed=1, unknown=0, not_applicable=0, calls=9),
    complete=True,
    checks=(
        CheckEntry(
            id="aws.s3.default_encryption",
            control="encryption-at-rest",
            severity="high",
            soc2=("CC6.1",),
            hipaa=("164.312(a)(2)(iv)",),
            summary={"pass": 1, "fail": 1},
            results_sha256="c" * 64,
        ),
    ),
    calls_sha256="d" * 64,
)


def test_the_bytes_of_a_document_are_these_for_good() -> None:
    assert SNAPSHOT.to_bytes() == DOCUMENT


def test_a_document_reads_back_as_it_was() -> None:
    assert parse_snapshot(DOCUMENT, "document") == SNAPSHOT


@pytest.mark.parametrize("number", [2**53, 1e20, -0.0, 1.0, 1e-7])
def test_settings_with_unusual_numbers_read_back(number: float) -> None:
    document = SNAPSHOT.model_copy(
        update={"scope": Scope(regions=(), checks=(), settings={"x": [number]})}
    ).to_bytes()

    assert parse_snapshot(document, "document").to_bytes() == document


@pytest.mark.parametrize(
    "rewritten",
    [
        DOCUMENT + b"\n",
        b"\xef\xbb\xbf" + DOCUMENT,
        json.dumps(json.loads(DOCUMENT)).encode(),
        json.dumps(json.loads(DOCUMENT), separators=(",", ":")).encode().replace(b"a", b"\\u0061"),
        json.dumps(dict(reversed(json.loads(DOCUMENT).items())), separators=(",", ":")).encode(),
    ],
)
def test_the_same_document_written_in_another_way_is_refused(rewritten: bytes) -> None:
    with pytest.raises(EvidenceError, match="document: not"):
        parse_snapshot(rewritten, "document")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"complete":true', '"complete":"true"', "not in canonical form"),
        ('"complete":true', '"complete":true,"complete":true', "not in canonical form"),
        ('"calls":9', '"calls":9.0', "not in canonical form"),
        ('"calls":9', '"calls":-1', "summary.calls: Input should be greater"),
        ('"calls":9', '"calls":9,"\\u001b":1', r"summary.\\x1b: Extra inputs"),
        ('"version":"1.0"', '"version":null', "collector.version: Input should be a valid string"),
        ("v1", "v2", "schema: Input should be 'collector/snapshot/v1'"),
        ("17:00:21Z", "17:00:21+00:00", "finished: Value error"),
        ("dddd", "DDDD", "calls_sha256: String should match"),
        ('"prod"', '"../x"', "account.name: String should match"),
        ('"prod"', '"prod\\n"', "account.name: String should match"),
        ('"pass":1}', '"skipped":1}', "checks.0.summary.skipped"),
        ("reader", "\\ud800", "not readable as JSON"),
    ],
)
def test_a_document_that_was_changed_is_refused_with_the_place(
    old: str, new: str, message: str
) -> None:
    changed = DOCUMENT.replace(old.encode(), new.encode())

    with pytest.raises(EvidenceError) as refused:
        parse_snapshot(changed, "document")

    assert message.replace("\\\\", "\\") in str(refused.value)
    assert str(refused.value).isprintable()


@given(st.binary())
def test_any_other_bytes_are_no_document(data: bytes) -> None:
    with pytest.raises(EvidenceError, match="document"):
        parse_snapshot(data, "document")


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_any_other_json_is_no_document(value: JSON) -> None:
    with pytest.raises(EvidenceError, match="document"):
        parse_snapshot(json.dumps(value).encode(), "document")


def test_settings_nested_without_end_are_refused() -> None:
    deep = b"[" * 900 + b"]" * 900

    with pytest.raises(EvidenceError, match="document"):
        parse_snapshot(DOCUMENT.replace(b'"max_age_days":90', b'"x":' + deep), "document")


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValidationError, match="no time zone"):
        Snapshot.model_validate({**SNAPSHOT.model_dump(), "started": datetime(2026, 11, 22)})


def test_files_have_these_names_for_good() -> None:
    assert object_key("ab" + "0" * 62) == "v1/objects/sha256/ab/ab" + "0" * 62
    assert snapshot_key("prod", "a" * 64) == f"v1/accounts/prod/snapshots/{'a' * 64}.json"
    assert seal_key("prod", 12) == "v1/accounts/prod/log/000000000012.sigstore.json"
    assert public_key_key("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU") == (
        "v1/keys/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.pem"
    )


@given(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", fullmatch=True), st.integers(1, 10**12 - 1)
)
def test_the_name_of_a_seal_says_its_place(account: str, number: int) -> None:
    assert seal_place(seal_key(account, number)) == (account_log(account), number)


@pytest.mark.parametrize("account", ["", ".hidden", "a/b", "../x", "a" * 64, "prod\n", "pröd"])
def test_an_account_name_that_is_not_safe_as_a_file_name_is_refused(account: str) -> None:
    with pytest.raises(ConfigError):
        seal_key(account, 1)
