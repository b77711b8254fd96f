"""Scope: to which resources a rule applies that is not meant for all, by tag or by name.

A check of such a rule has three settings. `scope_tag` and `scope_values` name a tag and the values
of it that are in scope, any value where there are none; `scope_names` are patterns of names
(`*-phi`) that are in scope whatever their tags. With neither tag nor names everything is in scope.
What is out of scope is not judged: where nothing is left, the check says so and never passes.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from collector.resource import Part, at

PHI_TAG = "data-classification"
PHI_VALUES = ("phi",)
"""The tag by which resources are taken to hold health information, unless set otherwise."""


class Tag(Part):
    """A tag of a resource. Some services leave an empty value out."""

    key: str = at("Key")
    value: str = at("Value", default="")


def out_of_scope(
    name: str,
    tags: Sequence[Tag],
    *,
    scope_tag: str,
    scope_values: Sequence[str],
    scope_names: Sequence[str],
) -> str | None:
    """Why a resource is not in scope, as a phrase that is the same for all such, or None.

    Case does not count, neither in tags nor in their values: a tag that someone wrote in capitals
    is not to take a resource out of scope.
    """
    if not scope_tag and not scope_names:
        return None
    if any(fnmatchcase(name, pattern) for pattern in scope_names):
        return None
    values = {value.casefold() for value in scope_values}
    for tag in tags:
        is_meant = tag.key.casefold() == scope_tag.casefold()
        if is_meant and (not values or tag.value.casefold() in values):
            return None
    wanted = [f"no tag {scope_tag}{' with ' if values else ''}{' or '.join(scope_values)}"]
    if scope_names:
        wanted.append(f"no name like {' or '.join(scope_names)}")
    return f"not in scope: {' and '.join(wanted if scope_tag else wanted[1:])}"
