"""Tries every way to spoil an account's answers, and says where a check passed for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from collector.check import Check
from collector.evaluate import Result
from collector.evidence.canonical import sha256
from collector.repeats import ANOTHER
from tests.recorded import Parsed, Recorded, Subject, by_subject, quick_engine, read_as
from tests.spoiled import (
    FAILURES,
    Trial,
    contents,
    fewer,
    others,
    renamed,
    single_calls,
    whole_operations,
    without_volatile,
)

SAMPLED = 25
"""Of every so many operations, one is spoiled under the eyes of all checks."""

LEFT_OUT = ("dropped", "null")

Allowed = Mapping[tuple[str, str], str]
"""Operation and field that the API documents to be left out where all is well → where it says so.
The field is its path without the places in lists."""


@dataclass
class Tried:
    """How many trials there were of each kind, and what was found."""

    count: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __add__(self, other: Tried) -> Tried:
        return Tried(self.count + other.count, self.faults + other.faults)


def try_all(account: Recorded, allowed: Allowed) -> Tried:
    """Spoil every answer of an account in every way."""
    tried = Tried()
    with quick_engine() as parsed:
        assert account.truth
        parsed.settle()
        for trial in chain(whole_operations(account), single_calls(account)):
            results = _judged(account, parsed, trial)
            tried.count[trial.kind] += 1
            tried.faults += _told(trial, _faults_of_failure(account, trial, results))
        for trial in _sample(whole_operations(account)):
            results = account.judged(account.checks, trial.answers)
            parsed.forget()
            tried.count["all checks"] += 1
            tried.faults += _told(trial, _faults_beside(account, trial, results))
        seen: set[tuple[object, ...]] = set()
        spoiled = (contents, without_volatile, others, fewer)
        for trial in chain.from_iterable(each(account) for each in spoiled):
            tried.count[trial.kind] += 1
            may_be_left_out = (trial.operation, trial.field) in allowed and trial.kind in LEFT_OUT
            if may_be_left_out or _is_seen(account, parsed, trial, seen):
                parsed.forget()
                continue
            results = _judged(account, parsed, trial)
            tried.faults += _told(trial, _faults_of_content(account, trial, results))
        for trial in renamed(account):
            tried.count[trial.kind] += 1
            results = _judged(account, parsed, trial)
            if not any(r.outcome == "unknown" and ANOTHER in r.reason for r in results):
                tried.faults += _told(trial, ["nothing is unknown"])
    return tried


def _sample(trials: Iterable[Trial]) -> Iterator[Trial]:
    operations: dict[str, None] = {}
    for trial in trials:
        operations[trial.operation] = None
        if len(operations) % SAMPLED == 1:
            yield trial


def _is_seen(
    account: Recorded, parsed: Parsed, trial: Trial, seen: set[tuple[object, ...]]
) -> bool:
    """Whether another trial's answer was read as the same, so that its results are the same."""
    if trial.is_other:
        return False
    ((key, answer),) = trial.answers.items()
    if account.answers[key].failure is not None or answer.failure is not None:
        return False
    read = read_as(account, parsed, key, answer)
    if read is None:
        return False
    known = (key, read) in seen
    seen.add((key, read))
    return known


def _judged(account: Recorded, parsed: Parsed, trial: Trial) -> list[Result]:
    results = account.judged(account.resting[trial.operation], trial.answers)
    parsed.forget()
    return results


def _told(trial: Trial, faults: Iterable[str]) -> list[str]:
    return [f"{trial.operation} {trial.kind}, {trial.where}: {fault}" for fault in faults]


def _faults_of_failure(account: Recorded, trial: Trial, results: Sequence[Result]) -> Iterator[str]:
    """What failed is unknown, with operation and code, wherever it counts, and only there."""
    failure = FAILURES[trial.kind]
    code = f"{failure.code}; missing permission " if failure.denied else failure.code
    lost = {sha256(b) for key in trial.answers if (b := account.answers[key].body()) is not None}
    checks = {check.id for check in account.resting[trial.operation]}
    found = by_subject(results)
    for subject, result in found.items():
        if result.outcome == "unknown":
            if trial.operation not in result.reason or code not in result.reason:
                yield f"{_name(result)} does not say so: {result.reason}"
        elif not _is_same(result, account.truth.get(subject)):
            yield f"{_name(result)} {result.outcome}: {result.reason}; {_was(account, result)}"
    for subject, was in account.truth.items():
        rests = subject[0] in checks and not lost.isdisjoint(was.evidence)
        if subject[0] in checks and not rests and subject not in found:
            yield f"{_name(was)} is gone, and does not rest on it"
    # Another call may have brought the same, such as an empty list.
    lost -= account.digests_beside(trial.answers)
    resting = {s[0] for s, was in account.truth.items() if not lost.isdisjoint(was.evidence)}
    silent = (checks & resting) - {r.check for r in results if r.outcome == "unknown"}
    if silent:
        yield f"no unknown of {', '.join(sorted(silent))}"


def _is_same(result: Result, was: Result | None) -> bool:
    """What two calls show, such as a trail in two regions, may rest on one of them alone."""
    if was is None or (result.outcome, result.reason) != (was.outcome, was.reason):
        return False
    return set(result.evidence) <= set(was.evidence)


def _faults_beside(account: Recorded, trial: Trial, results: Sequence[Result]) -> Iterator[str]:
    """What does not rest on an operation is as it was."""
    resting = {check.id for check in account.resting[trial.operation]}
    now = _without(resting, by_subject(results))
    if now != _without(resting, account.truth):
        yield "a check that does not rest on it says something else"


def _without(checks: Collection[str], results: Mapping[Subject, Result]) -> dict[Subject, Result]:
    return {subject: r for subject, r in results.items() if subject[0] not in checks}


def _faults_of_content(account: Recorded, trial: Trial, results: Sequence[Result]) -> Iterator[str]:
    """Nothing passes that failed, or that was not there."""
    by_id = {check.id: check for check in account.checks}
    for result in results:
        if "the check broke" in result.reason:
            yield f"{_name(result)}: {result.reason}"
        if result.outcome != "pass" or _may_pass(account, trial, by_id[result.check], result):
            continue
        yield f"{_name(result)} passes: {result.reason}; {_was(account, result)}"


def _may_pass(account: Recorded, trial: Trial, check: Check[...], result: Result) -> bool:
    was = account.was(result)
    if was is not None and was.outcome in ("pass", "unknown"):
        return True
    if not trial.is_other:
        return False
    if trial.kind == "no items" and {r.source.name for r in check.resources} == {trial.operation}:
        return False  # With nothing at all to judge by, nothing can pass.
    return trial.kind == "another's" or account.takes_many(check, trial.operation)


def _name(result: Result) -> str:
    return f"{result.check} of {result.resource.id} in {result.resource.region}"


def _was(account: Recorded, result: Result) -> str:
    was = account.was(result)
    return "there was no result" if was is None else f"it was {was.outcome}: {was.reason}"
