"""Amazon ECR."""

from __future__ import annotations

import boto3
import pytest

from checks.aws.ecr import Filter, Repository, RepositoryScanning, Rule, scan_on_push
from tests.cases import Case, read_aws, row


def rule(frequency: str, *patterns: str) -> Rule:
    filters = tuple({"pattern": pattern, "kind": "WILDCARD"} for pattern in patterns)
    return Rule.model_validate({"frequency": frequency, "filters": filters})


def repository(kind: str, *rules: Rule, own: bool = False) -> RepositoryScanning:
    """A repository `portal/web` in a registry with these rules."""
    return RepositoryScanning.model_validate(
        {"name": "portal/web", "scan_on_push": own, "kind": kind, "rules": rules}
    )


NO_RULE = {
    "outcome": "fail",
    "reason": "no rule of the registry's enhanced scanning is for the repository",
}
BY_HAND = {
    "outcome": "fail",
    "reason": "no rule of the registry has the repository scanned on push",
}

CASES = [
    row(scan_on_push, repository("BASIC", rule("SCAN_ON_PUSH", "*")),
        outcome="pass", reason="basic scanning on push by filter *"),
    row(scan_on_push, repository("ENHANCED", rule("SCAN_ON_PUSH", "web", "api")),
        outcome="pass", reason="enhanced scanning on push by filter web"),
    row(scan_on_push,
        repository("ENHANCED", rule("SCAN_ON_PUSH", "*"), rule("CONTINUOUS_SCAN", "portal/*")),
        outcome="pass", reason="enhanced scanning continuously by filter *, portal/*"),
    row(scan_on_push, repository("BASIC", own=True),
        outcome="pass", reason="basic scanning on push by the repository's setting"),
    row(scan_on_push, repository("BASIC"),
        outcome="fail", reason="no scanning on push"),
    row(scan_on_push, repository("BASIC", rule("SCAN_ON_PUSH", "api*"), own=True), **BY_HAND),
    row(scan_on_push, repository("BASIC", rule("SCAN_ON_PUSH", "api*", "*/api")), **BY_HAND),
    row(scan_on_push, repository("BASIC", rule("MANUAL", "*"), own=True), **BY_HAND),
    row(scan_on_push, repository("BASIC", rule("SCAN_ON_PUSH")), **BY_HAND),
    row(scan_on_push, repository("ENHANCED", own=True), **NO_RULE),
    row(scan_on_push, repository("ENHANCED", rule("CONTINUOUS_SCAN", "web*")), **NO_RULE),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("prod", ["prod", "repo-prod", "prod-repo", "repo-prod-repo", "prodrepo"]),
        ("*prod", ["prod", "repo-prod"]),
        ("prod*", ["prod", "prod-repo", "prodrepo"]),
        ("*prod*", ["prod", "repo-prod", "prod-repo", "repo-prod-repo", "prodrepo"]),
        ("prod*repo", ["prod-repo", "prodrepo"]),
        ("pr.d*", []),
    ],
)
def test_filters_mean_what_the_documentation_says(pattern: str, names: list[str]) -> None:
    all_names = ["prod", "repo-prod", "prod-repo", "repo-prod-repo", "prodrepo"]
    one = Filter(pattern=pattern, kind="WILDCARD")

    assert [name for name in all_names if one.is_match(name)] == names


def test_repositories_are_read_with_the_rules_of_their_registry(aws: boto3.Session) -> None:
    """The rules are asked for once, however many repositories there are."""
    ecr = aws.client("ecr")
    ecr.create_repository(repositoryName="web", imageScanningConfiguration={"scanOnPush": True})
    ecr.create_repository(repositoryName="api")
    ecr.put_registry_scanning_configuration(
        scanType="ENHANCED",
        rules=[
            {
                "scanFrequency": "CONTINUOUS_SCAN",
                "repositoryFilters": [{"filter": "w*", "filterType": "WILDCARD"}],
            }
        ],
    )

    reads = read_aws(aws, scan_on_push)

    rules = (rule("CONTINUOUS_SCAN", "w*"),)
    assert {
        o.resource.name: (o.resource.scan_on_push, o.resource.kind, o.resource.rules)
        for o in reads[RepositoryScanning]
    } == {"web": (True, "ENHANCED", rules), "api": (False, "ENHANCED", rules)}
    assert len(reads.answers) == 2


def test_region_without_repositories_costs_one_call(aws: boto3.Session) -> None:
    reads = read_aws(aws, scan_on_push)

    assert len(reads.answers) == 1
    assert (reads[Repository].observed, reads[Repository].unread) == ((), ())
