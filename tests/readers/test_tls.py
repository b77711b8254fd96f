"""Handshakes with servers on loopback, each with one property."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from checks.endpoints import tls_handshake
from collector.answer import Answer, Scope, StoredReader
from collector.collect import collect
from collector.errors import ConfigError
from collector.evaluate import Result, evaluate
from collector.evidence.canonical import JSON, sha256
from collector.readers.tls import Beside, TlsReader
from collector.readers.tls_hello import OldVersion, offer
from collector.source import Tls
from tests.endpoint_servers import answering, serving, tls
from tests.memory import SCOPE, MemoryReader

V = ssl.TLSVersion
NOW = datetime.now(UTC)
HANDSHAKE = Tls(operation="handshake")

AUTHORITY = trustme.CA()
GOOD = AUTHORITY.issue_cert("localhost", "127.0.0.1")
OLD_VERSIONS: dict[OldVersion, bytes] = {
    "SSL2": bytes.fromhex("0000"), "SSL3": b"\x03\x00", "TLS1_0": b"\x03\x01", "TLS1_1": b"\x03\x02"
}  # fmt: skip


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    file = tmp_path / "roots.pem"
    file.write_bytes(AUTHORITY.cert_pem.bytes())
    return file


def reader(port: int, roots: Path | None, host: str = "localhost") -> TlsReader:
    return TlsReader(SCOPE, [f"{host}:{port}"], roots=roots, timeout_seconds=2)


def shake(port: int, roots: Path | None, host: str = "localhost") -> Answer:
    params: dict[str, JSON] = {"host": host, "port": port}
    return reader(port, roots, host).read(HANDSHAKE, params, "global")


def page(answer: Answer) -> Mapping[str, Any]:
    assert answer.failure is None, answer.failure
    (found,) = answer.pages
    assert isinstance(found, Mapping)
    return found


def certificate(answer: Answer) -> Mapping[str, Any]:
    found = page(answer)["certificate"]
    assert isinstance(found, Mapping)
    return found


def judged(endpoints: TlsReader, now: datetime = NOW) -> Result:
    reads = collect([tls_handshake], Beside(MemoryReader({}), endpoints))
    (result,) = evaluate([tls_handshake], reads, settings={}, now=now)
    return result


@pytest.mark.parametrize(
    "taken, version",
    [("TLS1_0", V.TLSv1), ("TLS1_1", V.TLSv1_1), ("TLS1_2", V.TLSv1_2), ("TLS1_3", V.TLSv1_3)],
)
def test_the_one_version_that_a_server_takes_is_told_from_all_others(
    taken: str, version: ssl.TLSVersion, roots: Path
) -> None:
    with serving(tls(GOOD.configure_cert, version, version)) as port:
        found = page(shake(port, roots))

    assert found["speaks_tls"] is True
    assert [name for name, said in found["protocols"].items() if said == "accepted"] == [taken]
    assert len(found["protocols"]) == 6


def test_a_server_with_tls_12_and_13_and_a_good_certificate_passes(roots: Path) -> None:
    with serving(tls(GOOD.configure_cert, V.TLSv1_2, V.TLSv1_3)) as port:
        result = judged(reader(port, roots))

    assert (result.outcome, result.resource.id) == ("pass", f"localhost:{port}")
    assert (result.resource.type, result.resource.region) == ("endpoints.endpoint", "global")
    assert result.reason.startswith("takes TLS 1.2 and TLS 1.3 alone; certificate valid until ")
    assert len(result.evidence) == 2


def test_a_server_that_takes_the_old_beside_the_new_fails(roots: Path) -> None:
    with serving(tls(GOOD.configure_cert, V.TLSv1, V.TLSv1_3)) as port:
        result = judged(reader(port, roots))

    assert (result.outcome, result.reason) == ("fail", "takes TLS 1.0 and TLS 1.1")


def test_a_server_with_the_old_alone_fails_though_its_certificate_is_not_seen(roots: Path) -> None:
    with serving(tls(GOOD.configure_cert, V.TLSv1, V.TLSv1)) as port:
        result = judged(reader(port, roots))

    assert result.outcome == "fail"
    assert result.reason == "takes TLS 1.0; takes neither TLS 1.2 nor TLS 1.3"


def test_the_certificate_is_told_with_its_names_and_dates(roots: Path) -> None:
    until = (NOW + timedelta(days=90)).replace(microsecond=0)
    issued = AUTHORITY.issue_cert("localhost", "*.example.org", not_after=until)
    with serving(tls(issued.configure_cert, V.TLSv1_2, V.TLSv1_3)) as port:
        found = certificate(shake(port, roots))

    assert found["names"] == ["*.example.org", "localhost"]
    assert found["not_after"] == until.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (found["is_trusted"], found["error"], found["name_matches"]) == (True, None, True)


def test_an_expired_certificate_fails_for_that_alone(roots: Path) -> None:
    since, until = NOW - timedelta(days=30), NOW - timedelta(days=2)
    issued = AUTHORITY.issue_cert("localhost", not_before=since, not_after=until)
    with serving(tls(issued.configure_cert, V.TLSv1_2, V.TLSv1_3)) as port:
        result = judged(reader(port, roots))

    assert result.outcome == "fail"
    assert result.reason == f"certificate expired on {until.date()}"


def test_a_certificate_for_another_name_fails_for_that_alone(roots: Path) -> None:
    issued = AUTHORITY.issue_cert("other.example.org")
    with serving(tls(issued.configure_cert, V.TLSv1_2, V.TLSv1_3)) as port:
        result = judged(reader(port, roots))

    assert (result.outcome, result.reason) == ("fail", "certificate is not for localhost")


def test_an_address_is_held_against_the_addresses_of_the_certificate(roots: Path) -> None:
    named = AUTHORITY.issue_cert("localhost")
    with (
        serving(tls(GOOD.configure_cert, V.TLSv1_2, V.TLSv1_3)) as with_address,
        serving(tls(named.configure_cert, V.TLSv1_2, V.TLSv1_3)) as without,
    ):
        found = [certificate(shake(p, roots, "127.0.0.1")) for p in (with_address, without)]

    assert [one["name_matches"] for one in found] == [True, False]


def test_a_certificate_of_an_unknown_authority_is_not_trusted_by_the_public_roots() -> None:
    with serving(tls(GOOD.configure_cert, V.TLSv1_2, V.TLSv1_3)) as port:
        result = judged(reader(port, roots=None))

    assert result.outcome == "fail"
    assert result.reason == ("certificate is not trusted: unable to get local issuer certificate")


def test_a_wrong_name_is_told_of_a_certificate_that_is_not_trusted_either() -> None:
    issued = AUTHORITY.issue_cert("other.example.org")
    with serving(tls(issued.configure_cert, V.TLSv1_2, V.TLSv1_3)) as port:
        found = certificate(shake(port, roots=None))

    assert (found["is_trusted"], found["name_matches"]) == (False, False)


def test_a_name_that_stands_in_the_subject_alone_does_not_count(roots: Path) -> None:
    issued = AUTHORITY.issue_cert("other.example.org", common_name="localhost")
    with serving(tls(issued.configure_cert, V.TLSv1_2, V.TLSv1_3)) as port:
        assert certificate(shake(port, roots))["name_matches"] is False


def test_a_server_that_shows_now_one_certificate_and_now_another_is_unknown(roots: Path) -> None:
    """The last of eight connections is the one that compares the name."""
    good = tls(GOOD.configure_cert, V.TLSv1_2, V.TLSv1_3)
    foreign = tls(trustme.CA().issue_cert("localhost").configure_cert, V.TLSv1_2, V.TLSv1_3)
    seen: list[int] = []

    def changing(connection: socket.socket) -> None:
        seen.append(1)
        (foreign if len(seen) == 8 else good)(connection)

    with serving(changing) as port:
        result = judged(reader(port, roots))

    assert len(seen) == 8
    assert result.outcome == "unknown"
    assert result.reason == "not read: tls:handshake in global: Inconsistent"


def test_a_chain_without_its_intermediate_is_not_trusted(roots: Path, tmp_path: Path) -> None:
    issued = AUTHORITY.create_child_ca().issue_cert("localhost")
    leaf, key = tmp_path / "leaf.pem", tmp_path / "key.pem"
    leaf.write_bytes(issued.cert_chain_pems[0].bytes())
    key.write_bytes(issued.private_key_pem.bytes())
    with (
        serving(tls(issued.configure_cert, V.TLSv1_2, V.TLSv1_3)) as whole,
        serving(tls(lambda c: c.load_cert_chain(leaf, key), V.TLSv1_2, V.TLSv1_3)) as short,
    ):
        found = [certificate(shake(port, roots)) for port in (whole, short)]

    assert [one["is_trusted"] for one in found] == [True, False]
    assert [one["name_matches"] for one in found] == [True, True]


def test_a_server_in_plain_text_fails(roots: Path) -> None:
    with serving(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        result = judged(reader(port, roots))

    assert result.outcome == "fail"
    assert result.reason == "speaks no TLS: it answers the handshake in plain text"


def test_a_closed_port_is_unknown(roots: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = judged(reader(port, roots))

    assert result.outcome == "unknown"
    assert result.reason == "not read: tls:handshake in global: ConnectionRefused"


def test_a_name_that_does_not_resolve_is_unknown(
    roots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    answer = shake(443, roots, "nowhere.invalid")

    assert answer.failure is not None
    assert answer.failure.code == "NameNotResolved"


@pytest.mark.parametrize("name", ["two..dots.invalid", f"{'long' * 20}.invalid"])
def test_a_name_that_dns_cannot_hold_is_unknown(roots: Path, name: str) -> None:
    answer = shake(443, roots, name)

    assert answer.failure is not None
    assert answer.failure.code == "NameNotResolved"


def test_a_server_that_says_nothing_is_unknown(roots: Path) -> None:
    over = threading.Event()
    with serving(lambda connection: assert_never_said(over)) as port:
        probe = TlsReader(SCOPE, [f"localhost:{port}"], roots=roots, timeout_seconds=0.2)
        result = judged(probe)
        over.set()

    assert result.outcome == "unknown"
    assert result.reason == "not read: tls:handshake in global: Timeout"


def test_a_server_that_is_silent_on_an_old_version_refuses_it(roots: Path) -> None:
    """As some do; that it answers at all is shown by the handshakes that follow."""
    over = threading.Event()
    modern = tls(GOOD.configure_cert, V.TLSv1_2, V.TLSv1_3)

    def choosy(connection: socket.socket) -> None:
        is_ssl_2 = connection.recv(1, socket.MSG_PEEK)[0] & 0x80
        if is_ssl_2:
            assert_never_said(over)
        else:
            modern(connection)

    with serving(choosy) as port:
        probe = TlsReader(SCOPE, [f"localhost:{port}"], roots=roots, timeout_seconds=1.5)
        result = judged(probe)
        over.set()

    assert result.outcome == "pass"


def assert_never_said(over: threading.Event) -> None:
    """Hold the connection without a word until the test is over."""
    assert over.wait(5)


@pytest.mark.parametrize("last_word", [b"", bytes.fromhex("15030100020228")])
def test_a_server_that_takes_no_version_is_unknown_and_not_plain(
    last_word: bytes, roots: Path
) -> None:
    with serving(answering(last_word)) as port:
        result = judged(reader(port, roots))

    assert result.outcome == "unknown"
    assert result.reason == "not read: tls:handshake in global: NoHandshake"


def test_a_certificate_that_a_client_must_show_hides_nothing_in_tls_13(roots: Path) -> None:
    def demanding(context: ssl.SSLContext) -> None:
        GOOD.configure_cert(context)
        AUTHORITY.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED

    with serving(tls(demanding, V.TLSv1_3, V.TLSv1_3)) as port:
        found = certificate(shake(port, roots))

    assert (found["is_trusted"], found["name_matches"]) == (True, True)


SERVER_HELLO = {
    "SSL2": bytes.fromhex("800b04000100020000000300100100"),
    "SSL3": bytes.fromhex("160300002a020000260300"),
    "TLS1_1": bytes.fromhex("160302002a020000260302"),
}


@pytest.mark.parametrize("version", SERVER_HELLO)
def test_a_server_that_goes_on_in_the_offered_version_accepts_it(version: OldVersion) -> None:
    assert said(version, SERVER_HELLO[version]) == "accepted"


def test_what_is_neither_the_offered_version_nor_another_word_is_no_acceptance() -> None:
    warning, alert = bytes.fromhex("15030100020170"), bytes.fromhex("15030100020246")

    assert said("TLS1_1", SERVER_HELLO["SSL3"]) == "refused"  # it goes down another step
    assert said("SSL3", SERVER_HELLO["SSL2"]) == "refused"
    assert said("TLS1_1", alert) == "refused"
    assert said("TLS1_1", b"") == "closed"
    assert said("TLS1_1", SERVER_HELLO["TLS1_1"][:8]) == "closed"
    assert said("TLS1_1", b"220 mail.example.org ESMTP\r\n") == "plain"
    assert said("TLS1_1", bytes.fromhex("1603020000")) == "plain"
    assert said("TLS1_1", warning + SERVER_HELLO["TLS1_1"]) == "accepted"
    assert said("TLS1_1", warning * 9) == "refused"


def said(version: OldVersion, answer: bytes) -> str:
    """How a server takes an offer that answers with these bytes."""
    with (
        serving(answering(answer)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=2) as connection,
    ):
        return offer(connection, version, "localhost")


def test_two_reads_of_one_endpoint_are_one_evidence_and_replay_without_a_network(
    roots: Path,
) -> None:
    with serving(tls(GOOD.configure_cert, V.TLSv1_2, V.TLSv1_3)) as port:
        probe = reader(port, roots)
        first, second = (collect([tls_handshake], Beside(MemoryReader({}), probe)) for _ in "12")
    kept = {sha256(body): body for _, a in first.answers if (body := a.body()) is not None}
    records = [answer.record(source) for source, answer in first.answers]

    again = collect([tls_handshake], StoredReader(SCOPE, records, kept.__getitem__))

    results = [evaluate([tls_handshake], r, settings={}, now=NOW) for r in (first, second, again)]
    assert results[0] == results[1] == results[2]
    (shaken,) = [r for r in records if r["source"] == "tls:handshake"]
    volatile = shaken["volatile"]
    assert isinstance(volatile, Mapping)
    assert volatile["address"] == "127.0.0.1"
    assert volatile["roots_sha256"] == sha256(AUTHORITY.cert_pem.bytes())
    assert (shaken["endpoint"], shaken["identity"]) == (f"tcp://localhost:{port}", "anonymous")


def test_each_endpoint_is_listed_once_in_small_letters() -> None:
    scope = Scope("gcp", "test", "acme", "someone")
    found = TlsReader(scope, ["App.example.org:443", "app.example.org:443", "[::1]:8443"])

    answer = found.read(Tls(operation="endpoints"), {}, "global")

    assert page(answer)["endpoints"] == [
        {"endpoint": "[::1]:8443", "host": "::1", "port": 8443},
        {"endpoint": "app.example.org:443", "host": "app.example.org", "port": 443},
    ]


def test_roots_that_are_no_certificates_are_an_error_of_configuration(tmp_path: Path) -> None:
    file = tmp_path / "roots.pem"
    file.write_text("nothing")

    with pytest.raises(ConfigError, match="expected certificates as PEM"):
        TlsReader(SCOPE, ["localhost:443"], roots=file)
    with pytest.raises(ConfigError, match=r"account test: reading tls_ca_bundle .*missing\.pem"):
        TlsReader(SCOPE, ["localhost:443"], roots=tmp_path / "missing.pem")
