"""What verification found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from collector.evidence.chain import Head
from collector.evidence.log import Log
from collector.evidence.record import printable


@dataclass(frozen=True, order=True)
class Problem:
    """Something that does not hold. Both texts are safe to print."""

    key: str
    """The file that is wrong, or should be there."""
    message: str
    """What was found, and what was expected."""

    def __post_init__(self) -> None:
        """Escape what could deceive a terminal: both texts may hold names out of the locker."""
        object.__setattr__(self, "key", printable(self.key))
        object.__setattr__(self, "message", printable(self.message))

    def __str__(self) -> str:
        """The problem on one line."""
        return f"{self.key}: {self.message}"


@dataclass(frozen=True)
class Mark:
    """A place in a log."""

    number: int
    created_at: datetime | None
    """When it was sealed, by the signer's clock; None if its seal cannot be read."""


@dataclass(frozen=True)
class Late:
    """A seal that says it was made well before an authority saw it."""

    number: int
    created_at: datetime
    """When it was sealed, by the signer's clock."""
    existed_by: datetime
    """When an authority saw it first."""


@dataclass(frozen=True)
class Times:
    """What timestamps show of a log."""

    trusted: int = 0
    """How many seals carry a time that holds, in them or added later."""
    first_without: int | None = None
    """The first seal that carries none."""
    shown: tuple[int, datetime] | None = None
    """The last seal that a time is known for, its own or that of an anchor which names it: it and
    all before it existed by then."""
    late: tuple[Late, ...] = ()
    """Those whose own time nobody else bears out."""


@dataclass(frozen=True)
class Chain:
    """The chain of one log, as far as it could be read."""

    log: Log
    seals: int
    """How many seals there are."""
    first: Mark
    last: Mark
    head: Head
    """To be remembered elsewhere: only so can a cut-off end be noticed later."""
    keys: tuple[str, ...]
    """Fingerprints of the keys that the seals name, sorted."""
    times: Times = Times()
    passed_over: int = 0
    """How many seals before the first were not looked at, because an earlier verification did."""


@dataclass(frozen=True)
class Report:
    """Outcome of a verification."""

    chains: tuple[Chain, ...]
    """By the log's name; logs without a seal are left out."""
    objects: int
    """How many objects hold what their name says."""
    size_bytes: int
    """How large those are together."""
    problems: tuple[Problem, ...]
    """Sorted."""
    warnings: tuple[str, ...]
    """What does not hold less, but a reader should know."""

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.problems
