"""Microsoft Entra ID."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from checks.azure.entra import (
    CLIENT_TYPES,
    SYNCHRONIZATION_ROLES,
    ConditionalAccessPolicy,
    SecurityDefaults,
    mfa_all_users,
)
from collector.evaluate import evaluate
from collector.evidence.canonical import JSON
from tests.azure import cloud
from tests.azure.answers import access_policy, security_defaults, strength
from tests.azure.cloud import DEFAULTS, POLICIES, Azure
from tests.azure.schema import ConditionalAccessPolicy as Documented
from tests.cases import Case, row

azure = cloud.azure_fixture

OFF = SecurityDefaults(is_enabled=False)
ON = SecurityDefaults(is_enabled=True)
ADMINS = "62e90394-69f5-4237-9190-012177145e10"
BUILT_IN = "00000000-0000-0000-0000-000000000002"


def policy(name: str = "MFA", **changes: Any) -> ConditionalAccessPolicy:
    """A policy as its answer is parsed: MFA of everyone, with changes that Graph documents."""
    answer = access_policy(name, **changes)
    Documented.model_validate(answer)
    return ConditionalAccessPolicy.parse(answer)


def undocumented(**conditions: JSON) -> ConditionalAccessPolicy:
    """A policy with conditions that Graph may add some day."""
    return ConditionalAccessPolicy.parse(access_policy("MFA", conditions=conditions))


def strong(**changes: Any) -> Mapping[str, JSON]:
    """Grant controls of one authentication strength."""
    return {"authenticationStrength": strength(**changes)}


GOOD = {"outcome": "pass", "reason": "policy MFA requires MFA of all users for all apps"}
NONE = {
    "outcome": "fail",
    "reason": "security defaults are off, and no policy requires MFA of everyone",
}


def short(of: str) -> dict[str, str]:
    return {"outcome": "fail", "reason": f"{NONE['reason']} (MFA: {of})"}


def excluding(names: str) -> dict[str, str]:
    return {"outcome": "pass", "reason": f"{GOOD['reason']}, excluding {names}"}


CASES = [
    row(mfa_all_users, [], ON, outcome="pass", reason="security defaults are on"),
    row(mfa_all_users, [], OFF, **NONE),
    row(mfa_all_users, [policy()], OFF, **GOOD),
    row(mfa_all_users, [policy("other", controls=("block",)), policy()], OFF, **GOOD),
    # Whether it is in force
    row(mfa_all_users, [policy(state="disabled")], OFF, **short("disabled")),
    row(mfa_all_users, [policy(state="enabledForReportingButNotEnforced")], OFF,
        **short("report-only")),
    # What it demands
    row(mfa_all_users, [policy(controls=("mfa", "compliantDevice"), operator="AND")], OFF, **GOOD),
    row(mfa_all_users, [policy(controls=("mfa", "compliantDevice"))], OFF, **NONE),
    row(mfa_all_users, [policy(controls=("compliantDevice",))], OFF, **NONE),
    row(mfa_all_users, [policy(controls=())], OFF, **NONE),
    row(mfa_all_users, [policy(controls=(), operator="AND")], OFF, **NONE),
    row(mfa_all_users, [policy(grant={"termsOfUse": ["terms"]})], OFF, **NONE),
    row(mfa_all_users, [policy(grant={"customAuthenticationFactors": ["duo"]})], OFF, **NONE),
    row(mfa_all_users, [policy(grant={"operator": None})], OFF, **GOOD),
    row(mfa_all_users, [policy(controls=(), grant=strong(id=BUILT_IN, satisfies="none"))], OFF,
        **GOOD),
    row(mfa_all_users, [policy(controls=(), grant=strong(id="own"))], OFF, **GOOD),
    row(mfa_all_users, [policy(controls=(), grant=strong(id="own", satisfies="none"))], OFF,
        **NONE),
    row(mfa_all_users, [policy(controls=("compliantDevice",), grant=strong(id=BUILT_IN))], OFF,
        **NONE),
    # Whom it is for
    row(mfa_all_users, [policy(users={"includeUsers": ["ann"]})], OFF,
        **short("not for all users")),
    row(mfa_all_users, [policy(users={"includeUsers": [], "includeRoles": [ADMINS]})], OFF,
        **short("not for all users")),
    row(mfa_all_users, [policy(users={"excludeRoles": [ADMINS]})], OFF, **short("excludes roles")),
    row(mfa_all_users, [policy(users={"excludeRoles": sorted(SYNCHRONIZATION_ROLES)})], OFF,
        **GOOD),
    row(mfa_all_users, [policy(users={"excludeUsers": ["GuestsOrExternalUsers"]})], OFF,
        **short("excludes guests")),
    row(mfa_all_users,
        [policy(users={"excludeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "b2bMember"}})],
        OFF, **short("has excludeGuestsOrExternalUsers")),
    row(mfa_all_users, [policy(users={"excludeUsers": ["z", "a"], "excludeGroups": ["m"]})], OFF,
        **excluding("a, m, z")),
    row(mfa_all_users, [policy(users={"excludeUsers": list("abcdef")})], OFF,
        outcome="fail",
        reason="policy MFA excludes 6 users and groups, more than 5: a, b, c, d, e and 1 more"),
    row(mfa_all_users, [policy(users={"excludeUsers": list("abcdef")})], OFF, max_exclusions=6,
        **excluding("a, b, c, d, e and 1 more")),
    row(mfa_all_users, [policy(users={"excludeUsers": ["a"]}), policy("Zero trust")], OFF,
        outcome="pass", reason="policy Zero trust requires MFA of all users for all apps"),
    # What it protects
    row(mfa_all_users, [policy(applications={"includeApplications": ["Office365"]})], OFF,
        **short("not for all apps")),
    row(mfa_all_users, [policy(applications={"includeApplications": []})], OFF,
        **short("not for all apps")),
    row(mfa_all_users, [policy(applications={"excludeApplications": ["payroll"]})], OFF,
        **short("not for all apps")),
    row(mfa_all_users,
        [policy(applications={"applicationFilter": {"mode": "exclude", "rule": "x"}})], OFF,
        **short("not for all apps")),
    # When it applies
    row(mfa_all_users, [policy(conditions={"clientAppTypes": sorted(CLIENT_TYPES)})], OFF, **GOOD),
    row(mfa_all_users, [policy(conditions={"clientAppTypes": ["browser"]})], OFF,
        **short("not for all kinds of client")),
    row(mfa_all_users,
        [policy(conditions={"platforms": {"includePlatforms": ["all"], "excludePlatforms": []}})],
        OFF, **GOOD),
    row(mfa_all_users,
        [policy(conditions={"platforms": {"includePlatforms": ["all"],
                                          "excludePlatforms": ["all"]}})],
        OFF, **short("only under conditions on platforms")),
    row(mfa_all_users,
        [policy(conditions={"locations": {"includeLocations": ["All"],
                                          "excludeLocations": ["AllTrusted"]}})],
        OFF, **short("only under conditions on locations")),
    row(mfa_all_users,
        [policy(conditions={"signInRiskLevels": ["high"], "insiderRiskLevels": "elevated"})], OFF,
        **short("only under conditions on insiderRiskLevels, signInRiskLevels")),
    row(mfa_all_users,
        [policy(conditions={"authenticationFlows": {"transferMethods": "deviceCodeFlow"}})],
        OFF, **short("only under conditions on authenticationFlows")),
    row(mfa_all_users, [undocumented(phaseOfTheMoon={"percent": 50})], OFF,
        **short("only under conditions on phaseOfTheMoon")),
    row(mfa_all_users, [undocumented(**{"users@odata.type": "#users", "phaseOfTheMoon": None})],
        OFF, **GOOD),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def outcome(azure: Azure) -> str:
    """What the check comes to over what is read."""
    reads = azure.read(mfa_all_users)
    (result,) = evaluate([mfa_all_users], reads, settings={}, now=datetime.now(UTC))
    return f"{result.outcome}: {result.reason}"


def test_policy_on_a_later_page_counts(azure: Azure) -> None:
    azure.put(
        POLICIES,
        [access_policy(f"p{n}", state="disabled") for n in range(4)] + [access_policy("MFA")],
    )
    azure.page_size = 2

    assert outcome(azure) == "pass: policy MFA requires MFA of all users for all apps"


def test_session_policy_and_policy_for_programs_are_read_and_require_nothing(azure: Azure) -> None:
    session = access_policy("session")
    session["grantControls"] = None
    azure.put(POLICIES, [session, access_policy("programs", users={"includeUsers": ["None"]})])

    assert outcome(azure).startswith("fail: ")


def test_security_defaults_do_not_make_up_for_policies_that_were_not_read(azure: Azure) -> None:
    """Nor the other way round: both are evidence, and a run without one is not complete."""
    azure.put(DEFAULTS, security_defaults(enabled=True))
    azure.deny(POLICIES, "AccessDenied", "required scopes are missing in the token")

    assert outcome(azure) == (
        "unknown: not read: graph:/identity/conditionalAccess/policies in global: AccessDenied;"
        " missing permission Policy.Read.All"
    )


def test_unknown_state_of_a_policy_makes_the_result_unknown(azure: Azure) -> None:
    answer = {"value": [access_policy("MFA", state="enabledOnWeekdays")]}
    azure.answer(POLICIES, json.dumps(answer).encode())

    assert outcome(azure).startswith("unknown: ")


def without_each_field(value: JSON) -> Iterator[JSON]:
    """The value, robbed of one of its fields at a time, at every depth."""
    if isinstance(value, list):
        for index, part in enumerate(value):
            yield from (
                [*value[:index], less, *value[index + 1 :]] for less in without_each_field(part)
            )
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield {k: v for k, v in value.items() if k != name}
            yield from ({**value, name: less} for less in without_each_field(part))


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "disabled"},
        {"controls": ("mfa", "compliantDevice")},
        {"grant": {"termsOfUse": ["terms"]}},
        {"grant": {"customAuthenticationFactors": ["duo"]}},
        {"users": {"includeUsers": ["ann"]}},
        {"users": {"excludeRoles": [ADMINS]}},
        {"users": {"excludeUsers": list("abcdef")}},
        {"users": {"excludeGroups": list("abcdef")}},
        {"applications": {"excludeApplications": ["payroll"]}},
        {"conditions": {"clientAppTypes": ["browser"]}},
        {"conditions": {"userRiskLevels": ["high"]}},
        {"conditions": {"locations": {"includeLocations": ["All"], "excludeLocations": ["x"]}}},
        {"conditions": {"platforms": {"includePlatforms": ["iOS"], "excludePlatforms": []}}},
    ],
    ids=str,
)
def test_policy_that_falls_short_does_not_pass_for_want_of_a_field(changes: Any) -> None:
    outcomes = set()
    for answer in without_each_field(access_policy("MFA", **changes)):
        try:
            verdict = mfa_all_users([ConditionalAccessPolicy.parse(answer)], OFF)
        except ValidationError:
            continue
        outcomes.add(verdict.outcome)

    assert outcomes == {"fail"}
