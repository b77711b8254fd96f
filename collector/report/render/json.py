"""Reports as JSON, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator

from collector.report.period import PeriodReport
from collector.report.sample import Sample


def period(report: PeriodReport) -> Iterator[str]:
    """The report as one indented JSON object."""
    yield from json.dumps(report.to_json(), indent=2, ensure_ascii=False).split("\n")


def sample(report: Sample) -> Iterator[str]:
    """The sample as one indented JSON object."""
    yield from json.dumps(report.to_json(), indent=2, ensure_ascii=False).split("\n")
