# SPDX-License-Identifier: Apache-2.0
"""What may be erased, and when: registration information once the statutory time after the service is over.

What the service class holds is shredded when the last service ends, so nothing of it waits. Source: miit25:11,
miit24:9.4.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from keshou.acts.known import Known
from keshou.db import Transaction
from keshou.errors import InputError
from keshou.gate import calendar
from keshou.gate.rulebook import RETENTION
from keshou.gate.standing import fold_user
from keshou.law.model import Period
from keshou.law.terms import RetentionClass
from keshou.ledger.store import Ledger
from keshou.vault.lookup import items_in, users_of

_AT_ONCE = 1000
_DAY = dt.timedelta(days=1)


class Due(NamedTuple):
    """What may be erased from one day on."""

    day: dt.date
    """In China."""
    users: int
    items: dict[str, int]
    """Of how many of these users each item is held."""


class Preview(NamedTuple):
    """What may be erased within a span of days."""

    since: dt.date
    until: dt.date
    under: str
    """The provision whose time is over then."""
    overdue: int
    """Users of whom it might have been erased before the span, and was not."""
    days: tuple[Due, ...]

    @property
    def users(self) -> int:
        """How many users, all days together."""
        return sum(each.users for each in self.days)


class House(Protocol):
    """What of a site is looked at."""

    ledger: Ledger

    def reading(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that writes nothing."""


class RetentionSchedule:
    """The schedule of one site: computed from facts, stored nowhere."""

    def __init__(self, house: House, known: Known) -> None:
        self._house = house
        self._known = known

    def preview(self, since: dt.date, until: dt.date, advance: Callable[[int], None] = lambda _: None) -> Preview:
        """Return what may be erased from `since` to `until`, both included; nobody is named.

        Raises:
            InputError: the span ends before it begins, or no rules bind to retain anything then.

        """
        if until < since:
            raise InputError("the span ends before it begins", hint="give the earlier day first")
        with self._house.reading() as tx:
            period = self._period(tx, since)
            held = self._held(tx, period, until, advance)
            found = [(day, items) for day, items in held if items]
        overdue = sum(day < since for day, _ in found)
        days = sorted({day for day, _ in found if day >= since})
        return Preview(since, until, RETENTION, overdue, tuple(_due(day, found) for day in days))

    def _period(self, tx: Transaction, day: dt.date) -> Period:
        view = self._known.view(tx, self._house.ledger.head(tx).size)
        period = view.gate.timeline.at(calendar.start_of(day)).retention
        if period is None:
            raise InputError("no rules bind to retain anything then", hint="publish rules first, or give a later day")
        return period

    def _held(
        self, tx: Transaction, period: Period, until: dt.date, advance: Callable[[int], None]
    ) -> Iterator[tuple[dt.date, tuple[str, ...]]]:
        """Yield, for each user whose time is over by `until`, from which day on and which items are held."""
        for users in _parts(users_of(tx, RetentionClass.REGISTRATION.value)):
            due: dict[int, dt.date] = {}
            for user, facts in self._known.standings.facts_of(tx, users).items():
                ended = fold_user(facts).ended
                if ended is not None and (day := calendar.add(calendar.day_of(ended), period) + _DAY) <= until:
                    due[user] = day
            held = items_in(tx, list(due), RetentionClass.REGISTRATION.value)
            yield from ((day, held.get(user, ())) for user, day in due.items())
            advance(len(users))


def _due(day: dt.date, found: Iterable[tuple[dt.date, tuple[str, ...]]]) -> Due:
    here = [items for each, items in found if each == day]
    return Due(day, len(here), dict(sorted(Counter(item for items in here for item in items).items())))


def _parts(users: Sequence[int]) -> Iterator[Sequence[int]]:
    return (users[start : start + _AT_ONCE] for start in range(0, len(users), _AT_ONCE))
