"""What every test has: no network but loopback, no real credentials, a simulated AWS."""

from __future__ import annotations

import gc
import socket
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.loaders
import pytest
import structlog

from collector.reads import Reads
from tests.browser import browser

__all__ = ["browser"]  # one for all tests: two could not run beside each other

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX and isinstance(address, tuple):
            assert address[0] in LOOPBACK, f"a test tried to reach {address[0]}"
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session", autouse=True)
def _models_read_once() -> Iterator[None]:
    """Each of the SDK's files is read once, whichever session asks for it.

    Loaders that search elsewhere, as moto's does, add to what they read, and so have their own.
    """
    known: dict[tuple[object, ...], Any] = {}
    Loader: Any = botocore.loaders.Loader
    load = Loader.load_data_with_path

    def load_once(self: Any, name: str) -> Any:
        if type(self.file_loader) is not botocore.loaders.JSONFileLoader:
            return load(self, name)
        key = (*self.search_paths, name)
        if key not in known:
            known[key] = load(self, name)
        return known[key]

    gc.set_threshold(100_000, 20, 20)  # as `collector` does: what is kept is no garbage
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loader, "load_data_with_path", load_once)
        yield


@pytest.fixture(autouse=True)
def _own_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No test sees the credentials, keys or settings of whoever runs it."""
    import os

    for name in list(os.environ):
        if name.startswith(("AWS_", "AZURE_", "GOOGLE_", "COLLECTOR_", "CLOUDSDK_")):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """No test logs to a stream that another one has closed."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """Address of a moto server over HTTP, one for the whole session."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """A session on an empty simulated account, as the default credential chain would find it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    reset = urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST")
    with urllib.request.urlopen(reset) as answer:
        assert answer.status == 200
    return boto3.Session()


@pytest.fixture(scope="session")
def demo_reads() -> Reads:
    """What all AWS checks need, read once from the demo account."""
    from tests.demo_account import read_all

    return read_all()


LONGEST = (
    "test_no_silent_pass.py",
    "test_policy_oracle.py",
    "test_demo.py",
    "test_cli.py",
    "test_three_clouds.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests come first, so that no worker is left with one when the others are done.

    They are few enough to be the first that one worker gets, which makes the demo account for all.
    """
    items.sort(key=lambda item: item.path.name not in LONGEST)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was tried by tests that try many things and record it as `tried`."""
    counts: dict[str, dict[str, int]] = {}
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties:
            if name == "tried" and isinstance(value, dict):
                counts |= value
    for what, kinds in sorted(counts.items()):
        told = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        terminalreporter.write_line(f"tried on {what}: {told}")
