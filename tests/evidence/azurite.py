"""Azurite, Microsoft's emulator of Azure Storage, on loopback."""

from __future__ import annotations

import os
import re
import selectors
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

ACCOUNT = "devstoreaccount1"
# The emulator's own, which is the same everywhere.
ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

START_SECONDS = 60.0
"""How long it may take to answer. It takes two; a busy machine takes more."""

PROGRAM = Path(__file__).parents[1] / "emulators/node_modules/azurite/dist/src/blob/main.js"

_READY = re.compile(rb"Azurite Blob service successfully listens on (http://\S+)")


def connection_string(endpoint: str) -> str:
    """What the SDK takes in AZURE_STORAGE_CONNECTION_STRING, for a server on loopback."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
        f"BlobEndpoint={endpoint}/{ACCOUNT};"
    )


@contextmanager
def azurite() -> Iterator[str]:
    """The emulator's blob service, with nothing in it; its URL.

    Skips the test where it is not installed, unless CI is set, where that is a failure.
    """
    node = shutil.which("node")
    if node is None or not PROGRAM.exists():
        reason = "Azurite is not installed: make emulators"
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    options = ("--silent", "--disableTelemetry", "--inMemoryPersistence", "--skipApiVersionCheck")
    command = [node, str(PROGRAM), "--blobHost", "127.0.0.1", "--blobPort", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            yield _url(process.stdout)
        finally:
            process.terminate()


def _url(output: IO[bytes]) -> str:
    """What it says once it answers."""
    deadline = time.monotonic() + START_SECONDS
    said = b""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while (ready := _READY.search(said)) is None:
            left = deadline - time.monotonic()
            assert left > 0 and selector.select(left), f"Azurite does not answer; it said {said!r}"
            more = os.read(output.fileno(), 4096)
            assert more, f"Azurite ended; it said {said!r}"
            said += more
    return ready[1].decode()
