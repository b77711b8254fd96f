"""Reports as JSON, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator

from collector.report.gap import GapReport
from collector.report.period import PeriodReport, plain
from collector.report.point_in_time import PointInTime
from collector.report.questionnaire import Questionnaire
from collector.report.sample import Sample


def period(report: PeriodReport) -> Iterator[str]:
    """The report as one indented JSON object."""
    yield from json.dumps(report.to_json(), indent=2, ensure_ascii=False).split("\n")


def sample(report: Sample) -> Iterator[str]:
    """The sample as one indented JSON object."""
    yield from json.dumps(report.to_json(), indent=2, ensure_ascii=False).split("\n")


def point_in_time(report: PointInTime) -> Iterator[str]:
    """The report as one indented JSON object."""
    yield from _indented(report)


def gap(report: GapReport) -> Iterator[str]:
    """The report as one indented JSON object."""
    yield from _indented(report)


def questionnaire(report: Questionnaire) -> Iterator[str]:
    """The answers as one indented JSON object."""
    yield from _indented(report)


def _indented(report: object) -> Iterator[str]:
    yield from json.dumps(plain(report), indent=2, ensure_ascii=False).split("\n")
