"""`python -m bench`: what a run takes, on a simulated account behind a proxy that adds latency."""

from __future__ import annotations

import argparse
import pstats
import sys
import time
from collections import Counter

from bench.cloud.place import REGIONS
from bench.faults import Faults
from bench.measure import LATENCY_SECONDS, BenchError, environment, run_collector
from bench.setting import setting


def serve(options: argparse.Namespace) -> None:
    """Make the account, and say how to reach it, until standard input ends."""
    with setting(options.scale) as place:
        place.proxy.begin(
            latency_seconds=options.latency_ms / 1000,
            faults=Faults(options.throttle, options.errors, options.seed),
        )
        for name, value in environment(place.proxy.url, place.folder).items():
            if name.startswith("AWS_"):
                print(f"export {name}={value}")
        print(
            f"# {place.resources} resources in {','.join(REGIONS)}; ends with its input", flush=True
        )
        sys.stdin.read()


def run(options: argparse.Namespace) -> None:
    """One measured run, after one that fills the proxy's memory."""
    with setting(options.scale) as place:
        run_collector(place.proxy, place.folder / "warm", REGIONS, latency_seconds=0)
        ran = run_collector(
            place.proxy,
            place.folder / "measured",
            REGIONS,
            latency_seconds=options.latency_ms / 1000,
            faults=Faults(options.throttle, options.errors, options.seed),
        )
    tally = ran.tally
    print(ran.stdout.split("\nSealed")[0])
    for name, value in (
        ("resources", place.resources),
        ("calls", tally.calls),
        ("repeated", tally.repeats.total()),
        ("refused", tally.faults.total()),
        ("waited for the simulation", tally.forwarded),
        ("CPU s", round(ran.cpu_seconds, 2)),
        ("peak MB", round(ran.peak_mb)),
        ("wall s", round(ran.wall_seconds, 2)),
        ("exit code", ran.code),
    ):
        print(f"{name:<26}{value:>8}")
    services = Counter[str]()
    for call, number in tally.answered.items():
        services[call.service] += number
    print(", ".join(f"{k} {v}" for k, v in services.most_common()))
    for call, number in tally.repeats.most_common(10):
        print(f"repeated {number} times: {call}")


def profile(options: argparse.Namespace) -> None:
    """Where the processor time of one run goes."""
    with setting(options.scale) as place:
        run_collector(place.proxy, place.folder / "warm", REGIONS, latency_seconds=0)
        file = place.folder / "profile"
        program = (sys.executable, "-m", "bench.profiled", str(file))
        run_collector(place.proxy, place.folder / "profiled", REGIONS, program=program)
        stats = pstats.Stats(str(file))
        for order in ("tottime", "cumtime"):
            stats.sort_stats(order).print_stats(40)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("part", choices=["serve", "run", "profile"], nargs="?", default="run")
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--latency-ms", type=float, default=LATENCY_SECONDS * 1000)
    parser.add_argument("--throttle", type=float, default=0.0)
    parser.add_argument("--errors", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    begin = time.monotonic()
    try:
        {"serve": serve, "run": run, "profile": profile}[options.part](options)
    except BenchError as error:
        sys.exit(f"bench: {error}")
    print(f"# {time.monotonic() - begin:.0f} s in all", file=sys.stderr)


if __name__ == "__main__":
    main()
