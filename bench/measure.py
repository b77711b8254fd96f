"""Measuring: a command as a whole process, behind the proxy, in an environment of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.faults import Faults
from bench.installed import collector
from bench.proxy import Proxy, Tally

ROOT = Path(__file__).parent.parent
LAUNCH = Path(__file__).with_name("launch.py")

LATENCY_SECONDS = 0.04
"""What each answer takes: about that of an AWS region on the same continent."""

LONGEST_RUN_SECONDS = 900

NOWHERE = "http://127.0.0.1:9"
"""Where nobody answers."""

KEPT = ("LANG", "LC_ALL", "PATH", "TMPDIR")
"""What a measured process may know of the environment of whoever starts the benchmark."""


class BenchError(Exception):
    """The benchmark cannot go on; the message says why."""


@dataclass(frozen=True)
class Measured:
    """What one run took."""

    code: int
    wall_seconds: float
    cpu_seconds: float
    """In user mode and in the kernel."""
    peak_mb: float
    tally: Tally
    stdout: str
    stderr: str


def measure(
    proxy: Proxy,
    command: Sequence[str],
    home: Path,
    *,
    latency_seconds: float = LATENCY_SECONDS,
    faults: Faults | None = None,
    more: Mapping[str, str] | None = None,
) -> Measured:
    """Run a command whose AWS is the proxy, at home in a folder.

    Raises:
        BenchError: it did not end in time.
    """
    tally = proxy.begin(latency_seconds=latency_seconds, faults=faults)
    return _measure(command, home, {**environment(proxy.url, home), **(more or {})}, tally)


def measure_alone(words: Sequence[str], home: Path) -> Measured:
    """Run `collector` with these words, without any AWS, at home in a folder.

    Raises:
        BenchError: it did not end in time.
    """
    return _measure([*collector(), *words], home, environment(NOWHERE, home), Tally())


def _measure(
    command: Sequence[str], home: Path, variables: Mapping[str, str], tally: Tally
) -> Measured:
    home.mkdir(parents=True, exist_ok=True)
    report = home / "figures.json"
    report.unlink(missing_ok=True)
    launched = subprocess.Popen(
        [sys.executable, "-I", "-S", str(LAUNCH), str(report), *command],
        cwd=home,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        stdout, stderr = launched.communicate(timeout=LONGEST_RUN_SECONDS)
    except subprocess.TimeoutExpired:
        raise BenchError(f"{command[0]}: not done after {LONGEST_RUN_SECONDS} s") from None
    finally:
        if launched.returncode is None:
            os.killpg(launched.pid, signal.SIGKILL)
            launched.wait()
    if not report.exists():
        raise BenchError(f"{command[0]}: could not be started: {stderr.strip()}")
    figures = json.loads(report.read_text())
    return Measured(
        code=figures["code"],
        wall_seconds=figures["wall_seconds"],
        cpu_seconds=figures["cpu_seconds"],
        peak_mb=figures["peak_kib"] / 1024,
        tally=tally,
        stdout=stdout,
        stderr=stderr,
    )


def environment(url: str, home: Path) -> dict[str, str]:
    """The variables of a process whose AWS is at `url`."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": url,
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
    }


def run_collector(
    proxy: Proxy,
    home: Path,
    regions: Sequence[str],
    *,
    locker: str = "evidence",
    latency_seconds: float = LATENCY_SECONDS,
    faults: Faults | None = None,
    program: Sequence[str] | None = None,
) -> Measured:
    """One `collector run` over all checks.

    Raises:
        BenchError: it sealed nothing.
    """
    home.mkdir(parents=True, exist_ok=True)
    (home / "collector.toml").write_text('[accounts.bench]\nprovider = "aws"\n')
    asked = ("run", "--account", "bench", "--locker", locker, "--regions", ",".join(regions))
    command = [*(program or collector()), *asked]
    ran = measure(proxy, command, home, latency_seconds=latency_seconds, faults=faults)
    if ran.code not in (0, 3):
        raise BenchError(f"collector run: left with {ran.code}: {ran.stderr[-2000:]}")
    return ran
