"""Programs that the tests of faults start: processes that die in the middle, and many at once.

    python -m tests.evidence.crashing kill FOLDER KEY SEED TIMES
    python -m tests.evidence.crashing append FOLDER KEY TIMES

Each prints one line of JSON.
"""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from checks.aws.kms import rotation
from collector.evidence.folder import FolderLocker
from collector.evidence.keys import Signer, load_public_key, open_signer
from collector.evidence.snapshot import OBJECTS
from collector.evidence.verify import verify
from collector.mapping import load_mappings
from collector.run import plan, run
from tests.evidence.lockers import NOON, sealed_run
from tests.memory import MemoryReader

CALLS = ("open", "fsync", "link", "unlink", "mkdir")
"""What a run asks of the operating system to get evidence onto the disk."""


def one_run(folder: Path, signer: Signer, minute: int) -> None:
    """A whole run over an account in memory, in which something is new every minute."""
    arns = [f"arn:aws:kms:us-east-1:123456789012:key/{minute}-{i}" for i in range(2)]
    reader = MemoryReader(
        {
            "kms:ListKeys": {"Keys": [{"KeyId": a, "KeyArn": a} for a in arns]},
            "kms:DescribeKey": lambda params, _: {
                "KeyMetadata": {
                    "KeyId": params["KeyId"],
                    "Arn": params["KeyId"],
                    "KeyManager": "CUSTOMER",
                    "KeyState": "Enabled",
                    "Origin": "AWS_KMS",
                    "KeyUsage": "ENCRYPT_DECRYPT",
                    "KeySpec": "SYMMETRIC_DEFAULT",
                }
            },
            "kms:GetKeyRotationStatus": {"KeyRotationEnabled": True},
        }
    )
    chosen = plan({rotation.id: rotation}, [rotation.id], {}, load_mappings())
    at = NOON + timedelta(minutes=minute)
    run(reader, chosen, locker=FolderLocker(folder), signer=signer, clock=lambda: at, workers=4)


def counted(die_at: int | None) -> dict[str, int]:
    """Count the calls that get evidence onto the disk; die before the one with that number."""
    count = {"calls": 0}

    def watched(name: str) -> None:
        original: Callable[..., object] = getattr(os, name)

        def call(*given: object, **named: object) -> object:
            count["calls"] += 1
            if count["calls"] == die_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*given, **named)

        setattr(os, name, call)

    for name in CALLS:
        watched(name)
    return count


def in_child(work: Callable[[], None]) -> int:
    """What is done in a child process; its exit code, negative for a signal."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill(folder: Path, key: Path, seed: str, times: int) -> dict[str, object]:
    """Kill runs at random points, and after each one see that nothing is broken."""
    signer = open_signer(f"file:{key}", create=True)
    trusted = [load_public_key(signer.public_pem, "key")]
    one_run(folder, signer, 0)
    told = folder.with_suffix(".calls")

    def count() -> None:
        calls = counted(None)
        one_run(folder, signer, 1)
        told.write_text(str(calls["calls"]))

    assert in_child(count) == 0
    calls, minute, chance = int(told.read_text()), 2, random.Random(seed)
    faults, points, left = [], set[int](), 0
    killed = 0
    while killed < times:
        # A run makes fewer calls where a folder is there already, and may then outlive its point.
        point = chance.randint(1, calls)
        points.add(point)

        def dying(point: int = point, minute: int = minute) -> None:
            counted(point)
            one_run(folder, signer, minute)

        killed += in_child(dying) == -signal.SIGKILL
        broken = verify(FolderLocker(folder), trusted=trusted)
        faults += [f"killed at call {point}: {p}" for p in broken.problems]
        left += bool(broken.warnings)
        one_run(folder, signer, minute + 1)
        minute += 2
    report = verify(FolderLocker(folder), trusted=trusted)
    faults += [f"in the end: {p}" for p in report.problems]
    return {
        "calls": calls,
        "points": len(points),
        "killed": killed,
        "faults": faults,
        "left something": left,
        "snapshots": report.chains[0].seals,
        "last": report.chains[0].last.number,
        "objects": len(list(FolderLocker(folder).keys(OBJECTS))),
    }


def append_many(folder: Path, key: Path, times: int) -> dict[str, object]:
    """Seal snapshots into a chain, as fast as they come."""
    signer = open_signer(f"file:{key}", create=True)
    locker = FolderLocker(folder)
    sealed = [
        sealed_run(locker, signer, at=datetime.now(UTC), buckets={f"{os.getpid()}-{i}": "pass"})
        for i in range(times)
    ]
    return {"numbers": [one.number for one in sealed]}


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    match sys.argv[1:]:
        case ["kill", folder, key, seed, times]:
            print(json.dumps(kill(Path(folder), Path(key), seed, int(times))))
        case ["append", folder, key, times]:
            print(json.dumps(append_many(Path(folder), Path(key), int(times))))
        case _:
            sys.exit(__doc__)
