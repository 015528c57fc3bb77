# SPDX-License-Identifier: Apache-2.0
"""Users' standings as columns: for each user a number that says which profile, and when things came true."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from keshou.gate.standing import UNKNOWN, Profile, UserStanding

Numbers = npt.NDArray[np.integer[Any]]
Moments = npt.NDArray[np.int64]

NEVER = np.iinfo(np.int64).max
"""Stands for no moment: later than any."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def micros(moment: dt.datetime) -> int:
    """Return `moment` as microseconds since 1970-01-01 UTC."""
    return (moment - _EPOCH) // _MICROSECOND


class UserColumns:
    """Many users' standings; the row after the last stands for everybody who is not known.

    Attributes:
        rows: user's id -> row.
        profiles: the different profiles, the unknown one first.
        which: for each row the place of its profile, in the smallest type that holds it.
        last: for each row when the last fact came true, in microseconds.
        ended: for each row when the last service ended, in microseconds; `NEVER` where none did.

    """

    def __init__(
        self, rows: Mapping[str, int], profiles: Sequence[Profile], which: Numbers, last: Moments, ended: Moments
    ) -> None:
        self.rows, self.profiles = rows, (UNKNOWN.profile, *profiles)
        narrow = np.min_scalar_type(len(self.profiles))
        self.which = np.append(which.astype(np.int64) + 1, 0).astype(narrow)
        self.last = np.append(last, micros(UNKNOWN.last))
        self.ended = np.append(ended, NEVER)

    @property
    def unknown(self) -> int:
        """The row that stands for everybody who is not known."""
        return len(self.which) - 1

    @classmethod
    def of(cls, standings: Iterable[tuple[str, UserStanding]]) -> "UserColumns":
        """Lay standings out as columns, a row each in the order given."""
        rows: dict[str, int] = {}
        places: dict[Profile, int] = {}
        which: list[int] = []
        last: list[int] = []
        ended: list[int] = []
        for user, standing in standings:
            rows[user] = len(which)
            which.append(places.setdefault(standing.profile, len(places)))
            last.append(micros(standing.last))
            ended.append(NEVER if standing.ended is None else micros(standing.ended))
        moments = (np.array(each, np.int64) for each in (last, ended))
        return cls(rows, list(places), np.array(which, np.int64), *moments)

    def ids(self) -> dict[int, str]:
        """Return row -> user's id."""
        return {row: user for user, row in self.rows.items()}
