# SPDX-License-Identifier: Apache-2.0
"""Which instruments stand on a day, and whether their reading is still fresh."""

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from keshou.law.law import Law
from keshou.law.model import Instrument
from keshou.law.terms import Rank


class Standing(StrEnum):
    """What an instrument is on a day."""

    IN_FORCE = "in_force"
    NOT_YET = "not_yet"
    REPEALED = "repealed"
    ADOPTABLE = "adoptable"
    """Guidance that stands and binds those who adopt it."""
    NEVER = "never"
    """A draft; it binds nobody on any day."""


class InstrumentStatus(NamedTuple):
    """One instrument on one day."""

    instrument: Instrument
    standing: Standing
    check_by: dt.date
    """Last day on which the reading of `checked_on` is fresh."""
    stale: bool


def status(law: Law, today: dt.date) -> list[InstrumentStatus]:
    """Say of every instrument whether it stands `today` and whether it must be read again."""
    return [_status(one, today, law.house.check_within.after(one.checked_on)) for one in law.instruments.values()]


def is_fresh(lines: Iterable[InstrumentStatus]) -> bool:
    """Say whether no reading is stale."""
    return not any(line.stale for line in lines)


def standing(instrument: Instrument, day: dt.date) -> Standing:
    """Say what an instrument is on `day`."""
    if instrument.rank is Rank.DRAFT or instrument.in_force is None:
        return Standing.NEVER
    if day < instrument.in_force:
        return Standing.NOT_YET
    if not instrument.in_force_on(day):
        return Standing.REPEALED
    return Standing.ADOPTABLE if instrument.rank is Rank.GUIDANCE else Standing.IN_FORCE


def _status(instrument: Instrument, today: dt.date, check_by: dt.date) -> InstrumentStatus:
    return InstrumentStatus(instrument, standing(instrument, today), check_by, stale=today > check_by)
