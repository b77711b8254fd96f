"""Four months of daily runs over a simulated account, with faults on known days.

Each run is a real one: the SDK asks moto's server, the engine judges, the snapshot is sealed. Only
the clock is moved. The report must name exactly what was done to the account, and to the runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from collector.answer import Answer, Failure, Reader, Scope
from collector.attestation.ledger import read_standing, write
from collector.attestation.record import AcceptedFailure
from collector.check import discover
from collector.evidence.canonical import JSON
from collector.evidence.keys import PublicKey, load_public_key, open_signer
from collector.mapping import load_mappings
from collector.readers.aws import open_account
from collector.report.accepted import exemptions
from collector.report.days import Period
from collector.report.history import read_history
from collector.report.period import CheckPeriod, bounds, report_period
from collector.run import plan, run
from collector.source import Source
from tests.evidence.lockers import MemoryLocker

ENCRYPTION = "aws.s3.default_encryption"
NOT_PUBLIC = "aws.s3.bucket_not_public"
POLICY = "aws.iam.password_policy"
CHECKS = (ENCRYPTION, NOT_PUBLIC, POLICY)

FIRST = date(2025, 1, 1)
DAYS = 120
PERIOD = Period(FIRST + timedelta(days=10), FIRST + timedelta(days=DAYS - 1))

NO_RUN = {17, 40, 41, 42}
ACL_DENIED = {25, 61, 62}
"""Days on which the reader may not see the ACL of the bucket `data`."""
LISTING_DENIED = {80}

HOUR = 3
"""In UTC, at which the runs are sealed."""


def on(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}"


@dataclass
class DeniedReader:
    """Refuses what it is told to refuse, and asks the real reader for all else."""

    reader: Reader
    denied: Callable[[Source, Mapping[str, JSON]], bool] = lambda source, params: False

    @property
    def scope(self) -> Scope:
        return self.reader.scope

    def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
        if self.denied(source, params):
            failure = Failure("AccessDenied", "not today", 403, denied=True)
            return Answer(source.name, params, place, failure=failure)
        return self.reader.read(source, params, place)


def _policy(iam: Any, length: int) -> None:
    iam.update_account_password_policy(
        MinimumPasswordLength=length,
        RequireSymbols=True,
        RequireNumbers=True,
        RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True,
        PasswordReusePrevention=24,
        MaxPasswordAge=90,
    )


def happen(day: int, s3: Any, iam: Any) -> None:
    """What is done to the account on the morning of a day."""
    match day:
        case 0:
            for name in ("data", "logs"):
                s3.create_bucket(Bucket=name)
                _encrypt(s3, name)
            _policy(iam, 14)
        case 8:
            _policy(iam, 8)
        case 13:
            _policy(iam, 14)
        case 30 | 60:
            name = "logs" if day == 30 else "data"
            s3.put_bucket_acl(Bucket=name, ACL="public-read")
        case 34 | 64:
            s3.put_bucket_acl(Bucket="logs" if day == 34 else "data", ACL="private")
        case 50:
            s3.create_bucket(Bucket="temp")
            s3.delete_bucket_encryption(Bucket="temp")
        case 55:
            s3.delete_bucket(Bucket="temp")
        case 70:
            s3.delete_bucket_encryption(Bucket="data")


def _encrypt(s3: Any, name: str) -> None:
    s3.put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )


def denied_on(day: int) -> Callable[[Source, Mapping[str, JSON]], bool]:
    def denied(source: Source, params: Mapping[str, JSON]) -> bool:
        if day in LISTING_DENIED and source.name == "s3:ListBuckets":
            return True
        is_acl = source.name == "s3:GetBucketAcl" and params.get("Bucket") == "data"
        return day in ACL_DENIED and is_acl

    return denied


@pytest.fixture
def months(aws: boto3.Session, tmp_path: Path) -> tuple[MemoryLocker, PublicKey]:
    """A locker with a run on every day but those without."""
    locker = MemoryLocker({})
    signer = open_signer(f"file:{tmp_path / 'key.pem'}", create=True)
    judged = plan(dict(discover()), CHECKS, {}, load_mappings())
    s3, iam = aws.client("s3"), aws.client("iam")
    reader = DeniedReader(open_account(aws, "prod", regions=("us-east-1",), expected=None))
    for day in range(DAYS):
        happen(day, s3, iam)
        if day in NO_RUN:
            continue
        reader.denied = denied_on(day)
        run(reader, judged, locker=locker, signer=signer, clock=_clock(day), workers=4)
        if day == 75:
            write(locker, _accepted(day), {}, signer, _clock(day))
    return locker, load_public_key(signer.public_pem, "test")


def _accepted(day: int) -> AcceptedFailure:
    """An exception for `data` without encryption, dated back, for a fortnight from a day on."""
    return AcceptedFailure(
        made=sealed_at(day),
        author="Ada",
        effective=FIRST,
        expires=FIRST + timedelta(days=day + 14),
        owner="Ada",
        approver="Grace",
        account="prod",
        check=ENCRYPTION,
        resources=(on("data"),),
        reason="being moved",
        compensating_control="no data in it",
    )


def _clock(day: int) -> Callable[[], datetime]:
    return lambda: sealed_at(day)


def sealed_at(day: int) -> datetime:
    """When the run of a day is sealed."""
    return datetime(FIRST.year, FIRST.month, FIRST.day, HOUR, tzinfo=UTC) + timedelta(days=day)


def truth(check: str, resource: str, day: int) -> str:
    """What the run of a day must say of a resource: the plan above, told once more."""
    bucket = resource.rpartition(":")[2]
    if check == POLICY:
        return "fail" if 8 <= day < 13 else "pass"
    if bucket == "temp" and not 50 <= day < 55:
        return "gone"
    if day in LISTING_DENIED:
        return "unknown"
    if check == ENCRYPTION:
        is_plain = bucket == "temp" or (bucket == "data" and day >= 70)
        return "fail" if is_plain else "pass"
    if bucket == "data" and day in ACL_DENIED:
        return "unknown"
    is_public = (bucket == "logs" and 30 <= day < 34) or (bucket == "data" and 60 <= day < 64)
    return "fail" if is_public else "pass"


def test_the_report_names_exactly_what_was_done(months: tuple[MemoryLocker, PublicKey]) -> None:
    locker, key = months
    begins, ends = bounds(PERIOD)

    history = read_history(locker, "prod", begins=begins, ends=ends, trusted=[key])
    accepted = exemptions(read_standing(locker, [key]), history, ends, lambda one, names: {})
    report = report_period(
        history, PERIOD, cadence="daily", now=ends, texts={}, exceptions=accepted
    )

    own = [day for day in range(10, DAYS) if day not in NO_RUN]
    assert (report.days, report.days_with_run) == (110, 106)
    assert [day_of(seen.at) for seen in report.snapshots] == own
    assert [day_of(seen.at) for seen in report.before] == [9]
    assert (report.kept_back, report.changes) == ((), ())
    assert [spans(gap.begins, gap.ends) for gap in report.gaps] == [(16, 18), (39, 43)]
    checks = {check.check: check for control in report.controls for check in control.checks}
    assert set(checks) == set(CHECKS)

    assert missing(checks[ENCRYPTION]) == {
        **dict.fromkeys(NO_RUN, "no run"),
        **dict.fromkeys(LISTING_DENIED, "unknown"),
    }
    assert missing(checks[NOT_PUBLIC]) == {
        **dict.fromkeys(NO_RUN, "no run"),
        **dict.fromkeys(ACL_DENIED | LISTING_DENIED, "unknown"),
    }
    assert missing(checks[POLICY]) == dict.fromkeys(NO_RUN, "no run")
    assert [one.detail for one in checks[NOT_PUBLIC].missing if one.cause == "unknown"] == [
        f"{on('data')}: not read: s3:GetBucketAcl in us-east-1: AccessDenied; missing permission"
        " s3:GetBucketAcl",
        f"{on('data')}: not read: s3:GetBucketAcl in us-east-1: AccessDenied; missing permission"
        " s3:GetBucketAcl",
        "123456789012: not read: s3:ListBuckets in global: AccessDenied; missing permission"
        " s3:ListAllMyBuckets",
    ]
    assert [spans(gap.begins, gap.ends) for gap in checks[NOT_PUBLIC].gaps] == [
        (16, 18), (24, 26), (39, 43), (60, 63), (79, 81),
    ]  # fmt: skip

    assert failing(checks[ENCRYPTION]) == [
        (on("temp"), 50, 54, "gone", 55, []),
        (on("data"), 70, 119, "open", None, [(80, 80)]),
    ]
    assert failing(checks[NOT_PUBLIC]) == [
        (on("logs"), 30, 33, "pass", 34, []),
        (on("data"), 60, 63, "pass", 64, [(61, 62)]),
    ]
    assert failing(checks[POLICY]) == [("123456789012", 9, 12, "pass", 13, [])]
    assert [one.began_before for c in CHECKS for one in checks[c].failing] == [False] * 4 + [True]

    (_, opened) = checks[ENCRYPTION].failing
    assert [(part.exception, part.begins, part.ends) for part in opened.covered] == [
        ("1", sealed_at(75), sealed_at(90) - timedelta(hours=HOUR))
    ]
    assert opened.covered_seconds == 15 * 86_400 - HOUR * 3600
    assert opened.seconds == (ends - sealed_at(70)).total_seconds()
    assert [(one.id, one.intervals) for one in report.exceptions] == [("1", 1)]

    for name in (ENCRYPTION, NOT_PUBLIC):
        people = checks[name].population
        assert (people.start, people.end, people.distinct) == (2, 2, 3)
        assert [(m.resource, day_of(m.when.at)) for m in people.joiners] == [(on("temp"), 50)]
        assert [(m.resource, day_of(m.when.at)) for m in people.leavers] == [(on("temp"), 55)]
    for name, check in checks.items():
        assert resource_days(check) == counted(name, own)


def day_of(moment: datetime) -> int:
    return (moment.date() - FIRST).days


def spans(begins: datetime, ends: datetime) -> tuple[int, int]:
    return day_of(begins), day_of(ends)


def missing(check: CheckPeriod) -> dict[int, str]:
    return {
        (one.first - FIRST).days + place: one.cause
        for one in check.missing
        for place in range(one.days)
    }


def failing(
    check: CheckPeriod,
) -> list[tuple[str, int, int, str, int | None, list[tuple[int, int]]]]:
    return [
        (
            one.resource,
            day_of(one.first_fail.at),
            day_of(one.last_fail.at),
            one.ended_by,
            None if one.end is None else day_of(one.end.at),
            [spans(cut.first.at, cut.last.at) for cut in one.interruptions],
        )
        for one in check.failing
    ]


def resource_days(check: CheckPeriod) -> Counter[str]:
    found = check.resource_days
    return Counter({"fail": found.failed, "pass": found.passed, "unknown": found.unknown})


def counted(check: str, days: list[int]) -> Counter[str]:
    names = ["123456789012"] if check == POLICY else [on(n) for n in ("data", "logs", "temp")]
    found = Counter(truth(check, name, day) for name in names for day in days)
    del found["gone"]
    return found
