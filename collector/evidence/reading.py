"""Many files read at once, and looked at one after the other.

Threads help where a file has to be waited for, as in a bucket. Where it is there at once, as in a
folder, they only take turns, and a year of evidence takes twice as long. So the first few files are
read by one, which shows which of the two it is.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

READERS = 32
"""Files read at once where they have to be waited for."""

FIRST = 4
"""Files that are read before it is known whether they have to be waited for."""

WAIT_SECONDS = 0.003
"""Waiting for a file longer than this is worth a thread. A disk is faster, a network is not."""

WINDOW = 4
"""Files for each reader that are being read or waiting to be looked at; bounds the memory."""

Item = TypeVar("Item")
Found = TypeVar("Found")


def in_order(work: Callable[[Item], Found], items: Sequence[Item], readers: int) -> Iterator[Found]:
    """What `work` finds in each item, in the order of the items.

    Args:
        work: called on several threads at once.
        items: what is read.
        readers: how many threads, if any are worth it.
    """
    waited = 0.0
    for item in items[:FIRST]:
        begin, busy = time.monotonic(), time.thread_time()
        found = work(item)
        waited += time.monotonic() - begin - (time.thread_time() - busy)
        yield found
    items = items[FIRST:]
    if readers == 1 or waited < FIRST * WAIT_SECONDS:
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
