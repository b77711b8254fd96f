"""AWS Certificate Manager: certificates."""

from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import model_validator

from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Resource, at, parent
from collector.source import Aws

KeyAlgorithm = Literal[
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
]
Status = Literal[
    "EXPIRED",
    "FAILED",
    "INACTIVE",
    "ISSUED",
    "PENDING_VALIDATION",
    "REVOKED",
    "VALIDATION_TIMED_OUT",
]
Kind = Literal["AMAZON_ISSUED", "IMPORTED", "PRIVATE"]
Origin = Literal["ACME", "AWS_MANAGED", "CUSTOMER_PROVIDED"]


class Certificate(Resource):
    """A certificate, in use or not."""

    source = Aws(
        service="acm",
        operation="ListCertificates",
        permission="acm:ListCertificates",
        items="CertificateSummaryList",
        # Left to itself, the listing keeps silent about the other algorithms and about ACME.
        constants={
            "Includes": {
                "keyTypes": [
                    "RSA_1024",
                    "RSA_2048",
                    "RSA_3072",
                    "RSA_4096",
                    "EC_prime256v1",
                    "EC_secp384r1",
                    "EC_secp521r1",
                ]
            },
            "CertificateKeyPairOrigins": ["AWS_MANAGED", "ACME", "CUSTOMER_PROVIDED"],
        },
    )
    id: str = at("CertificateArn")
    domain: str | None = at("DomainName", default=None)
    status: Status = at("Status")
    kind: Kind = at("Type")
    algorithm: KeyAlgorithm = at("KeyAlgorithm")
    # Left out of answers from before there was ACME.
    origin: Origin | None = at("CertificateKeyPairOrigin", default=None)
    in_use: bool = at("InUse")
    # Left out where a certificate cannot be exported.
    is_exported: bool = at("Exported", default=False)
    # Left out until a certificate is issued.
    not_after: datetime | None = at("NotAfter", default=None)

    @property
    def renewing_id(self) -> str | None:
        """The id of a certificate that ACM has to renew; it renews no others."""
        wanted = self.in_use or self.is_exported
        return self.id if wanted and self.status == "ISSUED" and self.kind != "IMPORTED" else None


class Renewal(Resource):
    """How the renewal of a certificate goes; not asked for where ACM has none to do."""

    source = Aws(
        service="acm",
        operation="DescribeCertificate",
        permission="acm:DescribeCertificate",
        per=Certificate,
        params={"CertificateArn": "renewing_id"},
    )
    domain: str | None = parent("domain", default=None)
    status: Status = parent("status")
    kind: Kind = parent("kind")
    algorithm: KeyAlgorithm = parent("algorithm")
    origin: Origin | None = parent("origin", default=None)
    in_use: bool = parent("in_use")
    is_exported: bool = parent("is_exported")
    not_after: datetime | None = parent("not_after", default=None)
    described: str | None = at("Certificate.CertificateArn", absent=None)
    # Left out until a renewal begins.
    renewal: Literal["FAILED", "PENDING_AUTO_RENEWAL", "PENDING_VALIDATION", "SUCCESS"] | None = at(
        "Certificate.RenewalSummary.RenewalStatus", default=None, absent=None
    )

    @model_validator(mode="after")
    def _is_what_was_asked_for(self) -> Self:
        if self.described not in (None, self.id):
            raise ValueError("the answer is about another certificate")
        return self


@check(control="encryption-in-transit", severity="high")
def certificate_not_expiring(
    certificate: Renewal, *, min_days: int = 30, include_unused: bool = False, now: datetime
) -> Verdict:
    """Certificates that are used stay valid and are renewed.

    Passes: the certificate is issued, is valid for `min_days` more, its renewal has not failed, and
        its key is RSA of 2048 bits or more, or an elliptic curve. ACM begins to renew well before
        that, so that a certificate of its own with fewer days left is in trouble.
    Fails: it ends sooner or has ended, was revoked or is not active, its renewal failed, or its key
        is RSA_1024; or it does not say when it ends.
    Judged are certificates that an AWS resource uses and those that were exported, whose use cannot
    be seen; with `include_unused` all that were issued. A certificate that an ACME client was
    issued is judged likewise: AWS does not see where the client uses it, and whether a later one
    has taken its place. What is pending, failed or timed out before it was issued protects nothing
    and is not judged. All key algorithms are asked for. Says nothing of certificates in IAM, and of
    those that servers keep themselves.
    Remediation: renew an imported certificate at its issuer and import it again; for others, put
        the validation record back into DNS, or answer the validation mail.
    """
    if not (certificate.in_use or certificate.is_exported or include_unused):
        if certificate.origin == "ACME":
            return not_applicable("not in use by AWS; an ACME client has the key")
        return not_applicable("not in use")
    match certificate.status:
        case "REVOKED":
            return failed("revoked")
        case "INACTIVE":
            return failed("not active")
        case "EXPIRED" | "ISSUED":
            return _lasts(certificate, now, min_days)
        case "FAILED" | "PENDING_VALIDATION" | "VALIDATION_TIMED_OUT":
            return not_applicable("never issued")


def _lasts(certificate: Renewal, now: datetime, min_days: int) -> Verdict:
    if certificate.algorithm == "RSA_1024":
        return failed("the key is RSA_1024")
    end = certificate.not_after
    if end is None:
        return failed("does not say when it ends")
    day = f"{end:%Y-%m-%d}"
    if certificate.status == "EXPIRED" or end <= now:
        return failed(f"expired on {day}")
    if certificate.renewal == "FAILED":
        return failed(f"valid until {day}, but its renewal failed")
    if end <= now + timedelta(days=min_days):
        pending = (
            ", and waits for validation" if certificate.renewal == "PENDING_VALIDATION" else ""
        )
        return failed(f"valid until {day} only, less than {min_days} days{pending}")
    return passed(f"valid until {day}")
