"""Cloud Logging."""

from __future__ import annotations

import pytest

from checks.gcp.logging import LogBucket, bucket_retention_locked
from collector.evidence.canonical import JSON
from tests.cases import Case, row
from tests.google.fake import FakeGoogle
from tests.google.fixtures import read

PARENT = "projects/demo-project/locations/global/buckets"


def bucket(
    days: int, *, locked: bool = False, name: str = "audit", state: str = "ACTIVE"
) -> LogBucket:
    """A log bucket as the API lists it, which leaves out what is false."""
    item: dict[str, JSON] = {
        "name": f"{PARENT}/{name}",
        "retentionDays": days,
        "lifecycleState": state,
    }
    if locked:
        item["locked"] = True
    return LogBucket.parse(item)


CASES = [
    row(bucket_retention_locked, bucket(365, locked=True),
        outcome="pass", reason="retention is 365 days, locked"),
    row(bucket_retention_locked, bucket(364, locked=True), outcome="fail",
        reason="retention is 364 days, locked; at least 365 days are required"),
    row(bucket_retention_locked, bucket(30, name="_Default"), outcome="fail",
        reason="retention is 30 days, not locked; at least 365 days are required"),
    row(bucket_retention_locked, bucket(3650), outcome="fail",
        reason="retention is 3650 days, not locked; it can be shortened"),
    row(bucket_retention_locked, bucket(3650), require_locked=False,
        outcome="pass", reason="retention is 3650 days, not locked"),
    row(bucket_retention_locked, bucket(30, locked=True), min_days=30,
        outcome="pass", reason="retention is 30 days, locked"),
    row(bucket_retention_locked, bucket(400, name="_Required"),
        outcome="pass", reason="retention is 400 days, fixed by Google"),
    row(bucket_retention_locked, bucket(400, name="_Required", locked=True),
        outcome="pass", reason="retention is 400 days, fixed by Google"),
    row(bucket_retention_locked, bucket(400, name="_Required"), min_days=2190, outcome="fail",
        reason="retention is 400 days, fixed by Google; at least 2190 days are required"),
    row(bucket_retention_locked, bucket(500, name="_Required"), outcome="fail",
        reason="retention is 500 days, not locked; it can be shortened"),
    row(bucket_retention_locked, bucket(400, name="my_Required"), outcome="fail",
        reason="retention is 400 days, not locked; it can be shortened"),
    row(bucket_retention_locked, bucket(30, state="UPDATING"), outcome="fail",
        reason="retention is 30 days, not locked; at least 365 days are required"),
    row(bucket_retention_locked, bucket(30, state="DELETE_REQUESTED"),
        outcome="not_applicable", reason="log bucket in state DELETE_REQUESTED"),
    row(bucket_retention_locked, bucket(30, state="CREATING"),
        outcome="not_applicable", reason="log bucket in state CREATING"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_buckets_of_all_locations_are_read(google: FakeGoogle) -> None:
    required = {
        "name": f"{PARENT}/_Required",
        "retentionDays": 400,
        "locked": True,
        "lifecycleState": "ACTIVE",
    }
    mine = {
        "name": "projects/demo-project/locations/eu/buckets/mine",
        "retentionDays": 30,
        "lifecycleState": "ACTIVE",
    }
    google.answer(
        "logging.projects.locations.buckets.list",
        {"buckets": [required]},
        {"buckets": [mine]},
        parent="projects/demo-project/locations/-",
    )

    reads = read(google, bucket_retention_locked)

    assert {o.name: o.resource for o in reads[LogBucket]} == {
        f"//logging.googleapis.com/{PARENT}/_Required": bucket(400, name="_Required", locked=True),
        f"//logging.googleapis.com/{mine['name']}": LogBucket(
            id="projects/demo-project/locations/eu/buckets/mine", retention_days=30, state="ACTIVE"
        ),
    }
