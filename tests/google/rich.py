"""A project in which every check of Google Cloud passes something and fails something.

What a check says of the project as a whole, it can say only once: so there are two projects.
"""

from __future__ import annotations

from tests.google.fake import FakeGoogle

KEY = "projects/demo-project/locations/eu/keyRings/data/cryptoKeys/records"
BUCKETS = "projects/demo-project/locations/global/buckets"

STRICT = {"gcp.storage.encryption": {"require_cmek": True}}
"""Settings without which a check passes whatever it is given."""


def fill(google: FakeGoogle, *, is_good: bool) -> None:
    """Have answers for every method that checks call."""
    _storage(google)
    _sql(google)
    _logging(google)
    _labels(google)
    role = "roles/viewer" if is_good else "roles/owner"
    bindings = [
        {"role": "roles/browser", "members": ["group:all@example.com"]},
        {"role": role, "members": ["user:ada@example.com"], "condition": {"expression": "true"}},
    ]
    google.answer(
        "cloudresourcemanager.projects.getIamPolicy",
        {"bindings": bindings, "version": 3, "etag": "CAE="},
    )


def _storage(google: FakeGoogle) -> None:
    def bucket(name: str, prevention: str, *, uniform: bool) -> dict[str, object]:
        configuration = {
            "publicAccessPrevention": prevention,
            "uniformBucketLevelAccess": {"enabled": uniform},
        }
        return {"name": name, "iamConfiguration": configuration}

    encrypted = {"encryption": {"defaultKmsKeyName": KEY}}
    google.answer(
        "storage.buckets.list",
        {"items": [bucket("records", "enforced", uniform=True) | encrypted]},
        {
            "items": [
                bucket("private", "inherited", uniform=True) | encrypted,
                bucket("acls", "inherited", uniform=False),
                bucket("public", "unspecified", uniform=True),
            ]
        },
    )
    viewer = "roles/storage.objectViewer"
    for name, member in (
        ("records", "allUsers"),
        ("private", "user:ada@example.com"),
        ("acls", "user:ada@example.com"),
        ("public", "allAuthenticatedUsers"),
    ):
        policy = {"bindings": [{"role": viewer, "members": [member]}], "etag": "CAE=", "version": 1}
        google.answer("storage.buckets.getIamPolicy", policy, bucket=name)


def _sql(google: FakeGoogle) -> None:
    def instance(name: str, kind: str, **configuration: object) -> dict[str, object]:
        return {
            "name": name,
            "instanceType": kind,
            "settings": {"ipConfiguration": configuration},
        }

    google.answer(
        "sqladmin.instances.list",
        {
            "items": [
                instance("records", "CLOUD_SQL_INSTANCE", sslMode="ENCRYPTED_ONLY"),
                instance("copy", "READ_REPLICA_INSTANCE", requireSsl=True),
                instance(
                    "open",
                    "CLOUD_SQL_INSTANCE",
                    sslMode="ALLOW_UNENCRYPTED_AND_ENCRYPTED",
                    requireSsl=True,
                ),
                instance("old", "CLOUD_SQL_INSTANCE", requireSsl=False),
                instance("office", "ON_PREMISES_INSTANCE"),
            ]
        },
    )


def _logging(google: FakeGoogle) -> None:
    def bucket(name: str, days: int, state: str = "ACTIVE", **lock: bool) -> dict[str, object]:
        return {
            "name": f"{BUCKETS}/{name}",
            "retentionDays": days,
            "lifecycleState": state,
            **lock,
        }

    google.answer(
        "logging.projects.locations.buckets.list",
        {"buckets": [bucket("_Required", 400, locked=True), bucket("_Default", 30)]},
        {
            "buckets": [
                bucket("audit", 400, locked=True),
                bucket("open", 400),
                bucket("short", 100, locked=True),
                bucket("going", 400, "DELETE_REQUESTED", locked=True),
            ]
        },
    )


def _labels(google: FakeGoogle) -> None:
    def found(name: str, **labels: str) -> dict[str, object]:
        return {"name": f"//storage.googleapis.com/{name}", "labels": labels}

    google.answer(
        "cloudasset.v1.searchAllResources",
        {"results": [found("records", **{"data-classification": "phi"})]},
        {
            "results": [
                found("private", owner="ada"),
                found("acls", **{"data-classification": "no"}),
            ]
        },
    )
