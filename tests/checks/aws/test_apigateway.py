"""Amazon API Gateway."""

from __future__ import annotations

from typing import Any

import pytest

from checks.aws.apigateway._domains import (
    Configuration,
    DomainName,
    DomainNameV2,
    tls12_domain,
)
from checks.aws.apigateway._stages import (
    Api,
    MethodSettings,
    RestApi,
    RestStage,
    RouteSettings,
    Stage,
    stage_logging,
)
from tests.aws_told import told
from tests.cases import Case, read_aws, row

LOG = "arn:aws:logs:us-east-1:123456789012:log-group:api"
REQUIRED = "no access logs, which are required by setting"


def rest(access_log: str | None = None, **levels: str | None) -> RestStage:
    """A stage of a REST API; `all` stands for all methods."""
    methods = {
        "*/*" if name == "all" else f"~1{name}/GET": MethodSettings.model_validate({"level": level})
        for name, level in levels.items()
    }
    return RestStage(
        id="prod", api="a", endpoints=("REGIONAL",), access_log=access_log, methods=methods
    )


def stage(protocol: str, access_log: str | None = None, **facts: object) -> Stage:
    return Stage.model_validate(
        {"id": "prod", "api": "a", "protocol": protocol, "access_log": access_log, **facts}
    )


def routes(**levels: str) -> dict[str, RouteSettings]:
    return {name: RouteSettings.model_validate({"level": lv}) for name, lv in levels.items()}


def domain(policy: str, kind: str = "REGIONAL", **facts: object) -> DomainName:
    return DomainName.model_validate(
        {"id": "api.example.org", "types": (kind,), "policy": policy, **facts}
    )


def second(*policies: str | None, name: str = "api.example.org") -> DomainNameV2:
    return DomainNameV2(id=name, configurations=tuple(Configuration(policy=p) for p in policies))


def accepts(policies: str) -> dict[str, str]:
    return {
        "outcome": "fail",
        "reason": f"security policy {policies}, which accepts TLS 1.0",
    }


CASES = [
    row(stage_logging, rest(LOG), outcome="pass", reason=f"access logs go to {LOG}"),
    row(stage_logging, rest(LOG), require_access_logs=True,
        outcome="pass", reason=f"access logs go to {LOG}"),
    row(stage_logging, rest(all="INFO"),
        outcome="pass", reason="execution logging is at INFO"),
    row(stage_logging, rest(all="ERROR", orders="INFO"),
        outcome="pass", reason="execution logging is at ERROR and INFO"),
    row(stage_logging, rest(all="ERROR"), require_access_logs=True,
        outcome="fail", reason=REQUIRED),
    row(stage_logging, rest(all="INFO", orders="OFF", login=None),
        outcome="fail",
        reason="no access logs, and no execution logging of ~1login/GET, ~1orders/GET"),
    row(stage_logging, rest(all="OFF"),
        outcome="fail", reason="no access logs, and no execution logging"),
    row(stage_logging, rest(""),
        outcome="fail", reason="no access logs, and no execution logging"),
    row(stage_logging, rest(orders="INFO"),
        outcome="fail", reason="no access logs, and no execution logging but for some methods"),
    row(stage_logging, stage("HTTP", LOG), outcome="pass", reason=f"access logs go to {LOG}"),
    row(stage_logging, stage("HTTP", default_level="INFO"),
        outcome="fail", reason="no access logs"),
    row(stage_logging, stage("WEBSOCKET", default_level="ERROR"),
        outcome="pass", reason="execution logging is at ERROR"),
    row(stage_logging, stage("WEBSOCKET", default_level="ERROR", routes=routes(join="OFF")),
        outcome="fail", reason="no access logs, and no execution logging of join"),
    row(stage_logging, stage("WEBSOCKET", routes=routes(join="INFO")),
        outcome="fail", reason="no access logs, and no execution logging but for some methods"),
    row(stage_logging, stage("WEBSOCKET"),
        outcome="fail", reason="no access logs, and no execution logging"),
    row(tls12_domain, domain("TLS_1_2"), [], [],
        outcome="pass", reason="security policy TLS_1_2"),
    row(tls12_domain, domain("SecurityPolicy_TLS13_1_3_2025_09"), [], [second(None)],
        outcome="pass", reason="security policy SecurityPolicy_TLS13_1_3_2025_09"),
    row(tls12_domain, domain("SecurityPolicy_TLS12_2018_EDGE", "EDGE"), [], [],
        outcome="pass", reason="security policy SecurityPolicy_TLS12_2018_EDGE"),
    row(tls12_domain, domain("TLS_1_0"), [], [second("TLS_1_2")],
        **accepts("TLS_1_0, TLS_1_2")),
    row(tls12_domain, domain("TLS_1_2"), [], [second("TLS_1_2", "TLS_1_0")],
        **accepts("TLS_1_0, TLS_1_2")),
    row(tls12_domain, domain("TLS_1_2"), [], [second("TLS_1_0", name="other.example.org")],
        outcome="pass", reason="security policy TLS_1_2"),
    row(tls12_domain, domain("TLS_1_2", "PRIVATE", private_id="x1"), [], [second("TLS_1_0")],
        outcome="pass", reason="security policy TLS_1_2"),
    row(tls12_domain, second("TLS_1_0"), [domain("TLS_1_0")], [],
        outcome="not_applicable", reason="judged as the first API tells of it"),
    row(tls12_domain, second("TLS_1_2", "SecurityPolicy_TLS13_1_3_2025_09"), [], [],
        outcome="pass", reason="security policy SecurityPolicy_TLS13_1_3_2025_09, TLS_1_2"),
    row(tls12_domain, second("TLS_1_2", None), [], [],
        outcome="fail", reason="no security policy names the TLS version"),
    row(tls12_domain, second(), [], [],
        outcome="fail", reason="no security policy names the TLS version"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_stages_of_rest_apis_are_read() -> None:
    stage = {"stageName": "prod", "methodSettings": {"*/*": {"loggingLevel": "INFO"}}}
    session = told(
        {
            "apigateway:GetRestApis": {
                "items": [{"id": "r", "endpointConfiguration": {"types": ["REGIONAL"]}}]
            },
            "apigateway:GetStages": {"item": [stage]},
            "apigatewayv2:GetApis": {"Items": []},
        }
    )

    reads = read_aws(session, stage_logging)

    read = reads[RestStage].observed[0]
    assert read.name == "arn:aws:apigateway:us-east-1::/restapis/r/stages/prod"
    assert (read.resource.endpoints, read.resource.access_log) == (("REGIONAL",), None)
    assert read.resource.methods == {"*/*": MethodSettings(level="INFO")}


def test_stages_are_read_from_both_apis() -> None:
    session = told(
        {
            "apigateway:GetRestApis": {
                "items": [{"id": "r", "endpointConfiguration": {"types": ["PRIVATE"]}}]
            },
            "apigateway:GetStages": {
                "item": [{"stageName": "prod", "accessLogSettings": {"destinationArn": LOG}}]
            },
            "apigatewayv2:GetApis": {
                "Items": [
                    {
                        "ApiId": "w",
                        "ProtocolType": "WEBSOCKET",
                        "Name": "w",
                        "RouteSelectionExpression": "$request.body.action",
                    }
                ]
            },
            "apigatewayv2:GetStages": {
                "Items": [
                    {
                        "StageName": "prod",
                        "DefaultRouteSettings": {"LoggingLevel": "INFO"},
                        "RouteSettings": {"join": {"LoggingLevel": "OFF"}},
                    }
                ]
            },
        }
    )

    reads = read_aws(session, stage_logging)

    assert [o.resource for o in reads[RestStage]] == [
        RestStage(id="prod", api="r", endpoints=("PRIVATE",), access_log=LOG)
    ]
    assert [o.name for o in reads[Stage]] == ["arn:aws:apigateway:us-east-1::/apis/w/stages/prod"]
    assert [o.resource for o in reads[Stage]] == [
        stage("WEBSOCKET", api="w", default_level="INFO", routes=routes(join="OFF"))
    ]


def test_region_without_apis_costs_one_call_for_each_generation() -> None:
    nothing: dict[str, dict[str, Any]] = {
        "apigateway:GetRestApis": {"items": []},
        "apigatewayv2:GetApis": {"Items": []},
    }

    reads = read_aws(told(nothing), stage_logging)

    assert len(reads.answers) == 2
    assert (reads[RestApi].unread, reads[Api].unread) == ((), ())


def test_domain_names_are_read_from_both_apis() -> None:
    def policies(*names: str) -> list[dict[str, Any]]:
        return [{"EndpointType": "REGIONAL", "SecurityPolicy": name} for name in names]

    def named(name: str, policy: str, kind: str, **facts: str) -> dict[str, Any]:
        types = {"types": [kind]}
        return {"domainName": name, "securityPolicy": policy, "endpointConfiguration": types,
                **facts}  # fmt: skip

    session = told(
        {
            "apigateway:GetDomainNames": {
                "items": [
                    named("edge", "SecurityPolicy_TLS13_2025_EDGE", "EDGE"),
                    named("inside", "TLS_1_2", "PRIVATE", domainNameId="x1"),
                    named("inside", "TLS_1_2", "PRIVATE", domainNameId="x2"),
                ]
            },
            "apigatewayv2:GetDomainNames": {
                "Items": [
                    {"DomainName": "edge", "DomainNameConfigurations": policies("TLS_1_2")},
                    {"DomainName": "only", "DomainNameConfigurations": policies("TLS_1_0")},
                ]
            },
        }
    )

    reads = read_aws(session, tls12_domain)

    prefix = "arn:aws:apigateway:us-east-1::/domainnames/"
    assert [o.name.removeprefix(prefix) for o in reads[DomainName]] == [
        "edge", "inside+x1", "inside+x2",
    ]  # fmt: skip
    assert [o.resource for o in reads[DomainNameV2]] == [
        second("TLS_1_2", name="edge"), second("TLS_1_0", name="only"),
    ]  # fmt: skip


def test_a_security_policy_that_is_not_known_is_unreadable() -> None:
    item: Any = {
        "domainName": "new",
        "endpointConfiguration": {"types": ["REGIONAL"]},
        "securityPolicy": "SecurityPolicy_TLS13_1_0_2030_01",
    }

    with pytest.raises(ValueError, match="policy"):
        DomainName.parse(item)
    with pytest.raises(ValueError, match="known here"):
        DomainNameV2.parse(
            {
                "DomainName": "new",
                "DomainNameConfigurations": [{"SecurityPolicy": item["securityPolicy"]}],
            }
        )
