"""Tables of cases: what a check concludes from resources that are given to it."""

from __future__ import annotations

from dataclasses import dataclass, field

import boto3

from collector.check import Check
from collector.collect import WORKERS, collect
from collector.readers.aws import open_account
from collector.reads import Reads


@dataclass(frozen=True)
class Case:
    """One row: a check, what it is given, its settings, and what it must say."""

    check: Check[...]
    given: tuple[object, ...]
    outcome: str
    reason: str
    settings: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.check.id}: {self.outcome}: {self.reason}"

    def holds(self) -> None:
        """Assert that the check says it."""
        verdict = self.check(*self.given, **self.settings)

        assert (verdict.outcome, verdict.reason) == (self.outcome, self.reason)


def row(check: Check[...], *given: object, outcome: str, reason: str, **settings: object) -> Case:
    """One case of a table."""
    return Case(check, given, outcome, reason, dict(settings))


def read_aws(
    session: boto3.Session,
    *checks: Check[...],
    regions: tuple[str, ...] = ("us-east-1",),
    workers: int = WORKERS,
) -> Reads:
    """What the checks' sources bring from a simulated AWS account."""
    reader = open_account(session, "test", regions=regions, expected=None)
    return collect(checks, reader, workers=workers)
