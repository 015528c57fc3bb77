# SPDX-License-Identifier: Apache-2.0
"""From a moment to what holds at it; stretches of time are worked out when first asked for, and kept."""

import bisect
import datetime as dt

from keshou.declaration.model import Hours
from keshou.gate import calendar
from keshou.gate.reign import Reigns
from keshou.gate.rulebook import Edition, Rulebook
from keshou.gate.site import SiteStanding, SiteState
from keshou.gate.standing import BEFORE_ALL
from keshou.gate.view import Adding, Prepared, Question, View

AFTER_ALL = dt.datetime.max.replace(tzinfo=dt.UTC)
"""Later than any act."""

_MOST_KEPT = 256


class Timeline:
    """One rulebook and one state of the operator's facts, over all time; replaced whole, never changed."""

    def __init__(self, rulebook: Rulebook, site: SiteStanding) -> None:
        self.rulebook, self.site = rulebook, site
        self.reigns = Reigns(site.facts, rulebook.terms)
        self._moments = sorted(rulebook.moments | site.moments | set(site.lapses(self.reigns)))
        self._stretches: dict[dt.datetime, _Stretch] = {}
        self.latest: View | None = None
        """The view last asked for."""

    @classmethod
    def of(cls, rulebook: Rulebook, site: SiteStanding) -> "Timeline":
        """Return the one timeline of a rulebook and a site's facts, with what was worked out so far."""
        found = site.timeline
        if not isinstance(found, cls) or found.rulebook is not rulebook:
            found = site.timeline = cls(rulebook, site)
        return found

    def at(self, when: dt.datetime) -> View:
        """Return what holds at `when`; most often what held at the moment asked for last."""
        latest = self.latest
        if latest is not None and latest.start <= when < latest.end:
            return latest
        place = bisect.bisect_right(self._moments, when)
        start = self._moments[place - 1] if place else BEFORE_ALL
        end = self._moments[place] if place < len(self._moments) else AFTER_ALL
        stretch = self._stretches.get(start) or self._stretch(start, when)
        self.latest = found = stretch.view(start, end, when)
        return found

    def _stretch(self, start: dt.datetime, when: dt.datetime) -> "_Stretch":
        state = self.site.at(when, self.reigns)
        if len(self._stretches) >= _MOST_KEPT:
            self._stretches = {}
        found = self._stretches[start] = _Stretch(self.rulebook.edition(state.rules, when), state)
        return found


class _Stretch:
    """The time between two moments, in which only the hours of the day make a difference."""

    def __init__(self, edition: Edition, state: SiteState) -> None:
        self._edition, self._state = edition, state
        self._prepared: dict[frozenset[Hours], dict[Question | Adding, Prepared]] = {}

    def view(self, start: dt.datetime, end: dt.datetime, when: dt.datetime) -> View:
        """Return the view at `when`; the same hours of another day share what was worked out."""
        hours = self._edition.hours
        for span in hours:
            last, following = calendar.turns(span, when)
            start, end = max(start, last), min(end, following)
        opened = frozenset(span for span in hours if calendar.within(span, when))
        prepared = self._prepared.setdefault(opened, {})
        return View(self._edition, self._state, (start, end), opened, prepared)
