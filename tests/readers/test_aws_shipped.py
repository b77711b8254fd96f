"""The service models that come with the package: what botocore's own would be reduced to."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import botocore
import botocore.session
import pytest

from collector.check import discover
from collector.readers.aws_sdk import Models, reduced
from collector.readers.aws_shipped import BUILTIN, FILE, shipped

SOURCES = {r.source for c in discover().values() for r in c.resources}
GENERATED = (
    f"Written by UPDATE=1 pytest {Path(__file__).name}: parts of the service models of botocore,"
    " Copyright Amazon.com, Inc. or its affiliates, under the Apache License 2.0"
)


def to_ship() -> str:
    """What the file is to hold; a line for each service."""
    services = []
    for name, wanted in sorted(Models(SOURCES).wanted.items()):
        file = max(Path(BUILTIN, name).glob("*/service-2.json.gz"))
        whole = json.loads(gzip.decompress(file.read_bytes()))
        held = {"version": file.parent.name, "model": reduced(whole, sorted(wanted))}
        services.append(f"{json.dumps(name)}:{json.dumps(held, separators=(',', ':'))}")
    head = json.dumps({"generated": GENERATED, "botocore": botocore.__version__}, indent=0)
    return head[:-2] + ',\n"services": {\n' + ",\n".join(services) + "\n}}\n"


def test_the_file_is_current() -> None:
    text = to_ship()
    if os.environ.get("UPDATE"):
        FILE.write_text(text, encoding="utf-8")

    assert FILE.read_text(encoding="utf-8") == text, "write it anew: UPDATE=1 pytest"


@pytest.fixture
def path() -> Path:
    (file,) = Path(BUILTIN, "kms").glob("*/service-2.json.gz")
    return file.with_name("service-2")


def test_a_model_is_shipped_for_what_checks_call(path: Path) -> None:
    model = shipped(path, {"ListKeys"})

    assert model is not None
    assert "ListKeys" in model["operations"]


def test_another_operation_takes_the_whole_model(path: Path) -> None:
    assert shipped(path, {"ListKeys", "ListRetirableGrants"}) is None


def test_another_service_or_place_takes_the_whole_model(path: Path, tmp_path: Path) -> None:
    assert shipped(Path(str(path).replace("kms", "glacier")), {"ListVaults"}) is None
    assert shipped(path.parent.parent / "2001-01-01" / "service-2", {"ListKeys"}) is None
    assert shipped(tmp_path / "kms" / path.parent.name / "service-2", {"ListKeys"}) is None


def test_another_version_takes_the_whole_model(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways lead to the same model."""
    sessions = [botocore.session.Session() for _ in range(2)]
    Models(SOURCES).use_in(sessions[0])
    monkeypatch.setattr(botocore, "__version__", "2.0.0")

    assert shipped(path, {"ListKeys"}) is None
    Models(SOURCES).use_in(sessions[1])
    one, other = (described(session) for session in sessions)
    assert one == other


def described(session: botocore.session.Session) -> dict[str, Any]:
    loader = session.get_component("data_loader")
    return {name: loader.load_service_model(name, "service-2") for name in Models(SOURCES).wanted}


def test_what_clients_change_of_a_model_stays_theirs(path: Path) -> None:
    one, other = (Models(SOURCES).load_file(str(path))["operations"] for _ in range(2))

    one["ListKeys"]["http"]["requestUri"] = "/changed"

    assert other["ListKeys"]["http"]["requestUri"] == "/"
    kept = Models(SOURCES).load_file(str(path))["operations"]
    assert kept["ListKeys"]["http"]["requestUri"] == "/"
