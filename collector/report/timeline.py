"""Timeline: what one check found of each resource, from snapshot to snapshot. Pure.

In each snapshot in which the check was run, a resource is in one state:

- `fail`, if one of its results is a fail; else `unknown`, if one of them is; else `pass`.
- It is not there (None) if no result is about it: it was deleted, or what the check asks does not
  apply to it any more. This is concluded only where the listing is known. Where something that
  could not be read may hide it, it is `unseen`: an account or region of which the listing is
  unknown, or an unknown of another type of resource, which may be what it belongs to.

A resource is told by its id, the cloud's full name, in the form in which two that mean one resource
are equal (see `collector.classification.same`); the account itself by its region, too. The account
stands for itself only in a check that ever gave it a pass or a fail; otherwise its results say that
a listing was not read, or that there is nothing, and it is no member of a population.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from collector.classification import same
from collector.report.history import History, SealedSnapshot, has_unknown
from collector.report.results import Judged

State: TypeAlias = Literal["fail", "unknown", "unseen", "pass"]


class Member(NamedTuple):
    """A resource, or the account in one of its regions, as a member of a check's population."""

    id: str
    """The full name; Azure's in lower case."""
    region: str
    """Of the account only; empty for a resource, whose id is enough."""


@dataclass(frozen=True)
class Change:
    """A member is in another state than in the step before."""

    member: Member
    was: State | None
    now: State | None
    results: tuple[Judged, ...]
    """What is said of it now; empty where nothing is."""


@dataclass(frozen=True)
class Step:
    """One snapshot in which the check was run."""

    snapshot: SealedSnapshot
    is_before: bool
    """Whether it is before the period: it says in which state the period begins. There may be
    several: the last that judged the check without an unknown, and those behind it."""
    changes: tuple[Change, ...]
    """Sorted by member. The first step has every member there is."""
    unknown: Judged | None
    """The first of the check's unknown results, by resource; None if there is none."""


def member_of(result: Judged) -> Member:
    """Whom a result is about."""
    about = result.resource
    return Member(same(about.id), about.region if about.id == about.account else "")


def checks_of(history: History) -> tuple[str, ...]:
    """Ids of the checks that a snapshot of the period ran, sorted."""
    return tuple(sorted({e.id for one in history.snapshots for e in one.snapshot.checks}))


def steps_of(history: History, snapshots: Sequence[SealedSnapshot], check: str) -> Iterator[Step]:
    """The timeline of a check, with the last steps before the period, if there are any.

    Args:
        history: holds the results, and what was before.
        snapshots: those of the period that count.
        check: its id.
    """
    before: list[SealedSnapshot] = []
    for one in history.before:
        if check in one.entries:
            before = [*(before if has_unknown(one.entries[check]) else ()), one]
    run = [(one, one.entries[check]) for one in (*before, *snapshots) if check in one.entries]
    objects = {entry.results_sha256: history.judged(entry) for _, entry in run}
    walk = _Walk(judged_accounts(objects.values()))
    digest = None
    for place, (one, entry) in enumerate(run):
        changes: tuple[Change, ...] = ()
        if entry.results_sha256 != digest:
            changes = tuple(walk.step(history.judged(entry)))
            digest = entry.results_sha256
        yield Step(one, place < len(before), changes, walk.first_unknown)


def judged_accounts(objects: Iterable[Sequence[Judged]]) -> frozenset[Member]:
    """The members that are the account, or a region of it, if the check judges those.

    Args:
        objects: all results of the check, an object of the locker each.
    """
    return frozenset(
        member_of(result)
        for results in objects
        for result in results
        if _is_account(result) and result.outcome in ("pass", "fail")
    )


class _Walk:
    """The state of every member, from one results object to the next.

    Only what differs between the two is looked at: equal judgements are one object.
    """

    def __init__(self, accounts: frozenset[Member]) -> None:
        self.first_unknown: Judged | None = None
        self._accounts = accounts
        self._results: dict[int, Judged] = {}
        self._by_member: dict[Member, dict[int, Judged]] = {}
        self._states: dict[Member, State] = {}
        self._types: dict[Member, str] = {}
        self._unseen: set[Member] = set()
        self._unknown: dict[int, Judged] = {}

    def step(self, results: Sequence[Judged]) -> Iterator[Change]:
        """What is different in this results object."""
        now = {id(result): result for result in results}
        touched: set[Member] = set()
        for key in self._results.keys() - now.keys():
            gone = self._results[key]
            touched.add(member_of(gone))
            del self._by_member[member_of(gone)][key]
            self._unknown.pop(key, None)
        for key in now.keys() - self._results.keys():
            new = now[key]
            touched.add(member_of(new))
            self._by_member.setdefault(member_of(new), {})[key] = new
            if new.outcome == "unknown":
                self._unknown[key] = new
        self._results = now
        self.first_unknown = min(self._unknown.values(), default=None)
        hiding = self._hiding()
        for member in sorted(touched | self._unseen):
            if (change := self._change(member, hiding)) is not None:
                yield change

    def _hiding(self) -> frozenset[str] | None:
        """Types of the resources that could not be read, which may hide those of other types; None
        if whole listings are unread, which may hide all."""
        types = set()
        for result in self._unknown.values():
            if result.resource.id == result.resource.account:
                return None
            types.add(result.resource.type)
        return frozenset(types)

    def _change(self, member: Member, hiding: frozenset[str] | None) -> Change | None:
        results = tuple(sorted(self._by_member[member].values()))
        was = self._states.get(member)
        now = _state(results)
        if now is not None and _is_account(results[0]) and member not in self._accounts:
            now = None
        elif results:
            self._types[member] = results[0].resource.type
        if now is None and was is not None:
            is_hidden = hiding is None or not hiding <= {self._types[member]}
            now = "unseen" if is_hidden else None
        if now == "unseen":
            self._unseen.add(member)
        else:
            self._unseen.discard(member)
        if now is None:
            self._states.pop(member, None)
        else:
            self._states[member] = now
        return None if now == was else Change(member, was, now, results)


def _state(results: Sequence[Judged]) -> State | None:
    outcomes = {result.outcome for result in results}
    states: tuple[Literal["fail", "unknown", "pass"], ...] = ("fail", "unknown", "pass")
    return next((state for state in states if state in outcomes), None)


def _is_account(result: Judged) -> bool:
    return result.resource.id == result.resource.account
