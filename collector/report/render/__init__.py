"""Reports in the forms that people and programs read.

A renderer takes a report and gives its lines. It is a function that is called like the report in
the module of the form (`text.period`), or like the form in the module of the report (`gap.text`).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

from collector.errors import ConfigError

FORMATS = ("text", "json", "csv", "html")
"""The forms that there are."""


def renderer(report: str, form: str) -> Callable[[Any], Iterator[str]]:
    """The function that renders a report in a form.

    Args:
        report: `period`, `sample`, `point_in_time`, `gap` or `questionnaire`.
        form: one of `FORMATS`.

    Raises:
        ConfigError: the report has no such form.
    """
    for module, name in ((form, report), (report, form)):
        if form in FORMATS and find_spec(f"{__name__}.{module}") is not None:
            found = getattr(importlib.import_module(f"{__name__}.{module}"), name, None)
            if found is not None:
                return found  # type: ignore[no-any-return]
    raise ConfigError(f"report {report} cannot be rendered as {form}")
