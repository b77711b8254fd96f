"""Reports as JSON, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from collector.evidence.canonical import JSON
from collector.report.gap import GapReport
from collector.report.period import PeriodReport
from collector.report.plain import plain_fields
from collector.report.point_in_time import PointInTime
from collector.report.questionnaire import Questionnaire
from collector.report.sample import Sample


def period(report: PeriodReport) -> Iterator[str]:
    """The report as one JSON object, each of its fields on a line."""
    yield from _object(report.to_json())


def sample(report: Sample) -> Iterator[str]:
    """The sample as one JSON object, each of its fields on a line."""
    yield from _object(report.to_json())


def point_in_time(report: PointInTime) -> Iterator[str]:
    """The report as one JSON object, each of its fields on a line."""
    yield from _object(plain_fields(report))


def gap(report: GapReport) -> Iterator[str]:
    """The report as one JSON object, each of its fields on a line."""
    yield from _object(plain_fields(report))


def questionnaire(report: Questionnaire) -> Iterator[str]:
    """The answers as one JSON object, each of its fields on a line."""
    yield from _object(plain_fields(report))


def _object(fields: Mapping[str, JSON]) -> Iterator[str]:
    # Indented all through, a year's report takes the standard library seconds to write.
    yield "{"
    for place, (name, value) in enumerate(fields.items(), 1):
        comma = "," if place < len(fields) else ""
        yield f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}{comma}"
    yield "}"
