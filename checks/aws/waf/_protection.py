"""What faces the internet, and the web ACL before it."""

from typing import Literal, Self

from pydantic import model_validator

from checks.aws.apigateway._stages import EndpointType, RestStage
from checks.aws.cloudfront._distributions import Distribution, Tenant
from checks.aws.elb._listeners import Kind, LoadBalancer, Scheme
from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Part, Resource, at, parent
from collector.source import Aws


class Chosen(Part):
    """An action that was chosen: of several members, the one that is there."""


class AclRule(Part):
    """A rule, and what becomes of requests that it matches."""

    block: Chosen | None = at("Action.Block", default=None)
    captcha: Chosen | None = at("Action.Captcha", default=None)
    challenge: Chosen | None = at("Action.Challenge", default=None)
    group_acts: Chosen | None = at("OverrideAction.None", default=None)

    @property
    def acts(self) -> bool:
        """Whether it stops requests, or lets a group of rules do so; counting does not."""
        chosen = (self.block, self.captcha, self.challenge, self.group_acts)
        return any(one is not None for one in chosen)


class GroupOfManager(Part):
    """A group of rules that Firewall Manager puts in."""

    acts: Chosen | None = at("OverrideAction.None", default=None)


class Acl(Part):
    """A web ACL."""

    arn: str = at("ARN")
    name: str = at("Name")
    blocks: Chosen | None = at("DefaultAction.Block", default=None)
    rules: tuple[AclRule, ...] = at("Rules", default=())
    before: tuple[GroupOfManager, ...] = at("PreProcessFirewallManagerRuleGroups", default=())
    after: tuple[GroupOfManager, ...] = at("PostProcessFirewallManagerRuleGroups", default=())

    @property
    def acts(self) -> bool:
        """Whether there is a request that it may stop."""
        groups = [group.acts is not None for group in (*self.before, *self.after)]
        return self.blocks is not None or any(groups) or any(rule.acts for rule in self.rules)


class LoadBalancerAcl(Resource):
    """The web ACL of an application load balancer that faces the internet; none of others."""

    source = Aws(
        service="wafv2",
        operation="GetWebACLForResource",
        permission=("wafv2:GetWebACL", "wafv2:GetWebACLForResource"),
        per=LoadBalancer,
        params={"ResourceArn": "web_id"},
    )
    kind: Kind = parent("kind")
    scheme: Scheme = parent("scheme")
    # Left out where there is none.
    acl: Acl | None = at("WebACL", default=None)


class StageAcl(Resource):
    """The web ACL of a stage of a REST API; asked for where the stage names one."""

    source = Aws(
        service="wafv2",
        operation="GetWebACL",
        permission="wafv2:GetWebACL",
        per=RestStage,
        params={"ARN": "acl"},
    )
    endpoints: tuple[EndpointType, ...] = parent("endpoints")
    named: str | None = parent("web_acl", default=None)
    acl: Acl | None = at("WebACL", absent=None)

    @model_validator(mode="after")
    def _is_what_was_asked_for(self) -> Self:
        if self.acl is not None and self.acl.arn != self.named:
            raise ValueError("the answer is about another web ACL")
        return self


class DistributionAcl(Resource):
    """The web ACL of a distribution; asked for where the distribution names one."""

    source = Aws(
        service="wafv2",
        operation="GetWebACL",
        permission="wafv2:GetWebACL",
        per=Distribution,
        params={"ARN": "acl"},
        regions="home",
    )
    is_enabled: bool = parent("is_enabled")
    named: str | None = parent("web_acl", default=None)
    acl: Acl | None = at("WebACL", absent=None)

    @model_validator(mode="after")
    def _is_what_was_asked_for(self) -> Self:
        if self.acl is not None and self.acl.arn != self.named:
            raise ValueError("the answer is about another web ACL")
        return self


class TenantAcl(Resource):
    """The web ACL of a tenant of a distribution; asked for where the tenant has one of its own."""

    source = Aws(
        service="wafv2",
        operation="GetWebACL",
        permission="wafv2:GetWebACL",
        per=Tenant,
        params={"ARN": "acl"},
        regions="home",
    )
    is_enabled: bool = parent("is_enabled")
    change: Literal["disable", "override"] | None = parent("change", default=None)
    named: str | None = parent("web_acl", default=None)
    acl: Acl | None = at("WebACL", absent=None)

    @model_validator(mode="after")
    def _is_what_was_asked_for(self) -> Self:
        if self.acl is not None and self.acl.arn != self.named:
            raise ValueError("the answer is about another web ACL")
        return self


@check(control="web-firewall", severity="medium")
def alb_protected(resource: LoadBalancerAcl | StageAcl | DistributionAcl | TenantAcl) -> Verdict:
    """Load balancers, APIs and distributions that face the internet are behind a web firewall.

    Passes: the application load balancer, stage of a REST API or CloudFront distribution has a web
        ACL of AWS WAF that can stop requests: it blocks by default, or has a rule that blocks or
        puts to the test, or a group of rules whose actions it lets happen. So has a tenant of a
        distribution that has a web ACL of its own.
    Fails: it has none, or is a tenant that turned that of its distribution off; its web ACL only
        counts and allows; or it is one of WAF Classic, whose support has ended.
    Not judged: internal load balancers, private APIs, disabled distributions and tenants, tenants
        with the web ACL of their distribution, and what can have no web ACL: other kinds of load
        balancer, HTTP and WebSocket APIs. Put CloudFront before these.
    Each is judged by itself: accept as exceptions those that only CloudFront can reach. Says
    nothing of how good the rules are, of overrides inside of a group of rules, of internal load
    balancers to which Global Accelerator leads the internet, and of what else can have a web ACL:
    AppSync, Cognito, App Runner, Amplify and Verified Access.
    Remediation: associate a web ACL with a managed group of rules, at first counting, then acting.
    """
    reason = _not_judged(resource)
    if reason is not None:
        return not_applicable(reason)
    if isinstance(resource, TenantAcl) and resource.change == "disable":
        return failed("the tenant has turned off the web ACL of its distribution")
    if resource.acl is None:
        if isinstance(resource, StageAcl | DistributionAcl) and resource.named:
            return failed(f"web ACL {resource.named} is one of WAF Classic")
        return failed("no web ACL")
    if not resource.acl.acts:
        return failed(f"web ACL {resource.acl.name} stops nothing")
    return passed(f"web ACL {resource.acl.name}")


def _not_judged(resource: LoadBalancerAcl | StageAcl | DistributionAcl | TenantAcl) -> str | None:
    """Why it needs no web ACL of its own; None where it does."""
    if isinstance(resource, StageAcl):
        return "the API is private" if resource.endpoints == ("PRIVATE",) else None
    if isinstance(resource, DistributionAcl):
        return None if resource.is_enabled else "the distribution is disabled"
    if isinstance(resource, TenantAcl):
        if not resource.is_enabled:
            return "the tenant is disabled"
        return "the tenant has the web ACL of its distribution" if resource.change is None else None
    if resource.kind != "application":
        return "only application load balancers can have a web ACL"
    return "the load balancer is internal" if resource.scheme == "internal" else None
