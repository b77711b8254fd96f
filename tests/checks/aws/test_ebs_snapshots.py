"""Amazon EBS: snapshots, judged for each region as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from checks.aws.ebs import (
    PublicSnapshot,
    Snapshot,
    SnapshotPublicAccess,
    snapshots_encrypted,
    snapshots_not_public,
)
from collector.evaluate import evaluate
from tests.aws_told import told
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def snapshots(*encrypted: bool, state: str = "completed") -> list[Snapshot]:
    return [
        Snapshot.model_validate({"id": f"snap-{n}", "state": state, "is_encrypted": each})
        for n, each in enumerate(encrypted, 1)
    ]


def sharing(
    count: int, *public: str, state: str = "unblocked"
) -> tuple[list[Snapshot], list[PublicSnapshot], SnapshotPublicAccess]:
    """What `snapshots_not_public` takes: so many snapshots, and the ids of public ones."""
    own = snapshots(*[True] * count)
    access = SnapshotPublicAccess.model_validate({"state": state})
    return own, [PublicSnapshot(id=each) for each in public], access


CASES = [
    row(snapshots_encrypted, snapshots(True, True), outcome="pass", reason="2 of 2 encrypted"),
    row(snapshots_encrypted, snapshots(True, False, False),
        outcome="fail", reason="2 of 3 not encrypted: snap-2, snap-3"),
    row(snapshots_encrypted, snapshots(*[False] * 7),
        outcome="fail",
        reason="7 of 7 not encrypted: snap-1, snap-2, snap-3, snap-4, snap-5 and 2 more"),
    row(snapshots_encrypted, snapshots(False, state="pending"),
        outcome="fail", reason="1 of 1 not encrypted: snap-1"),
    row(snapshots_encrypted, snapshots(False, state="recovering"),
        outcome="fail", reason="1 of 1 not encrypted: snap-1"),
    row(snapshots_encrypted, snapshots(False, state="error"),
        outcome="not_applicable", reason="no snapshot"),
    row(snapshots_encrypted, [], outcome="not_applicable", reason="no snapshot"),
    row(snapshots_not_public, *sharing(2),
        outcome="pass", reason="none of 2 is public; block public access is unblocked"),
    row(snapshots_not_public, *sharing(2, state="block-all-sharing"),
        outcome="pass", reason="none of 2 is public; block public access is block-all-sharing"),
    row(snapshots_not_public, *sharing(2, "snap-2", "snap-1"),
        outcome="fail", reason="public: snap-1, snap-2; block public access is unblocked"),
    row(snapshots_not_public, *sharing(2, "snap-1", state="block-new-sharing"),
        outcome="fail", reason="public: snap-1; block public access is block-new-sharing"),
    row(snapshots_not_public, *sharing(0, "snap-1"),
        outcome="fail", reason="public: snap-1; block public access is unblocked"),
    row(snapshots_not_public, *sharing(2, "snap-1", state="block-all-sharing"),
        outcome="pass", reason="block-all-sharing keeps from the public: snap-1"),
    row(snapshots_not_public, *sharing(0), outcome="not_applicable", reason="no snapshot"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_public_snapshots_are_asked_for_in_one_call_a_region() -> None:
    asked = []

    def describe(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        asked.append({**params, "region": region})
        own = [
            {"SnapshotId": "snap-1", "State": "completed", "Encrypted": True},
            {"SnapshotId": "snap-2", "State": "completed", "Encrypted": False},
        ]
        if region == "us-west-2":
            return {"Snapshots": []}
        return {"Snapshots": own[1:] if params.get("RestorableByUserIds") == ["all"] else own}

    session = told(
        {
            "ec2:DescribeSnapshots": describe,
            "ec2:GetSnapshotBlockPublicAccessState": {"State": "block-new-sharing"},
        }
    )

    checks = snapshots_encrypted, snapshots_not_public
    reads = read_aws(session, *checks, regions=("us-east-1", "us-west-2"))
    results = evaluate(checks, reads, settings={}, now=NOW)

    assert len(asked) == 4
    assert all(call["OwnerIds"] == ["self"] for call in asked)
    assert [(r.resource.region, r.outcome, r.reason) for r in results] == [
        ("us-east-1", "fail", "1 of 2 not encrypted: snap-2"),
        ("us-east-1", "fail", "public: snap-2; block public access is block-new-sharing"),
    ]
    assert [o.name for o in reads[PublicSnapshot]] == [
        "arn:aws:ec2:us-east-1:123456789012:snapshot/snap-2"
    ]


def test_a_snapshot_that_does_not_say_whether_it_is_encrypted_is_unreadable() -> None:
    with pytest.raises(ValidationError, match="is_encrypted"):
        Snapshot.parse({"SnapshotId": "snap-1", "State": "completed"})
