"""Identity and Access Management."""

from __future__ import annotations

import pytest

from checks.gcp.iam import ProjectPolicy, no_primitive_roles
from checks.gcp.policy import Binding
from tests.cases import Case, row
from tests.google.fake import FakeGoogle
from tests.google.fixtures import read

ADA, EVE = "user:ada@example.com", "user:eve@example.com"
ROBOT = "serviceAccount:1-compute@developer.gserviceaccount.com"


def policy(**members: tuple[str, ...]) -> ProjectPolicy:
    """A policy that grants each role to the members given under its short name."""
    return ProjectPolicy(
        bindings=tuple(Binding(role=f"roles/{r}", members=m) for r, m in members.items())
    )


MANY = tuple(f"user:{letter}@example.com" for letter in "gfedcba")

CASES = [
    row(no_primitive_roles, policy(viewer=(ADA,), browser=(EVE,)),
        outcome="pass", reason="the policy grants neither Owner nor Editor"),
    row(no_primitive_roles, ProjectPolicy(etag="ACAB"),
        outcome="pass", reason="the policy grants neither Owner nor Editor"),
    row(no_primitive_roles, policy(owner=(EVE,), editor=(ROBOT,), viewer=(ADA,)), outcome="fail",
        reason=f"the policy grants roles/editor to {ROBOT}, roles/owner to {EVE}"),
    row(no_primitive_roles, policy(admin=(ADA,), writer=(EVE,), reader=(ROBOT,)), outcome="fail",
        reason=f"the policy grants roles/admin to {ADA}, roles/writer to {EVE}"),
    row(no_primitive_roles, policy(owner=("deleted:user:eve@example.com?uid=1",)), outcome="fail",
        reason="the policy grants roles/owner to deleted:user:eve@example.com?uid=1"),
    row(no_primitive_roles, policy(owner_withcond_2a=(EVE,)),
        outcome="fail", reason=f"the policy grants roles/owner to {EVE}"),
    row(no_primitive_roles,
        ProjectPolicy(bindings=(Binding(role="roles/owner", members=(EVE,), condition="true"),)),
        outcome="fail", reason=f"the policy grants roles/owner to {EVE} conditionally"),
    row(no_primitive_roles, policy(owner=MANY), outcome="fail",
        reason="the policy grants "
        + ", ".join(f"roles/owner to user:{letter}@example.com" for letter in "abcde")
        + " and 2 more"),
    row(no_primitive_roles, policy(owner=(EVE, ADA)), allowed_members=(ADA,),
        outcome="fail", reason=f"the policy grants roles/owner to {EVE}"),
    row(no_primitive_roles, policy(owner=(ADA,)), allowed_members=(ADA,),
        outcome="pass", reason=f"the policy grants, as allowed, roles/owner to {ADA}"),
    row(no_primitive_roles, policy(owner=(EVE,)), allowed_members=("eve@example.com",),
        outcome="fail", reason=f"the policy grants roles/owner to {EVE}"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_policy_is_asked_for_with_its_conditions(google: FakeGoogle) -> None:
    binding = {"role": "roles/owner", "members": [ADA], "condition": {"expression": "true"}}
    google.answer(
        "cloudresourcemanager.projects.getIamPolicy", {"bindings": [binding], "version": 3}
    )

    reads = read(google, no_primitive_roles)

    assert [o.resource for o in reads[ProjectPolicy]] == [
        ProjectPolicy(bindings=(Binding(role="roles/owner", members=(ADA,), condition="true"),))
    ]
    assert google.requests[0][1]["resource"] == "projects/demo-project"
    assert google.requests[0][2] == {"options": {"requestedPolicyVersion": 3}}


def test_answer_without_bindings_and_etag_is_no_policy(google: FakeGoogle) -> None:
    """A project that grants nothing has an etag: an empty object says nothing about it."""
    google.answer("cloudresourcemanager.projects.getIamPolicy", {})

    population = read(google, no_primitive_roles)[ProjectPolicy]

    assert population.observed == ()
    assert [u.code for u in population.unread] == ["Malformed (: value_error)"]
