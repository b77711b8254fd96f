"""Evidence made of a few words, to assess requirements by: the real mappings, no locker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from collector.attestation.kinds import Kind, load_kinds
from collector.attestation.state import LogEntry
from collector.closing import Closing, load_closing
from collector.mapping import Mappings, load_mappings
from collector.report.basis import Basis, basis
from collector.report.evidence import (
    Acceptance,
    AccountEvidence,
    CheckFindings,
    Finding,
    Installed,
)
from collector.report.parts import Grounds
from collector.source import Provider
from tests.attestation.entries import noon, standing
from tests.report.histories import history, period, run

AT = noon(20)
"""The moment of the reports: the twentieth day of the month that the entries are of."""

ACCEPTED = Acceptance(9, "Known.", "CTO", "2026-06-30", "Watched.")


@cache
def mappings() -> Mappings:
    return load_mappings()


@cache
def kinds() -> dict[str, Kind]:
    return dict(load_kinds(mappings()))


@cache
def closing() -> Closing:
    return load_closing(mappings(), kinds())


def found(
    control: str,
    *,
    passed: int = 0,
    failed: int = 0,
    accepted: int = 0,
    unknown: int = 0,
    not_applicable: int = 0,
    check: str | None = None,
    name: str = "arn:aws:s3:::bucket",
    reason: str = "it does not hold",
) -> CheckFindings:
    """What a check of a control found; `accepted` of the fails are covered."""
    covers = [ACCEPTED] * accepted + [None] * (failed - accepted)
    failing = [
        Finding(f"{name}-{n}", "us-east-1", "aws.s3.bucket", reason, cover)
        for n, cover in enumerate(covers)
    ]
    unread = [
        Finding(f"{name}-u{n}", "us-east-1", "aws.s3.bucket", "s3:GetEncryption denied")
        for n in range(unknown)
    ]
    return CheckFindings(
        check=check or f"aws.test.{control.replace('-', '_')}",
        control=control,
        title=f"A check of {control}",
        severity="high",
        passed=passed,
        failed=failed,
        accepted=accepted,
        unknown=unknown,
        not_applicable=not_applicable,
        population=passed + failed + unknown,
        failing=tuple(failing),
        unread=tuple(unread),
    )


def account(
    *checks: CheckFindings,
    name: str = "prod",
    provider: Provider = "aws",
    left_out: Iterable[str] = (),
    is_same_program: bool = True,
) -> AccountEvidence:
    """An account with one snapshot; `left_out` are controls with a check that did not run."""
    sealed = history([run(0, {"a": "pass"})], period(1)).snapshots[0]
    return AccountEvidence(
        account=name,
        provider=provider,
        account_id="123456789012",
        sealed=replace(sealed, created_at=noon(20)),
        followed_by=None,
        is_trusted=True,
        checks={each.check: each for each in sorted(checks, key=lambda c: c.check)},
        left_out=tuple(
            Installed(f"aws.left.{control}", control, "A check", provider) for control in left_out
        ),
        is_same_program=is_same_program,
    )


def grounds(*accounts: AccountEvidence, entries: Iterable[LogEntry] = ()) -> Grounds:
    return Grounds(
        mappings=mappings(),
        kinds=kinds(),
        closing=closing(),
        accounts=accounts or (account(),),
        standing=standing(entries),
        at=AT,
    )


def based(on: Grounds) -> Basis:
    cadences = {one.account: "daily" for one in on.accounts}
    return basis(on, cadences=cadences, version="1.2.3", locker="evidence")  # type: ignore[arg-type]
