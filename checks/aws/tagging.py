"""AWS resource tags: what the account says of its own resources."""

from __future__ import annotations

from collections.abc import Mapping

from checks._classified import PHI, judge
from collector.check import Verdict, check
from collector.classification import Tagged
from collector.resource import Part, at
from collector.source import Aws


class Tag(Part):
    """A tag of a resource."""

    key: str = at("Key")
    value: str = at("Value")


class TaggedResource(Tagged):
    """A resource that has tags, or had some."""

    source = Aws(
        service="resourcegroupstaggingapi",
        operation="GetResources",
        permission="tag:GetResources",
        items="ResourceTagMappingList",
    )
    id: str = at("ResourceARN")
    tags: tuple[Tag, ...] = at("Tags")

    @property
    def tag_values(self) -> Mapping[str, str]:
        """Value by key."""
        return {tag.key: tag.value for tag in self.tags}


@check(control="data-classification", severity="low")
def resources_classified(resource: TaggedResource, *, phi_tags: tuple[str, ...] = PHI) -> Verdict:
    """Resources with tags carry the tag that says whether they hold health information.

    Runs for accounts whose configuration has `phi`, the tags that mark protected health
    information; each result about a resource then tells what its tags say.

    Passes: a tag with one of the keys of `phi_tags` is there and has a value, whichever it is.
    Fails: the resource has tags, and none of these.
    Says nothing of a resource that never had a tag, because AWS lists those nowhere, and of kinds
    that the tagging service leaves out, such as IAM users. Says nothing of whether the tag is true.

    Remediation: tag the resource with what it holds, and have a tag policy of the organization, or
    the AWS Config rule required-tags, keep it so.
    """
    return judge(resource.tag_values, phi_tags, "tag")
