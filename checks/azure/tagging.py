"""Tags of Azure resources: what the subscription says of its own resources."""

from __future__ import annotations

from collections.abc import Mapping

from checks._classified import PHI, judge
from collector.check import Verdict, check
from collector.classification import Tagged
from collector.resource import at
from collector.source import Arm


class TaggedResource(Tagged):
    """A resource of the subscription, with its tags if it has any."""

    source = Arm(
        path="/subscriptions/{account}/resources",
        api_version="2021-04-01",
        permission="Microsoft.Resources/subscriptions/resources/read",
        items="value",
    )
    id: str = at("id")
    tags: dict[str, str] | None = at("tags", default=None)
    """Left out, or null, where it has none."""

    @property
    def tag_values(self) -> Mapping[str, str]:
        """Value by key."""
        return self.tags or {}


@check(control="data-classification", severity="low")
def resources_classified(resource: TaggedResource, *, phi_tags: tuple[str, ...] = PHI) -> Verdict:
    """Resources with tags carry the tag that says whether they hold health information.

    Runs for accounts whose configuration has `phi`, the tags that mark protected health
    information; each result about a resource then tells what its tags say.

    Passes: a tag with one of the keys of `phi_tags` is there and has a value, whichever it is.
    Fails: the resource has tags, and none of these.
    Says nothing of a resource without any tag, and nothing of whether a tag is true. Resource
    Manager leaves out what the caller may not see, without saying so.

    Remediation: tag the resource with what it holds, and have an Azure Policy ("Require a tag on
    resources") keep it so.
    """
    return judge(resource.tag_values, phi_tags, "tag")
