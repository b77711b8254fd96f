"""Amazon ECR: repositories of container images."""

import re
from typing import Literal

from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Part, Resource, at, parent
from collector.source import Aws


class Repository(Resource):
    """A private repository."""

    source = Aws(
        service="ecr",
        operation="DescribeRepositories",
        permission="ecr:DescribeRepositories",
        items="repositories",
    )
    id: str = at("repositoryArn")
    name: str = at("repositoryName")
    # Left out where it was never set, which means off.
    scan_on_push: bool = at("imageScanningConfiguration.scanOnPush", default=False)


class Filter(Part):
    """Names of repositories; `*` stands for any characters."""

    pattern: str = at("filter")
    kind: Literal["WILDCARD"] = at("filterType")

    def is_match(self, name: str) -> bool:
        """Whether the repository is meant. A pattern without `*` stands for all that hold it.

        https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-filters.html
        """
        if "*" not in self.pattern:
            return self.pattern in name
        parts = (re.escape(part) for part in self.pattern.split("*"))
        return re.fullmatch(".*".join(parts), name) is not None


class Rule(Part):
    """Which repositories the registry scans, and when."""

    frequency: Literal["CONTINUOUS_SCAN", "MANUAL", "SCAN_ON_PUSH"] = at("scanFrequency")
    filters: tuple[Filter, ...] = at("repositoryFilters")

    def is_for(self, name: str) -> bool:
        """Whether it has images of a repository scanned by themselves."""
        return self.frequency != "MANUAL" and any(f.is_match(name) for f in self.filters)


class RepositoryScanning(Resource):
    """How the registry scans a repository. Asked for once a region, where there is a repository."""

    source = Aws(
        service="ecr",
        operation="GetRegistryScanningConfiguration",
        permission="ecr:GetRegistryScanningConfiguration",
        per=Repository,
    )
    name: str = parent("name")
    scan_on_push: bool = parent("scan_on_push")
    kind: Literal["BASIC", "ENHANCED"] = at("scanningConfiguration.scanType")
    rules: tuple[Rule, ...] = at("scanningConfiguration.rules")


@check(control="image-scanning", severity="medium")
def scan_on_push(repository: RepositoryScanning) -> Verdict:
    """Container images are scanned for vulnerabilities when they are pushed.

    Passes: a rule of the registry, for scans on push or continuous ones, is for the repository; or
        the registry's scanning is basic, it has no rules, and the repository itself is set to scan
        on push.
    Fails: neither is so. Where the registry has rules, or its scanning is enhanced, the setting of
        the repository does not count: AWS says that one without a rule for it is then scanned
        by hand only (basic) or not at all (enhanced).
    Every private repository is judged, also one without images. Says nothing of images pushed
    before, of what scans have found, and of scanners outside of Amazon ECR and Inspector.
    Remediation: give the registry a scanning rule with the filter `*`, best with enhanced scanning.
    """
    rules = [rule for rule in repository.rules if rule.is_for(repository.name)]
    if rules:
        frequencies = {rule.frequency for rule in rules}
        when = "continuously" if "CONTINUOUS_SCAN" in frequencies else "on push"
        patterns = {f.pattern for r in rules for f in r.filters if f.is_match(repository.name)}
        kind = repository.kind.lower()
        return passed(f"{kind} scanning {when} by filter {listed(sorted(patterns))}")
    match repository.kind:
        case "BASIC":
            if repository.scan_on_push and not repository.rules:
                return passed("basic scanning on push by the repository's setting")
            if repository.rules:
                return failed("no rule of the registry has the repository scanned on push")
            return failed("no scanning on push")
        case "ENHANCED":
            return failed("no rule of the registry's enhanced scanning is for the repository")
