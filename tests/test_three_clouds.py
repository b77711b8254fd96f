"""The same engine over three clouds, from the command line: read, sealed, verified, replayed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from collector.check import discover
from collector.cli import cli
from collector.permissions import ALWAYS_AWS, permissions
from collector.reads import Reads
from tests.azure import cloud as azure_cloud
from tests.azure.answers import SUBSCRIPTION, storage_account, tagged
from tests.azure.cloud import RESOURCES, STORAGE, Azure
from tests.google import fixtures as google_fixtures
from tests.google.fake import PROJECT, FakeGoogle

google = google_fixtures.google
azure = azure_cloud.azure_fixture


def collector(folder: Path, *words: str) -> Result:
    words = ("--config", str(folder / "collector.toml"), *words)
    return CliRunner().invoke(cli, words, standalone_mode=False)


def outcomes(printed: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in printed.splitlines():
        result = json.loads(line)
        found.setdefault(result["check"], set()).add(result["outcome"])
    return found


TAGS = {cloud: f"{cloud}.tagging.resources_classified" for cloud in ("gcp", "azure")}


def read(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def marked(printed: str) -> set[str]:
    """Checks with a result about a resource that is marked as holding health information."""
    return {result["check"] for result in read(printed) if result.get("phi") is True}


def assert_sealed_and_replayed(folder: Path, account: str) -> None:
    locker = str(folder / "evidence")
    assert collector(folder, "verify", locker).exit_code == 0
    replayed = collector(folder, "replay", account, "--locker", locker)
    entries = len(list((folder / "evidence/v1/accounts").iterdir()))
    assert entries == 1
    said = replayed.stderr
    assert said.split()[0] == said.split()[2], said


def test_a_google_cloud_project(
    google: FakeGoogle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "collector.toml").write_text(
        f'[accounts.data]\nprovider = "gcp"\nid = "{PROJECT}"\nendpoint = "{google.url}"\n'
        'phi = {data-classification = "phi"}\n'
    )
    labelled = {"name": f"//cloudsql.googleapis.com/projects/{PROJECT}/instances/records"}
    labels = {"labels": {"data-classification": "phi"}}
    google.answer("cloudasset.v1.searchAllResources", {"results": [labelled | labels]})
    listed = {"name": "records", "settings": {"ipConfiguration": {"sslMode": "ENCRYPTED_ONLY"}}}
    google.answer("sqladmin.instances.list", {"items": [listed]})
    for refused in (
        "storage.buckets.list",
        "cloudresourcemanager.projects.getIamPolicy",
        "logging.projects.locations.buckets.list",
    ):
        google.deny(refused)

    run = collector(tmp_path, "run", "--account", "data", "--locker", str(tmp_path / "evidence"))

    assert run.exit_code == 3, run.output
    said = collector(
        tmp_path, "results", str(tmp_path / "evidence"), "--account", "data", "--format", "jsonl"
    )
    by_check = outcomes(said.stdout)
    assert by_check.keys() == {i for i, c in discover().items() if c.provider == "gcp"}
    assert by_check["gcp.sql.tls_required"] == {"pass"}
    assert by_check["gcp.storage.encryption"] == {"unknown"}
    assert "missing permission storage.buckets.list" in said.stdout
    assert marked(said.stdout) == {"gcp.sql.tls_required", TAGS["gcp"]}
    assert_sealed_and_replayed(tmp_path, "data")


def test_an_azure_subscription(azure: Azure, tmp_path: Path) -> None:
    (tmp_path / "collector.toml").write_text(
        f'[accounts.office]\nprovider = "azure"\nid = "{SUBSCRIPTION}"\n'
        f'endpoint = "{azure.url}"\nca_bundle = "{azure.ca_bundle}"\n'
        'phi = {data-classification = ["phi", "ephi"]}\n'
    )
    azure.put(STORAGE, [storage_account("records"), storage_account("site")])
    azure.put(RESOURCES, [tagged("RECORDS", **{"data-classification": "ephi"}), tagged("site")])

    run = collector(tmp_path, "run", "--account", "office", "--locker", str(tmp_path / "evidence"))

    assert run.exit_code in (0, 3), run.output
    said = collector(
        tmp_path, "results", str(tmp_path / "evidence"), "--account", "office", "--format", "jsonl"
    )
    by_check = outcomes(said.stdout)
    assert by_check.keys() == {i for i, c in discover().items() if c.provider == "azure"}
    assert "unknown" not in by_check["azure.storage.tls12"]
    about_data = {"azure.storage.encryption", "azure.storage.https_only", "azure.storage.tls12"}
    assert marked(said.stdout) == {*about_data, TAGS["azure"]}
    only = collector(
        tmp_path, "results", str(tmp_path / "evidence"), "--account", "office", "--phi",
        "--format", "jsonl",
    )  # fmt: skip
    assert {r["resource"]["id"].rpartition("/")[2].lower() for r in read(only.stdout)} == {
        "records"
    }
    assert "1 resource with no classification left out" in only.stderr
    assert_sealed_and_replayed(tmp_path, "office")


def test_a_run_makes_no_call_outside_the_policy_that_it_prints(demo_reads: Reads) -> None:
    checks = [c for c in discover().values() if c.provider == "aws"]

    needed = {p for source, _ in demo_reads.answers for p in source.permissions}
    printed = set(permissions(checks, "aws"))
    assert needed <= printed
    assert {*ALWAYS_AWS, "ec2:DescribeRegions"} <= printed
