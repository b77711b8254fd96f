"""Labels of Google Cloud resources: what the project says of its own resources."""

from __future__ import annotations

from collections.abc import Mapping

from checks._classified import PHI, judge
from collector.check import Verdict, check
from collector.classification import Tagged
from collector.resource import at
from collector.source import Gcp


class LabelledResource(Tagged):
    """A resource of the project that has labels, as Cloud Asset Inventory finds it."""

    source = Gcp(
        api="cloudasset",
        version="v1",
        collection="v1",
        method="searchAllResources",
        permission="cloudasset.assets.searchAllResources",
        items="results",
        constants={"scope": "projects/{account}", "query": "labels:*", "readMask": "name,labels"},
    )
    id: str = at("name")
    labels: dict[str, str] = at("labels", default_factory=dict)

    @property
    def tag_values(self) -> Mapping[str, str]:
        """Value by key."""
        return self.labels


@check(control="data-classification", severity="low")
def resources_classified(resource: LabelledResource, *, phi_tags: tuple[str, ...] = PHI) -> Verdict:
    """Resources with labels carry the label that says whether they hold health information.

    Runs for accounts whose configuration has `phi`, the labels that mark protected health
    information; each result about a resource then tells what its labels say.

    Passes: a label with one of the keys of `phi_tags` is there and has a value, whichever it is.
    Fails: the resource has labels, and none of these.
    Says nothing of a resource without any label, and nothing of whether a label is true. The search
    follows changes with some delay.

    Remediation: label the resource with what it holds, when it is made.
    """
    return judge(resource.tag_values, phi_tags, "label")
