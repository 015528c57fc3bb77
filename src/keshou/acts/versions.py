# SPDX-License-Identifier: Apache-2.0
"""The published versions of the rules: which is in force, how items are kept, and what users are found by."""

import bisect
import datetime as dt
from collections.abc import Mapping

from keshou.declaration.defaults import window_hours
from keshou.declaration.model import Published
from keshou.law.terms import RetentionClass
from keshou.vault.blind_index import Finding


class Versions:
    """The published versions of the rules, and what follows from them."""

    def __init__(self, published: Mapping[int, Published]) -> None:
        self.published = published
        self._classes: dict[int, dict[str, RetentionClass]] = {}
        self._indexed: tuple[int, Finding] | None = None
        self._own: frozenset[str] | None = None
        ordered = sorted(published.values(), key=lambda each: each.effective)
        self._begin = [each.effective for each in ordered]
        self._newest: list[Published | None] = [None]
        """What is in force before the first of the moments in `_begin`, then from each of them on."""
        for each in ordered:
            before = self._newest[-1]
            self._newest.append(before if before and before.version > each.version else each)

    @property
    def own_items(self) -> frozenset[str]:
        """The kinds of information that any version describes itself."""
        if self._own is None:
            self._own = frozenset(item.id for each in self.published.values() for item in each.declaration.items)
        return self._own

    def indexed(self, now: dt.datetime) -> Finding:
        """Return what is indexed at `now`: what the rules in force declare, and those to come."""
        current = self.at(now)
        version = current.version if current else 0
        if self._indexed is None or self._indexed[0] != version:
            later = [each for each in sorted(self.published) if each >= version]
            chosen = [found for each in later for found in self.published[each].declaration.finding]
            self._indexed = version, Finding(chosen)
        return self._indexed[1]

    def at(self, when: dt.datetime) -> Published | None:
        """Return the version in force at `when`; None before the first."""
        return self._newest[bisect.bisect_right(self._begin, when)]

    def window_hours(self, when: dt.datetime) -> int:
        """Return within how many hours acts of one hand add up under the rules in force at `when`; 0: they do not."""
        rules = self.at(when)
        return window_hours(rules.declaration if rules else None)

    def classes(self, version: int) -> Mapping[str, RetentionClass]:
        """Return item -> class; what any purpose keeps as registration information is kept as that."""
        found = self._classes.get(version)
        if found is None:
            published = self.published.get(version)
            needs = [need for each in published.declaration.purposes for need in each.needs] if published else []
            found = {need.item: need.class_ for need in needs}
            found |= {need.item: need.class_ for need in needs if need.class_ is RetentionClass.REGISTRATION}
            self._classes[version] = found
        return found


def searched_by(published: Published | None) -> Finding:
    """Return what users may be searched by under one version of the rules; without rules, what they always are."""
    return Finding(published.declaration.finding if published else ())
