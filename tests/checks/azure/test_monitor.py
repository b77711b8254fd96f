"""Azure Monitor."""

from __future__ import annotations

import pytest

from checks.azure.monitor import (
    NEEDED,
    DiagnosticSetting,
    LogSetting,
    activity_log_exported,
)
from collector.evidence.canonical import JSON
from tests.azure import cloud
from tests.azure.answers import SUBSCRIPTION, diagnostic_setting
from tests.azure.cloud import DIAGNOSTICS, Azure
from tests.cases import Case, row

azure = cloud.azure_fixture

WORKSPACE = "/subscriptions/1/resourceGroups/logs/providers/x/workspaces/audit"


def setting(*categories: str, name: str = "audit", **changes: JSON) -> DiagnosticSetting:
    """A setting that sends categories to a workspace, unless changed."""
    given: dict[str, JSON] = {"workspaceId": WORKSPACE, **changes}
    return DiagnosticSetting.parse(diagnostic_setting(name, *categories, **given))


def group(name: str, *, enabled: bool) -> DiagnosticSetting:
    """A setting that sends a group of categories to a workspace."""
    return setting(logs=[{"category": None, "categoryGroup": name, "enabled": enabled}])


def sends(to: str) -> dict[str, str]:
    return {"outcome": "pass", "reason": f"audit sends the needed categories to {to}"}


LACKING = "audit lacks Administrative, Alert, Policy, Security"

CASES = [
    row(activity_log_exported, [setting(*NEEDED)], **sends("a Log Analytics workspace")),
    row(activity_log_exported, [setting(*NEEDED, "ServiceHealth")],
        **sends("a Log Analytics workspace")),
    row(activity_log_exported, [setting(*(c.lower() for c in NEEDED))],
        **sends("a Log Analytics workspace")),
    row(activity_log_exported, [setting(*NEEDED, workspaceId=None, storageAccountId="/s")],
        **sends("a storage account")),
    row(activity_log_exported,
        [setting(*NEEDED, workspaceId=None, eventHubAuthorizationRuleId="/r")],
        **sends("an event hub")),
    row(activity_log_exported, [setting(*NEEDED, workspaceId=None, marketplacePartnerId="/p")],
        **sends("a partner's service")),
    row(activity_log_exported, [setting(*NEEDED, storageAccountId="/s")],
        **sends("a Log Analytics workspace and a storage account")),
    row(activity_log_exported, [group("allLogs", enabled=True)],
        **sends("a Log Analytics workspace")),
    row(activity_log_exported, [setting(name="a"), setting(*NEEDED)],
        **sends("a Log Analytics workspace")),
    row(activity_log_exported, [],
        outcome="fail", reason="the activity log is not sent anywhere"),
    row(activity_log_exported, [setting(*NEEDED, workspaceId=None)],
        outcome="fail", reason="audit has no destination"),
    row(activity_log_exported, [setting(*NEEDED, workspaceId="")],
        outcome="fail", reason="audit has no destination"),
    row(activity_log_exported, [setting("Administrative", "Policy", "Security")],
        outcome="fail", reason="audit lacks Alert"),
    row(activity_log_exported, [group("allLogs", enabled=False)],
        outcome="fail", reason=LACKING),
    row(activity_log_exported, [group("audit", enabled=True)],
        outcome="fail", reason=LACKING),
    row(activity_log_exported, [setting(logs=None)],
        outcome="fail", reason=LACKING),
    row(activity_log_exported,
        [setting("Administrative", "Alert", name="a"), setting("Policy", "Security", name="b")],
        outcome="fail", reason="a lacks Policy, Security; b lacks Administrative, Alert"),
    row(activity_log_exported, [setting(*NEEDED, name=f"s{n}", workspaceId=None) for n in range(7)],
        outcome="fail",
        reason="; ".join(f"s{n} has no destination" for n in range(5)) + " and 2 more"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_setting_is_read_with_what_it_sends_and_what_not(azure: Azure) -> None:
    logs: list[JSON] = [
        {"category": "Policy", "categoryGroup": None, "enabled": True},
        {"category": "Alert", "enabled": False},
    ]
    azure.put(DIAGNOSTICS, [diagnostic_setting("audit", logs=logs, workspaceId=WORKSPACE)])

    reads = azure.read(activity_log_exported)

    assert [o.resource for o in reads[DiagnosticSetting]] == [
        DiagnosticSetting(
            id=f"subscriptions/{SUBSCRIPTION}/providers/Microsoft.Insights/diagnosticSettings/audit",
            logs=(
                LogSetting(category="Policy", group=None, enabled=True),
                LogSetting(category="Alert", group=None, enabled=False),
            ),
            workspace=WORKSPACE,
            storage_account=None,
            event_hub_rule=None,
            partner=None,
        )
    ]
