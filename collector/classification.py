"""Which resources hold protected health information (PHI), as their tags say. Pure.

An account's configuration names the tags that mark it. A result about a resource with one of them
carries `phi: true`; `phi: false` where a classifying tag says something else; `phi: null` where
no classifying tag was seen: the resource has none, or its tags could not be read, or its kind has
none that the cloud lists. The check that reads the tags is `unknown` where they could not be read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from collector.check import Check, SettingValue
from collector.evaluate import Result
from collector.reads import Reads
from collector.resource import Resource

SETTING: Final = "phi_tags"
"""Setting of the checks that read tags: what marks PHI, each as `key=value`."""


class Tagged(Resource):
    """A resource with its tags, out of a listing of whatever has some."""

    @property
    def tag_values(self) -> Mapping[str, str]:
        """Value by key."""
        raise NotImplementedError


def reads_tags(check: Check[...]) -> bool:
    """Whether a check is one that reads the tags by which resources are classified."""
    return SETTING in check.settings


def as_setting(phi: Mapping[str, str | Sequence[str]]) -> tuple[str, ...]:
    """The tags of a configuration in the form of the setting, sorted."""
    pairs = (
        f"{key}={value}"
        for key, values in phi.items()
        for value in ([values] if isinstance(values, str) else values)
    )
    return tuple(sorted(pairs))


def classify(tags: Mapping[str, str], phi_tags: Collection[str]) -> bool | None:
    """Whether tags mark PHI; None: none of them is a classifying one."""
    keys = {pair.partition("=")[0] for pair in phi_tags}
    found = [f"{key}={tags[key]}" in phi_tags for key in keys if tags.get(key)]
    return any(found) if found else None


def marked(
    results: Sequence[Result],
    reads: Reads,
    checks: Collection[Check[...]],
    settings: Mapping[str, Mapping[str, SettingValue]],
) -> list[Result]:
    """The results with what the tags of their resources say, in the same order.

    They stay as they are where the run reads no tags, and so do those about the account itself.

    Args:
        results: all of a run.
        reads: what they rest on.
        checks: those of the run.
        settings: values that differ from defaults, by check id.
    """
    readers = [c for c in checks if reads_tags(c)]
    if not readers:
        return list(results)
    known: dict[str, bool] = {}
    for check in readers:
        phi_tags = settings.get(check.id, {}).get(SETTING, check.settings[SETTING].default)
        assert isinstance(phi_tags, tuple)
        for resource in check.resources:
            if issubclass(resource, Tagged):
                for one in reads[resource]:
                    is_phi = classify(one.resource.tag_values, phi_tags)
                    if is_phi is not None:
                        known[same(one.name)] = is_phi
    about = f"{reads.scope.provider}.account"
    return [
        r
        if r.resource.type == about
        else replace(r, phi="unclassified" if (p := known.get(same(r.resource.id))) is None else p)
        for r in results
    ]


def same(name: str) -> str:
    """A full name in the form in which two that mean one resource are equal.

    Azure's differ by case from answer to answer
    (https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules), and
    Google's search calls a bucket otherwise than its audit logs do
    (https://cloud.google.com/asset-inventory/docs/asset-names).
    """
    if name.startswith("/subscriptions/"):
        return name.casefold()
    return name.replace("//storage.googleapis.com/projects/_/buckets/", "//storage.googleapis.com/")
