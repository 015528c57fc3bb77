# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is: receivers share the tries of a process, so that none that is silent takes them all.

A receiver has a few tries under way at most, and one alone from the time that one failed until one is taken. What is
free goes to whoever has the fewest under way.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from keshou.webhooks.settings import WebhookSettings


class Turns:
    """The tries that one process has under way, by receiver, and which receivers failed last."""

    def __init__(self) -> None:
        self._under_way: Counter[str] = Counter()
        self._failing: set[str] = set()

    def begin(self, receiver: str) -> None:
        """Take note that a try begins."""
        self._under_way[receiver] += 1

    def end(self, receiver: str, *, taken: bool) -> None:
        """Take note that a try ended, and whether it was taken."""
        self._under_way[receiver] -= 1
        if not self._under_way[receiver]:
            del self._under_way[receiver]
        if taken:
            self._failing.discard(receiver)
        else:
            self._failing.add(receiver)

    def none_under_way(self) -> None:
        """Take note that whatever was under way was given up."""
        self._under_way.clear()

    def free(self, settings: WebhookSettings) -> int:
        """Return how many tries more may begin."""
        return max(0, settings.at_once - self._under_way.total())

    def room(self, receiver: str, settings: WebhookSettings) -> int:
        """Return how many tries more may begin of one receiver, were it alone."""
        most = 1 if receiver in self._failing else settings.at_once_each
        return max(0, min(most - self._under_way[receiver], self.free(settings)))

    def share(self, waiting: Mapping[str, Sequence[int]], settings: WebhookSettings) -> list[int]:
        """Return the numbers to begin with, of what waits by receiver: one each in turn, to who has the fewest."""
        left = {receiver: list(numbers) for receiver, numbers in waiting.items() if numbers}
        has, chosen = Counter(self._under_way), list[int]()
        while left and len(chosen) < self.free(settings):
            receiver = min(left, key=lambda each: (has[each], left[each][0]))
            chosen.append(left[receiver].pop(0))
            has[receiver] += 1
            if not left[receiver]:
                del left[receiver]
        return chosen
