# SPDX-License-Identifier: Apache-2.0
"""Where a reader can go from every page: each face registers its entries, and the frame shows them."""

from collections.abc import Sequence
from typing import NamedTuple

from keshou.language import Text


class Entry(NamedTuple):
    """One place to go."""

    path: str
    label: Text


def current(entries: Sequence[Entry], path: str) -> Entry | None:
    """Return the entry that `path` belongs to: the longest that it begins with; None for none."""
    within = [each for each in entries if path == each.path or path.startswith(f"{each.path}/")]
    return max(within, key=lambda each: len(each.path), default=None)
