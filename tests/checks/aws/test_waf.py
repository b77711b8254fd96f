"""AWS WAF."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from checks.aws.waf._logging import (
    Condition,
    Filter,
    GlobalWebAclLogging,
    Logging,
    WebAcl,
    WebAclLogging,
    logging,
)
from checks.aws.waf._protection import (
    Acl,
    AclRule,
    Chosen,
    DistributionAcl,
    GroupOfManager,
    LoadBalancerAcl,
    StageAcl,
    TenantAcl,
    alb_protected,
)
from collector.evidence.canonical import JSON
from tests.aws_told import Refused, told
from tests.cases import Case, read_aws, row

ARN = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/portal/1"
GLOBAL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/site/1"
CLASSIC = "arn:aws:waf-regional:us-east-1:123456789012:webacl/1"
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-portal"
STREAM = "arn:aws:firehose:us-east-1:123456789012:deliverystream/aws-waf-logs"
BLOCKING = AclRule(block=Chosen())
COUNTING = AclRule()


def acl(*rules: AclRule, arn: str = ARN, **facts: object) -> Acl:
    return Acl.model_validate({"arn": arn, "name": "portal", "rules": rules, **facts})


def balancer(acl: Acl | None, **facts: object) -> LoadBalancerAcl:
    return LoadBalancerAcl.model_validate(
        {"kind": "application", "scheme": "internet-facing", "acl": acl, **facts}
    )


def stage(acl: Acl | None, named: str | None, *endpoints: str) -> StageAcl:
    return StageAcl.model_validate(
        {"endpoints": endpoints or ("REGIONAL",), "named": named, "acl": acl}
    )


def distribution(acl: Acl | None, named: str | None, *, is_enabled: bool = True) -> DistributionAcl:
    return DistributionAcl(is_enabled=is_enabled, named=named, acl=acl)


def tenant(change: str | None, acl: Acl | None = None, *, is_enabled: bool = True) -> TenantAcl:
    facts = {"change": change, "acl": acl, "named": acl and acl.arn, "is_enabled": is_enabled}
    return TenantAcl.model_validate(facts)


PROTECTED = {"outcome": "pass", "reason": "web ACL portal"}
NO_ACL = {"outcome": "fail", "reason": "no web ACL"}
STOPS_NOTHING = {"outcome": "fail", "reason": "web ACL portal stops nothing"}
NO_KIND = {
    "outcome": "not_applicable",
    "reason": "only application load balancers can have a web ACL",
}


def log(*filters: Filter, otherwise: str = "KEEP", to: tuple[str, ...] = (GROUP,)) -> WebAclLogging:
    filtering = {"filters": filters, "otherwise": otherwise} if filters else None
    facts = {"acl": ARN, "destinations": to, "filtering": filtering}
    return WebAclLogging(id=ARN, logging=Logging.model_validate(facts))


def rule(behavior: str, *conditions: str, requirement: str = "MEETS_ANY") -> Filter:
    """A filter; conditions in capitals are actions, others labels."""
    found = tuple(
        Condition.model_validate({"action": c} if c.isupper() else {"label": c}) for c in conditions
    )
    return Filter.model_validate(
        {"behavior": behavior, "requirement": requirement, "conditions": found}
    )


LOGGED = {"outcome": "pass", "reason": "the log goes to logs"}
FILTERED = {"outcome": "pass", "reason": "the log goes to logs, what is kept by filters"}
DROPS = {
    "outcome": "fail",
    "reason": "the log goes to logs, but a filter may drop blocked requests",
}

CASES = [
    row(alb_protected, balancer(acl(COUNTING, BLOCKING)), **PROTECTED),
    row(alb_protected, balancer(acl(AclRule(captcha=Chosen()))), **PROTECTED),
    row(alb_protected, balancer(acl(AclRule(challenge=Chosen()))), **PROTECTED),
    row(alb_protected, balancer(acl(AclRule(group_acts=Chosen()))), **PROTECTED),
    row(alb_protected, balancer(acl(blocks=Chosen())), **PROTECTED),
    row(alb_protected, balancer(acl(before=(GroupOfManager(acts=Chosen()),))), **PROTECTED),
    row(alb_protected, balancer(acl(after=(GroupOfManager(acts=Chosen()),))), **PROTECTED),
    row(alb_protected, balancer(acl(COUNTING, after=(GroupOfManager(),))), **STOPS_NOTHING),
    row(alb_protected, balancer(acl()), **STOPS_NOTHING),
    row(alb_protected, balancer(None), **NO_ACL),
    row(alb_protected, balancer(None, scheme="internal"),
        outcome="not_applicable", reason="the load balancer is internal"),
    row(alb_protected, balancer(None, kind="network"), **NO_KIND),
    row(alb_protected, balancer(None, kind="gateway"), **NO_KIND),
    row(alb_protected, stage(acl(BLOCKING), ARN, "EDGE"), **PROTECTED),
    row(alb_protected, stage(None, None), **NO_ACL),
    row(alb_protected, stage(None, CLASSIC),
        outcome="fail", reason=f"web ACL {CLASSIC} is one of WAF Classic"),
    row(alb_protected, stage(None, None, "PRIVATE"),
        outcome="not_applicable", reason="the API is private"),
    row(alb_protected, stage(None, None, "PRIVATE", "REGIONAL"), **NO_ACL),
    row(alb_protected, distribution(acl(BLOCKING, arn=GLOBAL), GLOBAL), **PROTECTED),
    row(alb_protected, distribution(None, ""), **NO_ACL),
    row(alb_protected, distribution(None, "473e64fd"),
        outcome="fail", reason="web ACL 473e64fd is one of WAF Classic"),
    row(alb_protected, distribution(None, None, is_enabled=False),
        outcome="not_applicable", reason="the distribution is disabled"),
    row(alb_protected, tenant("override", acl(BLOCKING, arn=GLOBAL)), **PROTECTED),
    row(alb_protected, tenant("override", acl(COUNTING, arn=GLOBAL)), **STOPS_NOTHING),
    row(alb_protected, tenant("override"), **NO_ACL),
    row(alb_protected, tenant("disable"),
        outcome="fail", reason="the tenant has turned off the web ACL of its distribution"),
    row(alb_protected, tenant(None),
        outcome="not_applicable", reason="the tenant has the web ACL of its distribution"),
    row(alb_protected, tenant("disable", is_enabled=False),
        outcome="not_applicable", reason="the tenant is disabled"),
    row(logging, log(), **LOGGED),
    row(logging, log(to=(GROUP, STREAM)),
        outcome="pass", reason="the log goes to firehose, logs"),
    row(logging, log(rule("KEEP", "BLOCK", "COUNT"), otherwise="DROP"), **FILTERED),
    row(logging, log(rule("KEEP", "BLOCK", requirement="MEETS_ALL"), otherwise="DROP"),
        **FILTERED),
    row(logging, log(rule("DROP", "ALLOW")), **FILTERED),
    row(logging, log(rule("KEEP", "BLOCK"), rule("DROP", "noise"), otherwise="DROP"), **FILTERED),
    row(logging, log(rule("DROP", "ALLOW", "noise", requirement="MEETS_ALL")), **FILTERED),
    row(logging, log(rule("KEEP", "COUNT"), otherwise="DROP"), **DROPS),
    row(logging, log(rule("KEEP", "BLOCK", "noise", requirement="MEETS_ALL"), otherwise="DROP"),
        **DROPS),
    row(logging, log(rule("DROP", "noise"), rule("KEEP", "BLOCK")), **DROPS),
    row(logging, log(rule("DROP", "BLOCK")), **DROPS),
    row(logging, log(rule("DROP", "ALLOW", "noise")), **DROPS),
    row(logging, log(rule("DROP", "COUNT")), **DROPS),
    row(logging, log(rule("DROP", "EXCLUDED_AS_COUNT")), **DROPS),
    row(logging, log(rule("DROP", "ALLOW", "CAPTCHA")), **DROPS),
    row(logging, log(rule("DROP", "CHALLENGE", "noise", requirement="MEETS_ALL")), **DROPS),
    row(logging, log(rule("DROP", "ALLOW", "COUNT", requirement="MEETS_ALL")), **FILTERED),
    row(logging, log(rule("KEEP", "BLOCK"), rule("DROP", "COUNT")), **FILTERED),
    row(logging, log(to=()), outcome="fail", reason="no log"),
    row(logging, WebAclLogging(id=ARN, logging=None), outcome="fail", reason="no log"),
    row(logging, GlobalWebAclLogging(id=GLOBAL, logging=None), outcome="fail", reason="no log"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_an_answer_about_another_web_acl_is_unreadable() -> None:
    for make in (
        lambda: stage(acl(arn=GLOBAL), ARN),
        lambda: distribution(acl(arn=ARN), GLOBAL),
        lambda: TenantAcl(is_enabled=True, change="override", named=GLOBAL, acl=acl(arn=ARN)),
        lambda: WebAclLogging(id=GLOBAL, logging=Logging(acl=ARN, destinations=(GROUP,))),
        lambda: GlobalWebAclLogging(id=GLOBAL, logging=Logging(acl=ARN, destinations=(GROUP,))),
    ):
        with pytest.raises(ValueError, match="another web ACL"):
            make()


def described(arn: str, *actions: dict[str, Any]) -> dict[str, Any]:
    """A web ACL as AWS tells of it."""
    seen = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}
    rules = [
        {"Name": str(n), "Priority": n, "Statement": {}, "VisibilityConfig": seen, **action}
        for n, action in enumerate(actions)
    ]
    return {
        "WebACL": {
            "ARN": arn,
            "Name": "portal",
            "Id": "1",
            "DefaultAction": {"Allow": {}},
            "Rules": rules,
            "VisibilityConfig": seen,
        }
    }


def test_web_acls_are_read_of_what_faces_the_internet() -> None:
    """A web ACL that several use is asked for once."""

    def balanced(params: Any, region: str) -> Any:
        assert params["ResourceArn"] == "arn:aws:elasticloadbalancing:app/web"
        return described(ARN, {"OverrideAction": {"None": {}}})

    def listed(name: str, kind: str, scheme: str) -> dict[str, str]:
        arn = f"arn:aws:elasticloadbalancing:app/{name}"
        return {"LoadBalancerArn": arn, "Type": kind, "Scheme": scheme}

    behavior = {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"}
    summary = {
        "ARN": "arn:aws:cloudfront::123456789012:distribution/E1",
        "Enabled": True,
        "WebACLId": GLOBAL,
        "DefaultCacheBehavior": behavior,
        "CacheBehaviors": {"Quantity": 0},
        "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "o.example.org"}]},
    }
    session = told(
        {
            "elbv2:DescribeLoadBalancers": {
                "LoadBalancers": [
                    listed("web", "application", "internet-facing"),
                    listed("inside", "application", "internal"),
                    listed("net", "network", "internet-facing"),
                ]
            },
            "wafv2:GetWebACLForResource": balanced,
            "apigateway:GetRestApis": {
                "items": [{"id": "r", "endpointConfiguration": {"types": ["REGIONAL"]}}]
            },
            "apigateway:GetStages": {
                "item": [
                    {"stageName": "a", "webAclArn": ARN},
                    {"stageName": "b", "webAclArn": ARN},
                    {"stageName": "c"},
                ]
            },
            "cloudfront:ListDistributions": {
                "DistributionList": {"IsTruncated": False, "Quantity": 1, "Items": [summary]}
            },
            "wafv2:GetWebACL": lambda params, region: described(
                params["ARN"], {"Action": {"Count": {}}}
            ),
        }
    )

    reads = read_aws(session, alb_protected)

    def said(resource: type[LoadBalancerAcl | StageAcl | DistributionAcl]) -> list[str]:
        return [alb_protected(o.resource).reason for o in reads[resource]]

    assert sorted(said(LoadBalancerAcl)) == [
        NO_KIND["reason"], "the load balancer is internal", "web ACL portal",
    ]  # fmt: skip
    assert said(StageAcl) == [STOPS_NOTHING["reason"], STOPS_NOTHING["reason"], NO_ACL["reason"]]
    assert said(DistributionAcl) == [STOPS_NOTHING["reason"]]
    asked = [answer.source for _, answer in reads.answers]
    assert asked.count("wafv2:GetWebACL") == 2


def test_tenants_are_read_of_distributions_that_have_some() -> None:
    """A tenant may turn off the web ACL by which its distribution passes."""
    prefix = "arn:aws:cloudfront::123456789012:distribution"
    own = GLOBAL.replace("site", "own")

    def distribution(name: str, mode: str, *, is_enabled: bool = True) -> dict[str, Any]:
        return {
            "ARN": f"{prefix}/{name}",
            "Enabled": is_enabled,
            "ConnectionMode": mode,
            "WebACLId": GLOBAL,
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"},
            "CacheBehaviors": {"Quantity": 0},
            "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "o.example.org"}]},
        }

    def tenants(params: Any, region: str) -> Any:
        assert params["AssociationFilter"] == {"DistributionId": "E2"}

        def one(name: str, **changes: Any) -> dict[str, Any]:
            arn = f"{prefix}-tenant/{name}"
            return {"Arn": arn, "DistributionId": "E2", "Enabled": True, **changes}

        off = {"WebAcl": {"Action": "disable"}}
        other = {"WebAcl": {"Action": "override", "Arn": own}}
        if "Marker" in params:
            return {"DistributionTenantList": [one("c", Customizations=other)]}
        first = [one("a"), one("b", Customizations=off)]
        return {"DistributionTenantList": first, "NextMarker": "m"}

    summaries = [
        distribution("E1", "direct"),
        distribution("E2", "tenant-only"),
        distribution("E3", "tenant-only", is_enabled=False),
    ]
    session = told(
        {
            "elbv2:DescribeLoadBalancers": {"LoadBalancers": []},
            "apigateway:GetRestApis": {"items": []},
            "cloudfront:ListDistributions": {
                "DistributionList": {"IsTruncated": False, "Quantity": 3, "Items": summaries}
            },
            "cloudfront:ListDistributionTenants": tenants,
            "wafv2:GetWebACL": lambda params, region: described(
                params["ARN"], {"Action": {"Block": {}}}
            ),
        }
    )

    reads = read_aws(session, alb_protected)

    assert [(o.name[-1], alb_protected(o.resource).outcome) for o in reads[TenantAcl].observed] == [
        ("a", "not_applicable"), ("b", "fail"), ("c", "pass"),
    ]  # fmt: skip
    assert reads[TenantAcl].unread == ()


def test_logs_of_regional_and_global_web_acls_are_read() -> None:
    def listing(params: Any, region: str) -> Any:
        arn = GLOBAL if params["Scope"] == "CLOUDFRONT" else ARN
        if "NextMarker" in params:
            return {"WebACLs": [], "NextMarker": "m"}
        return {"WebACLs": [{"ARN": arn}], "NextMarker": "m"}

    def configuration(params: Any, region: str) -> Any:
        if params["ResourceArn"] == GLOBAL:
            raise Refused("WAFNonexistentItemException", "there is none")
        block = {"ActionCondition": {"Action": "BLOCK"}}
        keep = {"Behavior": "KEEP", "Requirement": "MEETS_ANY", "Conditions": [block]}
        return {
            "LoggingConfiguration": {
                "ResourceArn": ARN,
                "LogDestinationConfigs": [GROUP],
                "LoggingFilter": {"DefaultBehavior": "DROP", "Filters": [keep]},
            }
        }

    session = told({"wafv2:ListWebACLs": listing, "wafv2:GetLoggingConfiguration": configuration})

    reads = read_aws(session, logging)

    assert [o.resource for o in reads[WebAclLogging]] == [
        log(rule("KEEP", "BLOCK"), otherwise="DROP")
    ]
    assert [o.resource for o in reads[GlobalWebAclLogging]] == [
        GlobalWebAclLogging(id=GLOBAL, logging=None)
    ]


def test_filters_that_do_not_say_what_becomes_of_the_rest_are_unreadable() -> None:
    configuration: JSON = {
        "ResourceArn": ARN,
        "LogDestinationConfigs": [GROUP],
        "LoggingFilter": {"Filters": []},
    }

    with pytest.raises(ValueError, match="otherwise"):
        WebAclLogging.parse({"LoggingConfiguration": configuration}, WebAcl(id=ARN))


def test_web_acl_without_log_is_read_as_such(aws: boto3.Session) -> None:
    """It is no error."""
    made = aws.client("wafv2").create_web_acl(
        Name="portal",
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        VisibilityConfig={
            "SampledRequestsEnabled": False,
            "CloudWatchMetricsEnabled": False,
            "MetricName": "m",
        },
    )

    reads = read_aws(aws, logging)

    assert [o.resource for o in reads[WebAclLogging]] == [
        WebAclLogging(id=made["Summary"]["ARN"], logging=None)
    ]
    assert reads[GlobalWebAclLogging].observed == ()
    assert len(reads.answers) == 3
