"""Days in the parameters of a call, told from the day of the run.

A source is data and knows no clock. Its parameters stay as they are declared in the evidence, where
a replay looks the answer up by them; the days that were sent stand with the call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from collector.evidence.canonical import JSON

_DAY = re.compile(r"\{(?:today|(\d+) days ago)\}")


def dated(value: JSON, now: datetime) -> JSON:
    """The parameters with `{today}` and `{30 days ago}` as days, `2026-01-02`."""
    match value:
        case str() if found := _DAY.fullmatch(value):
            return (now - timedelta(days=int(found[1] or 0))).date().isoformat()
        case Mapping():
            return {name: dated(inner, now) for name, inner in value.items()}
        case list():
            return [dated(inner, now) for inner in value]
        case _:
            return value
