# SPDX-License-Identifier: Apache-2.0
"""What may be erased, and when: registration information once the statutory time after the service is over.

What the service class holds is shredded when the last service ends, so nothing of it waits. Source: miit25:11,
miit24:9.4.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from keshou.acts.known import Known
from keshou.app.holds import keepers
from keshou.db import Transaction
from keshou.errors import InputError
from keshou.gate import calendar
from keshou.gate.holds import HoldSet
from keshou.gate.rulebook import RETENTION
from keshou.gate.site import SiteState
from keshou.gate.standing import fold_user
from keshou.law.model import Period
from keshou.law.terms import RetentionClass
from keshou.ledger.store import Ledger
from keshou.vault.kept_back.store import KeptBack
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


class HeldBack(NamedTuple):
    """What a hold keeps from going within the span, or made wait until within it."""

    hold: str
    ground: str
    cite: str
    until: dt.datetime | None
    """None: until it is lifted."""
    users: int
    items: dict[str, int]
    """Of how many of these users each item is kept."""


class Preview(NamedTuple):
    """What may be erased within a span of days."""

    since: dt.date
    until: dt.date
    under: str
    """The provision whose time is over then."""
    overdue: int
    """Users of whom it might have been erased before the span, and was not."""
    days: tuple[Due, ...]
    held: tuple[HeldBack, ...] = ()

    @property
    def users(self) -> int:
        """How many users, all days together."""
        return sum(each.users for each in self.days)


class House(Protocol):
    """What of a site is looked at."""

    ledger: Ledger
    now: Callable[[], dt.datetime]

    def reading(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that writes nothing."""


class _Found:
    """What was found so far: what may go on which day, and what each hold keeps of whom."""

    def __init__(self, state: SiteState, until: dt.date) -> None:
        self.due: list[tuple[dt.date, tuple[str, ...]]] = []
        self._state, self._until = state, until
        self._users: dict[str, set[int]] = {}
        self._items: dict[str, Counter[str]] = {}

    def add(self, day: dt.date, who: tuple[int, str], items: Collection[str], class_: RetentionClass) -> None:
        """Note what of a user may go from `day` on, but for what holds keep.

        `who` is the surrogate key and what stands for the user in holds.
        """
        by_day: dict[dt.date, list[str]] = {}
        keeping: dict[str, list[str]] = {}
        for item in items:
            last: dt.date | None = day
            for each in keepers(self._state, who[1], item, class_):
                ends = _free_from(each)
                if ends is None or ends > day:
                    keeping.setdefault(each.hold, []).append(item)
                    last = max(last, ends) if last and ends else None
            if last is not None and last <= self._until:
                by_day.setdefault(last, []).append(item)
        if class_ is RetentionClass.REGISTRATION:
            self.due += [(each, tuple(of)) for each, of in by_day.items()]
        for hold, of in keeping.items():
            self._users.setdefault(hold, set()).add(who[0])
            self._items.setdefault(hold, Counter()).update(of)

    def held(self) -> tuple[HeldBack, ...]:
        """Return what each hold keeps, in the order set."""
        return tuple(
            HeldBack(
                each.hold, each.ground, each.cite, each.until, len(users), dict(sorted(self._items[each.hold].items()))
            )
            for each in self._state.holds()
            if (users := self._users.get(each.hold))
        )


class RetentionSchedule:
    """The schedule of one site: computed from facts, stored nowhere."""

    def __init__(self, house: House, known: Known) -> None:
        self._house = house
        self._known = known

    def preview(self, since: dt.date, until: dt.date, advance: Callable[[int], None] = lambda _: None) -> Preview:
        """Return what may be erased from `since` to `until`, both included, and what a hold keeps; nobody is named.

        Raises:
            InputError: the span ends before it begins, or no rules bind to retain anything then.

        """
        if until < since:
            raise InputError("the span ends before it begins", hint="give the earlier day first")
        with self._house.reading() as tx:
            view = self._known.view(tx, self._house.ledger.head(tx).size)
            period = view.gate.timeline.at(calendar.start_of(since)).retention
            if period is None:
                raise InputError(
                    "no rules bind to retain anything then", hint="publish rules first, or give a later day"
                )
            found = _Found(view.gate.timeline.at(self._house.now()).state, until)
            self._registration(tx, period, until, found, advance)
            self._service(tx, since, found)
        due = found.due
        overdue = sum(day < since for day, _ in due)
        days = sorted({day for day, _ in due if day >= since})
        return Preview(since, until, RETENTION, overdue, tuple(_due(day, due) for day in days), found.held())

    def _registration(
        self, tx: Transaction, period: Period, until: dt.date, found: _Found, advance: Callable[[int], None]
    ) -> None:
        """Find whose statutory time is over by `until`, from which day on, and which items are held."""
        for users in _parts(users_of(tx, RetentionClass.REGISTRATION.value)):
            due: dict[int, dt.date] = {}
            for user, facts in self._known.standings.facts_of(tx, users).items():
                ended = fold_user(facts).ended
                if ended is not None and (day := calendar.add(calendar.day_of(ended), period) + _DAY) <= until:
                    due[user] = day
            held, names = items_in(tx, list(due), RetentionClass.REGISTRATION.value), KeptBack().names_of(tx, list(due))
            for user, day in due.items():
                if user in held:
                    found.add(day, (user, names.get(user, "")), held[user], RetentionClass.REGISTRATION)
            advance(len(users))

    def _service(self, tx: Transaction, since: dt.date, found: _Found) -> None:
        """Find what holds kept back when services ended; it goes by itself once none keeps it."""
        kept_back, last = KeptBack(), 0
        while users := list(kept_back.after(tx, last, _AT_ONCE)):
            names = kept_back.names_of(tx, users)
            for user, items in items_in(tx, users, RetentionClass.SERVICE.value).items():
                found.add(since, (user, names.get(user, "")), items, RetentionClass.SERVICE)
            last = users[-1]


def _free_from(hold: HoldSet) -> dt.date | None:
    """Return the first day in China on the whole of which a hold keeps nothing; None: it has no end."""
    if hold.until is None:
        return None
    day = calendar.day_of(hold.until)
    return day if calendar.start_of(day) == hold.until else day + _DAY


def _due(day: dt.date, found: Iterable[tuple[dt.date, tuple[str, ...]]]) -> Due:
    here = [items for each, items in found if each == day]
    return Due(day, len(here), dict(sorted(Counter(item for items in here for item in items).items())))


def _parts(users: Sequence[int]) -> Iterator[Sequence[int]]:
    return (users[start : start + _AT_ONCE] for start in range(0, len(users), _AT_ONCE))
