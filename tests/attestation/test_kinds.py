"""The kinds of attestation: what the file may say, and that nothing attested is left out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

from collector.attestation.kinds import Kind, answering, lacking, load_kinds
from collector.attestation.state import in_force
from collector.attestation.template import command, render_template
from collector.errors import MappingError
from collector.mapping import Mappings, load_mappings
from tests.attestation.entries import NOON, attestation, placed, standing

SAMPLE = """\
kinds:
  risk-analysis:
    title: Risk analysis
    purpose: What could go wrong.
    control: risk-analysis
    answers: [CC3.1]
    documents: [The analysis]
    from: performed
    max_days: "366"
    facts:
      performed: {title: The day, type: date}
      people: {title: People, type: number}
    sections:
      Scope: Where.
"""


@pytest.fixture(scope="module")
def mappings() -> Mappings:
    return load_mappings()


@pytest.fixture(scope="module")
def kinds(mappings: Mappings) -> Mapping[str, Kind]:
    return load_kinds(mappings)


def test_all_that_an_attested_control_links_is_answered_by_a_kind(
    mappings: Mappings, kinds: Mapping[str, Kind]
) -> None:
    unanswered = [
        (control.id, link.id)
        for control in mappings.controls.values()
        if control.evidence == "attestation"
        for framework in (mappings.soc2, mappings.hipaa)
        for link in framework.links[control.id]
        if not answering(kinds, control.id, link.id)
    ]

    assert unanswered == []
    assert {c.id for c in mappings.controls.values() if c.evidence == "attestation"} == {
        kind.control for kind in kinds.values()
    }


def test_what_hipaa_needs_and_soc_2_does_not_is_there(kinds: Mapping[str, Kind]) -> None:
    assert {
        "subcontractor-baa",
        "customer-baa",
        "risk-analysis",
        "workforce-training",
        "breach-notification-procedure",
        "minimum-necessary-policy",
        "sanction-policy",
        "contingency-plan",
        "contingency-test",
        "security-official",
    } <= set(kinds)


def test_the_covered_entity_is_told_within_60_days(kinds: Mapping[str, Kind]) -> None:
    """164.410(b), and so wherever a number of days is agreed."""
    for kind in ("breach-notification-procedure", "customer-baa", "subcontractor-baa"):
        days = [f for name, f in kinds[kind].facts.items() if "days" in name]
        assert [(f.most, f.is_optional) for f in days] == [(60, False)], kind


def test_the_thresholds_of_500_are_told_as_the_regulation_has_them(
    kinds: Mapping[str, Kind],
) -> None:
    kind = kinds["breach-notification-procedure"]
    text = " ".join((kind.purpose, *kind.sections.values()))

    assert "more than 500 residents of one state or jurisdiction (164.406)" in text
    assert re.search(r"to the Secretary, .* for 500 or more, and otherwise .*164\.408", text)
    assert "What is the covered entity's" in kind.sections


def test_a_requirement_lacks_each_kind_that_is_not_in_force(kinds: Mapping[str, Kind]) -> None:
    terms = in_force(standing(placed(1, attestation())).attestations(NOON), NOON)

    assert lacking(kinds, "risk-analysis", "164.308(a)(1)(ii)(A)", terms) == ()
    assert [k.id for k in lacking(kinds, "workforce-security", "CC1.4", terms)] == [
        "workforce-screening"
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("risk-analysis:\n", "Risk:\n", ":2: found the kind Risk; expected lower-case"),
        ("control: risk-analysis", "control: risks", ":5: found the unknown control risks"),
        ("control: risk-analysis", "control: mfa", ":5: mfa is evidenced by checks"),
        ("[CC3.1]", "[CC9.9]", ":6: risk-analysis does not link CC9.9"),
        ("[CC3.1]", "[CC3.1, CC3.1]", ":6: CC3.1 stands twice"),
        ("    answers: [CC3.1]\n", "", ":2: risk-analysis is evidence of nothing"),
        ("[CC3.1]\n", "[CC3.1]\n    supports: [CC3.1]\n", "answers and supports CC3.1"),
        ("[CC3.1]\n", "[CC3.1]\n    also: [governance]\n", "governance is evidenced by att"),
        ('"366"', "366", ":9: found 366, which YAML reads as int"),
        ('"366"', '"0"', ":9: found 0; expected a whole number from 1 on"),
        ("from: performed", "from: people", ":8: found people; expected a required fact"),
        ("from: performed", "from: day", ":8: found day; expected a required fact of type date"),
        ("type: date", "type: day", ":11: found day; expected one of text, date, number"),
        ("type: number", "type: choice", ":12: people is a choice; expected one_of"),
        ("type: number", "type: number, most: others", "found others; expected a number, or"),
        ("type: date", 'type: date, least: "1"', "performed is a date; expected least and most"),
        ("documents:", "papers:", "found the unknown key papers"),
        ("    sections:\n      Scope: Where.\n", "", "the key sections is missing"),
        ("title: Risk analysis", "title: Risk analysis\n    party: bank", "found bank; expected"),
    ],
)  # fmt: skip
def test_a_contradiction_is_refused_in_one_line(
    mappings: Mappings, tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in SAMPLE
    (tmp_path / "attestations.yaml").write_text(SAMPLE.replace(old, new, 1))

    with pytest.raises(MappingError) as refused:
        load_kinds(mappings, tmp_path)

    assert says in str(refused.value)
    assert str(refused.value).startswith(f"{tmp_path}/attestations.yaml:")
    assert "\n" not in str(refused.value)


def test_every_template_has_its_sections_ids_facts_and_a_command_that_can_be_typed(
    mappings: Mappings, kinds: Mapping[str, Kind]
) -> None:
    requirements = {**mappings.soc2.catalog, **mappings.hipaa.catalog}
    for kind in kinds.values():
        text = render_template(kind, requirements)

        assert text.startswith(f"# {kind.title}\n")
        assert len(kind.sections) >= 2
        assert all(f"\n## {heading}\n" in text for heading in kind.sections)
        assert all(f"- {id_}: " in text for id_ in (*kind.answers, *kind.supports))
        assert all(f"`{name}`" in text for name in kind.facts)
        words = shlex.split(command(kind).replace("\\\n", ""))
        assert words[:4] == ["collector", "attest", "add", kind.id]
        assert ("--party" in words) == (kind.party is not None)
        prose = [row for row in text.splitlines() if row[:1] not in "|-#"]
        assert max(map(len, prose)) <= 100, kind.id
