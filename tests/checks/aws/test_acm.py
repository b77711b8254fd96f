"""AWS Certificate Manager."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from checks.aws.acm import Certificate, Renewal, certificate_not_expiring
from tests.aws_told import told
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
PREFIX = "arn:aws:acm:us-east-1:123456789012:certificate/"
ARN = f"{PREFIX}1"


def certificate(end: str | None = "2026-12-01", **facts: object) -> Renewal:
    """A certificate that is in use, with some of its facts changed."""
    return Renewal.model_validate(
        {
            "id": ARN,
            "status": "ISSUED",
            "kind": "AMAZON_ISSUED",
            "algorithm": "RSA_2048",
            "in_use": True,
            "is_exported": False,
            "described": ARN,
            "not_after": None if end is None else datetime.fromisoformat(f"{end}T12:00:00Z"),
            **facts,
        }
    )


def case(given: Renewal, outcome: str, reason: str, **settings: object) -> Case:
    return row(certificate_not_expiring, given, now=NOW, outcome=outcome, reason=reason, **settings)


UNUSED = {"in_use": False}

CASES = [
    case(certificate(), "pass", "valid until 2026-12-01"),
    case(certificate("2026-07-31"), "pass", "valid until 2026-07-31"),
    case(certificate("2026-07-30"), "fail", "valid until 2026-07-30 only, less than 30 days"),
    case(certificate("2026-07-30"), "pass", "valid until 2026-07-30", min_days=14),
    case(certificate("2026-07-30", renewal="PENDING_VALIDATION"), "fail",
         "valid until 2026-07-30 only, less than 30 days, and waits for validation"),
    case(certificate(renewal="PENDING_VALIDATION"), "pass", "valid until 2026-12-01"),
    case(certificate(renewal="SUCCESS"), "pass", "valid until 2026-12-01"),
    case(certificate(renewal="FAILED"), "fail",
         "valid until 2026-12-01, but its renewal failed"),
    case(certificate("2026-06-30"), "fail", "expired on 2026-06-30"),
    case(certificate("2026-06-01", status="EXPIRED", kind="IMPORTED"), "fail",
         "expired on 2026-06-01"),
    case(certificate(None), "fail", "does not say when it ends"),
    case(certificate(status="REVOKED"), "fail", "revoked"),
    case(certificate(status="INACTIVE", kind="PRIVATE"), "fail", "not active"),
    case(certificate(algorithm="RSA_1024", kind="IMPORTED"), "fail", "the key is RSA_1024"),
    case(certificate(algorithm="EC_prime256v1"), "pass", "valid until 2026-12-01"),
    case(certificate(algorithm="RSA_4096", kind="IMPORTED"), "pass", "valid until 2026-12-01"),
    case(certificate("2026-06-01", **UNUSED), "not_applicable", "not in use"),
    case(certificate("2026-06-01", origin="ACME", **UNUSED), "not_applicable",
         "not in use by AWS; an ACME client has the key"),
    case(certificate("2026-06-01", **UNUSED), "fail", "expired on 2026-06-01",
         include_unused=True),
    case(certificate("2026-06-01", is_exported=True, **UNUSED), "fail", "expired on 2026-06-01"),
    case(certificate(None, status="PENDING_VALIDATION", **UNUSED), "not_applicable",
         "never issued", include_unused=True),
    case(certificate(None, status="FAILED"), "not_applicable", "never issued"),
    case(certificate(None, status="VALIDATION_TIMED_OUT"), "not_applicable", "never issued"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_certificates_are_read(aws: boto3.Session) -> None:
    acm = aws.client("acm")
    arn = acm.request_certificate(DomainName="a.example.org")["CertificateArn"]

    reads = read_aws(aws, certificate_not_expiring)

    read = reads[Certificate].observed[0]
    assert (read.name, read.resource.kind, read.resource.algorithm, read.resource.in_use) == (
        arn, "AMAZON_ISSUED", "RSA_2048", False,
    )  # fmt: skip
    assert reads[Renewal].unread == ()


def summary(name: str, **facts: Any) -> dict[str, Any]:
    return {
        "CertificateArn": f"{PREFIX}{name}",
        "DomainName": f"{name}.example.org",
        "Status": "ISSUED",
        "Type": "AMAZON_ISSUED",
        "KeyAlgorithm": "RSA_2048",
        "InUse": True,
        "NotAfter": datetime(2026, 12, 1, 12, tzinfo=UTC),
        **facts,
    }


def test_all_algorithms_are_asked_for_and_renewal_where_acm_renews() -> None:
    def listing(params: Any, region: str) -> Any:
        assert {"RSA_4096", "EC_secp384r1"} < set(params["Includes"]["keyTypes"])
        assert "ACME" in params["CertificateKeyPairOrigins"]
        unused, imported = summary("unused", InUse=False), summary("imported", Type="IMPORTED")
        return {"CertificateSummaryList": [summary("failing"), unused, imported]}

    def description(params: Any, region: str) -> Any:
        updated = datetime(2026, 6, 1, tzinfo=UTC)
        renewal = {"RenewalStatus": "FAILED", "DomainValidationOptions": [], "UpdatedAt": updated}
        arn = params["CertificateArn"]
        return {"Certificate": {"CertificateArn": arn, "RenewalSummary": renewal}}

    session = told({"acm:ListCertificates": listing, "acm:DescribeCertificate": description})

    reads = read_aws(session, certificate_not_expiring)

    assert {o.name.removeprefix(PREFIX): o.resource.renewal for o in reads[Renewal]} == {
        "failing": "FAILED", "imported": None, "unused": None,
    }  # fmt: skip
    asked = [answer.source for _, answer in reads.answers]
    assert asked == ["acm:ListCertificates", "acm:DescribeCertificate"]


def test_an_answer_about_another_certificate_is_unreadable() -> None:
    with pytest.raises(ValueError, match="another certificate"):
        certificate(described="arn:aws:acm:us-east-1:123456789012:certificate/2")
