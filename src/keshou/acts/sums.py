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
        found = []
        for act in acts:
            if (kind := counted_as(act)) is not None and (hours := window(act.when)) > 0:
                known = self.by_hand.get((who(act), kind.value, hours))
                if known is None or not known.since <= to_micros(act.when) < known.until:
                    return None
                found.append(msgspec.structs.replace(act, so_far=known.users))
            else:
                found.append(act)
        return found

    def learned(
        self, tx: Transaction, takings: Takings, revision: int, acts: Sequence[Act], *, who: Who, window: Window
    ) -> "Sums":
        """Return the sums of `acts` as of `revision`, with those known of the same one."""
        by_hand = dict(self.by_hand) if self.revision == revision and len(self.by_hand) < _MOST else {}
        for act in acts:
            if (kind := counted_as(act)) is None or (hours := window(act.when)) < 1:
                continue
            moment, hand = to_micros(act.when), who(act)
            users, first, last = takings.span(tx, hand, kind.value, moment - hours * HOUR)
            if last <= moment:  # the first of them drops out of the window first; until then all count
                until = first + hours * HOUR if users else _FOREVER
                by_hand[hand, kind.value, hours] = _Sum(users, moment, until)
        return Sums(revision, by_hand)
