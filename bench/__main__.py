"""`python -m bench`: what a run takes, on a simulated account behind a proxy that adds latency."""

from __future__ import annotations

import argparse
import pstats
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence

from bench import history, lockers, parts, peers
from bench.cloud.place import REGIONS
from bench.faults import Faults
from bench.measure import LATENCY_SECONDS, BenchError, environment, run_collector
from bench.setting import setting


def _regions(options: argparse.Namespace) -> Sequence[str]:
    return parts.ALL_REGIONS[: options.regions or len(REGIONS)]


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
        regions = _regions(options)
        run_collector(place.proxy, place.folder / "warm", regions, latency_seconds=0)
        ran = run_collector(
            place.proxy,
            place.folder / "measured",
            regions,
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
        regions = _regions(options)
        run_collector(place.proxy, place.folder / "warm", regions, latency_seconds=0)
        file = place.folder / "profile"
        program = (sys.executable, "-m", "bench.profiled", str(file))
        run_collector(place.proxy, place.folder / "profiled", regions, program=program)
        stats = pstats.Stats(str(file))
        for order in ("tottime", "cumtime"):
            stats.sort_stats(order).print_stats(40)


def everything(options: argparse.Namespace) -> None:
    """All tables."""
    for part in (compare, larger, refused, wider, verified, year):
        part(options)


def compare(options: argparse.Namespace) -> None:
    """One run, and one of Prowler."""
    peers.peers(options.scale, _regions(options), options.latency_ms / 1000)


def larger(options: argparse.Namespace) -> None:
    """Larger accounts."""
    parts.scale(options.latency_ms / 1000)


def refused(options: argparse.Namespace) -> None:
    """A cloud that refuses."""
    parts.throttle(options.scale, options.latency_ms / 1000)


def wider(options: argparse.Namespace) -> None:
    """More regions."""
    parts.regions(options.regions or len(parts.ALL_REGIONS), options.latency_ms / 1000)


def verified(options: argparse.Namespace) -> None:
    """A locker with a long history."""
    lockers.verified()


def year(options: argparse.Namespace) -> None:
    """A report on a year of runs."""
    history.reports(options.days, options.resources, options.changed)


PARTS = {
    "all": everything,
    "peers": compare,
    "scale": larger,
    "throttle": refused,
    "regions": wider,
    "verify": verified,
    "history": year,
    "run": run,
    "profile": profile,
    "serve": serve,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog="Parts: " + "; ".join(f"{name}: {part.__doc__}" for name, part in PARTS.items()),
    )
    parser.add_argument("part", choices=PARTS, nargs="?", default="all")
    parser.add_argument("--scale", type=int, default=1, help="times 300 resources")
    parser.add_argument("--latency-ms", type=float, default=LATENCY_SECONDS * 1000)
    parser.add_argument(
        "--regions",
        type=int,
        choices=range(1, len(parts.ALL_REGIONS) + 1),
        metavar="N",
        help="how many are read; default 3, and 17 for the part of that name",
    )
    faults = parser.add_argument_group("for run and serve")
    faults.add_argument("--throttle", type=float, default=0.0, help="share of calls refused")
    faults.add_argument("--errors", type=float, default=0.0, help="share answered by 5xx")
    faults.add_argument("--seed", type=int, default=0, help="of which are")
    stored = parser.add_argument_group("for history")
    stored.add_argument("--days", type=int, default=365)
    stored.add_argument("--resources", type=int, default=2000)
    stored.add_argument("--changed", type=float, default=0.01, help="share of them a day")
    options = parser.parse_args()
    begin = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left behind
    try:
        PARTS[options.part](options)
    except BenchError as error:
        sys.exit(f"bench: {error}")
    print(f"# {time.monotonic() - begin:.0f} s in all", file=sys.stderr)


if __name__ == "__main__":
    main()
