"""The AWS services that an account uses, as its bill shows them."""

from __future__ import annotations

from collections.abc import Sequence

from checks.aws._hipaa_services import ADDED, AS_OF, BILLING, IDS, PARTLY
from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Resource, at
from collector.source import Aws


class ServiceUsed(Resource):
    """A line of the account's costs in the last 30 days, zero costs included."""

    source = Aws(
        service="ce",
        operation="GetCostAndUsage",
        permission="ce:GetCostAndUsage",
        items="ResultsByTime.*.Groups",
        regions="home",
        constants={
            "TimePeriod": {"Start": "{30 days ago}", "End": "{today}"},
            "Granularity": "MONTHLY",
            "Metrics": ["UnblendedCost"],
            "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}],
            # The account that pays would else be shown the services of all accounts it pays for.
            "Filter": {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": ["{account}"]}},
        },
        # How much it was differs every day, and says nothing of which services were used.
        volatile=(
            "ResultsByTime.Estimated",
            "ResultsByTime.Groups.Metrics",
            "ResultsByTime.TimePeriod",
            "ResultsByTime.Total",
        ),
    )
    id: str = at("Keys.0")


@check(control="covered-services", severity="high")
def hipaa_eligible(
    services: Sequence[ServiceUsed], *, also_eligible: tuple[str, ...] = ()
) -> Verdict:
    """The account uses only services that AWS lists as HIPAA eligible.

    Passes: every service on the account's bill of the last 30 days, at whatever price, is on AWS's
    list of HIPAA eligible services of 2022-04-18, or among the few that AWS's documentation calls
    eligible since, or is named in `also_eligible`.
    Fails: a service is not, or has a name that is not known here; the reason names it. Models and
    products of the Marketplace are services of their own.

    The list is older than many services: compare with AWS's page of today, and name in
    `also_eligible` those that were added, or that hold no protected health information; every
    snapshot records them. Judges every account, since what one holds is not visible here; except
    accounts that hold no protected health information. Read from Cost Explorer, because it knows
    all services that charge, where the tagging API knows only resources that are or were tagged.
    One request a run, for which AWS charges 0.01 USD. Not seen are services that never charge,
    the last day or so, and which engines, protocols and features of a service are used: the reason
    names those of which only a part is eligible.

    Remediation: move protected health information to an eligible service and stop using the other,
    or record in `also_eligible` that it is eligible or holds none.
    """
    names = sorted({service.id for service in services} - BILLING)
    if not names:
        return not_applicable("Cost Explorer shows no service of the last 30 days")
    others = [name for name in names if name not in IDS and name not in also_eligible]
    if others:
        return failed(f"not on the list of {AS_OF}: {listed(others)}")
    found = f"{len(names)} of {len(names)} services are on the list of {AS_OF}"
    since = [n for n in names if n in also_eligible or IDS.get(n) in ADDED]
    partly = [n for n in names if n not in also_eligible and IDS[n] in PARTLY]
    if since:
        found = f"{found} or were added: {listed(since)}"
    return passed(f"{found}; only in part: {listed(partly)}" if partly else found)
