# SPDX-License-Identifier: Apache-2.0
"""Which version of the rules was in force when, and what each says of reviewing access and of emergencies."""

import bisect
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from keshou.declaration.answering import confirmers, own_posts
from keshou.declaration.model import Declaration, Emergency
from keshou.gate import facts as f

Edition = tuple[int, str]
"""Number and digest of a published version."""


class Terms(NamedTuple):
    """What one version says of who may hold on to a post, and of emergencies."""

    every: dt.timedelta | None = None
    """For how long an appointment holds without being confirmed; None: for good."""
    confirmers: Mapping[str, frozenset[str]] = {}
    """Post -> posts whose holders may confirm it."""
    own: frozenset[str] = frozenset()
    """The operator's own posts."""
    emergency: Emergency | None = None

    @classmethod
    def of(cls, declaration: Declaration) -> "Terms":
        """Read them out of a declaration."""
        review = declaration.access_review
        every = dt.timedelta(days=review.every_days) if review else None
        return cls(every, confirmers(declaration), own_posts(declaration.posts), declaration.emergency)


NO_TERMS = Terms()
"""While no rules are in force."""


class Reigns:
    """The terms in force at each moment, as far as the facts on record tell."""

    def __init__(self, facts: Iterable[f.SiteFact] = (), terms: Mapping[Edition, Terms] | None = None) -> None:
        published = [fact for fact in facts if isinstance(fact, f.RulesPublished)]
        self.starts = sorted({_start(fact) for fact in published})
        """When the rules in force may have become others."""
        self._terms = [_in_force(published, start, terms or {}) for start in self.starts]

    def at(self, moment: dt.datetime) -> Terms:
        """Return the terms in force at `moment`."""
        place = bisect.bisect_right(self.starts, moment)
        return self._terms[place - 1] if place else NO_TERMS

    def lapse(self, since: dt.datetime) -> dt.datetime | None:
        """Return when what was appointed or confirmed at `since` lapses unless it is confirmed; None: never.

        Under rules that know no review it counts from when the next rules that do come into force.
        """
        place = bisect.bisect_right(self.starts, since)
        if place and (every := self._terms[place - 1].every) is not None:
            return since + every
        later = zip(self.starts[place:], self._terms[place:], strict=True)
        return next((start + terms.every for start, terms in later if terms.every is not None), None)


def _start(fact: f.RulesPublished) -> dt.datetime:
    return max(fact.at, fact.effective)


def _in_force(published: Iterable[f.RulesPublished], moment: dt.datetime, terms: Mapping[Edition, Terms]) -> Terms:
    """Return the terms of the highest version that had taken effect; of one told twice, as it was told last."""
    found: f.RulesPublished | None = None
    for fact in published:
        if _start(fact) <= moment and (found is None or fact.version >= found.version):
            found = fact
    return terms.get((found.version, found.digest), NO_TERMS) if found else NO_TERMS
