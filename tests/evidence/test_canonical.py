"""JSON, digests and times are written in one way only."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from collector.evidence.canonical import (
    JSON,
    canonical,
    parse_json,
    parse_timestamp,
    sha256,
    timestamp,
)

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_canonical_bytes_survive_being_read_and_written_again(value: JSON) -> None:
    written = canonical(value)

    assert canonical(parse_json(written)) == written


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(PLAIN)
def test_the_fast_way_writes_what_the_reference_does(value: JSON) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_keys_are_sorted_by_utf16_code_units_and_nothing_is_escaped_in_vain() -> None:
    value: JSON = {"\U0001f600": 1, "\ufb33": 2, "b": [1.0, 1e30, None], "a": "é\n"}

    assert canonical(value) == (
        '{"a":"é\\n","b":[1,1e+30,null],"\U0001f600":1,"\ufb33":2}'.encode()
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_integers_that_doubles_cannot_hold_become_text(sign: int) -> None:
    value: JSON = {"held": [sign * (2**53 - 1)], "not_held": [{"n": sign * 2**53}]}

    assert json.loads(canonical(value)) == {
        "held": [sign * (2**53 - 1)],
        "not_held": [{"n": str(sign * 2**53)}],
    }


@pytest.mark.parametrize(
    ("part", "path"),
    [
        (float("nan"), "$.pages[1].x is nan"),
        (float("inf"), "$.pages[1].x is inf"),
        ("\ud800", "$.pages[1].x has a lone surrogate"),
        ({"\ud800": 1}, "$.pages[1].x has a lone surrogate"),
        ({1: 1}, "$.pages[1].x has the key 1"),
        (b"bytes", "$.pages[1].x is a bytes"),
        (datetime(2026, 1, 1, tzinfo=UTC), "$.pages[1].x is a datetime"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_path(part: object, path: str) -> None:
    with pytest.raises(ValueError) as refused:
        canonical({"pages": [0, {"x": part}]})  # type: ignore[dict-item]

    assert str(refused.value).startswith(path)


def test_nesting_without_end_is_refused_on_the_way_out_and_in() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(ValueError, match="nested too deeply"):
        canonical(deep)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json(b"[" * 100_000)


@given(st.binary())
def test_any_bytes_are_json_or_a_value_error(data: bytes) -> None:
    try:
        parse_json(data)
    except ValueError as refused:
        assert str(refused)


@pytest.mark.parametrize("data", [b"NaN", b"-Infinity", b'"\xff"', "\ufeff1".encode(), b""])
def test_what_is_not_strictly_json_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        parse_json(data)


def test_sha256_is_lower_case_hex() -> None:
    assert sha256(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_times_are_written_in_utc_and_whole_seconds() -> None:
    moment = datetime(2026, 11, 22, 18, 0, 59, 999999, tzinfo=timezone(timedelta(hours=1)))

    assert timestamp(moment) == "2026-11-22T17:00:59Z"


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        timestamp(datetime(2026, 11, 22))


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_read_back_to_the_second(moment: datetime) -> None:
    assert parse_timestamp(timestamp(moment)) == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T17:00:00+00:00",
        "2026-11-22T17:00:00.5Z",
        "2026-11-22 17:00:00Z",
        "2026-11-22T17:00:00z",
        "2026-11-22T17:00:00Z\n",
        "2026-02-30T17:00:00Z",
        "٢026-11-22T17:00:00Z",
    ],
)
def test_times_in_another_form_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_timestamp(text)
