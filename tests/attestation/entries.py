"""Entries to build a log of: only what a test is about has to be said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from collector.attestation.record import (
    AcceptedFailure,
    Attestation,
    Decision,
    Entry,
    Withdrawal,
)
from collector.attestation.state import LogEntry, Standing, stand
from collector.evidence.canonical import sha256

MONDAY = date(2026, 6, 1)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CHECK = "aws.s3.default_encryption"
LOGS = "arn:aws:s3:::logs"


def noon(day: int) -> datetime:
    """Noon of a day of the month that begins on `MONDAY`; 31 and on are in the next."""
    return NOON + timedelta(days=day - 1)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number - 1)


def attestation(
    kind: str = "risk-analysis",
    *,
    control: str = "risk-analysis",
    made: datetime = NOON,
    effective: int = 1,
    expires: int = 30,
    party: str | None = None,
    renews: LogEntry | None = None,
) -> Attestation:
    return Attestation(
        made=made,
        author="ada",
        effective=day(effective),
        expires=day(expires),
        owner="Security",
        approver="CTO",
        renews=None if renews is None else renews.document_sha256,
        kind=kind,
        control=control,
        statement="It was done.",
        party=party,
    )


def exception(
    *resources: str,
    check: str = CHECK,
    account: str = "prod",
    tag: tuple[str, str] | None = None,
    made: datetime = NOON,
    effective: int = 1,
    expires: int = 30,
    renews: LogEntry | None = None,
) -> AcceptedFailure:
    return AcceptedFailure(
        made=made,
        author="ada",
        effective=day(effective),
        expires=day(expires),
        owner="Security",
        approver="CTO",
        renews=None if renews is None else renews.document_sha256,
        account=account,
        check=check,
        resources=resources if resources or tag else (LOGS,),
        tag=tag,
        reason="Public test data only.",
        compensating_control="Nothing else is put there.",
    )


def decision(
    citation: str = "164.312(a)(2)(iii)", *, made: datetime = NOON, expires: int = 30
) -> Decision:
    return Decision(
        made=made,
        author="ada",
        effective=MONDAY,
        expires=day(expires),
        owner="Security",
        approver="CTO",
        citation=citation,
        reason="No terminal is left alone.",
        equivalent_measure="Badges lock the screen.",
    )


def withdrawal(of: LogEntry, *, made: datetime = NOON) -> Withdrawal:
    return Withdrawal(made=made, author="ada", withdraws=of.document_sha256, reason="Wrong.")


def placed(number: int, entry: Entry, sealed_at: datetime | None = None) -> LogEntry:
    """The entry at a number of the log, sealed when it was made unless said otherwise."""
    document = sha256(entry.to_bytes())
    moment = entry.made if sealed_at is None else sealed_at
    return LogEntry(number, sha256(b"seal %d" % number), document, moment, entry)


def standing(*entries: LogEntry | Iterable[LogEntry]) -> Standing:
    flat: list[LogEntry] = []
    for entry in entries:
        flat += [entry] if isinstance(entry, LogEntry) else entry
    return stand(flat)
