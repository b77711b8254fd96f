"""A sample of what one check judged over a period, that anybody can draw again. Pure.

The population is every distinct resource that a snapshot of the period judged by the check, or
could not read. Its order is that of the SHA-256 digest of four lines: the seed, the check's id, the
resource's full name (Azure's in lower case, as it differs from answer to answer), and its region
(of the account in one of its regions only; else empty), each with a line feed behind it. The first
N are the sample. No random numbers are in it, so that
`printf '%s\\n' SEED CHECK RESOURCE REGION | sha256sum` draws it again, in any language, whenever.

What the population was is fixed by the digest over its lines, `RESOURCE`, a tab, `REGION`, a line
feed, in the order of their bytes (`LC_ALL=C sort`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from collector.errors import ConfigError
from collector.evaluate import Result
from collector.evidence.canonical import JSON, sha256
from collector.evidence.record import printable
from collector.report.days import Period, Seen, seen
from collector.report.history import History, SealedSnapshot
from collector.report.plain import plain_fields
from collector.report.results import Judged, ResultsObject
from collector.report.timeline import Member, judged_accounts, member_of

RULE = (
    "The population is in the order of the SHA-256 digests of SEED, CHECK, RESOURCE and REGION, "
    "each with a line feed behind it; the first of them are the sample. RESOURCE is the cloud's "
    "full name, of Azure in lower case; REGION is empty but for the account itself. To draw it "
    "again: printf '%s\\n' SEED CHECK RESOURCE REGION | sha256sum"
)
POPULATION_RULE = (
    "The population's digest is the SHA-256 of its lines, each RESOURCE, a tab, REGION and a line "
    "feed, in the order of their bytes"
)


@dataclass(frozen=True)
class Told:
    """What was said of a resource in one or more snapshots one after the other."""

    outcome: str
    reason: str
    evidence: tuple[str, ...]
    """Digests of the answers that it rests on."""
    first: Seen
    last: Seen
    snapshots: int
    """How many there are from the first to the last that ran the check."""


@dataclass(frozen=True)
class Item:
    """One member of the sample."""

    order: int
    """From 1."""
    resource: str
    region: str
    """Of the account in one of its regions only; else empty."""
    type: str
    digest: str
    """By which it is in its place."""
    history: tuple[Told, ...]
    """In order. Where snapshots of the check lie between two, the resource was not there."""


@dataclass(frozen=True)
class Sample:
    """A sample, with what it takes to draw it again."""

    schema: str
    account: str
    check: str
    first: date
    last: date
    seed: str
    size: int
    """As asked for; the whole population where that is smaller."""
    population: int
    population_sha256: str
    rule: str
    population_rule: str
    snapshots: tuple[Seen, ...]
    """Those of the period that ran the check."""
    is_trusted: bool
    """Whether somebody vouched for the keys; otherwise they are the locker's own."""
    items: tuple[Item, ...]

    def to_json(self) -> dict[str, JSON]:
        """The sample as JSON."""
        return plain_fields(self)


def draw(history: History, period: Period, *, check: str, size: int, seed: str) -> Sample:
    """Draw a sample of what a check judged.

    Args:
        history: of exactly this period.
        period: the days.
        check: its id.
        size: how many, at least 1.
        seed: any text on one line; the same gives the same sample.

    Raises:
        ConfigError: no snapshot of the period ran the check, or the seed is not on one line.
    """
    if not seed or printable(seed) != seed:
        raise ConfigError(f"seed {seed!r} cannot be used; expected a text on one line")
    run = [one for one in history.snapshots if check in one.entries]
    if not run:
        raise ConfigError(f"check {check}: no snapshot of the period ran it")
    objects = {digest: history.objects[digest] for digest in map(_object(check), run)}
    accounts = judged_accounts(each.judged for each in objects.values())
    members = {
        member: one
        for each in objects.values()
        for one in each.judged
        if _counts(member := member_of(one), one, accounts)
    }
    lines = sorted(f"{member.id}\t{member.region}\n".encode() for member in members)
    ordered = sorted((_digest(seed, check, member), member) for member in members)[:size]
    told = _histories(objects, check, run, frozenset(member for _, member in ordered))
    return Sample(
        schema="collector/report/sample/v1",
        account=history.account,
        check=check,
        first=period.first,
        last=period.last,
        seed=seed,
        size=size,
        population=len(members),
        population_sha256=sha256(b"".join(lines)),
        rule=RULE,
        population_rule=POPULATION_RULE,
        snapshots=tuple(map(seen, run)),
        is_trusted=history.is_trusted,
        items=tuple(
            Item(
                order=order,
                resource=member.id,
                region=member.region,
                type=members[member].resource.type,
                digest=digest,
                history=tuple(told[member]),
            )
            for order, (digest, member) in enumerate(ordered, 1)
        ),
    )


def _object(check: str) -> Callable[[SealedSnapshot], str]:
    return lambda one: one.entries[check].results_sha256


def _counts(member: Member, one: Judged, accounts: Collection[Member]) -> bool:
    """Whether a result is about a member of the population."""
    if one.outcome == "not_applicable":
        return False
    return one.resource.id != one.resource.account or member in accounts


def _digest(seed: str, check: str, member: Member) -> str:
    return sha256("".join(f"{line}\n" for line in (seed, check, *member)).encode())


def _histories(
    objects: Mapping[str, ResultsObject],
    check: str,
    run: Sequence[SealedSnapshot],
    wanted: frozenset[Member],
) -> dict[Member, list[Told]]:
    """What the snapshots say of the members that are wanted."""
    said: dict[str, dict[Member, list[Result]]] = {}
    for digest, each in objects.items():
        own = said[digest] = {member: [] for member in wanted}
        for line, one in enumerate(each.judged):
            if (member := member_of(one)) in wanted:
                own[member].append(each.result(line))
    return {
        member: list(_stretches([(one, said[_object(check)(one)][member]) for one in run]))
        for member in wanted
    }


def _stretches(said: Iterable[tuple[SealedSnapshot, list[Result]]]) -> Iterator[Told]:
    """The results that stayed the same over some snapshots."""
    for results, group in groupby(said, key=lambda each: each[1]):
        run = [one for one, _ in group]
        for result in results:
            yield Told(
                result.outcome,
                result.reason,
                result.evidence,
                seen(run[0]),
                seen(run[-1]),
                len(run),
            )
