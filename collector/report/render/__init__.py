"""Reports in the forms that people and programs read.

Each form is a module of that name here, with a function for each report that it can render:
`period(report)` and `sample(sample)` give its lines.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

from collector.errors import ConfigError

FORMATS = ("text", "json", "csv")
"""The forms that there are."""


def renderer(report: str, form: str) -> Callable[[Any], Iterator[str]]:
    """The function that renders a report, `period` or `sample`, in a form.

    Raises:
        ConfigError: the report has no such form.
    """
    found = None
    if form in FORMATS:
        found = getattr(importlib.import_module(f"{__name__}.{form}"), report, None)
    if found is None:
        raise ConfigError(f"report {report} cannot be rendered as {form}")
    return found  # type: ignore[no-any-return]
