"""Azure Monitor: where the activity log goes."""

from collections.abc import Sequence

from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Part, Resource, at
from collector.source import Arm

NEEDED = ("Administrative", "Alert", "Policy", "Security")
"""Categories that hold what people and policies did to the subscription, as the CIS benchmark has
them. The others tell of Azure's own health, autoscaling and advice."""


class LogSetting(Part):
    """One category of the log, or a group of them, and whether it is sent."""

    category: str | None = at("category", default=None)
    group: str | None = at("categoryGroup", default=None)
    enabled: bool = at("enabled")


class DiagnosticSetting(Resource):
    """A setting that sends the subscription's activity log somewhere."""

    source = Arm(
        path="/subscriptions/{account}/providers/Microsoft.Insights/diagnosticSettings",
        api_version="2021-05-01-preview",
        permission="Microsoft.Insights/diagnosticSettings/read",
        items="value",
    )
    id: str = at("id")
    logs: tuple[LogSetting, ...] = at("properties.logs", default=())
    workspace: str | None = at("properties.workspaceId", default=None)
    storage_account: str | None = at("properties.storageAccountId", default=None)
    event_hub_rule: str | None = at("properties.eventHubAuthorizationRuleId", default=None)
    partner: str | None = at("properties.marketplacePartnerId", default=None)

    @property
    def name(self) -> str:
        """Its own part of the id."""
        return self.id.rpartition("/")[2]

    @property
    def destinations(self) -> tuple[str, ...]:
        """What the log is sent to, in words."""
        kinds = {
            "a Log Analytics workspace": self.workspace,
            "a storage account": self.storage_account,
            "an event hub": self.event_hub_rule,
            "a partner's service": self.partner,
        }
        return tuple(kind for kind, id in kinds.items() if id)

    @property
    def missing(self) -> tuple[str, ...]:
        """Needed categories that are not sent."""
        sent = {(setting.category or "").lower() for setting in self.logs if setting.enabled}
        groups = {(setting.group or "").lower() for setting in self.logs if setting.enabled}
        if "alllogs" in groups:
            return ()
        return tuple(category for category in NEEDED if category.lower() not in sent)


@check(control="audit-logging", severity="high")
def activity_log_exported(settings: Sequence[DiagnosticSetting]) -> Verdict:
    """The subscription's activity log is sent where it is kept, with what people and policies did.

    Passes: one diagnostic setting of the subscription has a destination (a Log Analytics workspace,
        a storage account, an event hub or a partner's service) and sends the categories
        Administrative, Alert, Policy and Security, or the group allLogs.
    Fails: there is none, or each lacks a destination or a category; several settings that only
        together have them all leave no one place to look.
    Azure itself keeps the log for 90 days. Says nothing of how long the destination keeps it, and
    of the log before the setting was made.
    Remediation: add a diagnostic setting to the subscription's activity log with these categories.
    """
    faults = []
    for setting in sorted(settings, key=lambda s: s.name):
        if not setting.destinations:
            faults.append(f"{setting.name} has no destination")
        elif setting.missing:
            faults.append(f"{setting.name} lacks {', '.join(setting.missing)}")
        else:
            to = " and ".join(setting.destinations)
            return passed(f"{setting.name} sends the needed categories to {to}")
    if not faults:
        return failed("the activity log is not sent anywhere")
    return failed(listed(faults, "; "))
