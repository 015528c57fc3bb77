# SPDX-License-Identifier: Apache-2.0
"""What is behind is counted in the background, once, and closing ends it."""

import threading

from keshou.app.counter import Counter
from keshou.errors import UnreachableError


def test_it_counts_until_nothing_is_left_and_never_twice_at_once() -> None:
    left, at_once, most, done = [50], [0], [0], threading.Event()

    def count() -> int:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        left[0] -= 1
        at_once[0] -= 1
        if not left[0]:
            done.set()
        return left[0]

    counter = Counter(count)
    for _ in range(5):
        counter.wake()
    assert done.wait(30)
    counter.close()
    assert (left, most) == ([0], [1])


def test_closing_ends_it_and_nothing_begins_afterwards() -> None:
    begun = threading.Event()

    def count() -> int:
        begun.set()
        return 1

    counter = Counter(count)
    counter.wake()
    assert begun.wait(30)
    counter.close()
    begun.clear()
    counter.wake()
    assert not begun.is_set()


def test_a_database_that_is_gone_ends_it_quietly() -> None:
    asked = threading.Event()

    def count() -> int:
        asked.set()
        raise UnreachableError("gone")

    counter = Counter(count)
    counter.wake()
    assert asked.wait(30)
    counter.close()
