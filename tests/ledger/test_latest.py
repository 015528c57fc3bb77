# SPDX-License-Identifier: Apache-2.0
"""The present is a clock's, and never before the newest entry while the clock is only a little behind."""

import datetime as dt

import pytest

from keshou.db import to_micros
from keshou.ledger.errors import ClockError
from keshou.ledger.latest import Latest

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def latest(clock: dt.datetime) -> Latest:
    found = Latest(2_000_000)
    found.over(lambda: clock)
    found.note(to_micros(NOON))
    return found


def test_the_newest_entry_is_the_latest_one_noted_in_whatever_order() -> None:
    found = latest(NOON)
    found.note(to_micros(NOON - SECOND))
    assert found.moment == NOON
    found.note(to_micros(NOON + SECOND))
    assert found.moment == NOON + SECOND


@pytest.mark.parametrize(
    ("clock", "present"),
    [(NOON + SECOND, NOON + SECOND), (NOON, NOON), (NOON - SECOND, NOON), (NOON - 2 * SECOND, NOON)],
)
def test_a_clock_that_is_no_further_behind_than_clocks_may_be_is_put_right(
    clock: dt.datetime, present: dt.datetime
) -> None:
    assert latest(clock).now() == present
    assert latest(clock).present(clock) == present


def test_a_clock_that_is_further_behind_is_told_as_it_is_and_decides_nothing() -> None:
    clock = NOON - 2.001 * SECOND
    assert latest(clock).now() == clock
    with pytest.raises(ClockError):
        latest(clock).present(clock)


def test_what_is_asked_about_long_ago_or_about_what_is_to_come_stays_as_it_is() -> None:
    for when in (NOON - 3 * SECOND, NOON + 3 * SECOND):
        assert latest(NOON + SECOND).present(when) == when
