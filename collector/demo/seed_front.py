"""APIs, certificates and web firewalls, which are told; and access logs of load balancers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from collector.demo.seed_network import DOMAIN, SITE_ACL
from collector.demo.seed_storage import COMPANY
from collector.demo.simulator import ACCOUNT, HOME_REGION
from collector.demo.told import Refused, Reply
from collector.resource import lookup

if TYPE_CHECKING:
    from collector.demo.simulator import Clients

PORTAL_ACL = f"arn:aws:wafv2:{HOME_REGION}:{ACCOUNT}:regional/webacl/portal/4a8f1c92"
UNUSED_ACL = f"arn:aws:wafv2:{HOME_REGION}:{ACCOUNT}:regional/webacl/trial/c07d55e3"
CERTIFICATES = f"arn:aws:acm:{HOME_REGION}:{ACCOUNT}:certificate/"


def seed(clients: Clients) -> None:
    """Have two load balancers write access logs, and the others not."""
    bucket = f"{COMPANY}-load-balancer-logs"
    elbv2 = clients("elbv2", HOME_REGION)
    for balancer in lookup(elbv2.describe_load_balancers(), "LoadBalancers"):
        logs = balancer["LoadBalancerName"] in ("lab-results", "patient-portal")
        attributes = {"access_logs.s3.enabled": "true" if logs else "false"}
        if logs:
            attributes["access_logs.s3.bucket"] = bucket
        elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Attributes=[{"Key": key, "Value": value} for key, value in attributes.items()],
        )


def _at_home(answer: Mapping[str, Any], elsewhere: Mapping[str, Any]) -> Reply:
    """A reply that holds for the first region; the others have nothing."""
    return lambda params, region: answer if region == HOME_REGION else elsewhere


def _rest_apis() -> Mapping[str, Any]:
    regional = {"types": ["REGIONAL"]}
    names = {"b7k2portal": "portal", "q9x4partner": "partners"}
    return {
        "items": [
            {"id": key, "name": name, "endpointConfiguration": regional}
            for key, name in names.items()
        ]
    }


def _rest_stages(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    stage: dict[str, Any] = {"stageName": "live", "methodSettings": {}}
    if params["restApiId"] == "b7k2portal":
        stage |= {
            "accessLogSettings": {
                "destinationArn": f"arn:aws:logs:{region}:{ACCOUNT}:log-group:/brackenfield/portal",
                "format": "$context.identity.sourceIp $context.httpMethod $context.status",
            },
            "webAclArn": PORTAL_ACL,
        }
    return {"item": [stage]}


def _apis() -> Mapping[str, Any]:
    return {
        "Items": [
            {
                "ApiId": "w3chat",
                "Name": "care-team-chat",
                "ProtocolType": "WEBSOCKET",
                "RouteSelectionExpression": "$request.body.action",
            }
        ]
    }


def _stages() -> Mapping[str, Any]:
    settings = {"LoggingLevel": "INFO", "DataTraceEnabled": False}
    return {"Items": [{"StageName": "live", "DefaultRouteSettings": settings, "RouteSettings": {}}]}


def _domain_names() -> Mapping[str, Any]:
    policies = {f"api.{DOMAIN}": "TLS_1_2", f"fax.{DOMAIN}": "TLS_1_0"}
    return {
        "items": [
            {
                "domainName": name,
                "endpointConfiguration": {"types": ["REGIONAL"]},
                "securityPolicy": policy,
            }
            for name, policy in policies.items()
        ]
    }


def _certificates(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    if region != HOME_REGION:
        return {"CertificateSummaryList": []}
    month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    made = {"Status": "ISSUED", "KeyAlgorithm": "RSA_2048", "InUse": True}
    portal = {
        **made,
        "CertificateArn": f"{CERTIFICATES}0b6f6c1e-52a4-4d7a-9f0e-2f1f6a0c7d11",
        "DomainName": f"*.{DOMAIN}",
        "Type": "AMAZON_ISSUED",
        "NotAfter": month + timedelta(days=170),
    }
    fax = {
        **made,
        "CertificateArn": f"{CERTIFICATES}7d3e9a54-8c1b-4b0f-a6d2-91c5e3f4b822",
        "DomainName": f"fax.{DOMAIN}",
        "Type": "IMPORTED",
        "Status": "EXPIRED",
        "KeyAlgorithm": "RSA_4096",
        "NotAfter": month - timedelta(days=12),
    }
    return {"CertificateSummaryList": [portal, fax]}


def _certificate(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    return {"Certificate": {"CertificateArn": params["CertificateArn"], "Type": "AMAZON_ISSUED"}}


def _web_acls(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    if params["Scope"] == "CLOUDFRONT":
        return {"WebACLs": [{"Name": "site", "ARN": SITE_ACL}]}
    if region != HOME_REGION:
        return {"WebACLs": []}
    return {
        "WebACLs": [{"Name": "portal", "ARN": PORTAL_ACL}, {"Name": "trial", "ARN": UNUSED_ACL}]
    }


def _web_acl(arn: str) -> Mapping[str, Any]:
    name, identifier = arn.split("/")[-2:]
    seen = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}
    group = {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}
    rule = {
        "Name": "common",
        "Priority": 0,
        "Statement": {"ManagedRuleGroupStatement": group},
        "OverrideAction": {"None": {}},
        "VisibilityConfig": seen,
    }
    return {
        "WebACL": {
            "Name": name,
            "Id": identifier,
            "ARN": arn,
            "DefaultAction": {"Allow": {}},
            "Rules": [rule],
            "VisibilityConfig": seen,
        }
    }


def _web_acl_of(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    return _web_acl(PORTAL_ACL) if "/patient-portal/" in params["ResourceArn"] else {}


def _web_acl_logging(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    arn = params["ResourceArn"]
    if arn == UNUSED_ACL:
        raise Refused("WAFNonexistentItemException", "the web ACL has no logging configuration")
    name = arn.split("/")[-2]
    group = f"arn:aws:logs:{HOME_REGION}:{ACCOUNT}:log-group:aws-waf-logs-{name}"
    return {"LoggingConfiguration": {"ResourceArn": arn, "LogDestinationConfigs": [group]}}


TOLD: Mapping[str, Reply] = {
    "acm:DescribeCertificate": _certificate,
    "acm:ListCertificates": _certificates,
    "apigateway:GetDomainNames": _at_home(_domain_names(), {"items": []}),
    "apigateway:GetRestApis": _at_home(_rest_apis(), {"items": []}),
    "apigateway:GetStages": _rest_stages,
    "apigatewayv2:GetApis": _at_home(_apis(), {"Items": []}),
    "apigatewayv2:GetDomainNames": _at_home({"Items": []}, {"Items": []}),
    "apigatewayv2:GetStages": _at_home(_stages(), {"Items": []}),
    "wafv2:GetLoggingConfiguration": _web_acl_logging,
    "wafv2:GetWebACL": lambda params, region: _web_acl(params["ARN"]),
    "wafv2:GetWebACLForResource": _web_acl_of,
    "wafv2:ListWebACLs": _web_acls,
}
"""Operations about what faces the internet, and what they answer."""
