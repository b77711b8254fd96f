"""Changes of scope from one snapshot to the next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.report.scope import scope_changes
from tests.report.histories import CHECK, OTHER, Run, history, period, run

ROLE = "arn:aws:sts::123456789012:assumed-role"


def changes(before: Run, now: Run) -> list[tuple[str, str, str, str]]:
    snapshots = history([before, now], period(2)).snapshots
    return [(c.what, c.subject, c.before, c.after) for c in scope_changes(snapshots)]


PLAIN = run(0, {"a": "pass"})
NEXT = run(1, {"a": "pass"})


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (PLAIN, NEXT, []),
        (PLAIN, replace(NEXT, version="2"), [("program", "", "1", "2")]),
        (PLAIN, replace(NEXT, checks_sha256="e" * 64), [("check code", "", "a" * 64, "e" * 64)]),
        (PLAIN, replace(NEXT, mappings_sha256="e" * 64), [("mappings", "", "b" * 64, "e" * 64)]),
        (PLAIN, replace(NEXT, identity="somebody"), [("identity", "", PLAIN.identity, "somebody")]),
        (PLAIN, replace(NEXT, keyid="SHA256:other"), [("key", "", "SHA256:key", "SHA256:other")]),
        (
            PLAIN,
            replace(NEXT, account_id="9"),
            [("account", "", "aws 123456789012", "aws 9")],
        ),
        (
            PLAIN,
            replace(NEXT, regions=("eu-west-1", "eu-west-2")),
            [("regions", "", "us-east-1", "eu-west-1, eu-west-2")],
        ),
        (
            PLAIN,
            replace(NEXT, checks={CHECK: {"a": "pass"}, OTHER: {"a": "pass"}}),
            [("checks", "", "", OTHER)],
        ),
        (
            replace(PLAIN, settings={CHECK: {"days": 90}}),
            replace(NEXT, settings={CHECK: {"days": 30}}),
            [("settings", CHECK, '{"days":90}', '{"days":30}')],
        ),
        # Each session of a role has a name of its own; another role is another reader.
        (
            replace(PLAIN, identity=f"{ROLE}/reader/a"),
            replace(NEXT, identity=f"{ROLE}/reader/b"),
            [],
        ),
        (
            replace(PLAIN, identity=f"{ROLE}/reader/a"),
            replace(NEXT, identity=f"{ROLE}/admin/a"),
            [("identity", "", f"{ROLE}/reader", f"{ROLE}/admin")],
        ),
    ],
)  # fmt: skip
def test_changes(before: Run, now: Run, expected: list[tuple[str, str, str, str]]) -> None:
    assert changes(before, now) == expected
