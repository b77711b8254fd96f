"""Files are read by threads where they have to be waited for, and in order everywhere."""

from __future__ import annotations

import threading

import pytest

from collector.evidence.reading import FIRST, WAIT_SECONDS, in_order


@pytest.mark.parametrize("readers", [1, 2, 32])
@pytest.mark.parametrize("count", [0, 1, FIRST, FIRST + 1, 500])
def test_what_is_found_comes_in_the_order_of_the_items(count: int, readers: int) -> None:
    assert list(in_order(str, range(count), readers)) == list(map(str, range(count)))


def test_what_is_there_at_once_is_read_by_one_thread() -> None:
    found = list(in_order(lambda _: threading.get_ident(), range(100), 32))

    assert set(found) == {threading.get_ident()}


def test_what_has_to_be_waited_for_is_read_by_several() -> None:
    meeting = threading.Barrier(8)

    def distant(number: int) -> int:
        if number < FIRST:
            threading.Event().wait(2 * WAIT_SECONDS)
        else:
            meeting.wait(timeout=20)  # for seven others, which are read at the same time
        return number

    assert list(in_order(distant, range(FIRST + 8), 8)) == list(range(FIRST + 8))


def test_an_error_of_any_item_comes_out_at_its_place() -> None:
    def work(number: int) -> int:
        if number < FIRST:
            threading.Event().wait(2 * WAIT_SECONDS)
        if number == 40:
            raise KeyError(number)
        return number

    found = in_order(work, range(100), 8)

    assert [next(found) for _ in range(40)] == list(range(40))
    with pytest.raises(KeyError, match="40"):
        next(found)
