"""The mappings: what the files may say, what they do say, and how the checks hold them to it."""

from __future__ import annotations

import hashlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import rfc8785

import mappings as package
from collector.check import discover
from collector.coverage import coverage, render_readme
from collector.errors import MappingError
from collector.framework import Framework
from collector.mapping import Mappings, Tags, check_controls, load_mappings
from collector.source import AnyProvider, Provider
from collector.yaml_document import Content, digest

CONTROLS = """\
controls:
  disk-encryption:
    title: Disk encryption
    statement: Disks are encrypted.
    evidence: checks
  backups:
    title: Backups
    statement: Disks are backed up.
    evidence: checks
    pending: No check reads backups yet.
  risk-analysis:
    title: Risk analysis
    statement: Risks are analysed.
    evidence: attestation
    kind: assessment
"""
SOC2 = """\
framework: SOC 2
edition: TSC 2017
controls:
  disk-encryption:
    proves: [CC6.1]
    supports: [C1.1]
  backups:
    supports: [A1.2]
  risk-analysis:
    attests: [CC3.2]
gaps:
  A1.2:
    evidence: nothing
    reason: No backup is read.
catalog:
  CC3.2: {title: Risks, series: CC3, category: security}
  CC6.1: {title: Access, series: CC6, category: security}
  A1.2: {title: Recovery, series: A1, category: availability}
  C1.1: {title: Secrets, series: C1, category: confidentiality}
"""
HIPAA = """\
framework: HIPAA
edition: Subpart C
controls:
  disk-encryption:
    proves: ["164.312(a)(2)(iv)"]
  backups:
    none: Not mapped in this sample.
  risk-analysis:
    attests: ["164.308(a)(1)(ii)(A)"]
gaps:
  "164.310(b)":
    evidence: inherited
    reason: Provider's.
not_applicable:
  "164.310(c)": There is no workstation.
catalog:
  "164.308(a)(1)(ii)(A)": {title: Risks, kind: specification, implementation: required, safeguard: administrative, applies_to: both}
  "164.310(b)": {title: Use, kind: standard, implementation: required, safeguard: physical, applies_to: both}
  "164.310(c)": {title: Security, kind: standard, implementation: required, safeguard: physical, applies_to: both}
  "164.312(a)(2)(iv)": {title: Encryption, kind: specification, implementation: addressable, safeguard: technical, applies_to: both}
  "164.314(b)(1)": {title: Plans, kind: standard, implementation: required, safeguard: organizational, applies_to: group health plan}
related: {}
"""  # noqa: E501
SAMPLE = {"controls.yaml": CONTROLS, "soc2.yaml": SOC2, "hipaa.yaml": HIPAA}
LIVE = {"aws.ebs.volumes_encrypted": "disk-encryption"}
CLOUDS: dict[str, Provider | AnyProvider] = {"aws.ebs.volumes_encrypted": "aws"}


@dataclass(frozen=True)
class Edit:
    """One change of a sample file, and the one line that loading then says."""

    file: str
    old: str
    new: str
    says: str


def write_sample(folder: Path, edit: Edit | None = None) -> Path:
    for name, text in SAMPLE.items():
        if edit and edit.file == name:
            assert text.count(edit.old) == 1
            text = text.replace(edit.old, edit.new)  # noqa: PLW2901
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def installed() -> Mappings:
    return load_mappings()


@pytest.fixture(scope="module")
def live() -> dict[str, str]:
    """The control of every check that the product has."""
    return {check.id: check.control for check in discover().values()}


@pytest.fixture(scope="module")
def clouds() -> dict[str, Provider | AnyProvider]:
    """The cloud of every check that the product has."""
    return {check.id: check.provider for check in discover().values()}


# What the files may say


def test_sample_is_read_with_strength_and_line_of_every_link(tmp_path: Path) -> None:
    mappings = load_mappings(write_sample(tmp_path))

    assert [
        (link.id, link.strength, link.where) for link in mappings.soc2.links["disk-encryption"]
    ] == [
        ("CC6.1", "proves", f"{tmp_path}/soc2.yaml:5"),
        ("C1.1", "supports", f"{tmp_path}/soc2.yaml:6"),
    ]
    assert mappings.hipaa.none == {"backups": "Not mapped in this sample."}
    assert mappings.hipaa.not_applicable == {
        "164.310(c)": "There is no workstation.",
        "164.314(b)(1)": "applies to a group health plan only",
    }
    assert mappings.controls["risk-analysis"].kind == "assessment"
    check_controls(mappings, LIVE)


def test_tags_come_in_catalog_order(tmp_path: Path) -> None:
    edit = Edit("soc2.yaml", "proves: [CC6.1]\n    supports: [C1.1]", "proves: [C1.1, CC6.1]", "")

    tags = load_mappings(write_sample(tmp_path, edit)).tags("disk-encryption")

    assert tags == Tags(soc2=("CC6.1", "C1.1"), hipaa=("164.312(a)(2)(iv)",))


def test_tags_of_an_unknown_control_are_refused(tmp_path: Path) -> None:
    mappings = load_mappings(write_sample(tmp_path))

    with pytest.raises(MappingError, match=r"^tags of control disc: not in controls\.yaml"):
        mappings.tags("disc")


REFUSED = [
    Edit("soc2.yaml", "proves: [CC6.1]", "proves: [CC6.11]",
         "soc2.yaml:5: CC6.11 is not in the catalog; expected one of its 4 ids"),
    Edit("hipaa.yaml", '["164.312(a)(2)(iv)"]', '\n      - "164.308(b)(4)"',
         "hipaa.yaml:6: 164.308(b)(4) is not in the catalog; expected one of its 5 ids"),
    Edit("hipaa.yaml", '["164.312(a)(2)(iv)"]', '["164.314(b)(1)"]',
         "hipaa.yaml:5: disk-encryption links 164.314(b)(1), which is not applicable: applies to a "
         "group health plan only; expected an id that applies to a business associate"),
    Edit("hipaa.yaml", '["164.312(a)(2)(iv)"]', '["164.310(c)"]',
         "hipaa.yaml:5: disk-encryption links 164.310(c), which is not applicable: There is no "
         "workstation.; expected an id that applies to a business associate"),
    Edit("hipaa.yaml", '"164.310(c)": There', '"164.314(b)(1)": There',
         "hipaa.yaml:15: 164.314(b)(1) applies to a group health plan only, by its catalog row; "
         "expected no second reason"),
    Edit("hipaa.yaml", '"164.310(c)": There', '"164.999": There',
         "hipaa.yaml:15: 164.999 is not in the catalog; expected one of its 5 ids"),
    Edit("soc2.yaml", "proves: [CC6.1]", "proves: [CC6.1, CC6.1]",
         "soc2.yaml:5: disk-encryption links CC6.1 twice, first on line 5; expected one link"),
    Edit("soc2.yaml", "supports: [C1.1]", "supports: [C1.1, CC6.1]",
         "soc2.yaml:6: disk-encryption links CC6.1 twice, first on line 5; expected one link"),
    Edit("soc2.yaml", "  CC6.1: {", "  CC3.2: {",
         "soc2.yaml:17: CC3.2 stands twice, first on line 16; expected it once"),
    Edit("hipaa.yaml", "related: {}",
         'related:\n  "164.310(b)": {title: Use, rule: Privacy Rule, applies_to: both}',
         "hipaa.yaml:23: 164.310(b) stands twice, first on line 18; expected it once"),
    Edit("controls.yaml", "  backups:", "  disk-encryption:",
         "controls.yaml:6: disk-encryption stands twice, first on line 2; expected it once"),
    Edit("soc2.yaml", "    supports: [C1.1]", "    proves: [C1.1]",
         "soc2.yaml:6: proves stands twice, first on line 5; expected it once"),
    Edit("soc2.yaml", "  backups:", "  backup:",
         "soc2.yaml:7: found the unknown control backup; expected a control of controls.yaml"),
    Edit("hipaa.yaml", "  backups:\n    none: Not mapped in this sample.\n", "",
         "hipaa.yaml:3: the control backups of controls.yaml is missing; "
         "expected its links, or none with a reason"),
    Edit("soc2.yaml", "gaps:\n", "gaps:\n  C1.1:\n    evidence: nothing\n    reason: None.\n",
         "soc2.yaml:12: C1.1 is linked at SAMPLE/soc2.yaml:6; expected a link or a gap"),
    Edit("hipaa.yaml", "gaps:\n", 'gaps:\n  "164.310(c)":\n',
         "hipaa.yaml:11: 164.310(c) is not applicable: There is no workstation.; "
         "expected no gap for it"),
    Edit("hipaa.yaml", "gaps:\n", 'gaps:\n  "164.311":\n',
         "hipaa.yaml:11: 164.311 is not in the catalog; expected one of its 5 ids"),
    Edit("soc2.yaml", "    supports: [C1.1]\n", "",
         "soc2.yaml:18: C1.1 has no answer; expected a link of a control with evidence, or a gap"),
    Edit("soc2.yaml", "  A1.2:\n    evidence: nothing\n    reason: No backup is read.\n", "  {}\n",
         "soc2.yaml:16: A1.2 has no answer; expected a link of a control with evidence, or a gap"),
    Edit("soc2.yaml", "evidence: nothing", "evidence: somewhere",
         "soc2.yaml:13: found somewhere; expected one of inherited, nothing"),
    Edit("soc2.yaml", "evidence: nothing", "by: nothing",
         "soc2.yaml:13: found the unknown key by; expected only evidence, reason"),
    Edit("controls.yaml", "    title: Backups\n", "",
         "controls.yaml:6: the key title is missing; expected the keys title, statement, evidence"),
    Edit("controls.yaml", "    kind: assessment\n", "",
         "controls.yaml:11: the key kind is missing; "
         "expected the keys title, statement, evidence, kind"),
    Edit("controls.yaml", "kind: assessment", "kind: guess",
         "controls.yaml:15: found guess; expected one of agreement, assessment, exercise, plan, "
         "policy, record, review, training"),
    Edit("controls.yaml", "    pending:", "    kind:",
         "controls.yaml:10: found the unknown key kind; "
         "expected only title, statement, evidence, pending, judges"),
    Edit("controls.yaml", "evidence: attestation", "evidence: hearsay",
         "controls.yaml:15: found the unknown key kind; "
         "expected only title, statement, evidence, pending, judges"),
    Edit("controls.yaml", "evidence: attestation\n    kind: assessment", "evidence: hearsay",
         "controls.yaml:14: found hearsay; expected one of checks, attestation"),
    Edit("controls.yaml", "  backups:", "  Back ups:",
         "controls.yaml:6: found the control Back ups; "
         "expected lower-case words joined by hyphens"),
    Edit("soc2.yaml", "attests: [CC3.2]", "proves: [CC3.2]",
         "soc2.yaml:10: found the unknown key proves; expected only attests, none"),
    Edit("soc2.yaml", "proves: [CC6.1]", "attests: [CC6.1]",
         "soc2.yaml:5: found the unknown key attests; expected only proves, supports, none"),
    Edit("soc2.yaml", "    supports: [C1.1]", "    none: No counterpart.",
         "soc2.yaml:4: disk-encryption has links and none; "
         "expected proves or supports with a list of ids, or none with a reason"),
    Edit("hipaa.yaml", "  backups:\n    none: Not mapped in this sample.", "  backups: {}",
         "hipaa.yaml:6: backups has no link; "
         "expected proves or supports with a list of ids, or none with a reason"),
    Edit("soc2.yaml", "proves: [CC6.1]", "proves: CC6.1",
         "soc2.yaml:5: found the text CC6.1; expected a list"),
    Edit("soc2.yaml", "proves: [CC6.1]", "proves: []",
         "soc2.yaml:5: found an empty list; expected at least one value"),
    Edit("soc2.yaml", "proves: [CC6.1]", "proves: [6.1]",
         "soc2.yaml:5: found 6.1, which YAML reads as float; expected a text in quotes"),
    Edit("soc2.yaml", "edition: TSC 2017", "edition: [2017]",
         "soc2.yaml:2: found a list; expected a text"),
    Edit("soc2.yaml", "edition: TSC 2017", "edition:",
         "soc2.yaml:2: found nothing; expected a text"),
    Edit("controls.yaml", CONTROLS, "controls: none",
         "controls.yaml:1: found the text none; expected a mapping"),
    Edit("controls.yaml", CONTROLS, "# nothing\n",
         "controls.yaml:1: found an empty file; expected a mapping"),
    Edit("soc2.yaml", "supports: [C1.1]", "supports: [C1.1",
         "soc2.yaml:7: did not find expected ',' or ']'; expected YAML"),
    Edit("hipaa.yaml", "framework: HIPAA", "law: HIPAA",
         "hipaa.yaml:1: found the unknown key law; expected only framework, edition, controls, "
         "gaps, catalog, related, not_applicable"),
    Edit("hipaa.yaml", "safeguard: technical", "safeguard: magic",
         "hipaa.yaml:20: found magic; expected one of administrative, physical, technical, "
         "organizational, documentation"),
]  # fmt: skip


@pytest.mark.parametrize("edit", REFUSED, ids=lambda edit: edit.says.partition(";")[0])
def test_contradiction_is_refused_in_one_line(tmp_path: Path, edit: Edit) -> None:
    write_sample(tmp_path, edit)

    with pytest.raises(MappingError) as caught:
        load_mappings(tmp_path)

    assert str(caught.value) == f"{tmp_path}/{edit.says.replace('SAMPLE', str(tmp_path))}"


def test_missing_file_is_named(tmp_path: Path) -> None:
    (write_sample(tmp_path) / "hipaa.yaml").unlink()

    with pytest.raises(MappingError) as caught:
        load_mappings(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path}/hipaa.yaml: No such file or directory; expected a YAML file"
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"title: \xff", "found bytes that are not UTF-8; expected text"),
        (b"title: \x07", "unacceptable character #x0007"),
    ],
)
def test_file_that_is_no_text_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    (write_sample(tmp_path) / "soc2.yaml").write_bytes(content)

    with pytest.raises(MappingError) as caught:
        load_mappings(tmp_path)

    assert str(caught.value).startswith(f"{tmp_path}/soc2.yaml: {says}")
    assert len(str(caught.value).splitlines()) == 1


def test_waiting_control_may_link_what_stands_as_a_gap(tmp_path: Path) -> None:
    mappings = load_mappings(write_sample(tmp_path))

    assert mappings.controls["backups"].pending == "No check reads backups yet."
    assert [link.id for link in mappings.soc2.links["backups"]] == ["A1.2"]
    assert mappings.soc2.gaps["A1.2"].evidence == "nothing"


# Digests


def test_digest_does_not_see_comments_and_layout(tmp_path: Path) -> None:
    (first := tmp_path / "first").mkdir()
    (second := tmp_path / "second").mkdir()
    layout = Edit("soc2.yaml", "    proves: [CC6.1]", "    # why\n    proves:\n      - 'CC6.1'", "")

    one, other = load_mappings(write_sample(first)), load_mappings(write_sample(second, layout))

    assert (one.sha256, one.soc2.sha256) == (other.sha256, other.soc2.sha256)


@pytest.mark.parametrize("file", SAMPLE)
def test_digest_sees_content_of_every_file(tmp_path: Path, file: str) -> None:
    (first := tmp_path / "first").mkdir()
    (second := tmp_path / "second").mkdir()
    old = {"controls.yaml": "Disks are encrypted", "soc2.yaml": "No backup", "hipaa.yaml": "Prov"}
    edit = Edit(file, old[file], "Something else", "")

    one, other = load_mappings(write_sample(first)), load_mappings(write_sample(second, edit))

    assert one.sha256 != other.sha256
    assert [name for name in SAMPLE if _digests(one)[name] != _digests(other)[name]] == [file]


def _digests(mappings: Mappings) -> dict[str, str]:
    return {
        "controls.yaml": mappings.controls_sha256,
        "soc2.yaml": mappings.soc2.sha256,
        "hipaa.yaml": mappings.hipaa.sha256,
    }


def test_digest_sees_order_because_tags_have_it(tmp_path: Path) -> None:
    (first := tmp_path / "first").mkdir()
    (second := tmp_path / "second").mkdir()
    rows = SOC2.splitlines(keepends=True)[-4:]
    edit = Edit("soc2.yaml", "".join(rows), "".join(reversed(rows)), "")

    one, other = load_mappings(write_sample(first)), load_mappings(write_sample(second, edit))

    assert one.tags("disk-encryption") != other.tags("disk-encryption")
    assert one.sha256 != other.sha256


def test_digest_is_over_canonical_json() -> None:
    content: Content = [["é €", 'a "quoted"\\ \x1f\n\t\x7f'], ["\U0001f600", []]]

    canonical = rfc8785.dumps(content)

    assert digest(content) == hashlib.sha256(canonical).hexdigest()


# What needs the checks to be seen


@pytest.mark.parametrize(
    ("checks", "says"),
    [
        (LIVE | {"aws.s3.x": "disc-encryption"},
         "check aws.s3.x: names the control disc-encryption, which is not in controls.yaml; "
         "expected one of its controls"),
        (LIVE | {"aws.s3.x": "risk-analysis"},
         "check aws.s3.x: names the control risk-analysis, which is evidenced by attestation "
         "(SAMPLE/controls.yaml:11); expected one evidenced by checks"),
        ({},
         "SAMPLE/soc2.yaml:5: disk-encryption proves CC6.1 without a check that names "
         "disk-encryption; expected a live check, or supports"),
    ],
)  # fmt: skip
def test_check_and_mapping_that_disagree_are_refused(
    tmp_path: Path, checks: dict[str, str], says: str
) -> None:
    mappings = load_mappings(write_sample(tmp_path))

    with pytest.raises(MappingError) as caught:
        check_controls(mappings, checks)

    assert str(caught.value) == says.replace("SAMPLE", str(tmp_path))


def test_control_without_check_or_reason_is_refused(tmp_path: Path) -> None:
    edit = Edit("controls.yaml", "    pending: No check reads backups yet.\n", "", "")
    gap = "gaps:\n  A1.2:\n    evidence: nothing\n    reason: No backup is read.\n"
    write_sample(tmp_path, edit)
    (tmp_path / "soc2.yaml").write_text(SOC2.replace(gap, "gaps: {}\n"), encoding="utf-8")

    with pytest.raises(MappingError) as caught:
        check_controls(load_mappings(tmp_path), LIVE)

    assert str(caught.value) == (
        f"{tmp_path}/controls.yaml:6: no check names backups; "
        "expected a live check, or a reason under pending"
    )


def test_outside_pack_may_bring_the_check_a_control_waits_for(tmp_path: Path) -> None:
    mappings = load_mappings(write_sample(tmp_path))
    checks = LIVE | {"acme.backup.daily": "backups"}

    check_controls(mappings, checks)
    recovery = next(
        row for row in coverage(mappings, checks)["soc2"] if row.requirement.id == "A1.2"
    )

    assert (recovery.status, recovery.supported_by) == ("supported", ("acme.backup.daily",))
    assert recovery.reason is None


def test_coverage_says_what_answers_each_requirement(tmp_path: Path) -> None:
    covered = coverage(load_mappings(write_sample(tmp_path)), LIVE)

    assert {row.requirement.id: row.status for rows in covered.values() for row in rows} == {
        "CC3.2": "attested",
        "CC6.1": "proven",
        "A1.2": "nothing",
        "C1.1": "supported",
        "164.308(a)(1)(ii)(A)": "attested",
        "164.310(b)": "inherited",
        "164.310(c)": "not applicable",
        "164.312(a)(2)(iv)": "proven",
        "164.314(b)(1)": "not applicable",
    }
    assert covered["soc2"][1].proven_by == ("aws.ebs.volumes_encrypted",)
    assert covered["soc2"][0].attested_by == ("risk-analysis",)


def test_coverage_without_checks_claims_nothing(tmp_path: Path) -> None:
    covered = coverage(load_mappings(write_sample(tmp_path)), {})

    access = covered["soc2"][1]
    assert (access.requirement.id, access.status) == ("CC6.1", "nothing")
    assert access.reason == "None of its controls has a live check."


def test_bar_in_a_text_does_not_break_the_table(tmp_path: Path) -> None:
    edit = Edit("soc2.yaml", "title: Risks", "title: Risks | fraud", "")

    text = render_readme(load_mappings(write_sample(tmp_path, edit)), LIVE, CLOUDS)

    assert "| CC3.2 | Risks \\| fraud | security | attested | attested by `risk-analysis` |" in text


def test_coverage_names_the_clouds_that_have_a_check_for_a_control(tmp_path: Path) -> None:
    checks = LIVE | {"acme.disk": "disk-encryption", "acme.backup": "backups"}
    clouds: dict[str, Provider | AnyProvider] = CLOUDS | {
        "acme.disk": "gcp",
        "acme.backup": "azure",
    }

    text = render_readme(load_mappings(write_sample(tmp_path)), checks, clouds)

    assert "| proven | proven by `disk-encryption` (aws, gcp) |" in text
    assert "| supported | supported by `backups` (azure) |" in text


# What the product's files say


def linking(framework: Framework, *ids: str) -> set[str]:
    """The controls that link one of the ids, whatever the strength."""
    return {
        control for control, links in framework.links.items() for link in links if link.id in ids
    }


def test_catalogs_are_complete(installed: Mappings) -> None:
    sections = re.compile(r"164\.3(08|10|12|14|16)\(")

    rule = [id_ for id_ in installed.hipaa.catalog if sections.match(id_)]

    assert len(rule) == len(set(rule)) == 75
    assert len(installed.soc2.catalog) == 38
    assert sum(id_.startswith("CC") for id_ in installed.soc2.catalog) == 33
    addressable = [c for c in installed.hipaa.catalog.values() if c.implementation == "addressable"]
    # Appendix A to Subpart C marks 22 specifications (A), if the row it leaves bare is counted.
    assert len(addressable) == 22


def test_citation_that_was_renumbered_in_2013_is_unknown(installed: Mappings) -> None:
    assert "164.308(b)(4)" not in installed.hipaa.catalog


def test_what_binds_others_is_not_applicable(installed: Mappings) -> None:
    reasons = installed.hipaa.not_applicable

    assert reasons["164.308(a)(4)(ii)(A)"] == "applies to a clearinghouse only"
    assert reasons["164.308(b)(1)"] == "applies to a covered entity only"
    assert {id_ for id_ in reasons if id_.startswith("164.314(b)")} == {
        id_ for id_ in installed.hipaa.catalog if id_.startswith("164.314(b)")
    }


def test_every_citation_outside_the_security_rule_is_linked(installed: Mappings) -> None:
    outside = [c.id for c in installed.hipaa.catalog.values() if c.implementation is None]

    assert outside
    assert all(linking(installed.hipaa, id_) for id_ in outside)


def test_encryption_in_transmission_and_at_rest_are_told_apart(installed: Mappings) -> None:
    assert linking(installed.hipaa, "164.312(e)(2)(ii)") == {"encryption-in-transit"}
    assert linking(installed.hipaa, "164.312(a)(2)(iv)") == {
        "encryption-at-rest",
        "key-management",
        "decryption-rights",
        "backup-protection",
    }


def test_automatic_logoff_is_about_sessions_alone(installed: Mappings) -> None:
    assert linking(installed.hipaa, "164.312(a)(2)(iii)") == {"session-limits"}
    assert "session-limits" not in linking(installed.hipaa, "164.312(d)")


def test_backups_are_not_emergency_access(installed: Mappings) -> None:
    assert linking(installed.hipaa, "164.312(a)(2)(ii)") == {"emergency-access"}


def test_encryption_is_not_integrity(installed: Mappings) -> None:
    integrity = linking(installed.hipaa, "164.312(c)(1)", "164.312(c)(2)")

    assert integrity == {
        "log-integrity", "log-protection", "recoverable-versions", "deletion-protection",
        "backup-lock", "security-policies",
    }  # fmt: skip


def test_risk_analysis_is_only_attested(installed: Mappings) -> None:
    assert linking(installed.hipaa, "164.308(a)(1)(ii)(A)") == {"risk-analysis"}
    assert installed.controls["risk-analysis"].evidence == "attestation"


def test_breach_notice_is_the_business_associates_own(installed: Mappings) -> None:
    assert installed.hipaa.catalog["164.410"].applies_to == "business associate"
    assert linking(installed.hipaa, "164.410") == {"breach-notification"}
    assert not {"164.404(b)", "164.406", "164.408(b)"} & set(installed.hipaa.catalog)


def test_logical_access_holds_mfa_and_encryption_at_rest(installed: Mappings) -> None:
    assert {"mfa", "encryption-at-rest"} <= linking(installed.soc2, "CC6.1")


def test_audit_log_of_administration_supports_recording_and_review(installed: Mappings) -> None:
    strengths = {link.id: link.strength for link in installed.hipaa.links["audit-logging"]}

    assert strengths == {"164.312(b)": "supports", "164.308(a)(1)(ii)(D)": "supports"}


def test_only_technical_safeguards_are_proved(installed: Mappings) -> None:
    proved = {
        installed.hipaa.catalog[link.id].group
        for links in installed.hipaa.links.values()
        for link in links
        if link.strength == "proves"
    }

    assert proved == {"technical"}


def test_control_that_waits_for_a_check_proves_nothing(installed: Mappings) -> None:
    waiting = {c.id for c in installed.controls.values() if c.pending}

    proving = {
        name
        for framework in (installed.soc2, installed.hipaa)
        for name, links in framework.links.items()
        if any(link.strength == "proves" for link in links)
    }

    assert waiting
    assert not waiting & proving


def test_loading_is_quick(installed: Mappings) -> None:
    seconds = []
    for _ in range(5):
        start = time.process_time()
        load_mappings()
        seconds.append(time.process_time() - start)

    assert min(seconds) < 0.05


def test_product_checks_and_mappings_agree(installed: Mappings, live: dict[str, str]) -> None:
    check_controls(installed, live)

    assert not {c.id for c in installed.controls.values() if c.pending} & set(live.values())


def test_readme_is_current(
    installed: Mappings, live: dict[str, str], clouds: dict[str, Provider | AnyProvider]
) -> None:
    """Rewritten by `UPDATE=1 pytest`."""
    readme = Path(package.__path__[0]) / "README.md"
    text = render_readme(installed, live, clouds)
    if os.environ.get("UPDATE"):
        readme.write_text(text, encoding="utf-8")

    assert readme.read_text(encoding="utf-8") == text
    assert "Generated" in text.splitlines()[0]
