"""What endpoints on the internet really do, whatever their settings say: by shaking hands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from collector.check import Verdict, check, failed, passed
from collector.resource import Part, Resource, at, parent
from collector.source import Tls

Answer = Literal["accepted", "refused"]

NOT_YET_VALID, EXPIRED = 9, 10
"""OpenSSL's codes for a certificate, of the server or above it, outside of its dates."""


NO_TLS = "speaks no TLS: it answers the handshake in plain text"


class Endpoint(Resource):
    """A host and port that the account's configuration names, `app.example.com:443`."""

    source = Tls(operation="endpoints", items="endpoints")
    id: str = at("endpoint")
    host: str = at("host")
    port: int = at("port")


class Certificate(Part):
    """The certificate that an endpoint shows."""

    not_before: datetime = at("not_before")
    not_after: datetime = at("not_after")
    is_trusted: bool = at("is_trusted")
    error_code: int | None = at("error_code", default=None)
    error: str | None = at("error", default=None)
    """Why it is not trusted; it is None only where it is."""
    name_matches: bool | None = at("name_matches", default=None)
    """None: the certificate is of a kind for which that could not be told."""


class Protocols(Part):
    """Whether each version is taken where it alone is offered."""

    ssl_2: Answer = at("SSL2")
    ssl_3: Answer = at("SSL3")
    tls_1_0: Answer = at("TLS1_0")
    tls_1_1: Answer = at("TLS1_1")
    tls_1_2: Answer = at("TLS1_2")
    tls_1_3: Answer = at("TLS1_3")


class Handshake(Resource):
    """What an endpoint says to a client."""

    source = Tls(operation="handshake", per=Endpoint, params={"host": "host", "port": "port"})
    host: str = parent("host")
    speaks_tls: bool = at("speaks_tls")
    protocols: Protocols = at("protocols")
    certificate: Certificate | None = at("certificate", default=None)
    """None where neither TLS 1.2 nor 1.3 is taken."""


@check(control="encryption-in-transit", severity="high")
def tls_handshake(handshake: Handshake, *, min_days_left: int = 0, now: datetime) -> Verdict:
    """Endpoints take TLS 1.2 or 1.3 alone, with a valid certificate for their name.

    Judges each endpoint that the account's configuration lists, by connecting to it.

    Passes: SSL 2.0, SSL 3.0, TLS 1.0 and TLS 1.1 are refused where they alone are offered, a
    handshake with TLS 1.2 or 1.3 completes, and the certificate is for the host's name, valid today
    and for `min_days_left` days more, and leads to a trusted root.
    Fails: an old version is taken, the port speaks no TLS, or the certificate is expired, not valid
    yet, for another name, self-signed, without its intermediate certificates, of a weak key or
    signature, or of a root that is not trusted.

    Trusted are the public roots, as the AWS SDK for Python brings them; for endpoints of a private
    authority `tls_ca_bundle` names others. An endpoint that cannot be reached or does not complete
    a handshake is unknown, as is one that asks for a client's certificate in TLS 1.2. Says what was
    seen from where the collector ran, at one of the endpoint's addresses: what another network or
    address sees may differ. Says nothing of cipher suites, of revocation, of plain ports beside it,
    or of protocols that begin in plain text and change to TLS later (STARTTLS), which fail.

    Remediation: choose a security policy with TLS 1.2 as its lowest version at the load balancer,
    distribution or server, and renew or replace the certificate, with its whole chain.
    """
    if not handshake.speaks_tls:
        return failed(NO_TLS)
    return verdict(handshake.protocols, handshake.certificate, handshake.host, min_days_left, now)


def verdict(
    protocols: Protocols,
    certificate: Certificate | None,
    host: str | None,
    min_days_left: int,
    now: datetime,
) -> Verdict:
    """The verdict on what an endpoint with TLS takes and shows.

    Args:
        protocols: what it takes.
        certificate: what it shows; None where it takes neither TLS 1.2 nor 1.3.
        host: the name that the certificate has to be for; None: any name will do.
        min_days_left: how long the certificate has to be valid yet.
        now: the time of the run.
    """
    versions: dict[str, Answer] = {
        "SSL 2.0": protocols.ssl_2,
        "SSL 3.0": protocols.ssl_3,
        "TLS 1.0": protocols.tls_1_0,
        "TLS 1.1": protocols.tls_1_1,
        "TLS 1.2": protocols.tls_1_2,
        "TLS 1.3": protocols.tls_1_3,
    }
    taken = [name for name, answer in versions.items() if answer == "accepted"]
    current = [name for name in taken if name in ("TLS 1.2", "TLS 1.3")]
    old = [name for name in taken if name not in current]
    faults = [f"takes {' and '.join(old)}"] if old else []
    if not current:
        faults.append("takes neither TLS 1.2 nor TLS 1.3")
    if certificate is not None:
        faults += _faults(certificate, host, min_days_left, now)
    if faults or certificate is None:
        return failed("; ".join(faults) or "shows no certificate")
    unnamed = "" if host is not None else ", for whatever name"
    until = certificate.not_after.date()
    return passed(f"takes {' and '.join(current)} alone; certificate valid until {until}{unnamed}")


def _faults(held: Certificate, host: str | None, min_days_left: int, now: datetime) -> list[str]:
    """What is wrong with a certificate."""
    found = []
    is_outside = True
    if held.not_after <= now:
        found.append(f"certificate expired on {held.not_after.date()}")
    elif held.not_before > now:
        found.append(f"certificate not valid before {held.not_before.date()}")
    else:
        is_outside = False
        if held.not_after <= now + timedelta(days=min_days_left):
            found.append(
                f"certificate expires on {held.not_after.date()}, in less than {min_days_left} days"
            )
    if host is not None and held.name_matches is False:
        found.append(f"certificate is not for {host}")
    if not held.is_trusted and not (is_outside and held.error_code in (NOT_YET_VALID, EXPIRED)):
        found.append(f"certificate is not trusted: {held.error}")
    if host is not None and held.name_matches is None and held.is_trusted:
        found.append(f"certificate could not be compared with {host}")
    return found
