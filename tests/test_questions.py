"""The questions that are shipped, one's own in a CSV file, and what is refused of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.errors import ConfigError
from collector.questions import load_questions, read_questions
from collector.report.questionnaire import Answer, answer_questions
from tests.attestation.entries import attestation, placed
from tests.report.grounds import account, based, found, grounds, kinds, mappings


def write(folder: Path, content: str | bytes) -> Path:
    file = folder / "own.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_the_questions_ask_for_every_area_once() -> None:
    questions = load_questions(mappings(), kinds())

    areas = [question.area for question in questions]
    assert 40 <= len(questions) <= 50
    assert list(dict.fromkeys(areas)) == [a for i, a in enumerate(areas) if a not in areas[:i]]
    assert len({question.id for question in questions}) == len(questions)


def test_every_control_with_evidence_answers_a_question() -> None:
    asked = {name for question in load_questions(mappings(), kinds()) for name in question.controls}

    missing = {c.id for c in mappings().controls.values() if c.pending is None} - asked

    assert missing <= NOT_ASKED


NOT_ASKED = {
    "log-monitoring", "security-contacts", "recoverable-versions", "deletion-protection",
    "external-access-analysis", "customer-agreements",
}  # fmt: skip
"""What customers do not ask in these words."""


def test_own_questions_are_read(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        '\ufeffQuestion,Controls,Area\n"Do you encrypt, always?","encryption-at-rest; mfa",Data\n\n'
        "Is MFA on?,mfa,\n",
    )

    first, second = read_questions(file, mappings())

    assert (first.text, first.controls, first.area) == (
        "Do you encrypt, always?",
        ("encryption-at-rest", "mfa"),
        "Data",
    )
    assert (second.id, second.area) == ("2", "Questions")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "own.csv: is empty"),
        ("question\nx\n", "own.csv:1: column controls is missing"),
        ("question,controls,question\n", "own.csv:1: column question stands twice"),
        ("question,controls\n", "own.csv: has no question"),
        ("question,controls\nx,mfa\ny,nonsense\n", "own.csv:3: column controls: found 'nonsense'"),
        ("question,controls\n,mfa\n", "own.csv:2: column question is empty"),
        ("question,controls\nx,\n", "own.csv:2: column controls is empty"),
        ("question,controls\nx,mfa,more\n", "own.csv:2: found 3 columns; expected 2"),
        ('question,controls\n"x\ny",mfa\nz,nonsense\n', "own.csv:4: column controls"),
        ('question,controls\n"x"y,mfa\n', "own.csv:2: "),
        (b"question,controls\n\xff,mfa\n", "own.csv:2: found bytes that are not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        read_questions(write(tmp_path, content), mappings())

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.csv: No such file"):
        read_questions(tmp_path / "no.csv", mappings())


def answer(id_: str, *checks: object, signed: bool = False) -> Answer:
    entries = [placed(1, attestation("penetration-test", control="security-evaluation"))]
    on = grounds(account(*checks), entries=entries if signed else ())  # type: ignore[arg-type]
    told = answer_questions(on, based(on), load_questions(mappings(), kinds()))
    return next(one for one in told.answers if one.id == id_)


def test_an_answer_is_what_evidence_says() -> None:
    well = answer("multi-factor", found("mfa", passed=42))

    assert well.status == "evidenced"
    (fact,) = well.facts
    assert fact.text == ("Multi-factor authentication in prod: 42 of 42 results of 1 check pass")
    assert fact.seal_sha256 is not None
    assert fact.source == "snapshot 1 of prod"


@pytest.mark.parametrize(
    ("id_", "checks", "status", "said"),
    [
        ("multi-factor", [], "not evidenced", "not evidenced; there is no check of it for AWS"),
        ("multi-factor", [found("mfa", not_applicable=1)], "not evidenced", "nothing to judge"),
        ("multi-factor", [found("mfa", passed=1, failed=1)], "in part", "1 of 2"),
        ("multi-factor", [found("mfa", passed=1, unknown=1)], "in part", "1 could not be read"),
        ("multi-factor", [found("mfa", unknown=1)], "not evidenced", "1 could not be read"),
        ("multi-factor", [found("mfa", passed=1, failed=1, accepted=1)], "in part",
         "1 fail, 1 of them accepted"),
        ("penetration-test", [], "not evidenced", "Penetration test: not evidenced; never stated"),
    ],
)  # fmt: skip
def test_no_answer_is_a_yes_that_evidence_does_not_carry(
    id_: str, checks: list[object], status: str, said: str
) -> None:
    told = answer(id_, *checks)

    assert told.status == status
    assert said in told.facts[0].text


def test_a_question_can_ask_for_one_kind_of_statement() -> None:
    told = answer("penetration-test", signed=True)

    assert told.status == "evidenced"
    assert [fact.source for fact in told.facts] == ["entry 1"]
