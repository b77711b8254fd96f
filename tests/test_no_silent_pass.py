"""No silent pass, by trial: take a whole account's answers, spoil one, and look at every result.

Each call is refused, throttled and cut off; each page is emptied, made shapeless and robbed of each
of its fields, which are also given null, other types, values that no enum has, and texts that break
off; each item of a listing is left out; each call gets the answer of another. Whatever the full
answers fail must not pass then, nor what they do not show; what was not read is unknown, with
operation and code; and whatever does not rest on it stays as it was.

What nobody can tell is no fault: that an item is not in the list, or that an answer which does not
say what it is about is another's.
"""

from __future__ import annotations

from collections.abc import Callable

from collector.check import Check, Verdict, check, discover, failed, passed
from collector.collect import collect
from collector.evidence.canonical import JSON
from collector.reads import Reads
from collector.resource import Resource, at
from collector.source import Aws
from tests.azure import cloud as azure_cloud
from tests.azure import rich as rich_azure
from tests.azure.cloud import Azure
from tests.google import fixtures as google_fixtures
from tests.google import rich as rich_google
from tests.google.fake import FakeGoogle
from tests.memory import MemoryReader
from tests.recorded import Recorded
from tests.silence import Allowed, Tried, try_all
from tests.test_demo import STRICT

google = google_fixtures.google
azure = azure_cloud.azure_fixture

Record = Callable[[str, object], None]

POLICY = "graph:/identity/conditionalAccess/policies"
CONDITIONS = "https://learn.microsoft.com/graph/api/resources/conditionalaccessconditionset"
BINDINGS = "a policy that grants nothing has an etag, and Google leaves out lists that are empty"
SERVICES = "only the services for which something was set are there: checks/azure/storage.py"

# What an answer may leave out, or give as null, where that means that all is well.
LEFT_OUT: Allowed = {
    ("Microsoft.Storage/storageAccounts", "value.properties.encryption.services"): SERVICES,
    ("Microsoft.Storage/storageAccounts", "value.properties.encryption.services.blob"): SERVICES,
    ("Microsoft.Storage/storageAccounts", "value.properties.encryption.services.file"): SERVICES,
    ("cloudresourcemanager.projects.getIamPolicy", "bindings"): BINDINGS,
    (POLICY, "value.conditions.locations"): f"null where there are none: {CONDITIONS}",
    (POLICY, "value.conditions.locations.excludeLocations"): f"null where none: {CONDITIONS}",
    (POLICY, "value.conditions.signInRiskLevels"): f"null where there are none: {CONDITIONS}",
    (POLICY, "value.conditions.users.excludeGuestsOrExternalUsers"): (
        "optionally populated:"
        " https://learn.microsoft.com/graph/api/resources/conditionalaccessusers"
    ),
    ("iam:GetAccountAuthorizationDetails", "UserDetailList.UserPolicyList"): (
        "a user without it has no inline policy:"
        " https://docs.aws.amazon.com/cli/latest/reference/iam/get-account-authorization-details.html"
    ),
    ("logs:DescribeLogGroups", "logGroups.retentionInDays"): (
        "events of a group without it never expire:"
        " https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html"
    ),
    ("rds:DescribeDBInstances", "DBInstances.DBClusterIdentifier"): (
        "an instance without it is none of a cluster, and then is judged by what it says of itself:"
        " https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html"
    ),
    ("sqladmin.instances.list", "items.settings.ipConfiguration.sslMode"): (
        "where it was never set, requireSsl says it:"
        " https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1/instances#ipconfiguration"
    ),
    ("storage.buckets.getIamPolicy", "bindings"): BINDINGS,
}


def checks_of(provider: str) -> list[Check[...]]:
    return [
        check
        for check in discover().values()
        if check.provider == provider and not check.follows_findings
    ]


def assert_everything_is_shown(accounts: list[Recorded]) -> None:
    """Every check passes something and fails something, and nothing is unknown."""
    shown = {(r.check, r.outcome) for account in accounts for r in account.truth.values()}
    wanted = {(c.id, o) for a in accounts for c in a.checks for o in ("fail", "pass")}
    assert wanted - shown == set(), "tests/google/rich.py, tests/azure/rich.py lack these"
    assert {(check, outcome) for check, outcome in shown if outcome == "unknown"} == set()


def assert_no_silent_pass(tried: Tried, record: Record, cloud: str) -> None:
    trials = {"trials": tried.count.total(), **dict(sorted(tried.count.items()))}
    record("tried", {cloud: trials})
    said = "\n".join(tried.faults[:40])
    assert not tried.faults, f"{len(tried.faults)} faults, of which the first:\n{said}"


def test_no_spoiled_answer_of_aws_makes_a_check_pass(
    demo_reads: Reads, record_property: Record
) -> None:
    account = Recorded(checks_of("aws"), demo_reads, STRICT)

    tried = try_all(account, LEFT_OUT)

    assert_no_silent_pass(tried, record_property, "AWS")


def test_no_spoiled_answer_of_google_cloud_makes_a_check_pass(
    google: FakeGoogle, record_property: Record
) -> None:
    checks, accounts = checks_of("gcp"), []
    for is_good in (True, False):
        rich_google.fill(google, is_good=is_good)
        reads = google_fixtures.read(google, *checks)
        accounts.append(Recorded(checks, reads, rich_google.STRICT))

    tried = [try_all(account, LEFT_OUT) for account in accounts]

    assert_everything_is_shown(accounts)
    assert_no_silent_pass(sum(tried, Tried()), record_property, "Google Cloud")


def test_no_spoiled_answer_of_azure_makes_a_check_pass(
    azure: Azure, record_property: Record
) -> None:
    checks, accounts = checks_of("azure"), []
    for state in rich_azure.STATES:
        rich_azure.fill(azure, state)
        accounts.append(Recorded(checks, azure.read(*checks), rich_azure.STRICT))

    tried = [try_all(account, LEFT_OUT) for account in accounts]

    assert_everything_is_shown(accounts)
    assert_no_silent_pass(sum(tried, Tried()), record_property, "Azure")


class Vault(Resource):
    """A resource that takes what its API always says for something that it may leave out."""

    source = Aws(
        service="glacier",
        operation="ListVaults",
        permission="glacier:ListVaults",
        items="VaultList",
    )
    id: str = at("VaultARN")
    is_open: bool = at("IsOpen", default=False)
    state: str = at("State")


@check(control="none")
def careless(vault: Vault) -> Verdict:
    """Takes what is left out for good, and any state that it does not know."""
    if vault.is_open:
        return failed("open")
    return failed("broken") if vault.state == "BROKEN" else passed("fine")


def test_a_check_that_takes_what_is_left_out_for_good_is_found() -> None:
    vault: JSON = {"VaultARN": "arn:a", "IsOpen": True, "State": "OK"}
    listing = MemoryReader({"glacier:ListVaults": {"VaultList": [vault]}})
    account = Recorded([careless], collect([careless], listing))

    tried = try_all(account, {})

    # In each of two regions; null is read as the same, and judged once.
    assert len(tried.faults) == 2
    for fault in tried.faults:
        assert fault.startswith("glacier:ListVaults dropped, VaultList.0.IsOpen")
        assert fault.endswith("passes: fine; it was fail: open")
