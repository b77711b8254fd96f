"""What tags say of health information, judged alike in all clouds."""

from __future__ import annotations

from collections.abc import Mapping

from collector.check import Verdict, failed, listed, not_applicable, passed
from collector.classification import classify

PHI = ("data-classification=phi",)
"""What marks health information where nothing else is said."""


def judge(tags: Mapping[str, str], phi_tags: tuple[str, ...], noun: str) -> Verdict:
    """Whether one of the tags classifies.

    Args:
        tags: value by key.
        phi_tags: what marks health information, each as `key=value`.
        noun: what the cloud calls them.
    """
    if not tags:
        return not_applicable(f"it has no {noun}s any more")
    keys = sorted({pair.partition("=")[0] for pair in phi_tags})
    found = listed(f"{key} is {tags[key]}" for key in keys if tags.get(key))
    match classify(tags, phi_tags):
        case True:
            return passed(f"holds health information: {found}")
        case False:
            return passed(f"marked as holding none: {found}")
        case None:
            return failed(f"has no {noun} {' or '.join(keys)}")
