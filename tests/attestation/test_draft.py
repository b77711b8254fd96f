"""What people type is looked at before anything is written, and told in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import pytest

from collector.attestation.draft import (
    Said,
    draft_attestation,
    draft_decision,
    draft_exception,
    draft_withdrawal,
    require_kind,
    warnings,
)
from collector.attestation.kinds import Kind, load_kinds
from collector.attestation.record import AcceptedFailure, Attestation
from collector.attestation.words import parse_facts, parse_tag, refuse_secret
from collector.errors import ConfigError
from collector.mapping import Mappings, load_mappings
from tests.attestation.entries import CHECK, LOGS, NOON, attestation, noon, placed, standing

GOOD = {
    "workforce-training": {
        "people-required": "40",
        "people-completed": "38",
        "period-end": "2026-05-31",
    },
    "subcontractor-baa": {"signed": "2025-01-01", "flow-down": "yes", "breach-notice-days": "10"},
    "breach-notification-procedure": {"reviewed": "2026-05-31", "notify-within-days": "30"},
    "restore-test": {"performed": "2026-05-31", "system": "db", "result": "passed"},
    "subcontractor-register": {"reviewed": "2026-05-31", "vendors": "10", "with-agreement": "10"},
    "customer-register": {"reviewed": "2026-05-31", "customers": "7", "with-agreement": "7"},
}


@pytest.fixture(scope="module")
def mappings() -> Mappings:
    return load_mappings()


@pytest.fixture(scope="module")
def kinds(mappings: Mappings) -> Mapping[str, Kind]:
    return load_kinds(mappings)


def said(**changes: object) -> Said:
    values: dict[str, object] = {
        "author": "ada",
        "owner": "Security",
        "approver": "CTO",
        "effective": date(2026, 6, 1),
        "expires": date(2027, 5, 1),
        **changes,
    }
    return Said(**values)  # type: ignore[arg-type]


Draft = Callable[..., Attestation]


@pytest.fixture
def draft(kinds: Mapping[str, Kind]) -> Draft:
    """Drafts a sound attestation of a kind, but for what is said otherwise."""

    def make(
        kind: str = "workforce-training",
        facts: Mapping[str, str] | None = None,
        statement: str = "Done.",
        control: str | None = None,
        **changes: object,
    ) -> Attestation:
        party = changes.pop("party", "Vendor" if kinds[kind].party else None)
        return draft_attestation(
            kinds[kind],
            said(**changes),
            statement=statement,
            control=control,
            party=party,  # type: ignore[arg-type]
            facts={**GOOD[kind], **(facts or {})},
            now=NOON,
        )

    return make


def test_a_sound_attestation_says_what_was_said(draft: Draft) -> None:
    entry = draft()

    assert (entry.kind, entry.control) == ("workforce-training", "security-training")
    assert entry.facts == GOOD["workforce-training"]
    assert (entry.made, entry.author, entry.expires) == (NOON, "ada", date(2027, 5, 1))


def test_a_policy_may_be_named_as_the_rule_of_a_control_that_checks_prove(draft: Draft) -> None:
    assert draft("restore-test", control="restore-testing").control == "restore-testing"


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("workforce-training", {"statement": " "}, "--statement: found nothing; expected a text"),
        ("workforce-training", {"owner": ""}, "--owner: found nothing; expected a text"),
        ("workforce-training", {"owner": "a\nb"}, "--owner: found 'a\\nb'; expected one line"),
        ("workforce-training", {"owner": "a" * 1001}, "--owner: found 1001 characters"),
        ("workforce-training", {"statement": "-----BEGIN EC PRIVATE KEY-----"},
         "--statement: found a private key or token"),
        ("workforce-training", {"statement": "\ud800"}, "--statement: found what is not Unicode"),
        ("workforce-training", {"control": "mfa"},
         "--control: found mfa; expected one that workforce-training is of: security-training"),
        ("workforce-training", {"party": "A"}, "--party: found 'A'; workforce-training has no"),
        ("subcontractor-baa", {"party": None}, "--party: missing; subcontractor-baa needs the na"),
        ("workforce-training", {"expires": date(2026, 5, 30)},
         "--expires: found 2026-05-30; expected today, 2026-06-01, or later"),
        ("workforce-training", {"effective": date(2026, 6, 9), "expires": date(2026, 6, 8)},
         "--expires: found 2026-06-08; expected no day before it begins, 2026-06-09"),
        ("workforce-training", {"effective": date(2026, 1, 1), "expires": date(2026, 5, 31)},
         "--expires: found 2026-05-31; expected today, 2026-06-01, or later"),
        ("workforce-training", {"expires": date(2027, 6, 2)},
         "--expires: found 2027-06-02; expected 2027-06-01 at the latest, 366 days from the day in"
         " period-end, 2026-05-31"),
        ("subcontractor-baa", {"expires": date(2027, 6, 3)},
         "expected 2027-06-02 at the latest, 366 days from the day in effective, 2026-06-01"),
        ("workforce-training", {"facts": {"people": "1"}},
         "--fact: found people, which is not a fact of workforce-training"),
        ("workforce-training", {"facts": {"people-completed": "41"}},
         "--fact people-completed: found 41; expected at most 40, which is people-required"),
        ("subcontractor-register", {"facts": {"with-agreement": "9"}},
         "--fact with-agreement: found 9; expected at least 10, which is vendors"),
        ("customer-register", {"facts": {"with-agreement": "8"}},
         "--fact with-agreement: found 8; expected at most 7, which is customers"),
        ("workforce-training", {"facts": {"people-required": "0"}},
         "--fact people-required: found 0; expected at least 1"),
        ("workforce-training", {"facts": {"people-required": "all"}},
         "--fact people-required: found 'all'; expected a whole number"),
        ("workforce-training", {"facts": {"period-end": "2026-06-02"}},
         "--fact period-end: found 2026-06-02; expected a day that has come"),
        ("workforce-training", {"facts": {"period-end": "2026-02-30"}},
         "--fact period-end: found '2026-02-30'; expected a day such as 2026-01-31"),
        ("breach-notification-procedure", {"facts": {"notify-within-days": "61"}},
         "--fact notify-within-days: found 61; expected at most 60"),
        ("subcontractor-baa", {"facts": {"flow-down": "no"}},
         "--fact flow-down: found 'no'; expected one of: yes, uses no subcontractors"),
        ("restore-test", {"facts": {"result": "failed"}},
         "--fact result: found 'failed'; expected one of: passed, passed with findings"),
    ],
)  # fmt: skip
def test_what_cannot_be_so_is_refused_in_one_line(
    draft: Draft, kind: str, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        draft(kind, **changes)

    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_fact_is_asked_for_by_its_title(kinds: Mapping[str, Kind]) -> None:
    with pytest.raises(ConfigError, match="--fact people-required: missing; expected people who"):
        draft_attestation(
            kinds["workforce-training"],
            said(),
            statement="Done.",
            control=None,
            party=None,
            facts={},
            now=NOON,
        )


def an_exception(**changes: object) -> AcceptedFailure:
    values: dict[str, object] = {
        "account": "prod",
        "check": CHECK,
        "resources": (LOGS,),
        "tag": None,
        "reason": "Test data.",
        "compensating": "Nothing else is there.",
        **changes,
    }
    who = values.pop("said", said())
    return draft_exception(who, now=NOON, **values)  # type: ignore[arg-type]


def test_an_exception_names_resources_or_a_tag() -> None:
    assert an_exception(resources=("b", "a", "b")).resources == ("a", "b")
    assert an_exception(resources=(), tag=("data", "public")).tag == ("data", "public")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resources": ()}, "--resource, --tag: expected resources or a tag, and not both"),
        ({"tag": ("a", "b")}, "--resource, --tag: expected resources or a tag, and not both"),
        ({"resources": ("",)}, "--resource: found nothing"),
        ({"compensating": ""}, "--compensating: found nothing; expected a text"),
        ({"account": "no name"}, "account: found 'no name'"),
        ({"said": said(expires=date(2028, 1, 1))}, "expected 2027-06-02 at the latest, 366 days"),
    ],
)
def test_an_exception_that_cannot_be_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        an_exception(**changes)

    assert message in str(refused.value)


def test_a_decision_is_for_each_addressable_specification_and_no_other(mappings: Mappings) -> None:
    catalog = mappings.hipaa.catalog
    taken = []
    for citation in [*catalog, "164.999"]:
        try:
            entry = draft_decision(
                said(), citation=citation, catalog=catalog, reason="r", measure="m", now=NOON
            )
        except ConfigError as refused:
            assert "expected one of the 22 addressable specifications" in str(refused)
        else:
            taken.append(entry.citation)

    assert taken == [i for i, row in catalog.items() if row.implementation == "addressable"]
    assert len(taken) == 22


def test_a_withdrawal_is_of_what_still_counts() -> None:
    (term,) = standing(placed(1, attestation(expires=5))).terms

    assert draft_withdrawal(term, author="ada", reason="r", now=NOON).withdraws == (
        term.document_sha256
    )
    with pytest.raises(ConfigError, match="number 1: is expired already"):
        draft_withdrawal(term, author="ada", reason="r", now=noon(6))


def test_an_entry_of_another_kind_is_told() -> None:
    log = standing(placed(1, attestation()))

    with pytest.raises(ConfigError, match="number 1: is of the kind attestation; expected exc"):
        require_kind(log.term(1), 1, AcceptedFailure)
    with pytest.raises(ConfigError, match="number 2: there is no attestation with that number"):
        require_kind(log.term(2), 2, Attestation)


@pytest.mark.parametrize("text", ["a", "=b", "a=", " = "])
def test_a_fact_or_tag_without_name_or_value_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected name=value"):
        parse_facts([text])
    if text.strip() != "=":
        with pytest.raises(ConfigError, match="expected key=value"):
            parse_tag(text)


def test_a_fact_that_is_given_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="--fact: a is given twice"):
        parse_facts(["a=1", "a=2"])


def test_values_may_hold_an_equals_sign() -> None:
    assert parse_facts(["a=b=c"]) == {"a": "b=c"}
    assert parse_tag("a=b=c") == ("a", "b=c")


@pytest.mark.parametrize(
    "secret",
    [b"x\n-----BEGIN RSA PRIVATE KEY-----\n", b"AccountKey=" + b"a" * 40,
     b"eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2lnbmF0dXJl"],
)  # fmt: skip
def test_a_secret_is_not_kept(secret: bytes) -> None:
    with pytest.raises(ConfigError, match="--document a: found a private key or token"):
        refuse_secret("--document a", secret)


def test_one_person_with_two_duties_is_warned_of() -> None:
    assert warnings(said()) == []
    assert "owner and approver are the same" in warnings(said(owner="cto"))[0]
    assert "approves what they wrote" in warnings(said(author="cto"))[0]
