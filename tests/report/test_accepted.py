"""Exceptions for a period: whose they are, from when to when."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from collector.attestation.record import AcceptedFailure, Entry, Withdrawal
from collector.attestation.state import LogEntry, Standing, stand
from collector.report.accepted import Exemption, exemptions
from collector.report.history import History, SealedSnapshot
from tests.report.histories import CHECK, OTHER, Run, day, history, moment, period, run

TAG = ("stage", "old")


def accepted(first: int, last: int, **changes: object) -> AcceptedFailure:
    said: dict[str, object] = {
        "made": moment(first),
        "author": "Ada",
        "effective": day(first),
        "expires": day(last),
        "owner": "Ada",
        "approver": "Grace",
        "account": "prod",
        "check": CHECK,
        "resources": ("a",),
        "reason": "being moved",
        "compensating_control": "no data in it",
    }
    return AcceptedFailure.model_validate(said | changes)


def standing(*entries: tuple[float, Entry]) -> Standing:
    """What entries come to, each with the day on which it was sealed."""
    return stand(
        LogEntry(number, f"{number:064}", f"{number:064x}", moment(at), entry)
        for number, (at, entry) in enumerate(entries, 1)
    )


def found(
    of: Standing, past: History, tags: Mapping[int, Collection[str]] | None = None
) -> tuple[Exemption, ...]:
    """The exceptions; `tags` says by snapshot who has TAG."""

    def read(one: SealedSnapshot, names: Collection[str]) -> dict[str, dict[str, str]]:
        assert tags is not None
        return {name: dict([TAG]) for name in names if name in tags.get(one.number, ())}

    return exemptions(of, past, moment(4), read)


PAST = history([run(n, {"a": "fail", "b": "fail", "c": "pass"}) for n in range(4)], period(4))


def test_an_exception_counts_from_its_seal_to_the_end_of_its_last_day_or_its_withdrawal() -> None:
    withdrawal = Withdrawal(made=moment(2), author="Ada", withdraws=f"{2:064x}", reason="done")

    one, two = found(
        standing((1.25, accepted(0, 2)), (0.5, accepted(0, 9)), (2.5, withdrawal)), PAST
    )

    assert one.spans("a") == [(moment(1.25), moment(3))]
    assert two.spans("a") == [(moment(0.5), moment(2.5))]
    assert one.spans("b") == []
    assert (one.id, one.approved_by, one.seal_sha256) == ("1", "Grace", f"{1:064}")


def test_those_of_other_accounts_and_other_times_are_left_out() -> None:
    entries = (
        (0.5, accepted(0, 2, account="dev")),
        (0.5, accepted(9, 10)),
        (4.0, accepted(0, 9)),
        (0.5, accepted(0, 0)),
        (1.5, accepted(0, 0)),
    )

    assert [one.id for one in found(standing(*entries), PAST)] == ["4"]


def test_one_by_tag_covers_from_each_run_that_read_the_tag_to_the_next() -> None:
    by_tag = accepted(0, 9, resources=(), tag=TAG)

    (one,) = found(standing((0.75, by_tag)), PAST, {1: ["a"], 2: ["a", "b"], 4: ["b", "c"]})

    assert one.spans("a") == [(moment(0.75), moment(1.5)), (moment(1.5), moment(2.5))]
    assert one.spans("b") == [(moment(1.5), moment(2.5)), (moment(3.5), moment(4))]
    assert one.spans("c") == []  # it does not fail
    assert one.is_resolved


def test_one_by_tag_covers_nothing_where_no_run_read_the_tag() -> None:
    by_tag = accepted(0, 9, resources=(), tag=TAG)

    (one,) = found(standing((0.5, by_tag)), PAST, {})

    assert not one.is_resolved


def test_tags_are_read_only_of_what_failed_or_was_not_read_while_an_exception_by_tag_counts() -> (
    None
):
    past = history(
        [
            run(0, {"a": "fail"}),
            run(1, {"a": "fail", "b": "unknown", "c": "pass"}),
            Run(2.5, {OTHER: {"a": "fail"}}),
            run(3, {"c": "pass"}),
        ],
        period(4),
    )
    asked: list[tuple[int, set[str]]] = []

    def read(one: SealedSnapshot, names: Collection[str]) -> dict[str, dict[str, str]]:
        asked.append((one.number, set(names)))
        return {}

    by_tag = accepted(0, 9, resources=(), tag=TAG)
    exemptions(standing((1.75, by_tag), (1.75, accepted(0, 9))), past, moment(4), read)

    assert asked == [(2, {"a", "b"})]
