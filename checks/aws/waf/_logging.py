"""Web ACLs, and the logs of what they decide."""

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import model_validator

from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Part, Resource, at
from collector.source import Aws

Action = Literal[
    "ALLOW", "BLOCK", "CAPTCHA", "CHALLENGE", "COUNT", "EXCLUDED_AS_COUNT", "MONETIZE"
]  # fmt: skip
Behavior = Literal["DROP", "KEEP"]


class WebAcl(Resource):
    """A web ACL of a region."""

    source = Aws(
        service="wafv2",
        operation="ListWebACLs",
        permission="wafv2:ListWebACLs",
        items="WebACLs",
        constants={"Scope": "REGIONAL"},
        marker="NextMarker",
    )
    id: str = at("ARN")


class GlobalWebAcl(Resource):
    """A web ACL for CloudFront."""

    source = Aws(
        service="wafv2",
        operation="ListWebACLs",
        permission="wafv2:ListWebACLs",
        items="WebACLs",
        constants={"Scope": "CLOUDFRONT"},
        marker="NextMarker",
        regions="home",
    )
    id: str = at("ARN")


class Condition(Part):
    """What a filter looks at: the action that was taken, or a label."""

    action: Action | None = at("ActionCondition.Action", default=None)
    label: str | None = at("LabelNameCondition.LabelName", default=None)


class Filter(Part):
    """Which records are kept or dropped; the first filter that matches decides."""

    behavior: Behavior = at("Behavior")
    requirement: Literal["MEETS_ALL", "MEETS_ANY"] = at("Requirement")
    conditions: tuple[Condition, ...] = at("Conditions")

    @property
    def keeps_blocks(self) -> bool:
        """Whether the record of every blocked request is kept by it."""
        blocks = [one.action == "BLOCK" for one in self.conditions]
        met = any(blocks) if self.requirement == "MEETS_ANY" else all(blocks)
        return self.behavior == "KEEP" and met and bool(blocks)

    @property
    def may_drop_blocks(self) -> bool:
        """Whether the record of some blocked request may be dropped by it.

        A record holds more actions than the one that decided: what was counted, and tests that were
        passed, before a later rule blocked. Of a request that was allowed, none can have blocked.
        """
        may = [one.action != "ALLOW" for one in self.conditions]
        met = any(may) if self.requirement == "MEETS_ANY" else all(may)
        return self.behavior == "DROP" and met


class Filtering(Part):
    """What of a log is kept."""

    filters: tuple[Filter, ...] = at("Filters")
    otherwise: Behavior = at("DefaultBehavior")


class Logging(Part):
    """Where the log of a web ACL goes, and what of it."""

    acl: str = at("ResourceArn")
    destinations: tuple[str, ...] = at("LogDestinationConfigs")
    # Left out where everything is kept.
    filtering: Filtering | None = at("LoggingFilter", default=None)

    @property
    def has_blocks(self) -> bool:
        """Whether the record of every blocked request is kept."""
        if self.filtering is None:
            return True
        for one in self.filtering.filters:
            if one.keeps_blocks:
                return True
            if one.may_drop_blocks:
                return False
        return self.filtering.otherwise == "KEEP"


def _configuration(per: type[Resource], regions: Literal["enabled", "home"]) -> Aws:
    return Aws(
        service="wafv2",
        operation="GetLoggingConfiguration",
        permission="wafv2:GetLoggingConfiguration",
        per=per,
        params={"ResourceArn": "id"},
        absent=("WAFNonexistentItemException",),
        regions=regions,
    )


class WebAclLogging(Resource):
    """The log of a web ACL of a region."""

    source = _configuration(WebAcl, "enabled")
    logging: Logging | None = at("LoggingConfiguration", absent=None)

    @model_validator(mode="after")
    def _is_of_the_web_acl(self) -> Self:
        if self.logging is not None and self.logging.acl != self.id:
            raise ValueError("the answer is about another web ACL")
        return self


class GlobalWebAclLogging(Resource):
    """The log of a web ACL for CloudFront."""

    source = _configuration(GlobalWebAcl, "home")
    logging: Logging | None = at("LoggingConfiguration", absent=None)

    @model_validator(mode="after")
    def _is_of_the_web_acl(self) -> Self:
        if self.logging is not None and self.logging.acl != self.id:
            raise ValueError("the answer is about another web ACL")
        return self


@check(control="service-logging", severity="medium")
def logging(acl: WebAclLogging | GlobalWebAclLogging) -> Verdict:
    """Web firewalls log what they decide.

    Passes: the web ACL's log goes to a log group, a bucket or a stream, and the record of every
        blocked request is kept: there is no filter, or one that keeps what was blocked.
    Fails: there is no log, or a filter may drop records of blocked requests. So may one that drops
        what was counted or put to the test: the record of a request that a later rule blocked holds
        these actions as well.
    Every web ACL is judged, also one that protects nothing yet, and those for CloudFront. A log
    that Security Lake or a telemetry rule of CloudWatch collects by itself does not count. Says
    nothing of fields that are redacted, of whether the destination is still there, and of WAF
    Classic.
    Remediation: turn on logging in the web ACL; let filters drop allowed requests at most.
    """
    if acl.logging is None or not acl.logging.destinations:
        return failed("no log")
    kinds = _kinds(acl.logging.destinations)
    if not acl.logging.has_blocks:
        return failed(f"the log goes to {kinds}, but a filter may drop blocked requests")
    some = ", what is kept by filters" if acl.logging.filtering is not None else ""
    return passed(f"the log goes to {kinds}{some}")


def _kinds(destinations: Iterable[str]) -> str:
    return listed(
        sorted({arn.split(":")[2] if arn.count(":") > 2 else arn for arn in destinations})
    )
