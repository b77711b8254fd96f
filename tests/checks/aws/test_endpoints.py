"""What is concluded from handshakes with endpoints that are found in an account."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
import trustme

from checks.aws.apigateway._domains import DomainName
from checks.aws.endpoints import (
    DistributionHandshake,
    DomainHandshake,
    DomainV2Handshake,
    ListenerHandshake,
    domain_tls_handshake,
    tls_handshake,
)
from checks.endpoints import NO_TLS, Certificate, Protocols
from collector.answer import Answer, Failure, Reader
from collector.check import Check
from collector.collect import collect
from collector.evaluate import Result, evaluate
from collector.evidence.canonical import JSON
from collector.readers.aws import open_account
from collector.readers.tls import Beside, TlsReader
from collector.source import Source, Tls
from tests.cases import Case, row
from tests.endpoint_servers import serving, tls
from tests.memory import SCOPE, MemoryReader, Reply

V = ssl.TLSVersion
NOW = datetime(2026, 1, 2, tzinfo=UTC)
AUTHORITY = trustme.CA()

CERTIFICATE = Certificate(
    not_before=datetime(2025, 12, 1, tzinfo=UTC), not_after=datetime(2026, 2, 1, tzinfo=UTC),
    is_trusted=True, name_matches=True,
)  # fmt: skip
OF_ANOTHER = CERTIFICATE.model_copy(update={"name_matches": False})
MODERN = Protocols(
    ssl_2="refused", ssl_3="refused", tls_1_0="refused",
    tls_1_1="refused", tls_1_2="accepted", tls_1_3="accepted",
)  # fmt: skip
OLD = MODERN.model_copy(update={"tls_1_0": "accepted"})
UNTIL = "takes TLS 1.2 and TLS 1.3 alone; certificate valid until 2026-02-01"

Shaken = type[ListenerHandshake | DistributionHandshake | DomainHandshake | DomainV2Handshake]


def shaken(
    cls: Shaken,
    protocols: Protocols | None = MODERN,
    certificate: Certificate | None = CERTIFICATE,
    host: str = "api.example.org",
) -> Any:
    return cls.model_validate(
        {"id": host, "host": host, "speaks_tls": certificate is not None,
         "protocols": protocols, "certificate": certificate}
    )  # fmt: skip


def judged(check: Check[...], *given: object, outcome: str, reason: str) -> Case:
    return row(check, *given, outcome=outcome, reason=reason, now=NOW)


NAMED = [DomainName(id="api.example.org", types=("REGIONAL",), policy="TLS_1_2")]

CASES = [
    judged(tls_handshake, shaken(DistributionHandshake), outcome="pass", reason=UNTIL),
    judged(tls_handshake, shaken(DistributionHandshake, OLD),
           outcome="fail", reason="takes TLS 1.0"),
    judged(tls_handshake, shaken(DistributionHandshake, certificate=OF_ANOTHER),
           outcome="fail", reason="certificate is not for api.example.org"),
    judged(tls_handshake, shaken(DistributionHandshake, certificate=None),
           outcome="fail", reason=NO_TLS),
    # No certificate is for the name of a load balancer.
    judged(tls_handshake, shaken(ListenerHandshake, certificate=OF_ANOTHER),
           outcome="pass", reason=f"{UNTIL}, for whatever name"),
    judged(tls_handshake, shaken(ListenerHandshake, OLD, OF_ANOTHER),
           outcome="fail", reason="takes TLS 1.0"),
    judged(tls_handshake, shaken(ListenerHandshake, None),
           outcome="not_applicable", reason="no TLS that faces the internet by a name"),
    judged(domain_tls_handshake, shaken(DomainHandshake), NAMED, outcome="pass", reason=UNTIL),
    judged(domain_tls_handshake, shaken(DomainHandshake, OLD, OF_ANOTHER), NAMED,
           outcome="fail", reason="takes TLS 1.0; certificate is not for api.example.org"),
    judged(domain_tls_handshake, shaken(DomainHandshake, certificate=None), NAMED,
           outcome="fail", reason=NO_TLS),
    judged(domain_tls_handshake, shaken(DomainV2Handshake), NAMED,
           outcome="not_applicable", reason="judged as the first API tells of it"),
    judged(domain_tls_handshake, shaken(DomainV2Handshake), [], outcome="pass", reason=UNTIL),
    judged(domain_tls_handshake, shaken(DomainHandshake, None), [],
           outcome="not_applicable", reason="no TLS that faces the internet by a name"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


class Answered(TlsReader):
    """Finds endpoints as ever; what these say is told by their hosts."""

    def __init__(self, said: Mapping[str, Failure | bool]) -> None:
        super().__init__(SCOPE, [])
        self.asked: list[tuple[str, str]] = []
        self._said = said

    def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
        assert isinstance(source, Tls)
        if source.operation != "handshake":
            return super().read(source, params, place)
        host = str(params["host"])
        self.asked.append((f"{host}:{params['port']}", place))
        said = self._said.get(host, True)
        if isinstance(said, Failure):
            return Answer(source.name, params, place, failure=said)
        protocols: dict[str, JSON] = dict.fromkeys(("SSL2", "SSL3", "TLS1_0", "TLS1_1"), "refused")
        protocols |= {"TLS1_2": "accepted", "TLS1_3": "accepted"}
        certificate: dict[str, JSON] = {
            "not_before": "2025-12-01T00:00:00Z", "not_after": "2026-02-01T00:00:00Z",
            "is_trusted": True, "error_code": None, "error": None, "name_matches": said,
        }  # fmt: skip
        page: JSON = {
            "host": host, "port": params["port"], "speaks_tls": True,
            "protocols": protocols, "certificate": certificate,
        }  # fmt: skip
        return Answer(source.name, params, place, pages=(page,))


def distribution(**changes: JSON) -> dict[str, JSON]:
    return {
        "ARN": "arn:aws:cloudfront::123456789012:distribution/E1",
        "Enabled": True,
        "DomainName": "d1.cloudfront.net",
        "Aliases": {"Quantity": 2, "Items": ["www.example.org", "*.example.org"]},
        "DefaultCacheBehavior": {"ViewerProtocolPolicy": "https-only"},
        "CacheBehaviors": {"Quantity": 0},
        "Origins": {"Quantity": 0, "Items": []},
        **changes,
    }


def balancer(scheme: str) -> dict[str, JSON]:
    return {
        "LoadBalancerArn": f"arn:{scheme}",
        "DNSName": f"{scheme}.elb.amazonaws.com",
        "Type": "application",
        "Scheme": scheme,
    }


def listeners(params: Mapping[str, JSON], region: str) -> JSON:
    arn = str(params["LoadBalancerArn"])
    made: list[JSON] = [
        {"ListenerArn": f"{arn}/{port}", "LoadBalancerArn": arn, "Port": port, "Protocol": protocol}
        for port, protocol in ((443, "HTTPS"), (80, "HTTP"), (853, "TLS"))
    ]
    return {"Listeners": made}


CLASSIC: JSON = {
    "LoadBalancerName": "old",
    "DNSName": "old.elb.amazonaws.com",
    "Scheme": "internet-facing",
    "ListenerDescriptions": [
        {"Listener": {"Protocol": protocol, "LoadBalancerPort": port}}
        for protocol, port in (("HTTPS", 443), ("SSL", 8443), ("TCP", 25))
    ],
}


def in_ireland(page: JSON, empty: JSON) -> Any:
    return lambda _, region: page if region == "eu-west-1" else empty


ACCOUNT: dict[str, Any] = {
    "elbv2:DescribeLoadBalancers": in_ireland(
        {"LoadBalancers": [balancer("internet-facing"), balancer("internal")]},
        {"LoadBalancers": []},
    ),
    "elbv2:DescribeListeners": listeners,
    "elb:DescribeLoadBalancers": in_ireland(
        {"LoadBalancerDescriptions": [CLASSIC]}, {"LoadBalancerDescriptions": []}
    ),
    "cloudfront:ListDistributions": {"DistributionList": {"Items": [distribution()]}},
    "apigateway:GetRestApis": in_ireland(
        {"items": [
            {"id": "open", "endpointConfiguration": {"types": ["REGIONAL"]}},
            {"id": "closed", "endpointConfiguration": {"types": ["EDGE"]},
             "disableExecuteApiEndpoint": True},
            {"id": "inner", "endpointConfiguration": {"types": ["PRIVATE"]}},
        ]},
        {"items": []},
    ),
    "apigatewayv2:GetApis": in_ireland(
        {"Items": [
            {"ApiId": "http", "ProtocolType": "HTTP"},
            {"ApiId": "shut", "ProtocolType": "HTTP", "DisableExecuteApiEndpoint": True},
        ]},
        {"Items": []},
    ),
    "apigateway:GetDomainNames": {"items": []},
    "apigatewayv2:GetDomainNames": {"Items": []},
}  # fmt: skip


NOTHING: dict[str, JSON] = {
    "elb:DescribeLoadBalancers": {"LoadBalancerDescriptions": []},
    "cloudfront:ListDistributions": {"DistributionList": {}},
    "apigateway:GetRestApis": {"items": []},
    "apigatewayv2:GetApis": {"Items": []},
}


def results_of(
    replies: Mapping[str, Reply], said: Mapping[str, Failure | bool], check: Check[...]
) -> tuple[dict[str, Result], Answered]:
    endpoints = Answered(said)
    reads = collect([check], Beside(MemoryReader({**ACCOUNT, **replies}), endpoints))
    found = evaluate([check], reads, settings={}, now=NOW)
    assert len({(r.resource.id, r.resource.region) for r in found}) == len(found)
    return {r.resource.id: r for r in found}, endpoints


def test_what_faces_the_internet_with_tls_is_asked_once_and_nothing_else() -> None:
    results, endpoints = results_of({}, {"internet-facing.elb.amazonaws.com": False}, tls_handshake)

    assert sorted(endpoints.asked) == [
        ("d1.cloudfront.net:443", "global"),
        ("http.execute-api.{region}.{suffix}:443", "eu-west-1"),
        ("internet-facing.elb.amazonaws.com:443", "eu-west-1"),
        ("internet-facing.elb.amazonaws.com:853", "eu-west-1"),
        ("old.elb.amazonaws.com:443", "eu-west-1"),
        ("old.elb.amazonaws.com:8443", "eu-west-1"),
        ("open.execute-api.{region}.{suffix}:443", "eu-west-1"),
        ("www.example.org:443", "global"),
    ]
    assert {r.outcome for r in results.values()} == {"pass"}
    assert set(results) == {
        "arn:internet-facing/443", "arn:internet-facing/853",
        "old.elb.amazonaws.com:443", "old.elb.amazonaws.com:8443",
        "d1.cloudfront.net:443", "www.example.org:443",
        "arn:aws:apigateway:eu-west-1::/restapis/open", "arn:aws:apigateway:eu-west-1::/apis/http",
    }  # fmt: skip
    # What was found, what follows from it, and what was said.
    assert len(results["www.example.org:443"].evidence) == 3
    assert results["www.example.org:443"].resource.region == "global"


def test_a_disabled_distribution_is_not_asked() -> None:
    listing: JSON = {"DistributionList": {"Quantity": 1, "Items": [distribution(Enabled=False)]}}

    _, endpoints = results_of({"cloudfront:ListDistributions": listing}, {}, tls_handshake)

    assert not any("cloudfront" in name for name, _ in endpoints.asked)


@pytest.mark.parametrize("lost", ["DomainName", "Aliases"])
def test_a_distribution_whose_names_are_not_told_is_unknown(lost: str) -> None:
    item = {name: value for name, value in distribution().items() if name != lost}
    listing: JSON = {"DistributionList": {"Quantity": 1, "Items": [item]}}

    results, _ = results_of({"cloudfront:ListDistributions": listing}, {}, tls_handshake)

    assert results["123456789012"].outcome == "unknown"
    assert "cloudfront:ListDistributions in global: Malformed" in results["123456789012"].reason


def test_a_listing_that_is_denied_is_unknown_and_loses_no_other() -> None:
    denied = Failure("AccessDenied", "no", 403, denied=True)

    results, _ = results_of({"cloudfront:ListDistributions": denied}, {}, tls_handshake)

    assert results.pop("123456789012").outcome == "unknown"
    assert {r.outcome for r in results.values()} == {"pass"}
    assert len(results) == 6


def test_a_name_that_leads_nowhere_is_unknown_and_loses_no_other() -> None:
    gone = Failure("NameNotResolved")

    results, _ = results_of({}, {"www.example.org": gone}, tls_handshake)

    lost = results.pop("www.example.org:443")
    assert lost.outcome == "unknown"
    assert lost.reason == "not read: tls:handshake in global: NameNotResolved"
    assert lost.resource.region == "global"
    assert {r.outcome for r in results.values()} == {"pass"}


def test_a_domain_name_that_both_apis_list_is_judged_once() -> None:
    first: JSON = {"items": [
        {"domainName": name, "endpointConfiguration": {"types": [kind]},
         "securityPolicy": "TLS_1_2"}
        for name, kind in (("api.example.org", "REGIONAL"), ("*.example.org", "REGIONAL"),
                           ("inner.example.org", "PRIVATE"))
    ]}  # fmt: skip
    second: JSON = {"Items": [
        {"DomainName": name, "DomainNameConfigurations": []}
        for name in ("api.example.org", "two.example.org")
    ]}  # fmt: skip
    replies: dict[str, Any] = {
        "apigateway:GetDomainNames": in_ireland(first, {"items": []}),
        "apigatewayv2:GetDomainNames": in_ireland(second, {"Items": []}),
    }

    results, endpoints = results_of(replies, {}, domain_tls_handshake)

    assert sorted(endpoints.asked) == [
        ("api.example.org:443", "eu-west-1"),
        ("two.example.org:443", "eu-west-1"),
    ]
    assert {name.rpartition("/")[2] for name in results} == {"api.example.org", "two.example.org"}


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every name leads to this machine; the names that were looked up."""
    asked: list[object] = []
    find = socket.getaddrinfo

    def getaddrinfo(host: Any, *more: Any, **options: Any) -> Any:
        asked.append(host)
        return find("127.0.0.1", *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def roots(tmp_path: Path) -> Path:
    file = tmp_path / "roots.pem"
    file.write_bytes(AUTHORITY.cert_pem.bytes())
    return file


class Balancers:
    """Load balancers of a cloud, and nothing else in it."""

    def __init__(self, cloud: Reader) -> None:
        self.scope = cloud.scope
        self._cloud = cloud
        self._rest = MemoryReader(NOTHING)

    def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
        reader = self._cloud if source.name.startswith("elbv2:") else self._rest
        return reader.read(source, params, place)


def test_a_listener_is_shaken_hands_with_by_the_name_of_its_load_balancer(
    aws: boto3.Session, here: list[object], tmp_path: Path
) -> None:
    ec2, elb = aws.client("ec2"), aws.client("elbv2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    made = elb.create_load_balancer(Name="site", Subnets=[subnet])["LoadBalancers"][0]
    issued = AUTHORITY.issue_cert("shop.example.org")
    held = aws.client("acm").request_certificate(DomainName="shop.example.org")
    cloud = open_account(aws, "test", regions=("us-east-1",), expected=None)

    with serving(tls(issued.configure_cert, V.TLSv1_2, V.TLSv1_3)) as port:
        elb.create_listener(
            LoadBalancerArn=made["LoadBalancerArn"],
            Protocol="HTTPS",
            Port=port,
            Certificates=[{"CertificateArn": held["CertificateArn"]}],
            DefaultActions=[
                {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
            ],
        )
        endpoints = TlsReader(cloud.scope, [], roots=roots(tmp_path), timeout_seconds=2)
        reads = collect([tls_handshake], Beside(Balancers(cloud), endpoints))
    [result] = evaluate([tls_handshake], reads, settings={}, now=datetime.now(UTC))

    assert (result.outcome, result.resource.region) == ("pass", "us-east-1")
    assert result.reason.endswith(", for whatever name")
    assert made["DNSName"] in here


def test_the_region_and_the_partition_stand_in_the_name_of_an_api(
    here: list[object], tmp_path: Path
) -> None:
    issued = AUTHORITY.issue_cert("*.execute-api.eu-west-1.amazonaws.com")
    source = Tls(operation="handshake")

    with serving(tls(issued.configure_cert, V.TLSv1_2, V.TLSv1_3)) as port:
        params: dict[str, JSON] = {"host": "a1.execute-api.{region}.{suffix}", "port": port}
        reader = TlsReader(SCOPE, [], roots=roots(tmp_path), timeout_seconds=2)
        answer = reader.read(source, params, "eu-west-1")

    [page] = answer.pages
    assert isinstance(page, Mapping)
    assert page["host"] == "a1.execute-api.eu-west-1.amazonaws.com"
    assert isinstance(page["certificate"], Mapping)
    assert page["certificate"]["name_matches"] is True
    assert set(here) == {"a1.execute-api.eu-west-1.amazonaws.com", "127.0.0.1"}


def test_a_load_balancer_without_a_name_is_not_this_machine() -> None:
    answer = TlsReader(SCOPE, []).read(
        Tls(operation="handshake"), {"host": "", "port": 443}, "eu-west-1"
    )

    assert answer.failure is not None
    assert answer.failure.code == "NameNotResolved"
    assert answer.provenance["attempts"] == 0
