"""Reads endpoints by shaking hands with them, as any client on the internet would.

Sends no credentials and no request: a connection ends when the handshake is done. What must be
refused is offered by messages of our own; what must be accepted, and the certificate, are tried by
the TLS library, against the public roots that boto3 brings or those that the configuration names.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from collector.answer import MALFORMED, Answer, Failure, Finished, Reader, Scope
from collector.errors import ConfigError
from collector.evidence.canonical import JSON, sha256, timestamp
from collector.readers.tls_hello import OLD, Said, is_address, offer
from collector.source import Source, Tls

TIMEOUT_SECONDS = 10.0
"""For connecting, and for each answer after that."""

NEW = {"TLS1_2": ssl.TLSVersion.TLSv1_2, "TLS1_3": ssl.TLSVersion.TLSv1_3}
"""The versions that are tried by the TLS library."""

NO_HANDSHAKE = "NoHandshake"
"""Code where the server takes none of the versions: what it would do for its clients is unknown.
Such is a server that asks for a client's certificate in TLS 1.2."""

OUT_OF_DATE, OTHER_NAME = (9, 10), (62, 64)
"""OpenSSL's codes, X509_V_ERR_*: not valid yet, expired; another host name, another address."""


class TlsReader:
    """Probes the endpoints of one account. Safe to be called from several threads."""

    def __init__(
        self,
        scope: Scope,
        endpoints: Sequence[str],
        *,
        roots: Path | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Probe `endpoints`, each `host:port`.

        Args:
            scope: the account's.
            endpoints: what is probed.
            roots: file of the certificates to trust, as PEM; None: the public ones.
            timeout_seconds: for connecting, and for each answer.
            clock: the time now, aware.

        Raises:
            ConfigError: the file of roots cannot be read.
        """
        self._scope = scope
        self._endpoints = sorted({endpoint.lower() for endpoint in endpoints})
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._roots = _read_roots(scope.name, roots)

    @property
    def scope(self) -> Scope:
        """What is read."""
        return self._scope

    def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
        """The endpoints that are configured or found, or the handshakes with one of them."""
        assert isinstance(source, Tls)
        started, begin = self._clock(), time.monotonic()
        pages: list[JSON] = []
        failure, volatile, connections = None, {}, 0
        endpoint = "configuration"
        if source.operation == "endpoints":
            pages.append({"endpoints": [_split(name) for name in self._endpoints]})
        elif source.operation == "found":
            pages.append({"endpoints": _combined(params["hosts"], params["ports"])})
            endpoint = "listing"
        else:
            host = _placed(str(params["host"]), place, self._scope.partition)
            probe = _Probe(host, int(str(params["port"])), self._timeout_seconds)
            endpoint = f"tcp://{probe.host}:{probe.port}"
            try:
                pages.append(probe.run(self._roots))
            except _NotProbed as error:
                failure = Failure(error.code, error.message)
            connections = probe.connections
            volatile = {
                "address": probe.address,
                "answers": dict(probe.said),
                "roots_sha256": sha256(self._roots.encode()),
            }
        finished = Finished(
            pages=pages,
            failure=failure,
            endpoint=endpoint,
            identity="anonymous",
            started=started,
            duration_seconds=time.monotonic() - begin,
            status=None,
            request_ids=(),
            attempts=connections,
            volatile=volatile,
        )
        return Answer.of(source, params, place, finished)


class Beside:
    """The reader of a cloud, with a reader of endpoints beside it."""

    def __init__(self, cloud: Reader, endpoints: TlsReader) -> None:
        """Read endpoints with the one, everything else with the other."""
        self._cloud = cloud
        self._endpoints = endpoints

    @property
    def scope(self) -> Scope:
        """What is read."""
        return self._cloud.scope

    def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
        """Ask the reader that the source is for."""
        reader = self._endpoints if isinstance(source, Tls) else self._cloud
        return reader.read(source, params, place)


class _NotProbed(Exception):
    """An endpoint could not be probed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass
class _Probe:
    """The handshakes with one endpoint."""

    host: str
    port: int
    timeout_seconds: float
    address: str | None = None
    """Where the first connection went, and so all others: a name may have several addresses."""
    connections: int = 0
    said: dict[str, Said] = field(default_factory=dict)
    """What the server said to the offer of each version."""

    def run(self, roots: str) -> dict[str, JSON]:
        """All that is to be known of it.

        The old versions come first: a server, or something on the way to it, that breaks off
        because of them is then found out by the handshakes that follow.

        Raises:
            _NotProbed: it cannot be reached, does not answer, or completes no handshake.
        """
        for version in OLD:
            with self._connect() as connection:
                self.said[version] = offer(connection, version, self.host)
        certificate = self._try_new()
        is_old = "accepted" in [self.said[version] for version in OLD]
        speaks_tls = is_old or certificate is not None
        if not speaks_tls and not all(self.said[v] == "plain" for v in OLD if v != "SSL2"):
            if "silent" in self.said.values():
                raise _NotProbed("Timeout", "no answer to a handshake")
            raise _NotProbed(NO_HANDSHAKE, "it takes none of the versions")
        protocols: dict[str, JSON] = {
            version: "accepted" if said == "accepted" else "refused"
            for version, said in self.said.items()
        }
        found: dict[str, JSON] = {
            "host": self.host,
            "port": self.port,
            "speaks_tls": speaks_tls,
            "protocols": protocols,
            "certificate": None,
        }
        if certificate is not None:
            found["certificate"] = {**_facts(certificate), **self._validity(certificate, roots)}
        return found

    def _connect(self) -> socket.socket:
        if not self.host:  # which the system would take for this machine
            raise _NotProbed("NameNotResolved", "there is no name")
        where = (self.address or self.host, self.port)
        try:
            connection = socket.create_connection(where, timeout=self.timeout_seconds)
        except (socket.gaierror, UnicodeError) as error:  # the latter: no name that DNS could hold
            raise _NotProbed("NameNotResolved", str(error)) from None
        except TimeoutError:
            raise _NotProbed("ConnectTimeout", "no connection in time") from None
        except OSError as error:
            raise _NotProbed(type(error).__name__.removesuffix("Error"), str(error)) from None
        self.connections += 1
        self.address = connection.getpeername()[0]
        return connection

    def _shake(self, context: ssl.SSLContext) -> bytes:
        """Shake hands; the server's certificate as DER.

        Raises:
            TimeoutError: the server does not answer in time.
            ssl.SSLError, ConnectionError: it refuses, or its certificate is refused here.
        """
        with (
            self._connect() as connection,
            context.wrap_socket(connection, server_hostname=self.host) as secured,
        ):
            return secured.getpeercert(binary_form=True) or b""

    def _try_new(self) -> bytes | None:
        """Try the versions that may be accepted; the certificate, if one was."""
        certificate = None
        for version, number in NEW.items():
            context = _context(security_level=0)
            context.minimum_version = context.maximum_version = number
            try:
                certificate = self._shake(context)
                self.said[version] = "accepted"
            except TimeoutError:
                self.said[version] = "silent"
            except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError):
                self.said[version] = "closed"
            except ssl.SSLError:
                self.said[version] = "refused"
        return certificate

    def _validity(self, certificate: bytes, roots: str) -> dict[str, JSON]:
        """Whether the certificate leads to a trusted root, and whether it is for the host.

        Where it leads to none, the name is compared as if the certificate itself were the root; it
        is None if OpenSSL finds another fault before it comes to the name.

        Raises:
            _NotProbed: the server shows now this certificate and now another.
        """
        error = self._verify(_verifying(roots))
        named = _verifying(certificate if error is not None else roots)
        named.check_hostname = True
        named.hostname_checks_common_name = False
        if error is not None:
            named.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        fault = self._verify(named)
        matches: bool | None = None
        # OpenSSL compares names before dates.
        if fault is None or (error is not None and fault.verify_code in OUT_OF_DATE):
            matches = True
        elif fault.verify_code in OTHER_NAME:
            matches = False
        elif error is None:
            raise _NotProbed("Inconsistent", "it shows now one certificate and now another")
        return {
            "is_trusted": error is None,
            "error_code": None if error is None else error.verify_code,
            "error": None if error is None else error.verify_message,
            "name_matches": matches,
        }

    def _verify(self, context: ssl.SSLContext) -> ssl.SSLCertVerificationError | None:
        try:
            self._shake(context)
        except ssl.SSLCertVerificationError as error:
            return error
        except (ssl.SSLError, ConnectionError, TimeoutError) as error:
            raise _NotProbed("HandshakeFailed", str(error)) from None
        return None


def _context(*, security_level: int = 2) -> ssl.SSLContext:
    """A client that looks at no certificate yet.

    Level 2 refuses certificates with keys and signatures of less than 112 bits.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"ALL:!aNULL:!eNULL:@SECLEVEL={security_level}")
    return context


def _verifying(roots: str | bytes) -> ssl.SSLContext:
    """A client that trusts these certificates, PEM or DER."""
    context = _context()
    context.load_verify_locations(cadata=roots)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _facts(der: bytes) -> dict[str, JSON]:
    """What the certificate says of itself.

    Raises:
        _NotProbed: it cannot be parsed.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        names: list[JSON] = []
        with suppress(x509.ExtensionNotFound):
            held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
            names += sorted(held.value.get_values_for_type(x509.DNSName))
            names += sorted(map(str, held.value.get_values_for_type(x509.IPAddress)))
        return {
            "subject": certificate.subject.rfc4514_string(),
            "issuer": certificate.issuer.rfc4514_string(),
            "names": names,
            "not_before": timestamp(certificate.not_valid_before_utc),
            "not_after": timestamp(certificate.not_valid_after_utc),
            "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
        }
    except ValueError:
        raise _NotProbed(MALFORMED, "the certificate cannot be parsed") from None


def _combined(hosts: JSON, ports: JSON) -> list[JSON]:
    """Each host with each port."""
    assert isinstance(hosts, list) and isinstance(ports, list)
    named = sorted({f"{host}:{port}".lower() for host in hosts for port in ports})
    return [_split(name) for name in named]


def _placed(host: str, region: str, partition: str) -> str:
    """A host's name with the region and the partition's domain in it."""
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return host.replace("{region}", region).replace("{suffix}", suffix)


def _split(endpoint: str) -> dict[str, JSON]:
    host, _, port = endpoint.rpartition(":")
    bare = host.strip("[]")
    return {"endpoint": endpoint, "host": bare if is_address(bare) else host, "port": int(port)}


def _read_roots(account: str, path: Path | None) -> str:
    if path is None:
        return files("botocore").joinpath("cacert.pem").read_text(encoding="utf-8")
    doing = f"account {account}: reading tls_ca_bundle {path}"
    try:
        text = path.read_text(encoding="utf-8")
        ssl.create_default_context().load_verify_locations(cadata=text)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise ConfigError(f"{doing}: {error}; expected certificates as PEM") from None
    return text
