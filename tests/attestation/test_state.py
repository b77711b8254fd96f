"""What counts at a moment follows from the log alone, and nothing reaches back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.attestation.state import LogEntry, annotation, day_ends, in_force, stand
from tests.attestation.entries import (
    CHECK,
    LOGS,
    NOON,
    attestation,
    decision,
    exception,
    noon,
    placed,
    standing,
    withdrawal,
)

SECOND = timedelta(seconds=1)
LAST_MOMENT = datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)


def states(log: tuple[object, ...], day: int) -> list[tuple[int, str]]:
    """Number and state of each attestation on noon of a day."""
    found = stand(log).attestations(noon(day))  # type: ignore[arg-type]
    return [(term.number, term.state(noon(day))) for term in found]


def test_an_attestation_counts_from_its_seal_to_the_end_of_its_last_day() -> None:
    (term,) = standing(placed(1, attestation(expires=30))).attestations(NOON)

    assert (term.begins, term.ends) == (NOON, LAST_MOMENT + SECOND)
    assert term.state(NOON) == "in_force"
    assert term.state(LAST_MOMENT) == "in_force"
    assert term.state(LAST_MOMENT + SECOND) == "expired"
    assert term.ending is None


def test_days_left_are_counted_by_the_day() -> None:
    (term,) = standing(placed(1, attestation(expires=30))).attestations(NOON)

    assert [term.days_left(at) for at in (NOON, LAST_MOMENT, LAST_MOMENT + SECOND)] == [29, 0, -1]


def test_what_is_sealed_before_its_effective_day_does_not_count_yet() -> None:
    log = (placed(1, attestation(effective=10)),)

    assert states(log, 9) == [(1, "not_yet_effective")]
    assert states(log, 10) == [(1, "in_force")]


def test_nothing_is_known_before_it_is_sealed() -> None:
    log = standing(placed(1, attestation(made=noon(5), effective=1)))

    assert log.attestations(noon(5) - SECOND) == ()
    assert len(log.attestations(noon(5))) == 1


def test_what_is_sealed_behind_its_last_day_never_counts() -> None:
    log = standing(placed(1, attestation(made=noon(20), effective=1, expires=10)))

    assert [term.state(noon(20)) for term in log.attestations(noon(20))] == ["expired"]
    assert log.terms[0].within(noon(1), noon(30)) is None


def test_a_withdrawal_ends_an_attestation_from_its_own_seal_on() -> None:
    first = placed(1, attestation())
    log = (first, placed(2, withdrawal(first, made=noon(7))))

    assert states(log, 6) == [(1, "in_force")]
    assert states(log, 7) == [(1, "withdrawn")]
    assert states(log, 40) == [(1, "withdrawn")]
    assert stand(log).terms[0].ending == 2


def test_a_withdrawal_of_what_is_expired_changes_nothing() -> None:
    first = placed(1, attestation(expires=5))

    assert states((first, placed(2, withdrawal(first, made=noon(9)))), 10) == [(1, "expired")]


def test_what_was_withdrawn_is_not_brought_back_by_sealing_it_again() -> None:
    first = placed(1, attestation())
    again = placed(3, first.entry, noon(8))
    log = (first, placed(2, withdrawal(first, made=noon(7))), again)

    assert states(log, 9) == [(1, "withdrawn")]


def test_a_withdrawal_ahead_of_what_it_names_ends_nothing() -> None:
    later = placed(2, attestation())

    assert states((placed(1, withdrawal(later)), later), 2) == [(2, "in_force")]


def test_a_renewal_takes_the_place_when_it_begins_to_count() -> None:
    first = placed(1, attestation())
    log = (first, placed(2, attestation(made=noon(5), effective=10, expires=60, renews=first)))

    assert states(log, 9) == [(1, "in_force"), (2, "not_yet_effective")]
    assert states(log, 10) == [(1, "superseded"), (2, "in_force")]
    assert stand(log).terms[0].ending == 2


def test_a_renewal_that_is_withdrawn_before_it_counts_takes_no_place() -> None:
    first = placed(1, attestation())
    second = placed(2, attestation(made=noon(5), effective=10, expires=60, renews=first))
    log = (first, second, placed(3, withdrawal(second, made=noon(6))))

    assert states(log, 11) == [(1, "in_force"), (2, "withdrawn")]


def test_what_was_superseded_does_not_come_back() -> None:
    first = placed(1, attestation())
    second = placed(2, attestation(made=noon(5), expires=60, renews=first))
    log = (first, second, placed(3, withdrawal(second, made=noon(6))))

    assert states(log, 7) == [(1, "superseded"), (2, "withdrawn")]


def test_a_renewal_of_a_renewal_renews_the_first_too() -> None:
    first = placed(1, attestation())
    second = placed(2, attestation(made=noon(2), effective=20, expires=60, renews=first))
    third = placed(3, attestation(made=noon(3), expires=50, renews=second))

    assert states((first, second, third), 4) == [
        (1, "superseded"),
        (2, "superseded"),
        (3, "in_force"),
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "penetration-test"},
        {"control": "risk-management"},
        {"party": "Vendor B"},
    ],
)
def test_a_renewal_about_another_thing_takes_no_place(other: dict[str, str]) -> None:
    first = placed(1, attestation(party=None))
    second = placed(2, attestation(made=noon(2), renews=first, **other))  # type: ignore[arg-type]

    assert states((first, second), 3) == [(1, "in_force"), (2, "in_force")]


def test_an_exception_is_not_renewed_by_that_of_another_check() -> None:
    first = placed(1, exception())
    log = standing(first, placed(2, exception(check="aws.s3.versioning", renews=first)))

    assert len(in_force(log.exceptions(NOON), NOON)) == 2


def test_an_exception_never_reaches_back_before_its_seal() -> None:
    """However early its effective day is."""
    log = standing(placed(1, exception(made=noon(15), effective=1)))

    (term,) = log.exceptions(noon(15))
    assert log.accepted("prod", noon(15) - SECOND).exception(CHECK, LOGS) is None
    assert log.accepted("prod", noon(15)).exception(CHECK, LOGS) == term
    assert term.within(noon(1), noon(20)) == (noon(15), noon(20))
    assert term.within(noon(1), noon(15)) is None


def test_an_exception_holds_in_a_period_to_its_last_day_or_its_withdrawal() -> None:
    first, second = placed(1, exception(expires=10)), placed(2, exception("b"))
    log = standing(first, second, placed(3, withdrawal(second, made=noon(20))))

    assert [t.within(noon(5), noon(40)) for t in log.terms] == [
        (noon(5), datetime(2026, 6, 11, tzinfo=UTC)),
        (noon(5), noon(20)),
    ]


def test_an_exception_covers_its_account_check_and_resource_exactly() -> None:
    accepted = standing(placed(1, exception(LOGS))).accepted("prod", NOON)

    assert accepted.exception(CHECK, LOGS) is not None
    assert accepted.exception("aws.s3.versioning", LOGS) is None
    assert accepted.exception(CHECK, LOGS + "2") is None
    assert accepted.exception(CHECK, LOGS.upper()) is None
    assert standing(placed(1, exception(LOGS))).accepted("dev", NOON).terms == ()


def test_an_exception_by_tag_covers_what_has_the_tag() -> None:
    log = standing(placed(1, exception(tag=("data", "public"))))
    accepted = log.accepted("prod", NOON, {"a": {"data": "public"}, "b": {"data": "secret"}})

    assert [accepted.exception(CHECK, r) is not None for r in "abc"] == [True, False, False]
    assert log.accepted("prod", NOON).exception(CHECK, "a") is None


def test_of_several_exceptions_the_last_is_told() -> None:
    log = standing(placed(1, exception(LOGS)), placed(2, exception(LOGS, "b", expires=9)))

    assert [t.number for at in (2, 10) if (t := log.accepted("prod", noon(at)).exception(
        CHECK, LOGS))] == [2, 1]  # fmt: skip


def test_an_annotation_says_who_accepts_it_why_and_how_long() -> None:
    (term,) = standing(placed(12, exception())).exceptions(NOON)

    assert annotation(term) == {
        "id": "12",
        "reason": "Public test data only.",
        "approved_by": "CTO",
        "expires": "2026-06-30",
    }


def test_decisions_are_found_by_citation_while_they_count() -> None:
    log = standing(placed(1, decision()), placed(2, decision("164.310(b)", expires=3)))

    assert {c: t.number for c, t in log.decided(NOON).items()} == {
        "164.312(a)(2)(iii)": 1,
        "164.310(b)": 2,
    }
    assert list(log.decided(noon(4))) == ["164.312(a)(2)(iii)"]


def test_a_last_day_at_the_end_of_the_calendar_is_no_error() -> None:
    entry = attestation().model_copy(update={"expires": date.max})

    assert standing(placed(1, entry)).terms[0].state(NOON) == "in_force"


@st.composite
def logs(draw: st.DrawFn) -> list[LogEntry]:
    """Logs of exceptions, renewals and withdrawals, sealed in order, on days 1 to 30."""
    entries: list[LogEntry] = []
    at = 1
    for number in range(1, draw(st.integers(1, 8)) + 1):
        at += draw(st.integers(0, 4))
        old = draw(st.none() | st.sampled_from(entries)) if entries else None
        if old is not None and draw(st.booleans()):
            entries.append(placed(number, withdrawal(old, made=noon(at))))
            continue
        effective = draw(st.integers(1, 30))
        expires = draw(st.integers(effective, 40))
        entry = exception(made=noon(at), effective=effective, expires=expires, renews=old)
        entries.append(placed(number, entry))
    return entries


@given(logs(), st.integers(1, 45))
def test_nothing_that_is_sealed_later_changes_what_was(log: list[LogEntry], day: int) -> None:
    at = noon(day) + SECOND
    known = [entry for entry in log if entry.sealed_at <= at]

    def told(entries: list[LogEntry]) -> list[tuple[int, str]]:
        return [(term.number, term.state(at)) for term in stand(entries).exceptions(at)]

    assert told(log) == told(known)


@given(logs())
def test_no_exception_covers_what_was_before_its_seal_or_behind_its_last_day(
    log: list[LogEntry],
) -> None:
    for term in stand(log).terms:
        span = term.within(noon(-10), noon(60))

        if span is not None:
            assert term.sealed_at <= span[0]
            assert span[1] <= day_ends(term.entry.expires)
