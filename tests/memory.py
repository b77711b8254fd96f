"""A cloud in memory: answers by operation, for tests of what does not depend on any SDK."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TypeAlias

from collector.answer import Answer, Failure, Scope
from collector.evidence.canonical import JSON
from collector.source import Source

SCOPE = Scope("aws", "test", "123456789012", "arn:aws:iam::123456789012:role/reader", "aws",
              "us-east-1", ("us-east-1", "eu-west-1"))  # fmt: skip

Reply: TypeAlias = "JSON | Failure | list[JSON] | Answer"


class MemoryReader:
    """Answers with what it was given, by operation; what it was not given is an empty page.

    A reply may be a page, a list of pages, a `Failure`, a whole `Answer` (to break off between two
    pages), or a function of parameters and region.
    """

    def __init__(
        self,
        replies: Mapping[str, Reply | Callable[[Mapping[str, JSON], str], Reply]],
        scope: Scope = SCOPE,
    ) -> None:
        self.scope = scope
        self.calls: list[tuple[str, Mapping[str, JSON], str]] = []
        self._replies = replies
        self._lock = threading.Lock()

    def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
        with self._lock:
            self.calls.append((source.name, dict(params), place))
        reply = self._replies.get(source.name, {})
        if callable(reply):
            reply = reply(params, place)
        if isinstance(reply, Answer):
            return reply
        if isinstance(reply, Failure):
            absent = reply.code in source.absent
            return Answer(source.name, params, place, failure=reply, is_absent=absent)
        pages = reply if isinstance(reply, list) else [reply]
        return Answer(source.name, params, place, pages=tuple(pages))

    def called(self, operation: str) -> list[tuple[Mapping[str, JSON], str]]:
        """Parameters and region of each call of an operation, in no order that matters."""
        return [(params, place) for name, params, place in self.calls if name == operation]
