"""Prowler, for comparison: installed into an environment of its own, run through the same proxy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.installed import environment_with
from bench.measure import Measured, measure, run_collector
from bench.setting import setting
from bench.table import FIGURES, figures, say, show, verdict

VERSION = "5.46.0"

LESS_CPU, LESS_MEMORY, LESS_WALL = 10, 4, 10
"""How many times less than Prowler a run is to take."""


def prowler() -> Path | None:
    """The program, installed if need be, or None where it cannot be."""
    # Two of the packages that it asks for have no wheel.
    folder = environment_with(f"prowler-{VERSION}", ("--prefer-binary", f"prowler=={VERSION}"))
    return None if folder is None else folder / "bin" / "prowler"


def run_prowler(
    url: str, program: Path, home: Path, regions: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """The command and the variables of one run over both frameworks.

    Its requests go by HTTP_PROXY, because those of S3 Control put the account before the host, and
    `123456789012.127.0.0.1` is none. What it would send elsewhere is refused on this machine.
    """
    command = [
        str(program),
        "aws",
        *("--compliance", "soc2_aws", "hipaa_aws"),
        *("--region", *regions),
        *("--no-banner", "--no-color", "--ignore-exit-code-3", "--log-level", "CRITICAL"),
        *("--output-directory", str(home / "output")),
    ]
    return command, {"HTTP_PROXY": url, "HTTPS_PROXY": url, "PYTHONPATH": ""}


def peers(scale: int, regions: Sequence[str], latency_seconds: float) -> None:
    """Measure `collector run` and Prowler on the same account, and compare."""
    program = prowler()
    with setting(scale) as place:
        proxy, ran = place.proxy, dict[str, Measured]()
        for home, latency in (("warm", 0.0), ("measured", latency_seconds)):
            ran["collector run"] = run_collector(
                proxy, place.folder / home, regions, latency_seconds=latency
            )
        if program is not None:
            for name, latency in (("warm", 0.0), ("measured", latency_seconds)):
                home_ = place.folder / f"prowler-{name}"
                command, more = run_prowler(proxy.url, program, home_, regions)
                ran[f"prowler {VERSION}"] = measure(
                    proxy, command, home_, latency_seconds=latency, more=more
                )
    show(
        f"One run over {place.resources} resources in {len(regions)} regions,"
        f" {latency_seconds * 1000:g} ms an answer",
        ("", *FIGURES),
        [(name, *figures(each)) for name, each in ran.items()],
    )
    for name, each in ran.items():
        if each.tally.forwarded:
            say(f"{name}: {each.tally.forwarded} calls waited for the simulation")
    if program is None:
        say("Prowler could not be installed, so there is nothing to compare with")
    _targets(*ran.values())


def _targets(ours: Measured, theirs: Measured | None = None) -> None:
    repeats = ours.tally.repeats
    rows = [verdict("repeated calls", f"{repeats.total()}", "0", met=not repeats)]
    if theirs is not None and theirs.code == 0:
        for name, mine, peer, less in (
            ("CPU", ours.cpu_seconds, theirs.cpu_seconds, LESS_CPU),
            ("memory", ours.peak_mb, theirs.peak_mb, LESS_MEMORY),
            ("wall", ours.wall_seconds, theirs.wall_seconds, LESS_WALL),
        ):
            found = f"1/{peer / mine:.1f}"
            rows.append(
                verdict(f"{name} of Prowler's", found, f"1/{less}", met=mine * less <= peer)
            )
    elif theirs is not None:
        say(f"Prowler left with {theirs.code}: {theirs.stderr[-500:].strip()}")
    show("Targets", ("", "found", "target", ""), rows)
    for call, number in repeats.most_common(10):
        say(f"repeated {number} times: {call.service} {call.region} {call.operation} {call.asked}")
