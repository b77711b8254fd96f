"""What is concluded from handshakes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.endpoints import Certificate, Handshake, Protocols, tls_handshake
from tests.cases import Case, row

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CERTIFICATE = Certificate(
    not_before=datetime(2025, 12, 1, tzinfo=UTC),
    not_after=datetime(2026, 2, 1, tzinfo=UTC),
    is_trusted=True,
    name_matches=True,
)
REFUSED = Protocols(
    ssl_2="refused", ssl_3="refused", tls_1_0="refused",
    tls_1_1="refused", tls_1_2="refused", tls_1_3="refused",
)  # fmt: skip
MODERN = REFUSED.model_copy(update={"tls_1_2": "accepted", "tls_1_3": "accepted"})


def shaken(
    *taken: str, certificate: Certificate | None = CERTIFICATE, speaks_tls: bool = True
) -> Handshake:
    protocols = REFUSED.model_copy(update=dict.fromkeys(taken, "accepted"))
    return Handshake(
        id="app.example.org:443", host="app.example.org", speaks_tls=speaks_tls,
        protocols=protocols, certificate=certificate,
    )  # fmt: skip


def shown(**facts: object) -> Handshake:
    return shaken("tls_1_3", certificate=CERTIFICATE.model_copy(update=facts))


def case(handshake: Handshake, outcome: str, reason: str, **settings: object) -> Case:
    settings.setdefault("now", NOW)
    return row(tls_handshake, handshake, outcome=outcome, reason=reason, **settings)


CASES = [
    case(
        shaken("tls_1_2", "tls_1_3"), "pass",
        "takes TLS 1.2 and TLS 1.3 alone; certificate valid until 2026-02-01",
    ),
    case(shaken("tls_1_2"), "pass", "takes TLS 1.2 alone; certificate valid until 2026-02-01"),
    case(shaken("tls_1_3"), "pass", "takes TLS 1.3 alone; certificate valid until 2026-02-01"),
    case(shaken("ssl_2", "tls_1_2"), "fail", "takes SSL 2.0"),
    case(
        shaken("ssl_3", "tls_1_0", "tls_1_1", "tls_1_2"), "fail",
        "takes SSL 3.0 and TLS 1.0 and TLS 1.1",
    ),
    case(
        shaken("tls_1_1", certificate=None), "fail",
        "takes TLS 1.1; takes neither TLS 1.2 nor TLS 1.3",
    ),
    case(shaken("tls_1_2", certificate=None), "fail", "shows no certificate"),
    case(
        shaken(certificate=None, speaks_tls=False), "fail",
        "speaks no TLS: it answers the handshake in plain text",
    ),
    case(
        shown(), "pass", "takes TLS 1.3 alone; certificate valid until 2026-02-01",
        min_days_left=29,
    ),
    case(
        shown(), "fail", "certificate expires on 2026-02-01, in less than 31 days",
        min_days_left=31,
    ),
    case(
        shown(is_trusted=False, error_code=10, error="certificate has expired"), "fail",
        "certificate expired on 2026-02-01", now=datetime(2026, 2, 1, tzinfo=UTC),
    ),
    case(
        shown(is_trusted=False, error_code=9, error="certificate is not yet valid"), "fail",
        "certificate not valid before 2025-12-01", now=datetime(2025, 11, 30, tzinfo=UTC),
    ),
    # Its own dates are good: one above it has expired.
    case(
        shown(is_trusted=False, error_code=10, error="certificate has expired"), "fail",
        "certificate is not trusted: certificate has expired",
    ),
    case(
        shown(is_trusted=False, error_code=18, error="self-signed certificate"), "fail",
        "certificate expired on 2026-02-01; certificate is not trusted: self-signed certificate",
        now=datetime(2026, 3, 1, tzinfo=UTC),
    ),
    case(
        shown(name_matches=False), "fail", "certificate is not for app.example.org",
    ),
    case(
        shown(name_matches=None), "fail",
        "certificate could not be compared with app.example.org",
    ),
    case(
        shown(name_matches=None, is_trusted=False, error_code=26, error="unsuitable purpose"),
        "fail", "certificate is not trusted: unsuitable purpose",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()
