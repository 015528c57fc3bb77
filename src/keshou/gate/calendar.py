# SPDX-License-Identifier: Apache-2.0
"""Days and hours as the law's places keep them: statutory days are China's days."""

import datetime as dt
import functools

from keshou.declaration.model import Hours
from keshou.declaration.span import Length
from keshou.law.model import CHINA, Period

EARLIEST, LATEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(3000, 1, 1, tzinfo=dt.UTC)
"""What is told lies from the one on and before the other: far from where the calendar has no next day or other zone."""

_DAY = dt.timedelta(days=1)
_ONE = dt.timedelta(microseconds=1)
_FIRST, _AHEAD, _MICROS = dt.date(1970, 1, 1), CHINA.utcoffset(None) // _ONE, _DAY // _ONE


def may_be_told(when: dt.datetime) -> bool:
    """Say whether a moment that somebody tells is one to reckon with, by the year as it is written, in its own zone."""
    return EARLIEST.year <= when.year < LATEST.year


def read_day(text: str) -> dt.date:
    """Return the day that somebody wrote, as ``2026-12-31``.

    Raises:
        ValueError: it is none, or none to reckon with.

    """
    day = dt.date.fromisoformat(text)
    if within_reach(day) != day:
        raise ValueError
    return day


def within_reach(day: dt.date) -> dt.date:
    """Return `day`, or the nearest that there is to reckon with."""
    return min(max(day, EARLIEST.date()), LATEST.date() - _DAY)


def in_china(when: dt.datetime) -> dt.datetime:
    """Return `when` by the clocks of China; as it is where the calendar ends before that."""
    try:
        return when.astimezone(CHINA)
    except OverflowError:
        return when


def day_of(when: dt.datetime) -> dt.date:
    """Return the day in China on which `when` falls."""
    return in_china(when).date()


def day_of_micros(micros: int) -> dt.date:
    """Return the day in China on which a moment falls that is given in microseconds since 1970 (UTC)."""
    return _FIRST + (micros + _AHEAD) // _MICROS * _DAY


def start_of(day: dt.date) -> dt.datetime:
    """Return the moment at which `day` begins in China, in UTC."""
    return dt.datetime.combine(day, dt.time(), CHINA).astimezone(dt.UTC)


def end_of(day: dt.date) -> dt.datetime:
    """Return the moment at which `day` is over in China, in UTC."""
    return start_of(day) + _DAY


def add(day: dt.date, period: Length) -> dt.date:
    """Return the last day of a period that runs from `day`; a day its month lacks becomes the first of the next."""
    months = day.year * 12 + day.month - 1 + period.years * 12 + period.months
    year, month = divmod(months, 12)
    try:
        moved = dt.date(year, month + 1, day.day)
    except ValueError:
        moved = dt.date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return moved + period.days * _DAY


@functools.lru_cache(64)
def ended_before(day: dt.date, period: Period) -> dt.datetime:
    """Return the moment such that what ended before it is, on `day`, past the whole of `period`."""
    last = dt.date(day.year - period.years - period.months // 12 - 1, 1, 1) - period.days * _DAY
    low, high = last.toordinal() - 31, day.toordinal()
    while low < high:
        middle = (low + high + 1) // 2
        if add(dt.date.fromordinal(middle), period) < day:
            low = middle
        else:
            high = middle - 1
    return end_of(dt.date.fromordinal(low))


def within(hours: Hours, when: dt.datetime) -> bool:
    """Say whether `when` falls into the daily span; a span that ends before it begins runs over midnight."""
    here = when.astimezone(_zone(hours)).time()
    start, end = dt.time.fromisoformat(hours.from_), dt.time.fromisoformat(hours.to)
    return start <= here < end if start <= end else (here >= start or here < end)


def turns(hours: Hours, when: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Return the last moment up to `when`, and the next after it, at which the daily span begins or ends."""
    zone = _zone(hours)
    today = when.astimezone(zone).date()
    clocks = [dt.time.fromisoformat(each) for each in (hours.from_, hours.to)]
    days = (today - _DAY, today, today + _DAY)
    moments = sorted(dt.datetime.combine(day, clock, zone).astimezone(dt.UTC) for day in days for clock in clocks)
    return max(each for each in moments if each <= when), min(each for each in moments if each > when)


@functools.cache
def _zone(hours: Hours) -> dt.timezone:
    clock, sign = dt.time.fromisoformat(hours.utc_offset[1:]), hours.utc_offset[0]
    offset = dt.timedelta(hours=clock.hour, minutes=clock.minute)
    return dt.timezone(offset if sign == "+" else -offset)
