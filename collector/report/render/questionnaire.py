"""The answers to a questionnaire as text and as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from collector.evidence.canonical import timestamp
from collector.evidence.record import printable
from collector.report.questionnaire import Answer, Fact, Questionnaire
from collector.report.render.common import basis_rows, defined, filled, heading, rests_on, safe
from collector.report.render.csv import table

COLUMNS = (
    "row", "id", "area", "question", "controls", "state", "answer", "evidence_of", "evidence_date",
    "evidence_sha256", "account", "detail",
)  # fmt: skip
"""`row` says what a row is: `answer`, or of what the report rests on."""


def text(report: Questionnaire) -> Iterator[str]:
    """The answers by area, each with what it rests on."""
    return safe(_text(report))


def csv(report: Questionnaire) -> Iterator[str]:
    """One row a question, in their order, then what the answers rest on."""
    yield from table(COLUMNS, [*map(_row, report.answers), *basis_rows(report.basis)])


def _text(report: Questionnaire) -> Iterator[str]:
    yield "Security questionnaire, answered from evidence"
    yield from heading(report.basis)
    counted = ", ".join(f"{count} {status}" for status, count in report.counted)
    yield f"{len(report.answers)} questions: {counted}"
    for area, answers in groupby(report.answers, key=lambda answer: answer.area):
        yield ""
        yield printable(area)
        for answer in answers:
            yield ""
            yield from filled(printable(f"{answer.question} [{answer.id}]"), first="  ", then="  ")
            yield f"    {answer.status.upper()}"
            for fact in answer.facts:
                yield from filled(printable(told(fact)), first="    - ", then="      ")
    yield from rests_on(report.basis)
    yield from defined("What the answers mean", report.definitions)


def told(fact: Fact) -> str:
    """A fact with the day and the digest of its evidence."""
    if fact.at is None or fact.seal_sha256 is None:
        return fact.text
    return f"{fact.text} ({fact.source} of {timestamp(fact.at)}, seal {fact.seal_sha256})"


def _row(answer: Answer) -> Mapping[str, object]:
    dated = [fact for fact in answer.facts if fact.at is not None]
    return {
        "row": "answer",
        "id": answer.id,
        "area": answer.area,
        "question": answer.question,
        "controls": " ".join(answer.controls),
        "state": answer.status,
        "answer": "; ".join(fact.text for fact in answer.facts),
        "evidence_of": "; ".join(fact.source for fact in dated),
        "evidence_date": "; ".join(timestamp(fact.at) for fact in dated if fact.at is not None),
        "evidence_sha256": "; ".join(fact.seal_sha256 or "" for fact in dated),
    }
