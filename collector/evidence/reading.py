"""Many files read at once, and looked at one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

WORTH_THREADS = 8
"""Fewer files than this are read one after the other: starting threads would take longer."""

WINDOW = 4
"""Files for each reader that are being read or waiting to be looked at; bounds the memory."""

Item = TypeVar("Item")
Found = TypeVar("Found")


def in_order(work: Callable[[Item], Found], items: Sequence[Item], readers: int) -> Iterator[Found]:
    """What `work` finds in each item, in the order of the items.

    Args:
        work: called on several threads at once.
        items: what is read.
        readers: how many threads.
    """
    if len(items) < WORTH_THREADS or readers == 1:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(readers)
    under_way: deque[Future[Found]] = deque()
    try:
        for item in items:
            under_way.append(pool.submit(work, item))
            if len(under_way) == WINDOW * readers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
