# SPDX-License-Identifier: Apache-2.0
"""What acts of one hand add up to, kept in memory while nothing is written: a row that would change it has an entry."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from keshou.db import Transaction, to_micros
from keshou.gate.act import Act, counted_as
from keshou.gate.taking.store import Takings

HOUR = 3_600_000_000
"""Microseconds."""
_FOREVER = 1 << 62
_MOST = 4096
_NONE = (0, 0, 0)
_replace = msgspec.structs.replace
Who = Callable[[Act], str]
"""From an act to the name under which its hand stands in the log."""
Window = Callable[[dt.datetime], int]
"""From a moment to within how many hours acts add up then; 0: they do not."""


class _Sum(NamedTuple):
    """The users of acts of one hand and kind, for an act from `since` on and before `until`."""

    users: int
    since: int
    until: int


class Sums(NamedTuple):
    """Sums that hold while the log has `revision` entries."""

    revision: int
    by_hand: dict[tuple[str, str, int], _Sum]

    def counted(self, acts: Sequence[Act], who: Who, window: Window) -> list[Act] | None:
        """Return `acts`, each with what it adds up with; None when a sum is not known."""
        found, when, hours, moment = [], None, 0, 0
        for act in acts:
            if (kind := counted_as(act)) is None:
                found.append(act)
                continue
            if act.when is not when:  # what is asked at once is asked at one moment
                when, hours, moment = act.when, window(act.when), to_micros(act.when)
            if hours > 0:
                known = self.by_hand.get((who(act), kind, hours))
                if known is None or not known.since <= moment < known.until:
                    return None
                found.append(_replace(act, so_far=known.users) if known.users else act)
            else:
                found.append(act)
        return found

    def learned(
        self, tx: Transaction, takings: Takings, revision: int, acts: Sequence[Act], *, who: Who, window: Window
    ) -> "Sums":
        """Return the sums of `acts` as of `revision`, with those known of the same one."""
        by_hand = dict(self.by_hand) if self.revision == revision and len(self.by_hand) < _MOST else {}
        wanted: dict[tuple[str, int, int], dict[str, None]] = {}
        for act in acts:
            if (kind := counted_as(act)) is not None and (hours := window(act.when)) > 0:
                wanted.setdefault((kind, hours, to_micros(act.when)), {})[who(act)] = None
        for (kind_, hours, moment), hands in wanted.items():
            spans = takings.spans(tx, kind_, list(hands), moment - hours * HOUR)
            for hand in hands:
                users, first, last = spans.get(hand, _NONE)
                if last <= moment:  # the first of them drops out of the window first; until then all count
                    until = first + hours * HOUR if users else _FOREVER
                    by_hand[hand, kind_, hours] = _Sum(users, moment, until)
        return Sums(revision, by_hand)
