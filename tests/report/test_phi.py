"""The PHI view: what is left out, what stays in, and what is said of it."""

from __future__ import annotations

import pytest

from collector.errors import ConfigError
from collector.report.history import History
from collector.report.phi import PhiLimit, limit_to_phi
from tests.report.grounds import mappings
from tests.report.histories import CHECK, OTHER, Run, history, period

TAGS = "aws.tagging.resources_classified"
MARKS = {"patients": True, "site": False}
READ = {TAGS: {"patients": "pass", "site": "pass", "scratch": "fail"}}
UNREAD = {TAGS: {"@eu-west-1": "unknown"}}
STORED = {CHECK: {"patients": "pass", "site": "fail", "scratch": "fail", "@": "pass"}}


def limited(*runs: Run) -> tuple[History, PhiLimit]:
    """The history of the first five days, limited."""
    found = history(runs, period(5))
    return limit_to_phi(found, {}, mappings().of_data, [TAGS])


def told(found: History, number: int = 0, check: str = CHECK) -> dict[str, str]:
    """Outcome by resource that a snapshot tells of."""
    entry = found.snapshots[number].entries[check]
    return {one.resource.id: one.outcome for one in found.judged(entry)}


def test_only_what_is_marked_stays_in_with_the_account() -> None:
    found, limit = limited(Run(0.5, {**STORED, **READ}, phi=MARKS))

    assert told(found) == {"patients": "pass", "123456789012": "pass"}
    assert (limit.marked, limit.otherwise, limit.unclassified, limit.undecided) == (1, 1, 1, 0)


def test_a_control_that_judges_no_data_stays_in_whole() -> None:
    listeners = {"plain": "fail", "site": "fail", "patients": "pass"}

    found, _ = limited(Run(0.5, {OTHER: listeners, **READ}, phi=MARKS))

    assert told(found, check=OTHER) == listeners


def test_what_carries_no_classification_is_counted_whatever_was_found() -> None:
    judged = {CHECK: {"patients": "pass", "a": "pass", "b": "fail", "c": "unknown"}}

    _, limit = limited(Run(0.5, {**judged, **READ}, phi=MARKS))

    assert limit.unclassified == 3
    assert "3 resources with no classification at all, which may hold PHI" in limit.told
    assert "0 resources marked otherwise" in limit.told
    assert "marked as PHI in prod: 1 resource." in limit.told


def test_tags_that_could_not_be_read_hide_nothing() -> None:
    found, limit = limited(Run(0.5, {**STORED, **UNREAD}, phi={"patients": True}))

    assert set(told(found)) == {"patients", "site", "scratch", "123456789012"}
    assert (limit.marked, limit.unclassified, limit.undecided) == (1, 0, 2)
    assert "2 resources stayed in although nothing marks them" in limit.told


def test_not_even_a_tag_that_says_otherwise_hides_where_others_are_unread() -> None:
    found, limit = limited(Run(0.5, {**STORED, **UNREAD}, phi=MARKS))

    assert limit.undecided == 2
    assert "site" in told(found)


def test_to_take_the_mark_away_hides_nothing() -> None:
    failing = {CHECK: {"patients": "fail"}}
    runs = (
        Run(0.5, {**failing, **READ}, phi=MARKS),
        Run(1.5, {**failing, **READ}, phi={"patients": False}),
        Run(2.5, {**failing, **READ}, phi={}),
    )

    found, limit = limited(*runs)

    assert [told(found, number) for number in range(3)] == [{"patients": "fail"}] * 3
    assert (limit.marked, limit.otherwise, limit.unclassified) == (1, 0, 0)


def test_what_was_there_only_before_tags_were_read_stays_in() -> None:
    runs = (
        Run(0.5, {CHECK: {"gone": "fail", "site": "fail"}}),
        Run(1.5, {**STORED, **READ}, phi=MARKS),
    )

    found, limit = limited(*runs)

    assert told(found, 0) == {"gone": "fail"}
    assert (limit.snapshots, limit.silent, limit.undecided) == (2, 1, 1)
    assert "1 of the 2 snapshots read no tags" in limit.told


def test_evidence_stays_with_its_result() -> None:
    runs = [Run(0.5, {**STORED, **READ}, phi=MARKS)]
    whole = history(runs, period(5))

    found, _ = limited(*runs)

    entry = found.snapshots[0].entries[CHECK]
    kept = {one.resource.id: one.evidence for one in found.results(entry)}
    assert kept == {
        one.resource.id: one.evidence
        for one in whole.results(entry)
        if one.resource.id in kept
    }  # fmt: skip
    assert len(kept) == 2


def test_without_any_snapshot_that_reads_tags_there_is_no_view() -> None:
    with pytest.raises(ConfigError) as error:
        limited(Run(0.5, STORED))

    assert str(error.value) == (
        "--phi-only: the snapshots of account prod tell of no resource whether it holds PHI; "
        "configure [accounts.prod] phi, as in phi = {data-classification = 'phi'}, and run again"
    )


def test_the_limited_controls_are_those_of_stored_data() -> None:
    assert mappings().of_data == {
        "backups", "data-disposal", "deletion-protection", "encryption-at-rest",
        "no-public-access", "recoverable-versions", "redundancy",
    }  # fmt: skip
