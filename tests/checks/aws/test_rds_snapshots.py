"""Amazon RDS: snapshots, judged for each region as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from pydantic import ValidationError

from checks.aws.rds import (
    DbClusterSnapshot,
    DbClusterSnapshotAttributes,
    DbSnapshot,
    DbSnapshotAttributes,
    SnapshotAttribute,
    snapshots_encrypted,
    snapshots_not_public,
)
from collector.evaluate import evaluate
from collector.evidence.canonical import JSON
from tests.aws_told import told
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def snapshot(name: str = "final", **facts: object) -> DbSnapshot:
    """A manual snapshot without encryption, with some of its facts changed."""
    plain = {"id": f"arn:{name}", "name": name, "kind": "manual", "is_encrypted": False}
    return DbSnapshot.model_validate({**plain, **facts})


def cluster_snapshot(name: str, **facts: object) -> DbClusterSnapshot:
    return DbClusterSnapshot.model_validate(snapshot(name, **facts).model_dump())


def shared(name: str, *accounts: str) -> DbSnapshotAttributes:
    restore = SnapshotAttribute(name="restore", values=accounts)
    return DbSnapshotAttributes(name=name, attributes=(restore,))


def cluster_shared(name: str, *accounts: str) -> DbClusterSnapshotAttributes:
    return DbClusterSnapshotAttributes.model_validate(shared(name, *accounts).model_dump())


UNASKED = DbSnapshotAttributes(name="nightly", attributes=None)

CASES = [
    row(snapshots_encrypted,
        [snapshot(is_encrypted=True), cluster_snapshot("b", is_encrypted=True)],
        outcome="pass", reason="2 of 2 encrypted"),
    row(snapshots_encrypted, [snapshot(encryption="sse-rds")],
        outcome="pass", reason="1 of 1 encrypted"),
    row(snapshots_encrypted, [snapshot(is_encrypted=True, encryption="sse-kms")],
        outcome="pass", reason="1 of 1 encrypted"),
    row(snapshots_encrypted, [snapshot("b"), cluster_snapshot("a"), snapshot(is_encrypted=True)],
        outcome="fail", reason="2 of 3 not encrypted: a, b"),
    row(snapshots_encrypted, [snapshot(is_encrypted=True, encryption="none")],
        outcome="fail", reason="1 of 1 not encrypted: final"),
    row(snapshots_encrypted, [snapshot(kind="automated")],
        outcome="fail", reason="1 of 1 not encrypted: final"),
    row(snapshots_encrypted, [], outcome="not_applicable", reason="no snapshot"),
    row(snapshots_not_public, [shared("final"), cluster_shared("old", "111111111111"), UNASKED],
        outcome="pass", reason="none of 3 is public"),
    row(snapshots_not_public, [shared("final", "111111111111", "all"), UNASKED],
        outcome="fail", reason="public: final"),
    row(snapshots_not_public, [cluster_shared("old", "all"), shared("final", "all")],
        outcome="fail", reason="public: final, old"),
    row(snapshots_not_public, [], outcome="not_applicable", reason="no snapshot"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


@pytest.mark.parametrize(
    ("facts", "is_asked"),
    [
        ({}, True),
        ({"encryption": "none"}, True),
        ({"encryption": "sse-rds"}, True),
        ({"kind": "new-kind"}, True),
        ({"is_encrypted": True, "encryption": "none"}, True),
        ({"is_encrypted": True}, False),
        ({"is_encrypted": True, "encryption": "sse-kms"}, False),
        ({"kind": "automated"}, False),
        ({"kind": "awsbackup"}, False),
    ],
    ids=str,
)
def test_only_what_may_be_public_is_asked_for(facts: dict[str, object], is_asked: bool) -> None:
    assert (snapshot("final", **facts).shareable == "final") is is_asked
    assert (cluster_snapshot("final", **facts).shareable == "final") is is_asked


def test_snapshots_are_read_with_those_they_are_shared_with() -> None:
    def of(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        name = params["DBSnapshotIdentifier"]
        restore = {"AttributeName": "restore", "AttributeValues": ["all"] if name == "b" else []}
        answer = {"DBSnapshotIdentifier": name, "DBSnapshotAttributes": [restore]}
        return {"DBSnapshotAttributesResult": answer}

    def item(name: str, kind: str, *, is_encrypted: bool) -> dict[str, object]:
        return {
            "DBSnapshotIdentifier": name,
            "DBSnapshotArn": f"arn:aws:rds:us-east-1:123456789012:snapshot:{name}",
            "SnapshotType": kind,
            "Encrypted": is_encrypted,
        }

    cluster = {
        "DBClusterSnapshotIdentifier": "rds:messages",
        "DBClusterSnapshotArn": "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:rds:messages",
        "SnapshotType": "automated",
        "StorageEncrypted": True,
    }
    single = [
        item("a", "manual", is_encrypted=False),
        item("b", "manual", is_encrypted=False),
        item("c", "manual", is_encrypted=True),
        item("rds:d", "automated", is_encrypted=False),
    ]
    session = told(
        {
            "rds:DescribeDBSnapshots": {"DBSnapshots": single},
            "rds:DescribeDBClusterSnapshots": {"DBClusterSnapshots": [cluster]},
            "rds:DescribeDBSnapshotAttributes": of,
        }
    )

    checks = snapshots_encrypted, snapshots_not_public
    reads = read_aws(session, *checks)
    results = evaluate(checks, reads, settings={}, now=NOW)

    attributes = [o.resource for o in reads[DbSnapshotAttributes]]
    assert [(a.name, a.attributes is None) for a in attributes] == [
        ("a", False), ("b", False), ("c", True), ("rds:d", True)
    ]  # fmt: skip
    assert [(r.outcome, r.reason) for r in results] == [
        ("fail", "3 of 5 not encrypted: a, b, rds:d"),
        ("fail", "public: b"),
    ]


def test_a_public_cluster_snapshot_is_read_as_such(aws: boto3.Session) -> None:
    rds = aws.client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="messages",
        Engine="aurora-postgresql",
        MasterUsername="owner",
        MasterUserPassword="not-a-password",
    )
    rds.create_db_cluster_snapshot(
        DBClusterSnapshotIdentifier="old", DBClusterIdentifier="messages"
    )
    rds.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier="old", AttributeName="restore", ValuesToAdd=["all"]
    )

    reads = read_aws(aws, snapshots_not_public)
    results = evaluate([snapshots_not_public], reads, settings={}, now=NOW)

    assert [(r.outcome, r.reason) for r in results] == [("fail", "public: old")]


@pytest.mark.parametrize(
    "attributes",
    [[], [{"AttributeName": "restore"}], [{"AttributeName": "other", "AttributeValues": []}], None],
    ids=["none", "without values", "another", "left out"],
)
def test_an_answer_that_does_not_tell_who_may_restore_is_unreadable(attributes: JSON) -> None:
    result: JSON = {"DBSnapshotIdentifier": "final", "DBSnapshotAttributes": attributes}

    with pytest.raises(ValidationError):
        DbSnapshotAttributes.parse({"DBSnapshotAttributesResult": result}, snapshot())
