"""Cloud Storage."""

from __future__ import annotations

import pytest

from checks.gcp.policy import Binding
from checks.gcp.storage import Bucket, BucketPolicy, encryption, not_public
from tests.cases import Case, row
from tests.google.fake import FakeGoogle
from tests.google.fixtures import read

KEY = "projects/keys/locations/eu/keyRings/phi/cryptoKeys/records"
VIEWER = "roles/storage.objectViewer"


def bucket(*, prevention: str = "inherited", uniform: bool = True) -> Bucket:
    return Bucket.parse(
        {
            "name": "records",
            "iamConfiguration": {
                "publicAccessPrevention": prevention,
                "uniformBucketLevelAccess": {"enabled": uniform},
            },
        }
    )


def policy(*members: str, condition: str | None = None) -> BucketPolicy:
    return BucketPolicy(bindings=(Binding(role=VIEWER, members=members, condition=condition),))


OWNED = policy("projectViewer:demo-project", "user:a@example.com")

CASES = [
    row(encryption, Bucket(id="records"), outcome="pass",
        reason="key management is GOOGLE_MANAGED: AES-256 by Google's default encryption"),
    row(encryption, Bucket(id="records", kms_key=KEY), outcome="pass",
        reason=f"key management is CMEK: the default key is {KEY}"),
    row(encryption, Bucket(id="records"), require_cmek=True, outcome="fail",
        reason="key management is GOOGLE_MANAGED: no default Cloud KMS key"),
    row(encryption, Bucket(id="records", kms_key=KEY), require_cmek=True, outcome="pass",
        reason=f"key management is CMEK: the default key is {KEY}"),
    row(not_public, bucket(), OWNED,
        outcome="pass", reason="the policy names no public member, and ACLs are off"),
    row(not_public, bucket(), BucketPolicy(etag="CAE="),
        outcome="pass", reason="the policy names no public member, and ACLs are off"),
    row(not_public, bucket(), policy("user:a@example.com", "allUsers"),
        outcome="fail", reason=f"the policy grants {VIEWER} to allUsers"),
    row(not_public, bucket(prevention="unspecified"), policy("allAuthenticatedUsers"),
        outcome="fail", reason=f"the policy grants {VIEWER} to allAuthenticatedUsers"),
    row(not_public, bucket(), policy("allUsers", condition="request.time < timestamp('2027')"),
        outcome="fail", reason=f"the policy grants {VIEWER} to allUsers conditionally"),
    row(not_public, bucket(uniform=False), OWNED, outcome="fail",
        reason="the policy names no public member, but ACLs are in force and can make objects"
        " public"),
    row(not_public, bucket(uniform=False), policy("allUsers"),
        outcome="fail", reason=f"the policy grants {VIEWER} to allUsers"),
    row(not_public, bucket(prevention="enforced"), policy("allUsers"),
        outcome="pass", reason="public access prevention is enforced"),
    row(not_public, bucket(prevention="enforced", uniform=False), OWNED,
        outcome="pass", reason="public access prevention is enforced"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_buckets_of_all_pages_are_read_with_their_policies(google: FakeGoogle) -> None:
    modern = {
        "name": "records",
        "encryption": {"defaultKmsKeyName": KEY},
        "iamConfiguration": {
            "publicAccessPrevention": "enforced",
            "uniformBucketLevelAccess": {"enabled": True},
        },
    }
    google.answer("storage.buckets.list", {"items": [modern]}, {"items": [{"name": "old"}]})
    bindings = [{"role": VIEWER, "members": ["allUsers"], "condition": {"expression": "false"}}]
    google.answer("storage.buckets.getIamPolicy", {"etag": "CAE="}, bucket="records")
    google.answer("storage.buckets.getIamPolicy", {"bindings": bindings}, bucket="old")

    reads = read(google, encryption, not_public)

    assert {o.name: o.resource for o in reads[Bucket]} == {
        "//storage.googleapis.com/projects/_/buckets/old": Bucket(id="old"),
        "//storage.googleapis.com/projects/_/buckets/records": Bucket(
            id="records", kms_key=KEY, public_access_prevention="enforced", uniform_access=True
        ),
    }
    assert [o.resource for o in reads[BucketPolicy]] == [
        BucketPolicy(
            id="old",
            bindings=(Binding(role=VIEWER, members=("allUsers",), condition="false"),),
        ),
        BucketPolicy(id="records", etag="CAE="),
    ]


def test_policies_are_asked_for_with_their_conditions(google: FakeGoogle) -> None:
    google.answer("storage.buckets.list", {"items": [{"name": "records"}]})
    google.answer("storage.buckets.getIamPolicy", {"etag": "CAE="})

    read(google, not_public)

    asked = [params for name, params, _ in google.requests if name.endswith("getIamPolicy")]
    assert [params["optionsRequestedPolicyVersion"] for params in asked] == ["3"]
