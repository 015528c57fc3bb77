# SPDX-License-Identifier: Apache-2.0
"""Information whose purposes are all over: how much of it goes on which day, and its going by the clock.

Computed from facts and stored nowhere, some users at a time.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from keshou.acts.expiring import Held, due, ends, terms_of
from keshou.acts.known import Known, View
from keshou.acts.request import ActError, Expire, Job
from keshou.acts.staying import Staying, staying
from keshou.acts.work import Pending
from keshou.app.holds import CLOCK
from keshou.app.settings import Settings
from keshou.app.untold import Untold, counted
from keshou.db import Transaction
from keshou.gate import calendar
from keshou.gate.holds import HoldSet
from keshou.gate.keeping import FOR_EVER, Keeping, fold_use
from keshou.law.terms import RetentionClass
from keshou.ledger.store import Ledger
from keshou.vault.kept_back.store import KeptBack
from keshou.vault.lookup import collected_of, users_after

_AT_ONCE = 500
_DAY = dt.timedelta(days=1)
_GOING = {
    "wait": frozenset[RetentionClass](),
    "service": frozenset({RetentionClass.SERVICE, RetentionClass.RECORD}),
    "all": frozenset(RetentionClass),
}


class Gone(NamedTuple):
    """What no purpose needs any more from one day on."""

    day: dt.date
    """In China; what was over before the span is told with its first day."""
    purpose: str
    """The one that needed it last."""
    class_: RetentionClass
    users: int
    items: dict[str, int]
    """Of how many of these users each item is held."""


class House(Protocol):
    """What of a site is looked at."""

    ledger: Ledger
    settings: Settings
    now: Callable[[], dt.datetime]

    def reading(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that writes nothing."""


class Found:
    """What was found so far, by day, purpose and class; as large as the span is long, however many users there are."""

    def __init__(self, stays: Staying, since: dt.date, until: dt.date) -> None:
        self._stays, self._since, self._until = stays, since, until
        self._users: Counter[tuple[dt.date, str, RetentionClass]] = Counter()
        self._items: dict[tuple[dt.date, str, RetentionClass], Counter[str]] = {}

    def add(self, held: Held, keeping: Keeping) -> None:
        """Note what of one user goes on which day."""
        told = set()
        for each, last in ends(held, keeping):
            if last.day > self._until or self._stays.suspended.keeps(each.item):
                continue
            day = free_from(self._stays.holding(held.name, each.item, each.class_), last.day)
            if day is None or day > self._until:
                continue
            place = (max(day, self._since), last.purpose, each.class_)
            told.add(place)
            self._items.setdefault(place, Counter())[each.item] += 1
        self._users.update(told)

    def all(self) -> tuple[Gone, ...]:
        """Return it in the order of days."""
        return tuple(
            Gone(*place, users, dict(sorted(self._items[place].items())))
            for place, users in sorted(self._users.items())
        )


class Expiry:
    """Of one site; `do` brings a job to the door."""

    def __init__(self, house: House, known: Known, do: Callable[[Job], Pending]) -> None:
        self._house, self._known, self._do = house, known, do
        self._keeping: Keeping | None = None

    @property
    def going(self) -> frozenset[RetentionClass]:
        """The classes of which it goes by the clock."""
        return _GOING[self._house.settings.retention.over]

    def preview(self, tx: Transaction, since: dt.date, until: dt.date, advance: Callable[[int], None]) -> Found:
        """Return what goes from `since` to `until`, as things stand."""
        now = self._house.now()
        view = self._known.view(tx, self._house.ledger.head(tx))
        keeping, last = self._kept(view, now), 0
        found = Found(_staying(view, keeping, now), since, until)
        while users := users_after(tx, last, _AT_ONCE):
            for _, held in self._held(tx, users):
                found.add(held, keeping)
            advance(len(users))
            last = users[-1]
        return found

    def let_go(self, by: str = CLOCK, go_on: Callable[[], bool] = lambda: True) -> int:
        """Let go what is over, where the settings let it go by the clock; return of how many users something went.

        Each is an act of its own, committed by itself: what is interrupted, or ended by `go_on` before some users are
        looked at or one of them loses something, goes on the next time.
        """
        with counted() as untold:
            return self._let_go(by, go_on, untold)

    def _let_go(self, by: str, go_on: Callable[[], bool], untold: Untold) -> int:
        classes, count, last = self.going, 0, 0
        while classes and go_on():
            with self._house.reading() as tx:
                users = users_after(tx, last, _AT_ONCE)
                over = self._over(tx, users, classes)
            if not users:
                break
            for user in over:
                if not go_on():
                    return count
                count += self._expire(user, by, classes, untold)
            last = users[-1]
        return count

    def _over(self, tx: Transaction, users: Sequence[int], classes: frozenset[RetentionClass]) -> list[int]:
        now = self._house.now()
        view = self._known.view(tx, self._house.ledger.head(tx))
        keeping, today = self._kept(view, now), calendar.day_of(now)
        stays = _staying(view, keeping, now)
        return [user for user, held in self._held(tx, users) if due(held, keeping, stays, today, classes)]

    def _kept(self, view: View, now: dt.datetime) -> Keeping:
        """Return how long things are kept; what was worked out before serves while the terms are the same."""
        terms, kept = terms_of(view, now), self._keeping
        if kept is None or not kept.terms.same(terms):
            kept = self._keeping = Keeping(terms)
        return kept

    def _expire(self, user: int, by: str, classes: frozenset[RetentionClass], untold: Untold) -> int:
        try:
            untold.note(self._do(Expire(user=user, by=by, classes=classes)))
        except ActError:  # another process was first, or something keeps it since
            return 0
        return 1

    def _held(self, tx: Transaction, users: Sequence[int]) -> Iterator[tuple[int, Held]]:
        """Yield what is held of each of `users`, and what decides how long it is kept."""
        values, names = collected_of(tx, users), KeptBack().names_of(tx, users)
        facts = self._known.standings.facts_of(tx, list(values))
        for user, held in values.items():
            yield user, Held(held, fold_use(facts.get(user, ())), names.get(user, ""))


def _staying(view: View, keeping: Keeping, now: dt.datetime) -> Staying:
    return staying(view.gate.timeline.at(now).state, keeping.terms.versions.values())


def free_from(keeping: Collection[HoldSet], day: dt.date) -> dt.date | None:
    """Return the first day in China, and not before `day`, on the whole of which no hold keeps something; None: never.

    A hold that stands until it is lifted has no such day, nor one that outlasts the calendar.
    """
    for each in keeping:
        end = None if each.until is None else calendar.in_china(each.until)
        if end is None or end.date() == FOR_EVER:
            return None
        day = max(day, end.date() if end.time() == dt.time() else end.date() + _DAY)
    return day
