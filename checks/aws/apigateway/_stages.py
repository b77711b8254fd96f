"""APIs, their stages, and the logs of these."""

from collections.abc import Mapping
from typing import Literal

from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Part, Resource, at, parent
from collector.source import Aws

EndpointType = Literal["EDGE", "PRIVATE", "REGIONAL"]
Level = Literal["ERROR", "INFO", "OFF"]

ALL_METHODS = "*/*"
"""Key of the settings that hold for each method without settings of its own."""


class RestApi(Resource):
    """A REST API."""

    source = Aws(
        service="apigateway",
        operation="GetRestApis",
        permission="apigateway:GET",
        granted_on=("apigateway:*::/restapis",),
        items="items",
    )
    full_name = "arn:{partition}:apigateway:{region}::/restapis/{id}"
    id: str = at("id")
    endpoints: tuple[EndpointType, ...] = at("endpointConfiguration.types")
    is_closed: bool = at("disableExecuteApiEndpoint", default=False)

    @property
    def public_host(self) -> str | None:
        """The name that API Gateway gives it, where the internet may use it; with a placeholder
        for the region, which the answer does not tell."""
        if self.is_closed or self.endpoints == ("PRIVATE",):
            return None
        return f"{self.id}.execute-api.{{region}}.{{suffix}}"

    @property
    def public_port(self) -> int:
        """Where all APIs speak TLS."""
        return 443


class MethodSettings(Part):
    """Settings of a method, or of all that have none."""

    level: Level | None = at("loggingLevel", default=None)


class RestStage(Resource):
    """A stage of a REST API."""

    source = Aws(
        service="apigateway",
        operation="GetStages",
        permission="apigateway:GET",
        granted_on=("apigateway:*::/restapis/*/stages",),
        items="item",
        per=RestApi,
        params={"restApiId": "id"},
    )
    full_name = "arn:{partition}:apigateway:{region}::/restapis/{api}/stages/{id}"
    id: str = at("stageName")
    api: str = parent("id")
    endpoints: tuple[EndpointType, ...] = parent("endpoints")
    access_log: str | None = at("accessLogSettings.destinationArn", default=None)
    methods: Mapping[str, MethodSettings] = at("methodSettings", default_factory=dict)
    web_acl: str | None = at("webAclArn", default=None)

    @property
    def acl(self) -> str | None:
        """The web ACL, where it is one of the present WAF."""
        return self.web_acl if self.web_acl and ":wafv2:" in self.web_acl else None


class Api(Resource):
    """An HTTP or WebSocket API."""

    source = Aws(
        service="apigatewayv2",
        operation="GetApis",
        permission="apigateway:GET",
        granted_on=("apigateway:*::/apis",),
        items="Items",
    )
    full_name = "arn:{partition}:apigateway:{region}::/apis/{id}"
    id: str = at("ApiId")
    protocol: Literal["HTTP", "WEBSOCKET"] = at("ProtocolType")
    is_closed: bool = at("DisableExecuteApiEndpoint", default=False)

    @property
    def public_host(self) -> str | None:
        """The name that API Gateway gives it, where it may be used, as for a REST API."""
        return None if self.is_closed else f"{self.id}.execute-api.{{region}}.{{suffix}}"

    @property
    def public_port(self) -> int:
        """Where all APIs speak TLS."""
        return 443


class RouteSettings(Part):
    """Settings of a route, or of all that have none."""

    level: Level | None = at("LoggingLevel", default=None)


class Stage(Resource):
    """A stage of an HTTP or WebSocket API."""

    source = Aws(
        service="apigatewayv2",
        operation="GetStages",
        permission="apigateway:GET",
        granted_on=("apigateway:*::/apis/*/stages",),
        items="Items",
        per=Api,
        params={"ApiId": "id"},
    )
    full_name = "arn:{partition}:apigateway:{region}::/apis/{api}/stages/{id}"
    id: str = at("StageName")
    api: str = parent("id")
    protocol: Literal["HTTP", "WEBSOCKET"] = parent("protocol")
    access_log: str | None = at("AccessLogSettings.DestinationArn", default=None)
    # HTTP APIs have neither.
    default_level: Level | None = at("DefaultRouteSettings.LoggingLevel", default=None)
    routes: Mapping[str, RouteSettings] = at("RouteSettings", default_factory=dict)


@check(control="service-logging", severity="medium")
def stage_logging(stage: RestStage | Stage, *, require_access_logs: bool = False) -> Verdict:
    """Stages of APIs log the requests they take.

    Passes: access logs go to a log group or a stream; or, for REST and WebSocket APIs, execution
        logging is at INFO or ERROR for all methods or routes. With `require_access_logs`, execution
        logging does not count: at ERROR it leaves out every request that succeeds.
    Fails: neither is so, or execution logging is off for a single method or route.
    HTTP APIs have access logs alone. Every stage is judged, also one that nobody calls. Says
    nothing of the log's format, of whether the log group is still there and how long it keeps, and
    of whether the region's settings of API Gateway still name a role that may write to it.
    Remediation: name a log group for the stage's access logs, with a format that holds the caller,
        the request and the status.
    """
    if stage.access_log:
        return passed(f"access logs go to {stage.access_log}")
    levels: dict[str, Level | None]
    if isinstance(stage, RestStage):
        levels = {name: settings.level for name, settings in stage.methods.items()}
        default = levels.pop(ALL_METHODS, None)
    else:
        levels = {name: settings.level for name, settings in stage.routes.items()}
        default = stage.default_level
        if stage.protocol == "HTTP":
            return failed("no access logs")
    if require_access_logs:
        return failed("no access logs, which are required by setting")
    return _execution_logging(default, levels)


def _execution_logging(default: Level | None, own: Mapping[str, Level | None]) -> Verdict:
    match default:
        case None | "OFF":
            some = " but for some methods" if {"ERROR", "INFO"} & set(own.values()) else ""
            return failed(f"no access logs, and no execution logging{some}")
        case "ERROR" | "INFO":
            silent = sorted(name for name, level in own.items() if level in (None, "OFF"))
            if silent:
                return failed(f"no access logs, and no execution logging of {listed(silent)}")
            levels = sorted({level for level in (default, *own.values()) if level is not None})
            return passed(f"execution logging is at {' and '.join(levels)}")
