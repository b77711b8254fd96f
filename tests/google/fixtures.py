"""The fake Google Cloud as a fixture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.check import Check
from collector.collect import collect
from collector.readers.gcp import GcpReader, open_account
from collector.reads import Reads
from tests.google.fake import PROJECT, FakeGoogle


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeGoogle]:
    """A Google Cloud without answers, and credentials for it where the libraries look for them."""
    cloud = FakeGoogle()
    use(cloud, monkeypatch, tmp_path)
    yield cloud
    cloud.close()
    assert not cloud.unexpected, cloud.unexpected


def use(cloud: FakeGoogle, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Put the key file of the fake's service account where Google's libraries look for it."""
    path = folder / "key.json"
    path.write_text(json.dumps(cloud.key_file()))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))


def reader(cloud: FakeGoogle, ca_bundle: str | None = None) -> GcpReader:
    """A reader of the fake's project."""
    return open_account("test", project=PROJECT, endpoint=cloud.url, ca_bundle=ca_bundle)


def read(cloud: FakeGoogle, *checks: Check[...]) -> Reads:
    """What the checks' sources bring."""
    return collect(checks, reader(cloud))
