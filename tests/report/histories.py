"""Histories made of a few words, as `read_history` would bring them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TypeVar

from collector.evidence.canonical import canonical, sha256
from collector.evidence.chain import Stamper, append, put_object
from collector.evidence.keys import Signer
from collector.evidence.locker import Locker
from collector.evidence.log import account_log
from collector.evidence.snapshot import Account, CheckEntry, Collector, Scope, Snapshot, Summary
from collector.report.days import Period
from collector.report.history import History, SealedSnapshot, has_unknown
from collector.report.results import Judgements, ResultsObject
from collector.run import OUTCOMES

ACCOUNT = "123456789012"
CHECK = "aws.s3.default_encryption"
OTHER = "aws.s3.tls_only"
FIRST = date(2026, 3, 1)

AnyLocker = TypeVar("AnyLocker", bound=Locker)

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


def seal_all(
    runs: Sequence[Run], signer: Signer, locker: AnyLocker, stamper: Stamper | None = None
) -> AnyLocker:
    """Seal the runs into a locker, with all that they refer to."""
    for one in runs:
        results = {check: results_of(check, judged) for check, judged in one.checks.items()}
        for data in results.values():
            put_object(locker, data)
        answers = [
            put_object(locker, _answer(name, said))
            for judged in one.checks.values()
            for name, said in judged.items()
        ]
        calls = [canonical({"source": "s3:Get", "answer_sha256": digest}) for digest in answers]
        # When it was asked makes each run's calls its own, as in a real one.
        calls.append(canonical({"source": "s3:List", "answer_sha256": None, "at": str(one.at)}))
        calls_sha256 = put_object(locker, b"".join(line + b"\n" for line in sorted(calls)))
        document = _snapshot(one, results, calls_sha256, len(calls))
        data = document.to_bytes()
        append(locker, account_log("prod"), data, signer, partial(_at, one), stamper)
    return locker


def _at(one: Run) -> datetime:
    return one.at


def _answer(name: str, said: str) -> bytes:
    return canonical({"pages": [{"Name": name, "State": said}]})


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
                    "evidence": [sha256(_answer(name, said))],
                }
            )
            + b"\n"
        )
    return b"".join(sorted(lines))


def _sealed(
    number: int, one: Run, judgements: Judgements, objects: dict[str, ResultsObject]
) -> SealedSnapshot:
    results = {check: results_of(check, judged) for check, judged in sorted(one.checks.items())}
    for check, data in results.items():
        if sha256(data) not in objects:
            objects[sha256(data)] = judgements.read(check, data)
    snapshot = _snapshot(one, results, "c" * 64, 0)
    seal = sha256(f"seal {number}".encode())
    return SealedSnapshot(number, seal, one.at, one.keyid, "d" * 64, snapshot)


def _snapshot(one: Run, results: Mapping[str, bytes], calls_sha256: str, calls: int) -> Snapshot:
    total: Counter[str] = Counter()
    entries = []
    for check, data in sorted(results.items()):
        outcomes = Counter(json.loads(line)["outcome"] for line in data.splitlines())
        total += outcomes
        entries.append(
            CheckEntry(
                id=check,
                control="encryption-at-rest" if check == CHECK else "encryption-in-transit",
                severity="high",
                soc2=("CC6.1",) if check == CHECK else (),
                hipaa=("164.312(a)(2)(iv)",),
                summary={o: outcomes[o] for o in OUTCOMES if outcomes[o]},
                results_sha256=sha256(data),
            )
        )
    finished = one.at - one.sealed_later
    return Snapshot(
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
        summary=Summary(
            passed=total["pass"],
            failed=total["fail"],
            unknown=total["unknown"],
            not_applicable=total["not_applicable"],
            calls=calls,
        ),
        complete=not total["unknown"],
        checks=tuple(entries),
        calls_sha256=calls_sha256,
    )
