"""Identity and Access Management: who holds which role on the project."""

from checks.gcp.policy import AllowPolicy
from collector.check import Verdict, check, failed, listed, passed
from collector.source import Gcp

WRITING_BASIC_ROLES = ("roles/admin", "roles/editor", "roles/owner", "roles/writer")
"""Owner and Editor, and Admin and Writer, which are to take their place.
https://cloud.google.com/iam/docs/roles-overview#basic"""


class ProjectPolicy(AllowPolicy):
    """The project's own policy, without what it inherits from folders and the organization."""

    source = Gcp(
        api="cloudresourcemanager",
        version="v3",
        collection="projects",
        method="getIamPolicy",
        permission="resourcemanager.projects.getIamPolicy",
        constants={"resource": "projects/{account}"},
        # With less, conditional grants come back under made-up role names.
        body={"options": {"requestedPolicyVersion": 3}},
    )


@check(control="least-privilege", severity="high")
def no_primitive_roles(policy: ProjectPolicy, *, allowed_members: tuple[str, ...] = ()) -> Verdict:
    """Nobody holds Owner or Editor on the project.

    Passes: the project's policy grants Owner, Editor, Admin or Writer to no member but those in
        `allowed_members`, which are written as in the policy (`user:emergency@example.com`).
    Fails: it grants one of these roles to any other member: a person, a group, a domain or a
        service account, Google's default ones included. A condition, or that the member has been
        deleted and may be restored, makes no difference.
    Says nothing of grants inherited from folders and the organization, which are not in the
    project's policy; of who is in a group; and of other roles as powerful as these.
    Remediation: grant predefined or custom roles in their place, and remove the grants.
    """
    grants = [grant for grant in policy.grants if grant.role in WRITING_BASIC_ROLES]
    others = [grant for grant in grants if grant.member not in allowed_members]
    if others:
        return failed(f"the policy grants {listed(others)}")
    if grants:
        return passed(f"the policy grants, as allowed, {listed(grants)}")
    return passed("the policy grants neither Owner nor Editor")
