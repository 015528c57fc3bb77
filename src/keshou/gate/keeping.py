# SPDX-License-Identifier: Apache-2.0
"""Until when what is held of a user is kept: the day on which the last purpose that needs it is over.

A purpose counts for an item when the user ever agreed to it, or when a law stands there in place of consent. It lasts
as the version says to which the user agreed, and no longer than the rules in force say: of what it needs no more under
them, not at all. Where neither counts, every purpose does that needs the item. What older rules needed and no purpose
of those in force does is over with the day on which they came into force. Withdrawing consent ends use and not the
time: whoever wants more asks for deletion.

Source: miit24:8, gbz28828:7.1.3, miit25:11
"""

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import NamedTuple

from keshou.declaration.model import Declaration, Purpose, Retention
from keshou.gate import calendar
from keshou.gate import facts as f
from keshou.law.model import Period
from keshou.law.terms import RetentionClass

FOR_EVER = dt.date.max
"""The day from which something goes that the calendar has no day for."""
_DAY = dt.timedelta(days=1)
_MOST_KEPT = 1 << 16
_at = attrgetter("at")


class Agreed(NamedTuple):
    """What a user once agreed to."""

    purpose: str
    version: int
    items: frozenset[str]
    """Empty means every item the purpose declared in that version."""


class Use(NamedTuple):
    """What of a user's facts decides how long information is kept."""

    agreed: frozenset[Agreed] = frozenset()
    in_use: frozenset[str] = frozenset()
    ended: tuple[tuple[str, dt.date], ...] = ()
    """Services that ended and were not begun again, each with its last day in China."""

    @property
    def left(self) -> dt.date | None:
        """The last day of the last service; None while one is in use, or when none ever was."""
        return None if self.in_use or not self.ended else max(day for _, day in self.ended)


class Terms(NamedTuple):
    """What of the rules decides it: every version, the one in force, and what stands on a law."""

    versions: Mapping[int, Declaration]
    current: int
    """0: none is in force."""
    grounded: frozenset[tuple[str, str]]
    """Purposes in force, each with an item for which it stands on a law or administrative regulation."""
    statutory: Period | None
    """How long registration information is retained after the service; None: no law that binds says so."""
    since: Mapping[int, dt.date] = {}
    """Version -> the day in China on which it came into force; of one that is not here it is the day of collection."""

    def same(self, other: "Terms") -> bool:
        """Say whether `other` comes to the same; a version that was published never changes."""
        return self[1:4] == other[1:4] and self.versions.keys() == other.versions.keys()


class Over(NamedTuple):
    """From which day on an item may go, and for which purpose it was kept last."""

    day: dt.date
    """In China; the first on which nothing needs it."""
    purpose: str


def fold_use(facts: Iterable[f.UserFact]) -> Use:
    """Fold a user's facts, given in the order recorded, into what decides how long information is kept."""
    agreed: set[Agreed] = set()
    in_use: set[str] = set()
    ended: dict[str, dt.date] = {}
    for fact in sorted(facts, key=_at):
        match fact:
            case f.ConsentGiven():
                agreed.add(Agreed(fact.purpose, fact.version, fact.items))
            case f.ServiceStarted():
                in_use.add(fact.service)
                ended.pop(fact.service, None)
            case f.ServiceEnded():
                in_use.discard(fact.service)
                ended[fact.service] = calendar.day_of(fact.at)
            case f.Erased():
                return Use()
    return Use(frozenset(agreed), frozenset(in_use), tuple(sorted(ended.items())))


Need = tuple[Purpose, ...]
"""One purpose as it was agreed to and as it is in force: it lasts until the first of these is over."""
_Needed = tuple[tuple[str, tuple[Need, ...]], ...]
"""Purposes by id, each as often as it was agreed to: it lasts until the last of these is over."""


def _needed(item: str, agreed: frozenset[Agreed], terms: Terms) -> _Needed:
    """Return the purposes that count for an item."""
    now = _purposes(terms, terms.current, item)
    found: dict[str, set[Need]] = {}
    for each in agreed:
        if each.items and item not in each.items:
            continue
        then = _purposes(terms, each.version, item).get(each.purpose)
        if then is not None and (each.purpose in now or not now):
            both = (then, now[each.purpose]) if each.purpose in now else (then,)
            found.setdefault(each.purpose, set()).add(both)
    for purpose, declared in now.items():
        if (purpose, item) in terms.grounded:
            found.setdefault(purpose, set()).add((declared,))
    if not found:
        found = {purpose: {(declared,)} for purpose, declared in (now or _newest(item, terms)).items()}
    return tuple((purpose, tuple(needs)) for purpose, needs in sorted(found.items()))


def _dropped(item: str, terms: Terms) -> Over | None:
    """Return since when no purpose of the rules in force needs an item that older rules needed; None: one does.

    Where no older rules needed it either it is None too.
    """
    if not terms.current or _purposes(terms, terms.current, item):
        return None
    before = [each for each in terms.versions if each < terms.current and _purposes(terms, each, item)]
    if not before:
        return None
    last = max(before)
    first = min(each for each in terms.versions if each > last)
    return Over(terms.since.get(first, dt.date.min), max(_purposes(terms, last, item)))


def _newest(item: str, terms: Terms) -> Mapping[str, Purpose]:
    """Return the purposes that need an item under the newest version that knows of any."""
    return next((found for each in sorted(terms.versions, reverse=True) if (found := _purposes(terms, each, item))), {})


def _purposes(terms: Terms, version: int, item: str) -> Mapping[str, Purpose]:
    declared = terms.versions.get(version)
    purposes = declared.purposes if declared else ()
    return {each.id: each for each in purposes if any(need.item == item for need in each.needs)}


def _last(needed: tuple[str, tuple[Need, ...]], collected: dt.date, use: Use) -> Over:
    """Return the first day on which a purpose needs an item no more; `FOR_EVER` while its service lasts."""
    purpose, needs = needed
    return Over(max(min(_over(each, collected, use) for each in need) for need in needs), purpose)


def _over(purpose: Purpose, collected: dt.date, use: Use) -> dt.date:
    start = collected if purpose.retention.after == "collection" else _service_end(purpose, use)
    return FOR_EVER if start is None else _after(start, purpose.retention)


def _service_end(purpose: Purpose, use: Use) -> dt.date | None:
    """Return the last day of the purpose's services; of one whose services the user never used, that of all."""
    if not use.in_use.isdisjoint(purpose.services):
        return None
    own = [day for service, day in use.ended if service in purpose.services]
    return max(own) if own else use.left


@functools.lru_cache(1 << 14)
def _after(start: dt.date, length: Period | Retention) -> dt.date:
    """Return the day after the last day of a length that runs from `start`."""
    try:
        return calendar.add(start, length) + _DAY
    except (OverflowError, ValueError):
        return FOR_EVER


class Keeping:
    """How long what is held of users is kept, under some terms; what many users have in common is worked out once."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._counting: dict[tuple[str, frozenset[Agreed]], _Needed] = {}
        self._dropped: dict[str, Over | None] = {}
        self._found: dict[tuple[str, RetentionClass, dt.date, Use], Over | None] = {}

    def over(self, item: str, class_: RetentionClass, collected: dt.date, use: Use) -> Over | None:
        """Return from which day on an item may go that was collected on a day of a user.

        None: it may not while things stay as they are. Registration information stays for the statutory time at
        least.
        """
        key = (item, class_, collected, use)
        if key not in self._found:
            if len(self._found) >= _MOST_KEPT:
                self._found.clear()
            self._found[key] = self._over(item, class_, collected, use)
        return self._found[key]

    def _over(self, item: str, class_: RetentionClass, collected: dt.date, use: Use) -> Over | None:
        last = self._last(item, collected, use)
        if last is None or last.day == FOR_EVER:
            return None
        if class_ is not RetentionClass.REGISTRATION or self.terms.statutory is None:
            return last
        return None if use.left is None else last._replace(day=max(last.day, _after(use.left, self.terms.statutory)))

    def _last(self, item: str, collected: dt.date, use: Use) -> Over | None:
        if item not in self._dropped:
            self._dropped[item] = _dropped(item, self.terms)
        if (gone := self._dropped[item]) is not None:
            return gone._replace(day=max(gone.day, collected))
        return max((_last(each, collected, use) for each in self._needed(item, use.agreed)), default=None)

    def _needed(self, item: str, agreed: frozenset[Agreed]) -> _Needed:
        found = self._counting.get((item, agreed))
        if found is None:
            if len(self._counting) >= _MOST_KEPT:
                self._counting.clear()
            found = self._counting[item, agreed] = _needed(item, agreed, self.terms)
        return found
