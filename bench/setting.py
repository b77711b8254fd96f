"""The setting of a measurement: a simulated cloud in a process, and the proxy before it."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measure import ROOT, BenchError, environment
from bench.proxy import Proxy

LONGEST_SEEDING_SECONDS = 600


@dataclass(frozen=True)
class Setting:
    """What is there to be measured."""

    proxy: Proxy
    made: Mapping[str, int]
    """How many things of each kind are in the account."""
    folder: Path
    """Homes of the measured processes, and the cloud's log."""

    @property
    def resources(self) -> int:
        """How many things there are in all."""
        return sum(self.made.values())


@contextmanager
def setting(scale: int) -> Iterator[Setting]:
    """A cloud with an account of about `scale` × 300 resources, until this is left.

    Raises:
        BenchError: it could not be made.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with (folder / "cloud.log").open("w") as log:
            cloud = subprocess.Popen(
                [sys.executable, "-m", "bench.cloud.server", f"{scale}"],
                cwd=ROOT,
                env=environment("", folder),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            facts = json.loads(_first_line(cloud, folder / "cloud.log"))
            proxy = Proxy(facts["port"])
            try:
                yield Setting(proxy, facts["made"], folder)
            finally:
                proxy.close()
        finally:
            cloud.kill()
            cloud.communicate()


def _first_line(cloud: subprocess.Popen[str], log: Path) -> str:
    assert cloud.stdout is not None
    ready, _, _ = select.select([cloud.stdout], [], [], LONGEST_SEEDING_SECONDS)
    line = cloud.stdout.readline() if ready else ""
    if not line:
        raise BenchError(f"making the simulated account: {log.read_text()[-2000:].strip()}")
    return line
