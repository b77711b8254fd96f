"""Azure role-based access control."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.azure.rbac import (
    Member,
    RoleAssignmentListing,
    RoleAssignmentSeen,
    RoleHolders,
    owners_limited,
)
from collector.evaluate import Result, evaluate
from tests.azure import cloud
from tests.azure.answers import OWNER, READER, SCOPE, SUBSCRIPTION, member, role_assignment
from tests.azure.cloud import ROLES, Azure
from tests.cases import Case, row

azure = cloud.azure_fixture

LISTING = RoleAssignmentListing(assignments=(RoleAssignmentSeen(id="/a"),))
ABOVE = "/providers/Microsoft.Management/managementGroups/contoso"


def holder(
    principal: str, type: str = "User", *, role: str = OWNER, scope: str = SCOPE
) -> RoleHolders:
    """A principal with a role; a group that is an owner needs its members: see `group`."""
    path = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return RoleHolders.model_validate(
        {"role": path, "scope": scope, "principal": principal, "type": type}
    )


def group(principal: str, *members: str, type: str = "user", scope: str = SCOPE) -> RoleHolders:
    """A group that is an owner, with its members."""
    return RoleHolders.model_validate(
        {
            "role": f"/providers/Microsoft.Authorization/roleDefinitions/{OWNER}",
            "scope": scope,
            "principal": principal,
            "type": "Group",
            "members": tuple(
                Member.model_validate({"id": m, "type": f"#microsoft.graph.{type}"})
                for m in members
            ),
        }
    )


TWO = "2 owners: ann, bob"

CASES = [
    row(owners_limited, [holder("ann"), holder("bob")], LISTING, outcome="pass", reason=TWO),
    row(owners_limited, [holder("ann"), holder("bob"), holder("ci", "ServicePrincipal")], LISTING,
        outcome="pass", reason="3 owners: ann, bob, ci"),
    row(owners_limited, [holder("ann"), holder("bob"), holder("eve", role=READER)], LISTING,
        outcome="pass", reason=TWO),
    row(owners_limited, [holder("ann"), holder("bob", role=OWNER.upper())], LISTING,
        outcome="pass", reason=TWO),
    row(owners_limited, [holder("ann"), holder("ANN", scope=ABOVE), holder("bob")], LISTING,
        outcome="pass", reason=TWO),
    row(owners_limited,
        [holder("ann"), holder("bob"), holder("eve", scope=f"{SCOPE}/resourceGroups/eve")], LISTING,
        outcome="pass", reason=TWO),
    row(owners_limited, [holder("ann"), holder("bob", scope="/")], LISTING,
        outcome="pass", reason=TWO),
    row(owners_limited, [group("admins", "ann", "bob"), holder("ann")], LISTING,
        outcome="pass", reason=f"{TWO}; with the members of admins"),
    row(owners_limited, [holder("ann"), holder("bob"), group("none")], LISTING,
        outcome="fail", reason="owned by a group in which no owner is seen: none"),
    row(owners_limited,
        [holder("ann"), holder("bob"), group("admins", "inner", type="group")], LISTING,
        outcome="fail", reason="owned by a group in which no owner is seen: admins"),
    row(owners_limited, [holder("ann")], LISTING, min_owners=1,
        outcome="pass", reason="1 owner: ann"),
    row(owners_limited, [holder("ann")], LISTING,
        outcome="fail", reason="1 owner, fewer than 2: ann"),
    row(owners_limited, [holder("ann", role=READER)], LISTING,
        outcome="fail", reason="0 owners, fewer than 2"),
    row(owners_limited, [holder(p) for p in "abcd"], LISTING,
        outcome="fail", reason="4 owners, more than 3: a, b, c, d"),
    row(owners_limited, [holder(p) for p in "abcd"], LISTING, max_owners=4,
        outcome="pass", reason="4 owners: a, b, c, d"),
    row(owners_limited, [holder(f"p{n}", scope=ABOVE) for n in range(7)], LISTING,
        outcome="fail", reason="7 owners, more than 3: p0, p1, p2, p3, p4 and 2 more"),
    row(owners_limited, [group("admins", "a", "b", "c"), group("ops", "c", "d")], LISTING,
        outcome="fail",
        reason="4 owners, more than 3: a, b, c, d; with the members of admins, ops"),
    row(owners_limited,
        [group("admins", "a", "b", "c", "d", type="servicePrincipal")], LISTING,
        outcome="fail",
        reason="4 owners, more than 3: a, b, c, d; with the members of admins"),
    row(owners_limited, [holder("ann"), holder("bob"), holder("far", "ForeignGroup")], LISTING,
        outcome="fail", reason="owned by a group of another directory: far"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def judged(azure: Azure) -> Result:
    """The one result over what is read."""
    reads = azure.read(owners_limited)
    (result,) = evaluate([owners_limited], reads, settings={}, now=datetime.now(UTC))
    return result


def members(group: str) -> str:
    return f"/v1.0/groups/{group}/transitiveMembers"


def test_members_of_owner_groups_are_counted_and_those_of_other_groups_not_asked_for(
    azure: Azure,
) -> None:
    azure.put(
        ROLES,
        [
            role_assignment("ann"),
            role_assignment("admins", type="Group"),
            role_assignment("readers", type="Group", role=READER),
        ],
    )
    azure.put(
        members("admins"), [member("bob"), member("inner", "group"), member("laptop", "device")]
    )

    result = judged(azure)

    assert (result.outcome, result.reason) == (
        "pass",
        "2 owners: ann, bob; with the members of admins",
    )
    assert (result.resource.type, result.resource.id) == ("azure.account", SUBSCRIPTION)
    assert [r.partition("?")[0] for r in azure.requests] == [ROLES, members("admins")]


def test_members_on_later_pages_count(azure: Azure) -> None:
    azure.put(ROLES, [role_assignment("admins", type="Group")])
    azure.put(members("admins"), [member(p) for p in "abcde"])
    azure.page_size = 2

    assert judged(azure).reason.startswith("5 owners, more than 3")


def test_owner_group_that_cannot_be_read_makes_the_count_unknown(azure: Azure) -> None:
    azure.put(
        ROLES, [role_assignment(p) for p in ("ann", "bob")] + [role_assignment("x", type="Group")]
    )
    azure.deny(members("x"), "Authorization_RequestDenied")

    result = judged(azure)

    assert result.outcome == "unknown"
    assert result.reason == (
        "not read: graph:/groups/{group}/transitiveMembers in global: Authorization_RequestDenied;"
        " missing permission GroupMember.Read.All, Member.Read.Hidden"
    )


def test_answer_without_members_is_not_an_empty_group(azure: Azure) -> None:
    azure.put(
        ROLES, [role_assignment(p) for p in ("ann", "bob")] + [role_assignment("x", type="Group")]
    )
    azure.answer(members("x"), b"{}")

    assert judged(azure).outcome == "unknown"


def test_member_of_an_unknown_kind_makes_the_count_unknown(azure: Azure) -> None:
    azure.put(
        ROLES, [role_assignment(p) for p in ("ann", "bob")] + [role_assignment("x", type="Group")]
    )
    azure.put(members("x"), [member("r2d2", "agentIdentity")])

    assert judged(azure).outcome == "unknown"


def test_listing_of_nothing_is_one_that_was_not_permitted(azure: Azure) -> None:
    """Resource Manager answers 200 and leaves out what the reader may not see."""
    azure.put(ROLES, [])

    result = judged(azure)

    assert result.outcome == "unknown"
    assert "roleAssignments in global: Malformed (assignments: too_short)" in result.reason
