"""Where things are in the simulated account, how they are called, and how many there are."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

REGIONS = ("us-east-1", "us-west-2", "eu-west-1")
"""Where the company works. All else is empty."""

SPREAD = (0, 0, 1, 0, 2, 0, 1, 0, 1, 0)
"""Region of each thing in turn: six of ten in the first."""

ACCOUNT = "123456789012"


class Client(Protocol):
    """A boto3 client, whose methods are made at run time."""

    def __getattr__(self, operation: str) -> Callable[..., Mapping[str, object]]:
        """The method of an operation."""
        ...


@dataclass
class Builder:
    """Makes things, and counts them."""

    open_client: Callable[[str, str], Client]
    scale: int
    made: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.open_client = functools.cache(self.open_client)

    def several(self, kind: str, number: int) -> Sequence[Thing]:
        """The things of a kind, `number` of them for each 300 resources of the account."""
        total = number * self.scale
        self.made[kind] += total
        return [Thing(self, kind, i) for i in range(total)]

    def once(self, kind: str, region: str = REGIONS[0]) -> Client:
        """A client to make a thing of which there is one, whatever the scale."""
        self.made[kind] += 1
        return self.open_client(kind, region)


@dataclass(frozen=True)
class Thing:
    """One thing to be made."""

    builder: Builder
    kind: str
    number: int

    @property
    def name(self) -> str:
        """`patients-017`."""
        words = ("patients", "claims", "portal", "billing", "intake", "imaging", "fax", "reports")
        return f"{words[self.number % len(words)]}-{self.number:03}"

    @property
    def region(self) -> str:
        """Where it is."""
        return REGIONS[SPREAD[self.number % len(SPREAD)]]

    def client(self, service: str) -> Client:
        """A client in the thing's region."""
        return self.builder.open_client(service, self.region)

    def one_in(self, number: int) -> bool:
        """Whether this is one of those, one in `number`, that differ."""
        return self.number % number == number - 1
