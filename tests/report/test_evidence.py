"""Evidence of an account at a moment: counts, populations, and what exceptions cover."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from collector.attestation.state import LogEntry
from collector.report.evidence import AccountEvidence, Installed, account_evidence
from tests.attestation.entries import exception, noon, placed, standing
from tests.report.grounds import account, based, found, grounds
from tests.report.histories import CHECK, OTHER, history, period, run

INSTALLED = {
    id_: Installed(id_, "encryption-at-rest", "Stored data is encrypted", "aws")
    for id_ in (CHECK, OTHER)
} | {"aws.tags": Installed("aws.tags", "data-classification", "Tagged", "aws", is_always_run=False)}


def evidence(
    judged: Mapping[str, str],
    entries: Iterable[LogEntry] = (),
    tags: Mapping[str, Mapping[str, str]] | None = None,
    day: int = 20,
) -> AccountEvidence:
    return account_evidence(
        history([run(0, judged)], period(1)),
        standing(entries),
        at=noon(day),
        installed=INSTALLED,
        checks_sha256="a" * 64,
        tags=tags or {},
    )


def test_results_are_counted_and_what_is_no_pass_is_listed() -> None:
    found = evidence({"a": "pass", "b": "fail:open", "c": "unknown:denied", "@": "not_applicable"})

    check = found.checks[CHECK]
    assert (check.passed, check.failed, check.unknown, check.not_applicable) == (1, 1, 1, 1)
    assert [(f.resource, f.reason) for f in check.failing] == [("b", "open")]
    assert [(f.resource, f.reason) for f in check.unread] == [("c", "denied")]
    assert check.is_judged


def test_the_account_is_a_member_of_a_population_only_where_it_is_judged() -> None:
    assert evidence({"a": "pass", "@": "unknown"}).checks[CHECK].population == 1
    assert evidence({"@": "fail"}).checks[CHECK].population == 1
    assert evidence({"@": "not_applicable"}).checks[CHECK].population == 0


def test_a_check_that_judged_nothing_is_no_evidence() -> None:
    assert not evidence({"@": "not_applicable"}).checks[CHECK].is_judged
    assert not evidence({"a": "unknown"}).checks[CHECK].is_judged


def test_an_exception_covers_a_fail_while_it_is_in_force_and_nothing_else() -> None:
    accepted = [placed(3, exception("b"))]
    judged = {"a": "fail", "b": "fail", "c": "pass"}

    now, later = evidence(judged, accepted), evidence(judged, accepted, day=31)

    assert (now.checks[CHECK].failed, now.checks[CHECK].accepted) == (2, 1)
    covered = {f.resource: f.accepted.number for f in now.checks[CHECK].failing if f.accepted}
    assert covered == {"b": 3}
    assert (later.checks[CHECK].failed, later.checks[CHECK].accepted) == (2, 0)


def test_an_exception_of_another_account_or_check_covers_nothing() -> None:
    accepted = [
        placed(1, exception("b", account="dev")),
        placed(2, exception("b", check=OTHER)),
    ]

    assert evidence({"b": "fail"}, accepted).checks[CHECK].accepted == 0


def test_an_exception_by_tag_covers_what_was_read_to_have_it() -> None:
    accepted = [placed(1, exception(tag=("phase", "trial")))]
    judged = {"a": "fail", "b": "fail"}

    tagged = evidence(judged, accepted, {"a": {"phase": "trial"}, "b": {"phase": "live"}})
    unread = evidence(judged, accepted)

    assert tagged.checks[CHECK].accepted == 1
    assert tagged.unresolved == ()
    assert (unread.checks[CHECK].accepted, unread.unresolved) == (0, (1,))


def test_what_did_not_run_is_told_unless_it_runs_only_where_it_is_configured() -> None:
    found = evidence({"a": "pass"})

    assert [one.id for one in found.left_out] == [OTHER]
    assert found.is_same_program


def test_a_check_has_the_control_of_today_or_else_that_of_the_snapshot() -> None:
    moved = replace(INSTALLED[CHECK], control="key-management")
    on = history([run(0, {"a": "pass"})], period(1))

    def control(installed: dict[str, Installed]) -> str:
        made = account_evidence(
            on, standing(), at=noon(20), installed=installed, checks_sha256="a" * 64
        )
        return made.checks[CHECK].control

    assert control({CHECK: moved}) == "key-management"
    assert control({}) == "encryption-at-rest"


def test_results_whose_control_is_gone_are_said_to_be_left_out() -> None:
    told = based(grounds(account(found("no-such-control", passed=1, failed=2))))

    assert any("2 of them failing" in warning for warning in told.warnings)
