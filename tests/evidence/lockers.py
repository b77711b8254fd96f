"""Lockers for tests, and what is put into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from collector.errors import ObjectMissing
from collector.evidence.canonical import JSON, canonical
from collector.evidence.chain import Appended, Stamper, append, put_object
from collector.evidence.keys import Signer
from collector.evidence.locker import Locker, Stat, Version
from collector.evidence.log import account_log
from collector.evidence.snapshot import Account, CheckEntry, Collector, Scope, Snapshot, Summary

PROD = account_log("prod")

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def seal_key(account: str, number: int) -> str:
    """Key of the seal at a number of an account's log."""
    return account_log(account).seal_key(number)


def snapshot_key(account: str, sha256: str) -> str:
    """Key of an account's snapshot document."""
    return account_log(account).document_key(sha256)


class MemoryLocker:
    """A locker over a dictionary, which a test can change as nobody could change a real one."""

    url = "memory"

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def put(self, key: str, data: bytes) -> bool:
        return self.files.setdefault(key, data) is data

    def get(self, key: str) -> bytes:
        if key not in self.files:
            raise ObjectMissing(f"no {key}")
        return self.files[key]

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        return iter(sorted(k for k in self.files if k.startswith(prefix) and k > after))

    def stat(self, key: str) -> Stat:
        return Stat(len(self.get(key)), retained_until=None)

    def versions(self, prefix: str) -> Iterator[Version]:
        for key in self.keys(prefix):
            yield Version(key, "", is_current=True, is_delete_marker=False, written_at=NOON)

    def retention(self) -> timedelta | None:
        return None

    def extend_retention(self, key: str, until: datetime) -> None:
        pass

    def check_writable(self) -> None:
        pass


def sealed_run(
    locker: Locker,
    signer: Signer,
    *,
    account: str = "prod",
    day: int = 1,
    at: datetime | None = None,
    buckets: Mapping[str, str] | None = None,
    stamper: Stamper | None = None,
) -> Appended:
    """Collect one check over a few buckets and seal it, on a day of a month."""
    outcomes = buckets if buckets is not None else {"logs": "fail", f"data-{day}": "pass"}
    moment = at or NOON + timedelta(days=day)
    answers = {name: put_object(locker, canonical({"bucket": name})) for name in outcomes}
    calls: list[JSON] = [
        {"operation": "GetBucketEncryption", "bucket": name, "answer_sha256": digest}
        for name, digest in answers.items()
    ]
    calls.append({"operation": "ListBuckets", "answer_sha256": None})
    results: list[JSON] = [
        {
            "check": "aws.s3.default_encryption",
            "outcome": outcome,
            "resource": {"type": "aws.s3.bucket", "id": f"arn:aws:s3:::{name}"},
            "reason": "as asked",
            "evidence": [answers[name]],
        }
        for name, outcome in sorted(outcomes.items())
    ]
    passed = sum(outcome == "pass" for outcome in outcomes.values())
    failed = len(outcomes) - passed
    document = Snapshot(
        account=Account(name=account, provider="aws", id="123456789012"),
        started=moment,
        finished=moment,
        collector=Collector(version="1", checks_sha256="a" * 64, mappings_sha256="b" * 64),
        identity="arn:aws:iam::123456789012:role/reader",
        scope=Scope(regions=("us-east-1",), checks=("aws.s3.default_encryption",), settings={}),
        summary=Summary(
            passed=passed, failed=failed, unknown=0, not_applicable=0, calls=len(calls)
        ),
        complete=True,
        checks=(
            CheckEntry(
                id="aws.s3.default_encryption",
                control="encryption-at-rest",
                severity="high",
                soc2=("CC6.1",),
                hipaa=("164.312(a)(2)(iv)",),
                summary={"pass": passed, "fail": failed},
                results_sha256=put_object(locker, b"".join(canonical(r) + b"\n" for r in results)),
            ),
        ),
        calls_sha256=put_object(locker, b"".join(canonical(c) + b"\n" for c in calls)),
    ).to_bytes()
    return append(locker, account_log(account), document, signer, lambda: moment, stamper)
