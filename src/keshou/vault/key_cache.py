# SPDX-License-Identifier: Apache-2.0
"""A few data keys kept unwrapped, the longest unused dropped first."""

import threading
from collections import OrderedDict

from keshou.vault.envelope import DataKey

WrappedKey = tuple[int, str, bytes, int, bytes]
"""A row of the key table: user, class, key id, epoch, wrapped key."""


class KeyCache:
    """Unwrapped data keys, each with the whole row it came from: an altered row is never answered from here.

    Safe from several threads at once.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._keys: OrderedDict[tuple[int, str], tuple[WrappedKey, DataKey]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, row: WrappedKey) -> DataKey | None:
        """Return the key of `row` if it is kept."""
        place = row[:2]
        kept = self._keys.get(place)
        if kept is None or kept[0] != row:
            return None
        try:
            self._keys.move_to_end(place)
        except KeyError:  # another thread dropped it just now
            return None
        return kept[1]

    def put(self, row: WrappedKey, key: DataKey) -> None:
        """Keep `key`, and drop the longest unused one when there are too many."""
        with self._lock:
            self._keys[row[:2]] = (row, key)
            if len(self._keys) > self._size:
                self._keys.popitem(last=False)

    def forget(self, rows: set[tuple[int, str]]) -> None:
        """Drop the keys of these users and classes."""
        with self._lock:
            for place in rows:
                self._keys.pop(place, None)

    def __len__(self) -> int:
        return len(self._keys)
