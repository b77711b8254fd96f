"""How reasons name several things."""

from collections.abc import Sequence

SHOWN = 5
"""How many names a reason shows before it only counts them."""


def some(names: Sequence[str], separator: str = ", ") -> str:
    """The names in the order that they are given in, the first few of them."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return separator.join(names[:SHOWN]) + more
