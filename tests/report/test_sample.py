"""Samples: whose they are of, that they can be drawn again, and what each member comes with."""

from __future__ import annotations

import csv as csv_module
import hashlib
import json
import subprocess

import pytest

from collector.errors import ConfigError
from collector.report.days import Period
from collector.report.render import csv as csv_form
from collector.report.render import json as json_form
from collector.report.render import text as text_form
from collector.report.sample import Sample, draw
from tests.report.histories import ACCOUNT, CHECK, OTHER, Run, history, period, run

LISTING = "unknown:s3:ListBuckets in global: AccessDenied"
RUNS = [
    run(0, {"old": "pass"}),
    run(1, {"a": "pass", "b": "fail:open", "c": "unknown"}),
    run(2, {"a": "pass", "b": "fail:open", "d": "pass"}),
    run(3, {"@": LISTING}),
    run(4, {"a": "pass", "b": "pass"}),
    run(5, {"new": "pass"}),
]
PERIOD = period(4, first=1)


def drawn(
    size: int = 25, seed: str = "2026 Q1", runs: list[Run] = RUNS, of: Period = PERIOD
) -> Sample:
    return draw(history(runs, of), of, check=CHECK, size=size, seed=seed)


def test_the_population_is_every_resource_that_the_period_judged_or_could_not_read() -> None:
    found = drawn()

    assert {item.resource for item in found.items} == {"a", "b", "c", "d"}
    assert found.population == 4
    assert [seen.number for seen in found.snapshots] == [2, 3, 4, 5]


def test_a_smaller_sample_is_the_beginning_of_a_larger_one() -> None:
    assert drawn(2).items == drawn(4).items[:2]
    assert drawn(2).population == 4


def test_the_same_seed_draws_the_same_whatever_the_history_held_besides() -> None:
    """The population decides, not how often or in which order it was judged."""
    shuffled = [run(4, {"d": "fail", "c": "fail", "b": "fail", "a": "fail"})]

    again = [item.resource for item in drawn(runs=shuffled).items]

    assert again == [item.resource for item in drawn().items]
    assert drawn(runs=shuffled).population_sha256 == drawn().population_sha256
    assert len({tuple(i.resource for i in drawn(seed=str(n)).items) for n in range(20)}) > 5


def test_an_auditor_can_draw_it_again_with_a_shell() -> None:
    found = drawn()
    script = r"""
    for name in a b c d; do
      digest=$(printf '%s\n' "$1" "$2" "$name" '' | sha256sum | cut -d' ' -f1)
      echo "$digest $name"
    done | LC_ALL=C sort
    printf '%s\t\n' d c b a | LC_ALL=C sort | sha256sum | cut -d' ' -f1
    """

    out = subprocess.run(
        ["sh", "-c", script, "sh", "2026 Q1", CHECK], capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert out[:-1] == [f"{item.digest} {item.resource}" for item in found.items]
    assert out[-1] == found.population_sha256


def test_the_rule_is_that_of_four_lines() -> None:
    """Fixed for ever: a sample that was drawn once must be the same in ten years."""
    found = drawn(1, seed="x", runs=[run(1, {"@eu-west-1": "pass"})])

    said = f"x\n{CHECK}\n{ACCOUNT}\neu-west-1\n".encode()
    assert found.items[0].digest == hashlib.sha256(said).hexdigest()
    line = f"{ACCOUNT}\teu-west-1\n".encode()
    assert found.population_sha256 == hashlib.sha256(line).hexdigest()


def test_a_resource_whose_name_azure_writes_in_two_ways_is_one_member() -> None:
    found = drawn(
        runs=[run(1, {"/subscriptions/S/a": "pass"}), run(2, {"/subscriptions/s/A": "pass"})]
    )

    assert [item.resource for item in found.items] == ["/subscriptions/s/a"]
    assert [(told.first.number, told.last.number) for told in found.items[0].history] == [
        (1, 1), (2, 2),
    ]  # fmt: skip


def test_each_member_comes_with_its_history() -> None:
    (item,) = [item for item in drawn().items if item.resource == "b"]

    assert [
        (told.outcome, told.reason, told.first.number, told.last.number, told.snapshots)
        for told in item.history
    ] == [("fail", "open", 2, 3, 2), ("pass", "it is pass", 5, 5, 1)]
    assert all(len(digest) == 64 for told in item.history for digest in told.evidence)
    assert item.history[0].first == drawn().snapshots[0]


def test_an_account_is_a_member_only_of_a_check_that_judges_it() -> None:
    assert [i.resource for i in drawn(runs=[run(1, {"@": "fail"})]).items] == [ACCOUNT]
    assert drawn(runs=[run(1, {"@": "not_applicable"})]).items == ()
    assert drawn(runs=[run(1, {"@": LISTING})]).population == 0


def test_a_check_that_the_period_did_not_run_has_no_sample() -> None:
    with pytest.raises(ConfigError, match="no snapshot of the period ran it"):
        drawn(runs=[Run(1.5, {OTHER: {"a": "pass"}})])


@pytest.mark.parametrize("seed", ["", "a\nb", "\x00"])
def test_a_seed_is_a_text_on_one_line(seed: str) -> None:
    with pytest.raises(ConfigError, match="cannot be used"):
        drawn(seed=seed)


def test_every_form_holds_the_rule_the_population_and_the_seal_of_each_snapshot() -> None:
    found = drawn(2)

    loaded = json.loads("\n".join(json_form.sample(found)))
    rows = list(csv_module.DictReader(csv_form.sample(found)))
    text = "\n".join(text_form.sample(found))

    assert loaded == found.to_json()
    assert loaded["schema"] == "collector/report/sample/v1"
    assert {row["population_sha256"] for row in rows} == {found.population_sha256}
    assert {row["rule"] for row in rows} == {found.rule}
    assert [row["digest"] for row in rows if row["order"] == "1"][0:1] == [found.items[0].digest]
    assert all(seen.seal_sha256 in text for seen in found.snapshots)
    assert found.population_sha256 in text
    assert "sha256sum" in text
