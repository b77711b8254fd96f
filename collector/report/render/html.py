"""Reports as one HTML file, for people: it loads nothing, runs nothing, and prints.

Names and reasons are other people's input: every value is escaped by the templates, and what could
deceive a reader (control characters, changes of direction) is written out before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from collector.evidence.canonical import timestamp
from collector.evidence.record import printable
from collector.report.basis import Basis, installed_version, moment_told
from collector.report.evidence import PROVIDERS, CheckFindings, Finding
from collector.report.gap import GapReport, GapRow
from collector.report.period import ControlPeriod, PeriodReport
from collector.report.point_in_time import CONTROL_STATES, ControlRow, PointInTime
from collector.report.questionnaire import Questionnaire
from collector.report.render.common import LIMITS
from collector.report.render.text import length
from collector.report.requirement import Assessment

MOST_LISTED: Final = 200
"""How many findings of one control are listed before they are only counted."""

MOST_SEVERE: Final = 10
"""How many failing results the summary lists."""

SEVERITIES: Final = ("critical", "high", "medium", "low")

VERDICTS: Final = ("deviations", "days missing", "accepted deviations", "no deviation")
"""How a control can have operated over a period, the worst first."""

_TONES: Final = MappingProxyType(
    {
        "bad": (
            "failing", "fail", "gap", "attestation missing", "missing", "expired", "critical",
            "attestation expired", "provider evidence missing", "high", "not reached",
            "not evidenced", "deviations",
        ),
        "warn": (
            "unknown", "left out", "accepted exception", "accepted", "supported", "medium",
            "fail, accepted", "in part", "not yet effective", "withdrawn", "open",
            "days missing", "accepted deviations",
        ),
        "good": (
            "met", "holds", "in force", "pass", "inherited", "carried", "proven", "evidenced",
            "no deviation",
        ),
        "note": ("decided", "attested", "superseded", "gone"),
    }
)  # fmt: skip
"""The tone of a state; any other is plain. What is bad needs doing, what is good needs nothing."""

_MARKS: Final = MappingProxyType({"bad": "✕", "warn": "!", "good": "✓", "note": "→", "plain": "–"})
"""A sign beside each state, so that none is told by its colour alone."""


def point_in_time(report: PointInTime) -> Iterator[str]:
    """The report as of a moment."""
    basis = report.basis
    names = " and ".join(one.name for one in report.counted)
    ranked = _most_severe(report.controls)
    states = Counter(one.state for one in report.controls)
    yield from _page(
        "point_in_time.html",
        basis,
        title="Controls in place",
        lead=f"{names}, as of {moment_told(basis.at)} (Type 1: in place at a moment)",
        sections=[
            ("summary", "Summary"),
            ("controls", "Controls"),
            *((one.framework, one.name) for one in report.counted),
            ("findings", "Findings"),
        ],
        r=report,
        holding=states["holds"] + states["in force"],
        control_states=[(state, states[state]) for state in CONTROL_STATES if states[state]],
        worst=ranked[:MOST_SEVERE],
        open_fails=len(ranked),
        findings=_findings,
        most_listed=MOST_LISTED,
    )


def gap(report: GapReport) -> Iterator[str]:
    """The gap report."""
    share = report.share
    reaches = (
        ("not reached", share.not_reached),
        ("in part", share.in_part),
        ("carried", share.carried),
    )
    yield from _page(
        "gap.html",
        report.basis,
        title=f"From {report.have_name} to {report.want_name}",
        lead=(
            f"What the evidence for {report.have_name} already covers, and what remains, as of "
            f"{moment_told(report.basis.at)}"
        ),
        sections=[
            ("summary", "Summary"),
            *([("steps", "Steps")] if report.todo else []),
            ("remaining", "What remains"),
            ("rows", "Every row"),
        ],
        r=report,
        todo_numbers={todo.step: number for number, todo in enumerate(report.todo, 1)},
        reaches=[(name, count) for name, count in reaches if count],
    )


def questionnaire(report: Questionnaire) -> Iterator[str]:
    """The answers to a questionnaire."""
    areas = [
        (f"area-{number}", area, list(answers))
        for number, (area, answers) in enumerate(groupby(report.answers, key=lambda a: a.area), 1)
    ]
    yield from _page(
        "questionnaire.html",
        report.basis,
        title="Security questionnaire",
        lead=f"Answered from evidence, as of {moment_told(report.basis.at)}",
        sections=[("summary", "Summary"), *((id_, area) for id_, area, _ in areas)],
        r=report,
        evidenced=dict(report.counted).get("evidenced", 0),
        areas=areas,
    )


def period(report: PeriodReport) -> Iterator[str]:
    """The report on operation over a period."""
    verdicts = Counter(map(_verdict, report.controls))
    yield from _render(
        "period.html",
        title="Controls in operation",
        lead=f"From {report.first} to {report.last} (Type 2: operating over a period)",
        subject=report.account,
        sections=[
            ("summary", "Summary"),
            ("controls", "Controls"),
            ("findings", "Control by control"),
            ("accepted", "Exceptions"),
            ("changes", "Changes of scope"),
            ("rests-on", "What this rests on"),
            ("words", "Words"),
            ("notes", "Notes and limits"),
        ],
        warnings=(),
        notes=(*LIMITS, *report.notes),
        version=installed_version(),
        made_by="",
        provider=PROVIDERS.get(report.provider, report.provider),
        r=report,
        verdict=_verdict,
        verdicts=[(name, verdicts[name]) for name in VERDICTS if verdicts[name]],
        without=verdicts["no deviation"],
        intervals=sum(one.intervals for one in report.controls),
        uncovered=sum(one.intervals_uncovered for one in report.controls),
        open=sum(one.intervals_open for one in report.controls),
        most_listed=MOST_LISTED,
    )


def _verdict(control: ControlPeriod) -> str:
    """How a control operated, in a word or two."""
    if control.intervals_uncovered:
        return "deviations"
    if control.intervals:
        return "accepted deviations"
    return "days missing" if control.days_covered < control.days else "no deviation"


def _page(
    template: str,
    basis: Basis,
    *,
    title: str,
    lead: str,
    sections: Sequence[tuple[str, str]],
    **values: Any,
) -> Iterator[str]:
    """A report that rests on a basis."""
    yield from _render(
        template,
        title=title,
        lead=lead,
        subject=", ".join(one.account for one in basis.snapshots),
        sections=[
            *sections,
            ("rests-on", "What this rests on"),
            ("words", "Words"),
            ("notes", "Notes and limits"),
        ],
        warnings=basis.warnings,
        notes=(*LIMITS, *basis.notes),
        version=basis.version,
        made_by=basis.mappings_sha256,
        **values,
    )


def _render(template: str, **values: Any) -> Iterator[str]:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.globals |= {"tone": _tone, "mark": _mark}
    environment.filters |= {
        "moment": moment_told,
        "number": _number,
        "counted": _counted,
        "words": _words,
        "length_told": length,
        "groupby_in_order": _by_group,
        "timestamp": timestamp,
    }
    yield from environment.get_template(template).render(**values).split("\n")


def _shown(value: object) -> object:
    """A value as it is printed: texts without what could deceive a reader."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _tone(state: str) -> str:
    return next((tone for tone, states in _TONES.items() if state in states), "plain")


def _mark(state: str) -> str:
    return _MARKS[_tone(state)]


def _number(value: int) -> str:
    return f"{value:,}"


def _words(command: str) -> Markup:
    """A command that is broken into lines between its words only, and not at a hyphen."""
    word = Markup('<span class="word">{}</span>')
    return Markup(" ").join(word.format(printable(each)) for each in command.split(" "))


def _counted(number: int, one: str, many: str | None = None) -> str:
    noun = one if number == 1 else many or f"{one}s"
    return f"{number:,} {noun}"


def _by_group(rows: Iterable[Assessment | GapRow]) -> list[tuple[str, list[Any]]]:
    """The rows by their group, in their order: a group that comes again is told again."""

    def group(row: Assessment | GapRow) -> str:
        name = row.group if isinstance(row, Assessment) else row.assessment.group
        return name[:1].upper() + name[1:]

    return [(name, list(own)) for name, own in groupby(rows, key=group)]


def _most_severe(
    controls: Sequence[ControlRow],
) -> list[tuple[ControlRow, str, CheckFindings, Finding]]:
    """The failing results that no exception covers, the most severe first."""
    found = [
        (control, one.account, one.found, finding)
        for control in controls
        for one in control.checks
        for finding in one.found.failing
        if finding.accepted is None
    ]
    return sorted(found, key=lambda item: SEVERITIES.index(item[2].severity))


def _findings(control: ControlRow) -> list[tuple[str, str, Finding]]:
    """What is no pass: outcome, check and finding; what is accepted last."""
    found = [
        (outcome, one.found.check, finding)
        for one in control.checks
        for outcome, findings in (("fail", one.found.failing), ("unknown", one.found.unread))
        for finding in findings
    ]
    return sorted(found, key=lambda item: item[2].accepted is not None)
