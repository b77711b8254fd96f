"""What makes a requirement's state, and that none is better than its evidence."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.attestation.state import LogEntry
from collector.report.evidence import AccountEvidence, CheckFindings
from collector.report.requirement import (
    ANSWERED,
    STATE_DEFINITIONS,
    STATES,
    STRENGTH_DEFINITIONS,
    Assessment,
    FrameworkName,
    assess,
)
from tests.attestation.entries import attestation, decision, noon, placed, withdrawal
from tests.report.grounds import account, found, grounds, mappings

MFA = "164.312(d)"  # proved by mfa, supported by password-policy, attested by nothing
AUDIT = "164.312(b)"  # supported only
RISK = "164.308(a)(1)(ii)(A)"  # attested only
CLEARANCE = "164.308(a)(3)(ii)(B)"  # addressable, attested only
LOGIN = "164.308(a)(5)(ii)(C)"  # supported and attested
BUILDINGS = "164.310(a)(1)"  # inherited
VENDORS = "164.308(b)(2)"  # cannot do without two kinds


def row(id_: str, *accounts: AccountEvidence, entries: Iterable[LogEntry] = ()) -> Assessment:
    framework = "hipaa" if id_.startswith("164") else "soc2"
    rows = assess(grounds(*accounts, entries=entries), framework)  # type: ignore[arg-type]
    return next(one for one in rows if one.id == id_)


def signed(number: int, kind: str, control: str, **others: object) -> LogEntry:
    return placed(number, attestation(kind, control=control, **others))  # type: ignore[arg-type]


def report_of(party: str, report: str, expires: int = 30) -> LogEntry:
    entry = attestation(
        "vendor-assessment", control="subcontractor-agreements", party=party, expires=expires
    )
    return placed(1, entry.model_copy(update={"facts": {"report": report}}))


@pytest.mark.parametrize(
    ("checks", "state", "strength"),
    [
        ([], "gap", "nothing"),
        ([found("mfa", not_applicable=1)], "gap", "nothing"),
        ([found("mfa", passed=3)], "met", "proven"),
        ([found("password-policy", passed=1)], "supported", "supported"),
        ([found("mfa", not_applicable=1), found("password-policy", passed=1)],
         "supported", "supported"),
        ([found("mfa", passed=3, failed=1)], "failing", "proven"),
        ([found("mfa", passed=3), found("password-policy", failed=1)], "failing", "proven"),
        ([found("mfa", passed=3, unknown=1)], "unknown", "proven"),
        ([found("mfa", unknown=1)], "unknown", "nothing"),
        ([found("mfa", passed=3, failed=1, unknown=1)], "failing", "proven"),
        ([found("mfa", passed=3, failed=2, accepted=2)], "accepted exception", "proven"),
        ([found("mfa", failed=2, accepted=1)], "failing", "proven"),
        ([found("individual-identity", passed=0)], "gap", "nothing"),
    ],
)  # fmt: skip
def test_checks_make_a_state(checks: list[CheckFindings], state: str, strength: str) -> None:
    assessed = row(MFA, account(*checks))

    assert (assessed.state, assessed.strength) == (state, strength)


def test_supporting_checks_alone_never_meet_a_requirement() -> None:
    assessed = row(
        AUDIT, account(found("audit-logging", passed=9), found("log-integrity", passed=2))
    )

    assert (assessed.state, assessed.strength, assessed.mode) == (
        "supported",
        "supported",
        "checks",
    )
    assert not assessed.is_answered


def test_a_check_that_did_not_run_makes_it_unknown() -> None:
    left_out = account(found("mfa", passed=3), left_out=["mfa"])
    older = account(found("mfa", passed=3), left_out=["mfa"], is_same_program=False)

    assert (row(MFA, left_out).state, row(MFA, older).state) == ("unknown", "unknown")
    assert "not run: aws.left.mfa" in row(MFA, left_out).why
    assert "not run, or not there yet: aws.left.mfa" in row(MFA, older).why


def test_a_cloud_without_a_check_has_nothing_to_show() -> None:
    assessed = row(MFA, account(provider="gcp"))

    assert (assessed.state, assessed.mode) == ("gap", "nothing")
    assert "no check of it for Google Cloud" in assessed.why


@pytest.mark.parametrize(
    ("entries", "state", "why"),
    [
        ([], "attestation missing", "risk-analysis: never stated"),
        ([signed(1, "risk-analysis", "risk-analysis")], "met", "to 2026-06-30 (10 days left)"),
        ([signed(1, "risk-analysis", "risk-analysis", expires=20)], "met", "(0 days left)"),
        ([signed(1, "risk-analysis", "risk-analysis", expires=19)],
         "attestation expired", "entry 1 ran out on 2026-06-19, 1 day ago"),
        ([signed(1, "risk-analysis", "risk-analysis", effective=21)],
         "attestation missing", "counts only from 2026-06-21 on"),
        # It helps with the requirement, which cannot do without the analysis itself.
        ([signed(1, "phi-inventory", "risk-analysis")], "attestation missing", "risk-analysis:"),
        # Of another control: it explains a rule, and proves nothing.
        ([signed(1, "risk-analysis", "encryption-at-rest")], "attestation missing", "never stated"),
    ],
)  # fmt: skip
def test_statements_make_a_state(entries: list[LogEntry], state: str, why: str) -> None:
    assessed = row(RISK, entries=entries)

    assert assessed.state == state
    assert why in assessed.why
    assert assessed.strength == ("attested" if state == "met" else "nothing")


def test_what_was_withdrawn_was_never_stated() -> None:
    first = signed(1, "risk-analysis", "risk-analysis")

    assessed = row(RISK, entries=[first, placed(2, withdrawal(first), noon(2))])

    assert assessed.state == "attestation missing"
    assert "withdrawn" in assessed.why


def test_what_was_sealed_after_the_moment_is_not_known() -> None:
    later = placed(1, attestation(), noon(21))

    assert row(RISK, entries=[later]).state == "attestation missing"


def test_all_kinds_that_a_requirement_cannot_do_without_are_needed() -> None:
    agreement = signed(1, "subcontractor-baa", "subcontractor-agreements", party="Mailhost")
    register = signed(2, "subcontractor-register", "subcontractor-agreements")
    checked = account(found("provider-agreement", passed=1), found("covered-services", passed=1))

    assert row(VENDORS, checked, entries=[agreement]).state == "attestation missing"
    assert row(VENDORS, checked, entries=[agreement, register]).state == "met"


def test_one_agreement_that_ran_out_counts_before_those_that_did_not() -> None:
    checked = account(found("provider-agreement", passed=1), found("covered-services", passed=1))
    agreements = [
        signed(1, "subcontractor-baa", "subcontractor-agreements", party="Mailhost", expires=5),
        signed(2, "subcontractor-baa", "subcontractor-agreements", party="Payments"),
        signed(3, "subcontractor-register", "subcontractor-agreements"),
    ]

    assert row(VENDORS, checked, entries=agreements).state == "attestation expired"


def test_checks_that_pass_do_not_replace_a_statement() -> None:
    passing = account(found("sign-in-alerts", passed=2))
    reviewed = signed(1, "activity-review", "activity-review")

    without, with_it = row(LOGIN, passing), row(LOGIN, passing, entries=[reviewed])

    assert (without.state, without.strength) == ("attestation missing", "supported")
    assert (with_it.state, with_it.strength) == ("met", "supported and attested")


def test_an_addressable_specification_is_evidenced_or_decided_or_a_gap() -> None:
    decided = [placed(1, decision(CLEARANCE))]
    lapsed = [placed(1, decision(CLEARANCE, expires=19))]
    screened = [signed(1, "workforce-screening", "workforce-security")]

    assert row(CLEARANCE).state == "gap"
    assert row(CLEARANCE, entries=lapsed).state == "gap"
    assert row(CLEARANCE, entries=screened).state == "met"
    assessed = row(CLEARANCE, entries=decided)
    assert (assessed.state, assessed.decision) == ("decided", 1)
    assert "Badges lock the screen." in assessed.why


def test_a_decision_answers_no_required_specification() -> None:
    assert row(RISK, entries=[placed(1, decision(RISK))]).state == "attestation missing"


@pytest.mark.parametrize(
    ("entries", "agreement", "state"),
    [
        ([], 1, "provider evidence missing"),
        ([report_of("Amazon Web Services", "SOC 2 Type 2, 2025")], 1, "inherited"),
        ([report_of("amazon web services", "soc 2 type 2, 2025")], 1, "inherited"),
        ([report_of("Amazon Web Services", "SOC 2 Type 2, 2025")], 0, "provider evidence missing"),
        ([report_of("Amazon Web Services", "none")], 1, "provider evidence missing"),
        ([report_of("Amazon Web Services", "no SOC 2 was given")], 1, "provider evidence missing"),
        ([report_of("Mailhost", "SOC 2 Type 2, 2025")], 1, "provider evidence missing"),
        ([report_of("Amazon Web Services", "SOC 2 Type 2, 2025", expires=19)], 1,
         "provider evidence missing"),
    ],
)  # fmt: skip
def test_what_is_inherited_needs_the_report_and_the_agreement(
    entries: list[LogEntry], agreement: int, state: str
) -> None:
    own = account(found("provider-agreement", passed=agreement, failed=1 - agreement))

    assessed = row(BUILDINGS, own, entries=entries)

    assert (assessed.state, assessed.mode) == (state, "inherited")
    assert assessed.strength == ("inherited" if state == "inherited" else "nothing")


def test_an_agreement_with_the_provider_can_be_stated_where_no_check_reads_it() -> None:
    report = report_of("Google", "ISO 27001, 2025")
    agreement = signed(2, "subcontractor-baa", "subcontractor-agreements", party="Google LLC")

    assert row(BUILDINGS, account(provider="gcp"), entries=[report, agreement]).state == "inherited"


def test_the_provider_report_alone_is_enough_for_soc_2() -> None:
    report = report_of("AWS", "SOC 2 Type 2, 2025")

    assert row("CC6.4", account(), entries=[report]).state == "inherited"


def test_over_several_accounts_the_worst_counts() -> None:
    well = account(found("mfa", passed=3))
    ill = account(found("mfa", passed=3, failed=1), name="dev")
    weak = account(found("password-policy", passed=1), name="lab")

    assert row(MFA, well, ill).state == "failing"
    assert "mfa (dev): 1 of 4 fail" in row(MFA, well, ill).why
    assert (row(MFA, well, weak).state, row(MFA, well, weak).strength) == ("supported", "supported")


def test_what_does_not_apply_says_why() -> None:
    assessed = row("164.308(b)(1)")

    assert (assessed.state, assessed.mode) == ("not applicable", "not applicable")
    assert assessed.why == "applies to a covered entity only"


def test_every_state_and_strength_is_defined() -> None:
    assert set(STATE_DEFINITIONS) == set(STATES)
    assert set(STRENGTH_DEFINITIONS) == {"proven", "supported", "attested", "inherited", "nothing"}
    assert {"met", "inherited", "decided", "not applicable"} == ANSWERED


CONTROLS = [c.id for c in mappings().controls.values() if c.evidence == "checks"]
COUNTS = st.integers(0, 2)


@st.composite
def accounts(draw: st.DrawFn) -> list[AccountEvidence]:
    made = []
    for number in range(draw(st.integers(1, 2))):
        checks = []
        for control in draw(st.lists(st.sampled_from(CONTROLS), unique=True, max_size=30)):
            failed = draw(COUNTS)
            checks.append(
                found(
                    control,
                    passed=draw(COUNTS),
                    failed=failed,
                    accepted=draw(st.integers(0, failed)),
                    unknown=draw(st.sampled_from([0, 0, 1])),
                    not_applicable=draw(COUNTS),
                )
            )
        left_out = draw(st.lists(st.sampled_from(CONTROLS), max_size=2))
        made.append(account(*checks, name=f"a{number}", left_out=left_out))
    return made


@given(accounts(), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_no_answer_is_better_than_its_evidence(
    made: list[AccountEvidence], signed_kinds: int
) -> None:
    names = [
        ("risk-analysis", "risk-analysis"),
        ("information-security-policy", "security-policies"),
        ("activity-review", "activity-review"),
    ][:signed_kinds]
    entries = [signed(n, kind, control) for n, (kind, control) in enumerate(names, 1)]

    frameworks: tuple[FrameworkName, ...] = ("soc2", "hipaa")
    for framework in frameworks:
        on = grounds(*made, entries=entries)
        rows = assess(on, framework)

        book = mappings().soc2 if framework == "soc2" else mappings().hipaa
        assert [one.id for one in rows] == list(book.catalog)
        for one in rows:
            failing = any(p.failed > p.accepted for p in one.parts if p.link != "inherited")
            assert failing == (one.state == "failing")
            if one.state == "met":
                carried = [p for p in one.parts if p.link == "proves" or p.state == "in force"]
                assert carried
                assert all(
                    any(p.account in (None, name) and (p.passed or p.entries) for p in carried)
                    for name in {a.account for a in made}
                )
                assert not any(p.failed or p.unknown for p in one.parts)
                assert all(p.state not in ("missing", "expired", "left out") for p in one.parts)
            if not one.live:
                assert one.state not in ("met", "supported", "inherited", "accepted exception")
