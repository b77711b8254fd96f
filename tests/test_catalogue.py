"""What holds for every check: its rule is written, tested, tagged, and never passes unread."""

from __future__ import annotations

import ast
import importlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

import checks as package
from collector.answer import Failure, Scope
from collector.catalogue import render_checks
from collector.check import Check, discover
from collector.collect import collect
from collector.evaluate import evaluate
from collector.evidence.canonical import JSON
from collector.mapping import load_mappings
from collector.permissions import policy
from collector.resource import Resource, public_path
from collector.source import HOME, Aws
from tests.botocore_paths import assert_paths
from tests.cases import Case
from tests.memory import SCOPE, MemoryReader

ROOT = Path(__file__).parent.parent
CHECKS = dict(discover())
RESOURCES = {r for c in CHECKS.values() for r in c.resources}
NOW = datetime(2026, 1, 2, tzinfo=UTC)
FORBIDDEN = {"boto3", "botocore", "googleapiclient", "google", "azure", "requests", "os", "time",
             "pathlib", "socket", "subprocess", "urllib", "open", "print"}  # fmt: skip

every_check = pytest.mark.parametrize("check", CHECKS.values(), ids=lambda c: c.id)


def scope_of(check: Check[...]) -> Scope:
    if check.provider == "any" or check.provider == "aws":  # noqa: PLR1714 - narrows the type
        return SCOPE
    return Scope(check.provider, "test", "acme", "someone", home=HOME)


def cases() -> list[Case]:
    """Every row of every table below tests/checks."""
    found: list[Case] = []
    for path in sorted((ROOT / "tests/checks").rglob("test_*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found += getattr(importlib.import_module(name), "CASES", [])
    return found


def test_every_check_has_a_row_that_passes_and_one_that_fails() -> None:
    said = {(case.check.id, case.outcome) for case in cases()}

    missing = {(i, o) for i in CHECKS for o in ("pass", "fail")} - said

    assert missing == set()


@every_check
def test_a_check_says_its_rule_and_what_to_do(check: Check[...]) -> None:
    for heading in ("Passes:", "Fails:", "Remediation:"):
        assert heading in check.doc, f"{check.id} has no {heading}"
    assert check.doc.splitlines()[0].endswith(".")


@every_check
def test_whatever_is_denied_is_unknown_with_operation_code_and_permission(
    check: Check[...],
) -> None:
    denied = Failure("AccessDenied", "no", 403, denied=True)
    everything = {r.source.name: denied for r in check.resources}

    reads = collect([check], MemoryReader(everything, scope_of(check)))
    results = evaluate([check], reads, settings={}, now=NOW)

    assert results
    roots = {r.source.name for r in check.resources if r.source.per is None}
    for result in results:
        assert result.outcome == "unknown"
        assert any(name in result.reason for name in roots)
        code = "AccessDenied; missing permission " if check.permissions else "AccessDenied"
        assert code in result.reason


@every_check
def test_an_account_with_nothing_in_it_never_passes(check: Check[...]) -> None:
    replies = {r.source.name: _nothing(r) for r in RESOURCES if r.source.per is None}

    reads = collect([check], MemoryReader(replies, scope_of(check)))
    results = evaluate([check], reads, settings={}, now=NOW)

    assert results
    assert {r.outcome for r in results} <= {"fail", "not_applicable", "unknown"}
    assert not any("the check broke" in r.reason for r in results)


def _nothing(resource: type[Resource]) -> JSON:
    """The answer of a listing that holds nothing; of what is no listing, an empty object."""
    answer: JSON = []
    for step in reversed(resource.source.items.split(".") if resource.source.items else ()):
        answer = {step: answer}
    return answer or {}


@pytest.mark.parametrize(
    "resource",
    sorted((r for r in RESOURCES if isinstance(r.source, Aws)), key=str),
    ids=str,
)
def test_the_paths_of_an_aws_resource_are_in_the_api_model(resource: type[Resource]) -> None:
    assert_paths(resource)


def test_one_operation_is_declared_alike_wherever_it_is_read() -> None:
    """Its answer is shared, so what it means to be absent or volatile must be, too."""
    declared: dict[str, set[tuple[object, ...]]] = {}
    for resource in RESOURCES:
        source = resource.source
        facts = (source.absent, source.volatile, source.permissions)
        declared.setdefault(source.name, set()).add(facts)

    assert {name: facts for name, facts in declared.items() if len(facts) > 1} == {}


def test_checks_reach_no_cloud_clock_or_file() -> None:
    reached = []
    for path in Path(package.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names: list[str] = []
            match node:
                case ast.Import():
                    names = [alias.name for alias in node.names]
                case ast.ImportFrom():
                    names = [node.module or ""]
                case ast.Call(func=ast.Name(id=name)):
                    names = [name]
                case ast.Attribute(value=ast.Name(id="datetime"), attr="now" | "today" | "utcnow"):
                    names = ["time"]
            reached += [(path.name, n) for n in names if n.partition(".")[0] in FORBIDDEN]

    assert reached == []


def test_every_check_is_named_by_its_import_path() -> None:
    for identifier, check in CHECKS.items():
        path = public_path(check.function.__module__)
        assert identifier == f"{path}.{check.function.__name__}"


def _is_current(path: Path, content: str) -> None:
    if os.environ.get("UPDATE"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    assert path.read_text() == content, f"run UPDATE=1 pytest and read the diff of {path.name}"


def test_the_page_of_checks_is_current() -> None:
    _is_current(ROOT / "checks/README.md", render_checks(CHECKS, load_mappings()))


def test_a_permission_that_covers_more_is_granted_on_what_is_read() -> None:
    """With API Gateway's only permission on everything, a reader could read API keys as well."""
    document = json.dumps(policy(CHECKS.values(), "aws"))

    [everywhere, *some] = json.loads(document)["Statement"]

    assert "apigateway:GET" not in everywhere["Action"]
    granted = {s["Action"]: s["Resource"] for s in some}
    assert "arn:aws:apigateway:*::/restapis/*/stages" in granted["apigateway:GET"]
    assert not any("apikeys" in arn or arn.endswith("::/*") for arn in granted["apigateway:GET"])


def test_of_one_permission_all_sources_say_what_it_is_granted_on() -> None:
    said: dict[str, set[bool]] = {}
    for source in (r.source for r in RESOURCES if isinstance(r.source, Aws)):
        for permission in source.permissions:
            said.setdefault(permission, set()).add(bool(source.granted_on))

    assert {permission for permission, both in said.items() if len(both) > 1} == set()


@pytest.mark.parametrize("provider", ["aws", "gcp", "azure"])
def test_the_policies_for_deployment_are_current(provider: str) -> None:
    content = json.dumps(policy(CHECKS.values(), provider), indent=2)  # type: ignore[arg-type]
    _is_current(ROOT / f"deploy/permissions/{provider}.json", content + "\n")
