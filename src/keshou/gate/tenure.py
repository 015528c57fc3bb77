# SPDX-License-Identifier: Apache-2.0
"""Who holds which post: appointed, confirmed, lent in an emergency, lapsed, left."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from keshou.gate import facts as f
from keshou.gate.reign import Reigns


class Held(NamedTuple):
    """An appointment, with what the review of access came to."""

    appointment: f.StaffAppointed
    due: dt.datetime | None
    """When it lapses unless it is confirmed; None: never."""
    confirmed_by: str = ""
    """Who confirmed it last; empty: nobody yet."""

    def holds(self, moment: dt.datetime) -> bool:
        """Say whether it holds at `moment`, which lies after it was made."""
        until = self.appointment.until
        return (until is None or moment < until) and (self.due is None or moment < self.due)


class Opened(NamedTuple):
    """An emergency: who lent themselves what, until when, and what the review of it came to."""

    fact: f.EmergencyOpened
    until: dt.datetime
    """When it ends by itself, at the latest after the minutes that the rules gave."""
    review: f.EmergencyReviewed | None = None
    """None: nobody has looked at it yet."""

    def lends(self, staff: str, moment: dt.datetime) -> bool:
        """Say whether it lends `staff` the post at `moment`."""
        return self.fact.staff == staff and moment < self.until and self.review is None


class Tenure:
    """The posts held, folded fact by fact in the order of their times.

    Whatever the rules of the moment do not foresee changes nothing: a confirmation by oneself or by who does not
    answer for the post, an emergency for no declared reason.
    """

    def __init__(self, reigns: Reigns) -> None:
        self._reigns = reigns
        self._held: dict[str, dict[tuple[str, str], Held]] = {}
        self._opened: dict[str, Opened] = {}

    def staff(self) -> Iterable[str]:
        """Return everybody who was appointed and has not left."""
        return self._held.keys()

    def of(self, staff: str) -> Iterator[Held]:
        """Yield the appointments of `staff` that were not ended by anybody; some may have run out or lapsed."""
        yield from self._held.get(staff, {}).values()

    def held(self, staff: str, moment: dt.datetime) -> list[Held]:
        """Return the appointments of `staff` that hold at `moment`."""
        return [each for each in self.of(staff) if each.holds(moment)]

    def emergencies(self) -> Iterable[Opened]:
        """Return every emergency, the last one of each id."""
        return self._opened.values()

    def lent(self, staff: str, moment: dt.datetime) -> frozenset[str]:
        """Return the posts lent to `staff` at `moment`; nothing to who holds no post of the operator's own then."""
        posts = frozenset(each.fact.post for each in self._opened.values() if each.lends(staff, moment))
        return posts if posts and self._is_own(staff, moment) else frozenset()

    def appointed(self, fact: f.StaffAppointed) -> None:
        """Take note of an appointment."""
        self._held.setdefault(fact.staff, {})[fact.post, fact.branch] = Held(fact, self._reigns.lapse(fact.at))

    def removed(self, fact: f.StaffRemoved) -> None:
        """Take note that a person left a post, in every branch."""
        held = self._held.get(fact.staff, {})
        for key in [key for key in held if key[0] == fact.post]:
            del held[key]

    def left(self, fact: f.StaffLeft) -> None:
        """Take note that a person left for good."""
        self._held.pop(fact.staff, None)
        for name, each in self._opened.items():
            if each.fact.staff == fact.staff:
                self._opened[name] = each._replace(until=min(each.until, fact.at))

    def confirmed(self, fact: f.AccessConfirmed) -> None:
        """Take note that somebody who answers for it confirmed what holds still; what lapsed needs appointing anew."""
        terms = self._reigns.at(fact.at)
        if fact.by == fact.staff or not self._posts(fact.by, fact.at) & terms.confirmers.get(fact.post, frozenset()):
            return
        due = fact.until if terms.every is None else min(fact.until, fact.at + terms.every)
        held = self._held.get(fact.staff, {})
        for key, each in held.items():
            if key[0] == fact.post and each.holds(fact.at):
                held[key] = each._replace(due=due, confirmed_by=fact.by)

    def opened(self, fact: f.EmergencyOpened) -> None:
        """Take note of an emergency that the rules foresee, opened by who holds a post of the operator's own."""
        terms = self._reigns.at(fact.at)
        foreseen = terms.emergency
        if foreseen is None or fact.post not in foreseen.posts or fact.reason not in foreseen.reasons:
            return
        if fact.post in terms.own and fact.emergency not in self._opened and self._is_own(fact.staff, fact.at):
            until = min(fact.until, fact.at + dt.timedelta(minutes=foreseen.minutes))
            self._opened[fact.emergency] = Opened(fact, until)

    def reviewed(self, fact: f.EmergencyReviewed) -> None:
        """Take note of the first review of an emergency, by somebody else who holds a post of the operator's own."""
        found = self._opened.get(fact.emergency)
        if found and found.review is None and fact.by != found.fact.staff and self._is_own(fact.by, fact.at):
            self._opened[fact.emergency] = found._replace(review=fact)

    def _posts(self, staff: str, moment: dt.datetime) -> frozenset[str]:
        return frozenset(each.appointment.post for each in self.held(staff, moment))

    def _is_own(self, staff: str, moment: dt.datetime) -> bool:
        """Say whether `staff` holds a post of the operator's own, by the rules of that moment."""
        return bool(self._posts(staff, moment) & self._reigns.at(moment).own)
