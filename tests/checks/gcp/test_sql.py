"""Cloud SQL."""

from __future__ import annotations

import pytest

from checks.gcp.sql import SqlInstance, tls_required
from tests.cases import Case, row
from tests.google.fake import FakeGoogle
from tests.google.fixtures import read


def instance(
    mode: str | None = None, require_ssl: bool | None = None, kind: str = ""
) -> SqlInstance:
    """An instance as the API lists it; what is None is left out."""
    ip = {"sslMode": mode, "requireSsl": require_ssl}
    return SqlInstance.parse(
        {
            "name": "records",
            "instanceType": kind or "CLOUD_SQL_INSTANCE",
            "settings": {"ipConfiguration": {k: v for k, v in ip.items() if v is not None}},
        }
    )


CASES = [
    row(tls_required, instance("ENCRYPTED_ONLY"),
        outcome="pass", reason="sslMode is ENCRYPTED_ONLY"),
    row(tls_required, instance("ENCRYPTED_ONLY", require_ssl=False),
        outcome="pass", reason="sslMode is ENCRYPTED_ONLY"),
    row(tls_required, instance("TRUSTED_CLIENT_CERTIFICATE_REQUIRED", kind="READ_REPLICA_INSTANCE"),
        outcome="pass", reason="sslMode is TRUSTED_CLIENT_CERTIFICATE_REQUIRED"),
    row(tls_required, instance(require_ssl=True), outcome="pass", reason="requireSsl is true"),
    row(tls_required, instance("SSL_MODE_UNSPECIFIED", require_ssl=True),
        outcome="pass", reason="requireSsl is true"),
    row(tls_required, instance("ALLOW_UNENCRYPTED_AND_ENCRYPTED", require_ssl=True), outcome="fail",
        reason="sslMode is ALLOW_UNENCRYPTED_AND_ENCRYPTED, which lets in plain connections"),
    row(tls_required, instance(require_ssl=False), outcome="fail",
        reason="sslMode is SSL_MODE_UNSPECIFIED, which lets in plain connections"),
    row(tls_required, instance(), outcome="fail",
        reason="sslMode is SSL_MODE_UNSPECIFIED, which lets in plain connections"),
    row(tls_required, instance(kind="ON_PREMISES_INSTANCE"), outcome="not_applicable",
        reason="on the customer's premises, not managed by Cloud SQL"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_instances_are_read_by_their_full_names(google: FakeGoogle) -> None:
    listed = {
        "name": "records",
        "instanceType": "READ_POOL_INSTANCE",
        "settings": {"ipConfiguration": {"sslMode": "ENCRYPTED_ONLY", "requireSsl": True}},
    }
    google.answer("sqladmin.instances.list", {"items": [listed]})

    (found,) = read(google, tls_required)[SqlInstance]

    assert found.name == "//cloudsql.googleapis.com/projects/demo-project/instances/records"
    assert found.resource == SqlInstance(
        id="records", type="READ_POOL_INSTANCE", ssl_mode="ENCRYPTED_ONLY", require_ssl=True
    )


def test_listing_without_a_region_that_does_not_answer_is_not_read(google: FakeGoogle) -> None:
    """Cloud SQL tells so by a warning next to the instances of the other regions."""
    warning = {"code": "REGION_UNREACHABLE", "region": "europe-west1"}
    google.answer("sqladmin.instances.list", {"items": [{"name": "a"}], "warnings": [warning]})

    population = read(google, tls_required)[SqlInstance]

    assert population.observed == ()
    assert [u.reason for u in population.unread] == [
        "sqladmin.instances.list in global: Incomplete"
    ]
