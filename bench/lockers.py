"""A locker with a long history, made without a cloud, and what it takes to verify it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from bench.measure import KEPT, LAUNCH, ROOT
from bench.table import show, verdict
from collector.evidence.canonical import JSON, canonical, sha256
from collector.evidence.chain import append
from collector.evidence.folder import FolderLocker
from collector.evidence.keys import FileSigner
from collector.evidence.locker import Stat, Version
from collector.evidence.log import account_log
from collector.evidence.reading import READERS
from collector.evidence.snapshot import (
    Account,
    CheckEntry,
    Collector,
    Scope,
    Snapshot,
    Summary,
    object_key,
)
from collector.evidence.verify import verify

START = datetime(2021, 1, 1, tzinfo=UTC)

CHECKS = 5
"""Checks in each snapshot; each has a results object of its own, as each has changed."""

LATENCY_SECONDS = 0.02
"""What a bucket takes to answer."""


class Files:
    """A locker in memory: written to a folder at once, it takes no flush for each file."""

    url = "memory"

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.last: dict[str, str] = {}

    def put(self, key: str, data: bytes) -> bool:
        if key in self.held:
            return False
        self.held[key] = data
        if "/log/" in key:
            self.last[key[: key.index("/log/") + 5]] = key
        return True

    def get(self, key: str) -> bytes:
        return self.held[key]

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        """The last seal alone, which is what whoever appends looks for."""
        last = self.last.get(prefix)
        return iter([last] if last is not None and last > after else [])

    def stat(self, key: str) -> Stat:
        return Stat(len(self.held[key]), retained_until=None)

    def versions(self, prefix: str) -> Iterator[Version]:
        return iter([])

    def retention(self) -> timedelta | None:
        return None

    def extend_retention(self, key: str, until: datetime) -> None:
        pass

    def check_writable(self) -> None:
        pass

    def keep(self, data: bytes) -> str:
        digest = sha256(data)
        self.held.setdefault(object_key(digest), data)
        return digest


class Distant(FolderLocker):
    """A folder that answers as slowly as a bucket."""

    def get(self, key: str) -> bytes:
        time.sleep(LATENCY_SECONDS)
        return super().get(key)


def make(folder: Path, *, snapshots: int, objects: int) -> None:
    """Write a locker with one account, a snapshot an hour, each with its share of new objects."""
    files, signer = Files(), FileSigner(ec.generate_private_key(ec.SECP256R1()))
    log = account_log("bench")
    answers = objects // snapshots - CHECKS - 1
    for number in range(snapshots):
        document = _snapshot(files, number, answers)
        moment = START + timedelta(hours=number)
        append(files, log, document.to_bytes(), signer, partial(_given, moment))
    for key, data in files.held.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _given(moment: datetime) -> datetime:
    return moment


def _answer(name: str) -> JSON:
    tags: list[JSON] = ["x"] * 50
    return {"pages": [{"Name": name, "Tags": tags}]}


def _snapshot(files: Files, number: int, answers: int) -> Snapshot:
    evidence = [files.keep(canonical(_answer(f"bucket-{number}-{i}"))) for i in range(answers)]
    calls: list[JSON] = [{"operation": "Get", "answer_sha256": digest} for digest in evidence]
    entries = []
    for check in range(CHECKS):
        name = f"aws.bench.check_{check}"
        results: list[JSON] = [
            {
                "check": name,
                "outcome": "pass",
                "reason": "as asked",
                "resource": {"id": f"arn:aws:s3:::bucket-{number}-{i}", "type": "aws.s3.bucket"},
                "evidence": [digest],
            }
            for i, digest in enumerate(evidence)
        ]
        data = b"".join(sorted(canonical(r) + b"\n" for r in results))
        entries.append(
            CheckEntry(
                id=name,
                control="encryption-at-rest",
                severity="high",
                soc2=("CC6.1",),
                hipaa=(),
                summary={"pass": len(results)},
                results_sha256=files.keep(data),
            )
        )
    moment = START + timedelta(hours=number)
    total = len(evidence) * CHECKS
    return Snapshot(
        account=Account(name="bench", provider="aws", id="123456789012"),
        started=moment,
        finished=moment,
        collector=Collector(version="1", checks_sha256="a" * 64, mappings_sha256="b" * 64),
        identity="arn:aws:iam::123456789012:role/reader",
        scope=Scope(regions=("us-east-1",), checks=tuple(e.id for e in entries), settings={}),
        summary=Summary(passed=total, failed=0, unknown=0, not_applicable=0, calls=len(calls)),
        complete=True,
        checks=tuple(entries),
        calls_sha256=files.keep(b"".join(canonical(c) + b"\n" for c in calls)),
    )


def verified(snapshots: int = 2000, objects: int = 50_000) -> None:
    """Verify a folder with a long history, by the command; and a smaller one as if in a bucket."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, report = Path(scratch, "evidence"), Path(scratch, "figures.json")
        make(folder, snapshots=snapshots, objects=objects)
        program = "from collector.cli import main; main()"
        command = [sys.executable, "-c", program, "verify", str(folder)]
        said = subprocess.run(
            [sys.executable, "-I", "-S", str(LAUNCH), str(report), *command],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": str(ROOT), "HOME": scratch, **_kept()},
        )
        took = json.loads(report.read_text())
        assert took["code"] == 0, said.stdout + said.stderr
        peak_mb = took["peak_kib"] / 1024
        small = Path(scratch, "small")
        make(small, snapshots=40, objects=1000)
        at_once, in_turn = (_seconds(small, readers) for readers in (READERS, 1))
    show(
        f"Verifying {snapshots} snapshots with {objects} objects",
        ("", "found", "target", ""),
        [
            verdict("wall s", f"{took['wall_seconds']:.1f}", "60", met=took["wall_seconds"] < 60),
            verdict("peak MB", f"{peak_mb:.0f}", "300", met=peak_mb < 300),
            verdict(
                "20 ms a file: times as fast as in turn",
                f"{in_turn / at_once:.1f}",
                "10",
                met=in_turn >= 10 * at_once,
            ),
        ],
    )


def _kept() -> dict[str, str]:
    import os

    return {name: os.environ[name] for name in KEPT if name in os.environ}


def _seconds(folder: Path, readers: int) -> float:
    begin = time.monotonic()
    report = verify(Distant(folder), readers=readers)
    assert report.ok, report.problems
    return time.monotonic() - begin
