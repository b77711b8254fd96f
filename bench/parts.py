"""The further parts: larger accounts, a cloud that refuses, and more regions."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from bench.cloud.place import REGIONS
from bench.faults import Faults
from bench.installed import collector
from bench.measure import BenchError, Measured, measure, run_collector
from bench.proxy import Proxy
from bench.setting import setting
from bench.table import FIGURES, figures, say, show, verdict

SCALES = (1, 5, 20)
MOST_MEMORY_MB = 250
STEEPEST = 1.25
"""How much more CPU or how many more calls a resource may take in the largest account than in the
middle one. Between the first two, starting up weighs most."""

THROTTLED, BROKEN, SEED = 0.3, 0.02, 1
LONGEST_RATIO = 3.0

ALL_REGIONS = (
    *REGIONS,
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-2",
    "us-west-1",
)
"""The regions that every account has enabled; those after the first three are empty."""


def scale(latency_seconds: float) -> None:
    """Accounts of 300, 1,500 and 6,000 resources."""
    ran: dict[int, Measured] = {}
    resources: dict[int, int] = {}
    for each in SCALES:
        with setting(each) as place:
            run_collector(place.proxy, place.folder / "warm", REGIONS, latency_seconds=0)
            ran[each] = run_collector(
                place.proxy, place.folder / "run", REGIONS, latency_seconds=latency_seconds
            )
            resources[each] = place.resources
    show(
        "Larger accounts",
        ("resources", *FIGURES, "ms CPU a resource"),
        [
            (f"{resources[n]}", *figures(r), f"{r.cpu_seconds / resources[n] * 1000:.1f}")
            for n, r in ran.items()
        ],
    )
    largest, middle = ran[SCALES[2]], ran[SCALES[1]]
    times = resources[SCALES[2]] / resources[SCALES[1]]
    grown = {
        "CPU": largest.cpu_seconds / middle.cpu_seconds / times,
        "calls": largest.tally.calls / middle.tally.calls / times,
    }
    show(
        "Targets",
        ("", "found", "target", ""),
        [
            verdict(
                "peak MB in the largest",
                f"{largest.peak_mb:.0f}",
                f"< {MOST_MEMORY_MB}",
                met=largest.peak_mb < MOST_MEMORY_MB,
            ),
            *(
                verdict(
                    f"{name} a resource, largest to middle",
                    f"{found:.2f}",
                    f"< {STEEPEST}",
                    met=found < STEEPEST,
                )
                for name, found in grown.items()
            ),
        ],
    )


def throttle(size: int, latency_seconds: float) -> None:
    """The same account from a cloud that refuses 30 % of all calls and breaks at 2 %."""
    faults = Faults(THROTTLED, BROKEN, SEED)
    with setting(size) as place:
        proxy = place.proxy
        run_collector(proxy, place.folder / "warm", REGIONS, latency_seconds=0)
        plain = run_collector(
            proxy, place.folder / "plain", REGIONS, latency_seconds=latency_seconds
        )
        refused = run_collector(
            proxy, place.folder / "refused", REGIONS, latency_seconds=latency_seconds, faults=faults
        )
        results = [_results(proxy, place.folder / home) for home in ("plain", "refused")]
    show(
        "A cloud that refuses",
        ("", *FIGURES, "refused"),
        [
            ("answers all", *figures(plain), f"{plain.tally.faults.total()}"),
            ("throttles 30 %, 2 % broken", *figures(refused), f"{refused.tally.faults.total()}"),
        ],
    )
    lost = set(plain.tally.answered) - set(refused.tally.answered)
    unlike = results[0] ^ results[1]
    ratio = refused.wall_seconds / plain.wall_seconds
    show(
        "Targets",
        ("", "found", "target", ""),
        [
            verdict("calls lost", f"{len(lost)}", "0", met=not lost),
            verdict(
                f"results that differ, of {len(results[0])}",
                f"{len(unlike)}",
                "0",
                met=not unlike and bool(results[0]),
            ),
            verdict("times the wall", f"{ratio:.1f}", f"< {LONGEST_RATIO:g}", met=ratio < 3),
        ],
    )
    for call in sorted(lost, key=str)[:10]:
        say(f"lost: {call.service} {call.region} {call.operation} {call.asked}")
    for line in sorted(unlike)[:10]:
        say(f"differs: {line[:300]}")


def _results(proxy: Proxy, home: Path) -> set[str]:
    """Every result of the one snapshot there, as a line; evidence is its digests."""
    command = [*collector(), "results", "evidence", "--account", "bench", "--format", "jsonl"]
    said = measure(proxy, command, home, latency_seconds=0)
    if said.code != 0:
        raise BenchError(f"collector results: left with {said.code}: {said.stderr[-500:]}")
    lines = said.stdout.splitlines()
    return {json.dumps(json.loads(line), sort_keys=True) for line in lines}


def regions(number: int, latency_seconds: float) -> None:
    """The same account, asked in more regions, where there is nothing."""
    asked = ALL_REGIONS[:number]
    with setting(1) as place:
        ran = {}
        for each in (REGIONS, asked):
            run_collector(place.proxy, place.folder / "warm", each, latency_seconds=0)
            ran[len(each)] = run_collector(
                place.proxy,
                place.folder / f"{len(each)}",
                each,
                latency_seconds=latency_seconds,
            )
    show("Empty regions", ("regions", *FIGURES), [(f"{n}", *figures(r)) for n, r in ran.items()])
    wide, empty = ran[len(asked)], set(asked) - set(REGIONS)
    places = Counter[tuple[str, str]]()
    for call, times in wide.tally.answered.items():
        if call.region in empty:
            places[call.service, call.region] += times
    over = {place: calls for place, calls in places.items() if calls > 1}
    show(
        "Targets",
        ("", "found", "target", ""),
        [verdict("services asked twice in an empty region", f"{len(over)}", "0", met=not over)],
    )
    if empty:
        say(f"{places.total() / len(empty):.0f} calls in each empty region")
    services = sorted({service for service, _ in over})
    for service in services:
        region = next(region for name, region in over if name == service)
        calls = [c for c in wide.tally.answered if (c.service, c.region) == (service, region)]
        named = ", ".join(sorted(f"{c.operation}" for c in calls))
        say(f"{service}: {over[service, region]} calls in each of {len(empty)} regions: {named}")
