# SPDX-License-Identifier: Apache-2.0
"""What is told of a site's keys, and of what was done with them; no key is in it."""

import datetime as dt
from typing import NamedTuple

from keshou.vault.rotations.store import Rotation


class KeyPlace(NamedTuple):
    """Whose data key it is: the user's surrogate number, and the class of what lies under it."""

    user: int
    class_: str


class MasterShown(NamedTuple):
    """A master key as it may be shown."""

    number: int
    source: str
    created: dt.datetime


class KeysShown(NamedTuple):
    """The keys of a site as they may be shown."""

    suite: str
    masters: tuple[MasterShown, ...]
    epochs: dict[int, int]
    """How many living data keys are wrapped under each epoch that lives."""
    indexes: dict[int, int]
    """How many rows that find users lie under each key of the index."""
    taken_back: dict[tuple[str, str], int]
    """How many of these rows are of an item and a way by which the rules let nobody be found any more."""
    rotations: tuple[Rotation, ...]
    broken: tuple[KeyPlace, ...] = ()
    """Data keys under an older epoch that do not open, when nothing else lies there any more."""


class Indexed(NamedTuple):
    """What a rotation of the index key did."""

    number: int
    """Of the index key under which everything that finds users lies now."""
    users: int
    """Users of whom it was made anew in this call."""
    left: int
    """Users of whom something does not open: left as they were."""


class Unindexed(NamedTuple):
    """What the index still lacks, or holds too much, after the rules changed what users are found by."""

    lacking: frozenset[str]
    """Items by which users are not found yet in a way that was newly chosen."""
    lingering: frozenset[str]
    """Items of which the index still holds a way that nothing declares any more."""


class Rotated(NamedTuple):
    """What a rotation of data keys did."""

    epoch: int
    """The epoch in which all keys lie now."""
    keys: int
    """Keys that were moved or made anew in this call."""
    left: int
    """Keys, or users, of whom something does not open: left as they were."""
    broken: tuple[KeyPlace, ...] = ()
    """Which, up to a hundred."""


class Retired(NamedTuple):
    """Numbers of the keys that were destroyed."""

    epochs: tuple[int, ...]
    indexes: tuple[int, ...]
    given_up: tuple[KeyPlace, ...] = ()
    """Data keys that lay under them and did not open."""
