"""Text for people: aligned tables and the summary of a snapshot."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from collector.source import HOME

if TYPE_CHECKING:
    from collector.attestation.state import Accepted
    from collector.evaluate import Result
    from collector.evidence.snapshot import Snapshot

MOST_LISTED = 10
"""How many failing and unread results a summary lists before it only counts them."""

WIDEST_CELL = 40

OUTCOMES = ("pass", "fail", "unknown", "not_applicable")

SEVERITIES = ("critical", "high", "medium", "low")


def table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], *, widest: int = WIDEST_CELL
) -> str:
    """Columns of text, aligned; numbers to the right; cells beyond `widest` are wrapped."""
    cells = [[_wrap(cell, widest) for cell in row] for row in rows]
    numeric = [all(_is_number(row[i]) for row in cells) for i in range(len(headers))]
    widths = [
        max([len(h), *(len(line) for row in cells for line in row[i])])
        for i, h in enumerate(headers)
    ]
    out = [_line(headers, widths, numeric)]
    for row in cells:
        for height in range(max(len(cell) for cell in row)):
            out.append(_line([c[height] if height < len(c) else "" for c in row], widths, numeric))
    return "\n".join(out)


def summary(
    snapshot: Snapshot,
    results: Sequence[Result],
    unchecked: Sequence[str] = (),
    accepted: Accepted | None = None,
) -> str:
    """A snapshot by control, both frameworks side by side, then what failed and was not read.

    Args:
        snapshot: what was sealed, or replayed.
        results: its results.
        unchecked: controls for which its cloud has no check, though others have.
        accepted: the exceptions by which failing results are counted apart. They stay failing.
    """
    by_control: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    tags = {}
    for entry in snapshot.checks:
        tags[entry.control] = (", ".join(entry.soc2) or "-", ", ".join(entry.hipaa) or "-")
        for outcome, count in entry.summary.items():
            by_control[entry.control][outcome] += count
    rows = [
        [control, *tags[control], *(str(counts[o]) for o in OUTCOMES)]
        for control, counts in sorted(by_control.items())
    ]
    account, total = snapshot.account, snapshot.summary
    parts = [
        f"Account {account.name} ({account.provider} {account.id}), read by {snapshot.identity}",
        table(["CONTROL", "SOC 2", "HIPAA", "PASS", "FAIL", "UNKNOWN", "N/A"], rows),
        f"{total.passed} pass, {total.failed} fail{_apart(results, accepted)}, "
        f"{total.unknown} unknown, {total.not_applicable} not applicable; "
        f"{len(snapshot.checks)} checks, {total.calls} reads",
    ]
    if unchecked:
        parts.append(f"No check on {account.provider} yet for: {', '.join(unchecked)}")
    severity = {e.id: e.severity for e in snapshot.checks}
    for outcome, title in (("fail", "Failed"), ("unknown", "Not read")):
        listed = [r for r in results if r.outcome == outcome]
        listed.sort(key=lambda r: (SEVERITIES.index(severity[r.check]), r))
        if listed:
            parts.append(_listing(title, listed, severity))
    return "\n\n".join(parts)


def _apart(results: Sequence[Result], accepted: Accepted | None) -> str:
    if accepted is None:
        return ""
    count = sum(
        r.outcome == "fail" and accepted.exception(r.check, r.resource.id) is not None
        for r in results
    )
    return f" ({count} of them accepted by an exception)" if count else ""


def _listing(title: str, listed: Sequence[Result], severity: Mapping[str, str]) -> str:
    more = len(listed) - MOST_LISTED
    head = f"{title} ({len(listed)}" + (f", the first {MOST_LISTED}" if more > 0 else "") + "):"
    rows = [
        [f"  {severity[r.check]}", r.check, _subject(r), r.reason] for r in listed[:MOST_LISTED]
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    return "\n".join(
        [
            head,
            *(
                "  ".join([*(c.ljust(w) for c, w in zip(r, widths, strict=False)), r[3]])
                for r in rows
            ),
        ]
    )


def short(name: str) -> str:
    """A resource's full name without what all names of an account share."""
    return name.rpartition(":::")[2] if ":::" in name else name.rpartition(":")[2]


def _subject(result: Result) -> str:
    name, region = result.resource.id, result.resource.region
    if name == result.resource.account and region != HOME:
        return f"{name} in {region}"
    return short(name)


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def _is_number(cell: Sequence[str]) -> bool:
    return len(cell) == 1 and cell[0].isdecimal()


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    )
    return "  ".join(aligned).rstrip()
