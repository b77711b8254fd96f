"""`python -m bench`: one run over the simulated account, each answer delayed by a fixed latency.

The delay stands where the network would be, so that wall time shows how well reads overlap. The
simulation is slower than what is measured: a first pass keeps every answer, and the measured pass
is served from memory.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from collector.answer import Answer, Reader, Scope
from collector.check import discover
from collector.collect import WORKERS, collect
from collector.evaluate import evaluate
from collector.evidence.canonical import JSON, canonical
from collector.source import Source


class Delayed:
    """A reader in front of another: counts calls, remembers answers, delays each of them."""

    def __init__(self, reader: Reader, latency_seconds: float) -> None:
        self._reader = reader
        self._latency_seconds = latency_seconds
        self._answers: dict[tuple[str, bytes, str], Answer] = {}
        self.calls: Counter[tuple[str, bytes, str]] = Counter()

    @property
    def scope(self) -> Scope:
        return self._reader.scope

    def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
        key = (source.name, canonical(params), place)
        self.calls[key] += 1
        if key not in self._answers:
            self._answers[key] = self._reader.read(source, params, place)
        else:
            time.sleep(self._latency_seconds)
        return self._answers[key]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--latency-ms", type=float, default=40.0)
    parser.add_argument("--workers", type=int, default=WORKERS)
    options = parser.parse_args()

    from collector.demo import open_demo

    checks = [c for c in discover().values() if c.provider == "aws"]
    reader = Delayed(open_demo(), options.latency_ms / 1000)
    collect(checks, reader, workers=options.workers)
    reader.calls.clear()

    cpu, wall = time.process_time(), time.perf_counter()
    reads = collect(checks, reader, workers=options.workers)
    collected = time.perf_counter()
    results = evaluate(checks, reads, settings={}, now=datetime.now(UTC))
    done_cpu, done = time.process_time(), time.perf_counter()

    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = [
        ("checks", f"{len(checks)}"),
        ("results", f"{len(results)}"),
        ("calls", f"{reader.calls.total()}"),
        ("repeated calls", f"{reader.calls.total() - len(reader.calls)}"),
        ("latency per call, ms", f"{options.latency_ms:g}"),
        ("wall, collect, s", f"{collected - wall:.2f}"),
        ("wall, evaluate, s", f"{done - collected:.2f}"),
        ("CPU of both, s", f"{done_cpu - cpu:.2f}"),
        ("peak memory with the simulation, MB", f"{peak_mb:.0f}"),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value:>8}")


if __name__ == "__main__":
    main()
