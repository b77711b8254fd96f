"""Tables on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from bench.measure import Measured

FIGURES = ("calls", "repeated", "CPU s", "peak MB", "wall s")


def figures(ran: Measured) -> tuple[str, ...]:
    """A run in the columns of FIGURES."""
    return (
        f"{ran.tally.calls}",
        f"{ran.tally.repeats.total()}",
        f"{ran.cpu_seconds:.1f}",
        f"{ran.peak_mb:.0f}",
        f"{ran.wall_seconds:.1f}",
    )


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    print(f"\n{title}\n")
    for row in (head, *rows):
        cells = [
            row[0].ljust(widths[0]),
            *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
        ]
        print("  " + "  ".join(cells).rstrip())


def verdict(name: str, found: str, target: str, *, met: bool) -> tuple[str, str, str, str]:
    """A row that says whether a target is met."""
    return name, found, target, "met" if met else "MISSED"


def say(*lines: str) -> None:
    """Print remarks below a table."""
    for line in lines:
        print(f"  {line}")
