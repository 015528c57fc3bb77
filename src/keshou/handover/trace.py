# SPDX-License-Identifier: Apache-2.0
"""Rows that leaked -> the handovers they come from, with a bound on naming anybody who is not the source.

1. every value that is found is read once: what it means, and how it is spelt; of values found in several spellings none
   counts; the order of rows is read from each column
2. for each handover it is counted at how many spots the spelling is the one its key chooses, and how many pairs of rows
   stand the other way round than its key orders them
3. for a handover that the rows do not come from, its key is as good as drawn after them: each spot agrees with one
   chance in two or four, and the rows stand in an order drawn at random. Both chances are computed exactly
4. the better of all these is taken times the number of ways that were looked at, and times the number of handovers; who
   is named has less than the bound left. So the chance that anybody is named wrongly is at most the bound

Source: Agrawal and Kiernan (VLDB 2002) and Li, Swarup and Jajodia (IEEE TDSC 2005) for marks drawn by a key from the
value itself, with what is kept of it under changed columns; the inversions of a random order are Mahonian numbers.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keshou.handover import forms
from keshou.handover.marks import choices, place

_MOST_VALUES = 4096
_MOST_ROWS = 256
BOUND = 1e-6
"""The chance that anybody is named wrongly, unless another is asked for."""

Chances = npt.NDArray[np.float64]


class Evidence(NamedTuple):
    """How one handover's mark fits the rows."""

    handover: str
    chance: float
    """At most this likely that some handover fits so well that the rows do not come from."""
    agreed: int
    spots: int
    """At how many of how many spots the spelling is the one chosen."""
    inverted: int
    pairs: int
    """Of how many pairs of rows how many stand the other way round, in the column that fits best."""


class Trace(NamedTuple):
    """What was found."""

    rows: int
    columns: int
    values: int
    """Different values that carry a part of a mark."""
    bound: float
    named: tuple[Evidence, ...]
    """The handovers the rows come from, the surest first; empty: none can be told."""
    nearest: Evidence | None
    """Whoever fits best, named or not; it says nothing about who is not named."""


def trace(rows: Sequence[Sequence[str]], keys: Mapping[str, bytes], bound: float = BOUND) -> Trace:
    """Return which of the handovers `keys` (id to key) the rows come from.

    `rows` may be any of the rows, in any order, with any of the columns; short rows are read as they are. Of very
    many values and rows only so many are looked at that the answer would not change.
    """
    seen = _Seen(rows)
    ways = len(keys) * (1 + len(seen.orders))
    found = sorted((_fit(name, key, seen, ways) for name, key in keys.items()), key=_chance)
    named = tuple(each for each in found if each.chance <= bound)
    wide = max(map(len, rows), default=0)
    return Trace(len(rows), wide, len(seen.values), bound, named, found[0] if found else None)


class _Seen:
    """What the rows show, read once for all handovers, with the chances of what an innocent key would show."""

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        self.values = _values(rows)
        self.spelling = _spelling_chances([many for spots in self.values.values() for many, _ in spots])
        self.orders = [(column, _order_chances(len(column))) for column in _columns(rows) if len(column) > 1]


def _chance(evidence: Evidence) -> float:
    return evidence.chance


def _values(rows: Sequence[Sequence[str]]) -> dict[str, tuple[tuple[int, int], ...]]:
    """Return what each different value means -> its spots, as far as they can be read."""
    found: dict[str, tuple[tuple[int, int], ...]] = {}
    torn: set[str] = set()
    for value in (value for row in rows for value in row):
        read = forms.read(value.strip())
        if not read.spots or read.plain in torn:
            continue
        if found.setdefault(read.plain, read.spots) != read.spots:
            del found[read.plain]
            torn.add(read.plain)
        if len(found) >= _MOST_VALUES:
            break
    return found


def _columns(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return each column's values as they are meant, without those that come again: they say nothing of an order."""
    wide = max(map(len, rows), default=0)
    some = rows[:_MOST_ROWS]
    return [
        list(dict.fromkeys(forms.plain(row[column].strip()) for row in some if len(row) > column))
        for column in range(wide)
    ]


def _fit(name: str, key: bytes, seen: _Seen, ways: int) -> Evidence:
    weight = agreed = spots = 0
    for meant, read in seen.values.items():
        drawn = choices(key, meant)
        for n, (many, choice) in enumerate(read):
            spots += choice >= 0
            if choice >= 0 and drawn[n] % many == choice:
                agreed += 1
                weight += _bits(many)
    best, inverted, pairs = float(seen.spelling[weight]), 0, 0
    least = 1.0
    for column, chances in seen.orders:
        back = _inversions([place(key, meant) for meant in column])
        if chances[back] < least:
            least, inverted, pairs = float(chances[back]), back, len(column) * (len(column) - 1) // 2
    return Evidence(name, min(1.0, min(best, least) * ways), agreed, spots, inverted, pairs)


def _bits(many: int) -> int:
    return many.bit_length() - 1


def _spelling_chances(spots: Sequence[int]) -> Chances:
    """Return for each weight the chance that an innocent key agrees with so much or more.

    A spot with two choices weighs one, with four two; spots that cannot be read may not agree, which only helps.
    """
    exact = np.ones(1)
    for many in spots:
        widened = np.concatenate([exact, np.zeros(_bits(many))]) * (1 - 1 / many)
        widened[_bits(many) :] += exact / many
        exact = widened
    tail: Chances = np.cumsum(exact[::-1])[::-1]
    return tail


@lru_cache(maxsize=_MOST_ROWS)
def _order_chances(rows: int) -> Chances:
    """Return for each number of inversions the chance that an order drawn at random has so few or fewer."""
    exact = np.ones(1)
    for many in range(2, rows + 1):
        sums = np.concatenate([np.zeros(1), np.cumsum(np.concatenate([exact, np.zeros(many - 1)]))])
        low = np.maximum(np.arange(1, len(sums)) - many, 0)
        exact = (sums[1:] - sums[low]) / many
    few: Chances = np.cumsum(exact)
    return few


def _inversions(places: Sequence[bytes]) -> int:
    rank = np.empty(len(places), dtype=np.int64)
    rank[sorted(range(len(places)), key=places.__getitem__)] = np.arange(len(places))
    return int(np.triu(rank[:, None] > rank[None, :], 1).sum())
