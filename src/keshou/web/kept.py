# SPDX-License-Identifier: Apache-2.0
"""What was worked out of published versions: they never change, so it is worked out once in each process."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Found = TypeVar("Found")
_MOST = 500


class Kept(Generic[Found]):
    """Answers by what they are made of, e.g. the digests of two versions; when it is full it begins anew."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Found] = {}

    def get(self, of: Hashable, make: Callable[[], Found]) -> Found:
        """Return the answer for `of`, made by `make` unless it is known. What fails is not kept."""
        found = self._found.get(of)
        if found is None:
            found = make()
            if len(self._found) >= _MOST:
                self._found = {}
            self._found[of] = found
        return found
