"""Histories made of a few words, as `read_history` would bring them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from collector.evidence.canonical import canonical, sha256
from collector.evidence.snapshot import Account, CheckEntry, Collector, Scope, Snapshot, Summary
from collector.report.days import Period
from collector.report.history import History, SealedSnapshot, has_unknown
from collector.report.results import Judgements, ResultsObject
from collector.run import OUTCOMES

ACCOUNT = "123456789012"
CHECK = "aws.s3.default_encryption"
OTHER = "aws.s3.tls_only"
FIRST = date(2026, 3, 1)

Judged = Mapping[str, str]
"""Outcome by resource. `@` is the account, `@eu-west-1` a region of it; a name with a colon is a
type and a name. An outcome may go on with a colon and a reason."""


@dataclass(frozen=True)
class Run:
    """One run: on which day after FIRST (fractions are hours), and what it judged."""

    day: float
    checks: Mapping[str, Judged] = field(default_factory=dict)
    sealed_later: timedelta = timedelta()
    identity: str = "arn:aws:iam::123456789012:role/reader"
    regions: tuple[str, ...] = ("us-east-1",)
    settings: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    version: str = "1"
    checks_sha256: str = "a" * 64
    mappings_sha256: str = "b" * 64
    account_id: str = ACCOUNT
    keyid: str = "SHA256:key"

    @property
    def at(self) -> datetime:
        """When it was sealed: at midnight and the fraction."""
        midnight = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
        return midnight + timedelta(days=self.day)


def run(day: float, judged: Judged | None = None, **others: object) -> Run:
    """A run at noon of a day, of one check, or of none."""
    checks = {} if judged is None else {CHECK: judged}
    return Run(day + 0.5, checks, **others)  # type: ignore[arg-type]


def period(days: int, first: int = 0) -> Period:
    """Days from FIRST on."""
    begin = FIRST + timedelta(days=first)
    return Period(begin, begin + timedelta(days=days - 1))


def day(number: int) -> date:
    """The day that is so many behind FIRST."""
    return FIRST + timedelta(days=number)


def moment(number: float) -> datetime:
    """The moment that is so many days behind the beginning of FIRST."""
    return Run(number).at


def history(runs: Sequence[Run], of: Period, *, is_trusted: bool = True) -> History:
    """The history of a period, numbered from 1 on; the runs are in order."""
    judgements = Judgements()
    objects: dict[str, ResultsObject] = {}
    sealed = [_sealed(number, one, judgements, objects) for number, one in enumerate(runs, 1)]
    within = [s for s in sealed if of.first <= s.created_at.date() <= of.last]
    earlier = [s for s in sealed if s.created_at.date() < of.first]
    numbers = {one.number for one in earlier[-1:]}
    for check in {check for one in within for check in one.entries}:
        own = [one for one in earlier if check in one.entries]
        known = [place for place, one in enumerate(own) if not has_unknown(one.entries[check])]
        numbers |= {one.number for one in own[known[-1] if known else 0 :]}
    behind = [s for s in sealed if s.created_at.date() > of.last]
    return History(
        account="prod",
        snapshots=tuple(within),
        before=tuple(one for one in earlier if one.number in numbers),
        objects=objects,
        first=sealed[0],
        followed_by=behind[0] if behind else None,
        is_trusted=is_trusted,
    )


def results_of(check: str, judged: Judged) -> bytes:
    """A results object."""
    lines = []
    for name, said in judged.items():
        outcome, _, reason = said.partition(":")
        kind, _, own = name.rpartition(":")
        about = {
            "account": ACCOUNT,
            "id": own,
            "region": "us-east-1",
            "type": kind or "aws.s3.bucket",
        }
        if name.startswith("@"):
            about |= {"id": ACCOUNT, "region": name[1:] or "global", "type": "aws.account"}
        lines.append(
            canonical(
                {
                    "check": check,
                    "outcome": outcome,
                    "resource": about,
                    "reason": reason or f"it is {outcome}",
                    "evidence": [sha256(f"{name} {said}".encode())],
                }
            )
            + b"\n"
        )
    return b"".join(sorted(lines))


def _sealed(
    number: int, one: Run, judgements: Judgements, objects: dict[str, ResultsObject]
) -> SealedSnapshot:
    entries = []
    for check, judged in sorted(one.checks.items()):
        data = results_of(check, judged)
        if sha256(data) not in objects:
            objects[sha256(data)] = judgements.read(check, data)
        outcomes = [json.loads(line)["outcome"] for line in data.splitlines()]
        entries.append(
            CheckEntry(
                id=check,
                control="encryption-at-rest" if check == CHECK else "encryption-in-transit",
                severity="high",
                soc2=("CC6.1",) if check == CHECK else (),
                hipaa=("164.312(a)(2)(iv)",),
                summary={o: outcomes.count(o) for o in OUTCOMES if o in outcomes},
                results_sha256=sha256(data),
            )
        )
    finished = one.at - one.sealed_later
    snapshot = Snapshot(
        account=Account(name="prod", provider="aws", id=one.account_id),
        started=finished,
        finished=finished,
        collector=Collector(
            version=one.version,
            checks_sha256=one.checks_sha256,
            mappings_sha256=one.mappings_sha256,
        ),
        identity=one.identity,
        scope=Scope(
            regions=one.regions,
            checks=tuple(sorted(one.checks)),
            settings={check: dict(values) for check, values in one.settings.items()},
        ),
        summary=Summary(passed=0, failed=0, unknown=0, not_applicable=0, calls=0),
        complete=True,
        checks=tuple(entries),
        calls_sha256="c" * 64,
    )
    return SealedSnapshot(
        number, sha256(f"seal {number}".encode()), one.at, one.keyid, "d" * 64, snapshot
    )
