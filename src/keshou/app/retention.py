# SPDX-License-Identifier: Apache-2.0
"""What may be erased, and when: information whose purposes are all over, and registration information by statute.

What the service class holds is shredded when the last service ends, so nothing of it waits for that. Source:
miit24:8, miit24:9.4, miit25:11.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from keshou.acts.known import Known
from keshou.acts.request import Job
from keshou.acts.staying import Staying, staying
from keshou.acts.work import Pending
from keshou.app.expiry import Expiry, Gone, free_from
from keshou.app.settings import Settings
from keshou.db import Transaction
from keshou.errors import InputError
from keshou.gate import calendar
from keshou.gate.standing import fold_user
from keshou.law.cites import REGISTRATION_KEPT
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
    """The provision whose time is over then; empty when none binds."""
    overdue: int
    """Users of whom it might have been erased before the span, and was not."""
    days: tuple[Due, ...]
    held: tuple[HeldBack, ...] = ()
    over: tuple[Gone, ...] = ()
    """What no purpose needs any more, by day, purpose and class; what a hold keeps beyond the span is left out."""
    by_itself: tuple[RetentionClass, ...] = ()
    """The classes of which that goes by the clock; of others it waits for somebody's act."""

    @property
    def users(self) -> int:
        """How many users, all days together."""
        return sum(each.users for each in self.days)


class House(Protocol):
    """What of a site is looked at."""

    ledger: Ledger
    settings: Settings
    now: Callable[[], dt.datetime]

    def reading(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that writes nothing."""


class _Found:
    """What was found so far: what may go on which day, and what each hold keeps of whom."""

    def __init__(self, stays: Staying, until: dt.date) -> None:
        self.due: dict[dt.date, tuple[int, Counter[str]]] = {}
        """Day -> of how many users something may go, and of how many of them each item."""
        self._stays, self._until = stays, until
        self._users: dict[str, set[int]] = {}
        self._items: dict[str, Counter[str]] = {}

    def add(self, day: dt.date, who: tuple[int, str], items: Collection[str], class_: RetentionClass) -> None:
        """Note what of a user may go from `day` on, but for what holds keep.

        `who` is the surrogate key and what stands for the user in holds.
        """
        by_day: dict[dt.date, list[str]] = {}
        keeping: dict[str, list[str]] = {}
        for item in items:
            found = self._stays.holding(who[1], item, class_)
            for each in found:
                if free_from([each], day) != day:
                    keeping.setdefault(each.hold, []).append(item)
            last = free_from(found, day)
            if last is not None and last <= self._until:
                by_day.setdefault(last, []).append(item)
        if class_ is RetentionClass.REGISTRATION:
            for each_day, of in by_day.items():
                users, counts = self.due.get(each_day, (0, Counter()))
                counts.update(of)
                self.due[each_day] = users + 1, counts
        for hold, of in keeping.items():
            self._users.setdefault(hold, set()).add(who[0])
            self._items.setdefault(hold, Counter()).update(of)

    def held(self) -> tuple[HeldBack, ...]:
        """Return what each hold keeps, in the order set."""
        return tuple(
            HeldBack(
                each.hold, each.ground, each.cite, each.until, len(users), dict(sorted(self._items[each.hold].items()))
            )
            for each in self._stays.holds
            if (users := self._users.get(each.hold))
        )


class RetentionSchedule:
    """The schedule of one site: computed from facts, stored nowhere."""

    def __init__(self, house: House, known: Known, do: Callable[[Job], Pending]) -> None:
        self._house = house
        self._known = known
        self._expiry = Expiry(house, known, do)
        self.let_go = self._expiry.let_go

    def preview(self, since: dt.date, until: dt.date, advance: Callable[[int], None] = lambda _: None) -> Preview:
        """Return what may be erased from `since` to `until`, both included, and what a hold keeps; nobody is named.

        Days that there is no reckoning with are taken for the nearest that there is.

        Raises:
            InputError: the span ends before it begins, or no rules bind to retain anything then.

        """
        since, until = calendar.within_reach(since), calendar.within_reach(until)
        if until < since:
            raise InputError("the span ends before it begins", hint="give the earlier day first")
        with self._house.reading() as tx:
            view = self._known.view(tx, self._house.ledger.head(tx))
            then = view.gate.timeline.at(calendar.start_of(since))
            if then.retention is None and then.edition.published is None:
                raise InputError(
                    "no rules bind to retain anything then", hint="publish rules first, or give a later day"
                )
            state = view.gate.timeline.at(self._house.now()).state
            found = _Found(staying(state, (each.declaration for each in view.versions().values())), until)
            if then.retention is not None:
                self._registration(tx, then.retention, until, found, advance)
            self._service(tx, since, found)
            over = self._expiry.preview(tx, since, until, advance)
        due = sorted(found.due.items())
        overdue = sum(users for day, (users, _) in due if day < since)
        days = tuple(Due(day, users, dict(sorted(of.items()))) for day, (users, of) in due if day >= since)
        by_itself = tuple(sorted(self._expiry.going))
        under = REGISTRATION_KEPT if then.retention is not None else ""
        return Preview(since, until, under, overdue, days, found.held(), over.all(), by_itself)

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


def _parts(users: Sequence[int]) -> Iterator[Sequence[int]]:
    return (users[start : start + _AT_ONCE] for start in range(0, len(users), _AT_ONCE))
