# SPDX-License-Identifier: Apache-2.0
"""Many questions about many users: a reason code for each pair of them, and nothing worked out for pairs nobody asks.

What a user's profile looks like through a lens is worked out once and kept beside the profiles; a row is then a few
look-ups, and the prohibitions are asked once for each different word of conditions.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keshou.gate.columns import Moments, Numbers
from keshou.gate.conditions import BITS, NO_USER_BITS, Words
from keshou.gate.rulebook import Lens
from keshou.gate.standing import UNKNOWN, Profile
from keshou.gate.view import Prepared, View, user_word

CHUNK = 1 << 15
"""Rows worked on at a time, so that what lies between stays in the processor's cache."""

NOBODY, STRANGER = 0, 1
"""Places of two profiles that are always there: an act that names no user, and a user who is not known."""

_OVER = np.uint64(BITS["registration_over"])
_KNOWN = np.uint64(BITS["user_known"])
_UNSEEN = np.iinfo(np.uint16).max
"""Stands for a word that is not worked out yet; no user has all conditions at once."""
_MOST_SEEN = 1 << 25
"""Words kept; beyond it they are worked out anew."""


class _Seen:
    """Words of profiles as seen through lenses, a row a lens and a column a profile."""

    def __init__(self) -> None:
        self.lenses: dict[Lens, int] = {}
        self.words = np.empty((0, 0), np.uint16)

    def make_room(self, profiles: int) -> None:
        """Let there be room for every lens and for so many profiles."""
        height, width = self.words.shape
        if len(self.lenses) > height or profiles > width:
            wider = np.full((_room(len(self.lenses), height), _room(profiles, width)), _UNSEEN, np.uint16)
            wider[:height, :width] = self.words
            wider[:, NOBODY] = NO_USER_BITS
            self.words = wider


class SeenProfiles:
    """Profiles, numbered, with their words through each lens; may be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._profiles: list[Profile | None] = [None, UNKNOWN.profile]
        self._places: dict[Profile, int] = {UNKNOWN.profile: STRANGER}
        self._seen = _Seen()

    def place(self, profile: Profile) -> int:
        """Return the number of `profile`, which it keeps."""
        with self._lock:
            found = self._places.get(profile)
            if found is None:
                self._profiles.append(profile)
                found = self._places[profile] = len(self._profiles) - 1
            return found

    def through(self, lenses: Sequence[Lens]) -> Callable[[Numbers, Numbers], Words]:
        """Return what tells the conditions of each row: of the profile ``places[i]`` through ``lenses[which[i]]``."""
        with self._lock:
            if len(self._seen.lenses) * len(self._profiles) > _MOST_SEEN:
                self._seen = _Seen()
            seen = self._seen
            numbers = np.array([seen.lenses.setdefault(lens, len(seen.lenses)) for lens in lenses], np.int64)

        def words(which: Numbers, places: Numbers) -> Words:
            rows = numbers[which]
            with self._lock:
                seen.make_room(len(self._profiles))
                found = seen.words[rows, places]
                late = found == _UNSEEN
                if late.any():
                    self._work_out(seen, rows[late], places[late])
                    found = seen.words[rows, places]
            return found.astype(np.uint64)

        return words

    def _work_out(self, seen: _Seen, rows: Numbers, places: Numbers) -> None:
        lenses, width = list(seen.lenses), seen.words.shape[1]
        for pair in np.unique(rows * width + places).tolist():
            row, place = divmod(pair, width)
            profile = self._profiles[place]
            if profile is not None:
                seen.words[row, place] = user_word(profile, lenses[row])


class Slots(NamedTuple):
    """Users as columns, a row each."""

    seen: SeenProfiles
    places: npt.NDArray[np.int32]
    """Number of each user's profile among the profiles seen."""
    last: Moments
    """When the last fact came true."""
    ended: Moments
    """When the last service ended; `NEVER` where none did."""


def codes_of_pairs(
    view: View, prepared: Sequence[Prepared], users: Slots, pairs: tuple[Numbers, Numbers], over: int
) -> Words:
    """Return the reason code of each pair of ``prepared[pairs[0][i]]`` and the user in row ``pairs[1][i]``.

    `over` is the moment (microseconds) before which services must have ended for the time of retention to be over.
    """
    which, of_user = pairs
    words = np.fromiter((each.word for each in prepared), np.uint64, len(prepared))
    by_retention = np.fromiter((each.by_retention for each in prepared), np.bool_, len(prepared))
    words_of = users.seen.through([each.lens for each in prepared])
    retained = (users.ended < over) if by_retention.any() else None
    found = np.empty(len(of_user), np.uint64)
    for start in range(0, len(of_user), CHUNK):
        acts, rows = which[start : start + CHUNK], of_user[start : start + CHUNK]
        own = words_of(acts, users.places[rows])
        if retained is not None:
            is_over = by_retention[acts] & retained[rows] & ((own & _KNOWN) != 0)
            own |= _OVER * is_over.astype(np.uint64)
        found[start : start + CHUNK] = _codes(view, words[acts] | own)
    return found


def _codes(view: View, words: Words) -> Words:
    """Return the code of each word; the prohibitions are asked once for each different one."""
    encoded: Any = pa.array(words).dictionary_encode()
    different = encoded.dictionary.to_numpy(zero_copy_only=False)
    codes: Words = view.edition.answers.codes(different)[encoded.indices.to_numpy(zero_copy_only=False)]
    return codes


def _room(needed: int, had: int) -> int:
    return max(64, had) if needed <= max(64, had) else max(needed, 2 * had)
