# SPDX-License-Identifier: Apache-2.0
"""Is one calendar length shorter than another? Months and years differ in days, so every month is tried."""

import calendar
import datetime as dt
from typing import Protocol

_CYCLE = [dt.date(2000 + month // 12, month % 12 + 1, 1) for month in range(48)]
"""Firsts of the month over one cycle of leap years."""


class Length(Protocol):
    """Days, months and years, as a retention or a statutory period has them."""

    @property
    def days(self) -> int:
        """Days."""

    @property
    def months(self) -> int:
        """Months."""

    @property
    def years(self) -> int:
        """Years."""


def is_shorter(one: Length, other: Length) -> bool:
    """Say whether `one` ends before `other` from some starting day; 730 days are shorter than two years."""
    return any(_end(one, start) < _end(other, start) for start in _CYCLE)


def is_longer(one: Length, other: Length) -> bool:
    """Say whether `one` ends after `other` from some starting day."""
    return is_shorter(other, one)


def has_passed(length: Length, start: dt.date, today: dt.date) -> bool:
    """Say whether `today` lies after the day `length` after `start`."""
    return _end(length, start) < today.toordinal()


def _end(length: Length, start: dt.date) -> int:
    """Return the ordinal of the day `length` after `start`; works for lengths beyond the calendar's end."""
    months = start.month - 1 + length.months + 12 * length.years
    cycles, years = divmod(months // 12, 400)
    year = start.year + years
    day = min(start.day, calendar.monthrange(year, months % 12 + 1)[1])
    return dt.date(year, months % 12 + 1, day).toordinal() + cycles * 146097 + length.days
