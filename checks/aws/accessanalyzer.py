"""IAM Access Analyzer: who from outside can reach what is in the account."""

from collections.abc import Sequence
from typing import Literal

from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Part, Resource, at
from collector.source import Aws

Kind = Literal[
    "ACCOUNT",
    "ACCOUNT_INTERNAL_ACCESS",
    "ACCOUNT_UNUSED_ACCESS",
    "ORGANIZATION",
    "ORGANIZATION_INTERNAL_ACCESS",
    "ORGANIZATION_UNUSED_ACCESS",
]


class Analyzer(Resource):
    """An analyzer of a region, of whatever kind."""

    source = Aws(
        service="accessanalyzer",
        operation="ListAnalyzers",
        permission="access-analyzer:ListAnalyzers",
        items="analyzers",
        volatile=("analyzers.lastResourceAnalyzed", "analyzers.lastResourceAnalyzedAt"),
    )
    id: str = at("arn")
    name: str = at("name")
    kind: Kind = at("type")
    status: Literal["ACTIVE", "CREATING", "DISABLED", "FAILED"] = at("status")

    @property
    def is_external(self) -> bool:
        """Whether it looks for access from outside the account or the organisation."""
        match self.kind:
            case "ACCOUNT" | "ORGANIZATION":
                return True
            case (
                "ACCOUNT_INTERNAL_ACCESS"
                | "ACCOUNT_UNUSED_ACCESS"
                | "ORGANIZATION_INTERNAL_ACCESS"
                | "ORGANIZATION_UNUSED_ACCESS"
            ):
                return False

    @property
    def external_id(self) -> str | None:
        """The ARN of an analyzer of external access; others have findings by the thousand."""
        return self.id if self.is_external else None


class Finding(Part):
    """What an analyzer found."""

    # Left out where the analyzer could not read the resource.
    resource: str | None = at("resource", default=None)
    status: Literal["ACTIVE", "ARCHIVED", "RESOLVED"] = at("status")
    kind: Literal[
        "ExternalAccess",
        "InternalAccess",
        "UnusedIAMRole",
        "UnusedIAMUserAccessKey",
        "UnusedIAMUserPassword",
        "UnusedPermission",
    ] = at("findingType")


class ActiveFindings(Resource):
    """The findings of an analyzer of external access that are neither archived nor resolved."""

    source = Aws(
        service="accessanalyzer",
        operation="ListFindingsV2",
        permission="access-analyzer:ListFindings",
        per=Analyzer,
        params={"analyzerArn": "external_id"},
        constants={"filter": {"status": {"eq": ["ACTIVE"]}}},
        volatile=("findings.analyzedAt", "findings.updatedAt"),
    )
    findings: tuple[Finding, ...] = at("findings", absent=())


@check(control="external-access-analysis", severity="medium", scope="region")
def enabled(analyzers: Sequence[Analyzer]) -> Verdict:
    """IAM Access Analyzer looks for access from outside in every region.

    Passes: the region has an active analyzer of external access, of the account or organisation.
    Fails: it has none, or only one that is being made, disabled or failed; analyzers of unused and
        of internal access do not count.
    An analyzer of the organisation stands in the account that administers it and is not seen from
    the others: there, make one of the account, which costs nothing, or accept the result as an
    exception that names the administering account.
    Remediation: create an analyzer of external access in every region.
    """
    external = [analyzer for analyzer in analyzers if analyzer.is_external]
    active = sorted(analyzer.name for analyzer in external if analyzer.status == "ACTIVE")
    if active:
        return passed(f"active: {listed(active)}")
    if not external:
        return failed("no analyzer of external access")
    return failed(listed(sorted(f"{a.name} is {a.status}" for a in external)))


@check(control="external-access-analysis", severity="high")
def no_open_findings(analyzer: Analyzer, active: ActiveFindings) -> Verdict:
    """Every access from outside that IAM Access Analyzer found was looked at.

    Passes: the analyzer is active and none of its findings of external access is: each is resolved,
        or archived as intended.
    Fails: a finding is active, whatever it is about, or the analyzer itself is not, which then
        finds nothing new. Roles of the account are found in every region.
    Not judged: analyzers of unused and of internal access; regions without an analyzer of external
        access, which `enabled` judges. Whether an archived finding is rightly so is not known.
    Remediation: take the access away, or archive the finding, best by a rule that says what is
        intended.
    """
    if not analyzer.is_external:
        return not_applicable("no analyzer of external access")
    found = [f for f in active.findings if f.status == "ACTIVE" and f.kind == "ExternalAccess"]
    if found:
        about = sorted({f.resource or "a resource that is not named" for f in found})
        return failed(f"active findings about {listed(about)}")
    if analyzer.status != "ACTIVE":
        return failed(f"the analyzer is {analyzer.status}")
    return passed("no active finding of external access")
