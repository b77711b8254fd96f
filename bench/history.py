"""A locker with a year of runs, and what a report on it takes."""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from bench.measure import BenchError, Measured, measure_alone
from bench.table import show, verdict
from collector.evidence.canonical import JSON, canonical, sha256
from collector.evidence.chain import append, put_object
from collector.evidence.folder import FolderLocker
from collector.evidence.keys import FileSigner
from collector.evidence.log import account_log
from collector.evidence.snapshot import Account, CheckEntry, Collector, Scope, Snapshot, Summary

FIRST = datetime(2025, 1, 1, 2, tzinfo=UTC)
ACCOUNT = "123456789012"
MOST_SECONDS = 10
MOST_MB = 300


@dataclass(frozen=True)
class Shape:
    """How much there is in the locker."""

    days: int = 365
    resources: int = 2000
    checks: int = 20
    """Over which the resources are spread; each is judged by one."""
    changed: float = 0.01
    """Share of the resources that are otherwise from one day to the next."""
    moved: float = 0.0
    """Share of the changes that are a resource which goes and another that comes. The listing is
    another one then, on which all results of the check rest."""
    seed: int = 0


class QuickLocker(FolderLocker):
    """A folder whose files are not flushed to the disk one by one."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._folder = root
        self._written: set[str] = set()

    def put(self, key: str, data: bytes) -> bool:
        if key in self._written:
            return True
        self._written.add(key)
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return True


def make_locker(folder: Path, shape: Shape) -> None:
    """Fill a folder with a run a day, each with a call a resource, sealed as a real run is."""
    locker = QuickLocker(folder)
    signer = FileSigner(ec.generate_private_key(ec.SECP256R1()))
    chance = random.Random(shape.seed)
    names = {f"item-{n:05}": n % shape.checks for n in range(shape.resources)}
    versions = dict.fromkeys(names, 0)
    for day in range(shape.days):
        for name in chance.sample(sorted(names), int(len(names) * shape.changed) if day else 0):
            if chance.random() < shape.moved:
                check = names.pop(name)
                del versions[name]
                names[f"{name}-{day}"], versions[f"{name}-{day}"] = check, 0
            else:
                versions[name] += 1
        moment = FIRST + timedelta(days=day)
        document = _snapshot(locker, names, versions, moment, shape)
        append(locker, account_log("bench"), document.to_bytes(), signer, partial(_at, moment))


def _at(moment: datetime) -> datetime:
    return moment


def _snapshot(
    locker: QuickLocker,
    names: dict[str, int],
    versions: dict[str, int],
    moment: datetime,
    shape: Shape,
) -> Snapshot:
    calls: list[bytes] = []
    entries = []
    passed = failed = 0
    for check in range(shape.checks):
        own = sorted(name for name, number in names.items() if number == check)
        listing = _answer(locker, calls, moment, f"List{check}", {}, [{"Name": n} for n in own])
        lines = []
        counts = {"pass": 0, "fail": 0}
        for name in own:
            outcome = "fail" if versions[name] % 4 == 1 else "pass"
            counts[outcome] += 1
            settings: list[JSON] = [{"Name": name, "Version": versions[name]}]
            answer = _answer(locker, calls, moment, f"Get{check}", {"Name": name}, settings)
            evidence: list[JSON] = [*sorted([listing, answer])]
            lines.append(
                canonical(
                    {
                        "check": f"aws.bench.check_{check:02}",
                        "outcome": outcome,
                        "resource": {
                            "account": ACCOUNT,
                            "id": f"arn:aws:bench:us-east-1:{ACCOUNT}:thing/{name}",
                            "region": "us-east-1",
                            "type": "aws.bench.thing",
                        },
                        "reason": f"the setting is as of version {versions[name]}",
                        "evidence": evidence,
                    }
                )
            )
        passed, failed = passed + counts["pass"], failed + counts["fail"]
        entries.append(
            CheckEntry(
                id=f"aws.bench.check_{check:02}",
                control=f"control-{check // 2:02}",
                severity="medium",
                soc2=("CC6.1",),
                hipaa=("164.312(a)(1)",),
                summary={o: n for o, n in counts.items() if n},  # type: ignore[misc]  # outcomes
                results_sha256=put_object(locker, b"".join(f + b"\n" for f in sorted(lines))),
            )
        )
    return Snapshot(
        account=Account(name="bench", provider="aws", id=ACCOUNT),
        started=moment - timedelta(minutes=5),
        finished=moment,
        collector=Collector(version="1", checks_sha256="a" * 64, mappings_sha256="b" * 64),
        identity=f"arn:aws:iam::{ACCOUNT}:role/reader",
        scope=Scope(regions=("us-east-1",), checks=tuple(e.id for e in entries), settings={}),
        summary=Summary(
            passed=passed, failed=failed, unknown=0, not_applicable=0, calls=len(calls)
        ),
        complete=True,
        checks=tuple(entries),
        calls_sha256=put_object(locker, b"".join(line + b"\n" for line in sorted(calls))),
    )


def _answer(
    locker: QuickLocker,
    calls: list[bytes],
    moment: datetime,
    operation: str,
    params: dict[str, JSON],
    items: list[JSON],
) -> str:
    """Keep an answer, and note the call as a reader does; the answer's digest."""
    body = canonical({"pages": [{"Items": items}]})
    digest = put_object(locker, body)
    requests: list[JSON] = [sha256(f"{operation} {params} {moment}".encode())[:36]]
    calls.append(
        canonical(
            {
                "source": f"bench:{operation}",
                "params": params,
                "region": "us-east-1",
                "pages": 1,
                "complete": True,
                "items": len(items),
                "error": None,
                "absent": False,
                "answer_sha256": digest,
                "endpoint": "https://bench.us-east-1.amazonaws.com/",
                "identity": f"arn:aws:iam::{ACCOUNT}:role/reader",
                "started": moment.isoformat().replace("+00:00", "Z"),
                "duration_ms": 40,
                "status": 200,
                "request_ids": requests,
                "attempts": 1,
                "volatile": {},
            }
        )
    )
    return digest


@contextmanager
def made(shape: Shape) -> Iterator[Path]:
    """A folder above a locker of that shape, for a while."""
    folder = Path(tempfile.mkdtemp(prefix="bench-history-"))
    try:
        make_locker(folder / "evidence", shape)
        yield folder
    finally:
        shutil.rmtree(folder)


def report_on(folder: Path, shape: Shape, form: str = "json") -> Measured:
    """`collector report period` over all days of a locker.

    Raises:
        BenchError: it made no report.
    """
    last = FIRST + timedelta(days=shape.days - 1)
    words = ("report", "period", "evidence", "--account", "bench", "--format", form)
    asked = ("--from", str(FIRST.date()), "--to", str(last.date()), "--output", f"report.{form}")
    ran = measure_alone([*words, *asked], folder)
    if ran.code != 0:
        raise BenchError(f"collector report: left with {ran.code}: {ran.stderr[-2000:]}")
    return ran


def reports(days: int, resources: int, changed: float) -> None:
    """The table."""
    rows = []
    for moved in (0.0, 0.1):
        shape = Shape(days=days, resources=resources, changed=changed, moved=moved)
        print(f"making {days} days with {resources} resources", file=sys.stderr)
        with made(shape) as folder:
            report_on(folder, shape)  # fills the memory of the file system
            ran = report_on(folder, shape)
        what = "settings change" if not moved else "and listings"
        is_met = ran.wall_seconds < MOST_SECONDS and ran.peak_mb < MOST_MB
        found = f"{ran.wall_seconds:.1f} s, {ran.cpu_seconds:.1f} s of CPU, {ran.peak_mb:.0f} MB"
        rows.append(verdict(what, found, f"{MOST_SECONDS} s, {MOST_MB} MB", met=is_met))
    show(
        f"a period report over {days} days, {resources} resources, {changed:.0%} of them a day",
        ("what changes", "took", "target", ""),
        rows,
    )
