# SPDX-License-Identifier: Apache-2.0
"""Many small exports, copies or destructions by one hand add up to one bulk act (Order 24 Art. 13(iii)).

Deletions and ended services destroy, and count as that.

How often a hand searched is counted in the same way, for a limit of the site's own.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from keshou.acts.known import View
from keshou.acts.sums import HOUR
from keshou.db import Transaction, to_micros
from keshou.gate.act import Act, counted_as
from keshou.gate.conditions import ERASING_KINDS
from keshou.gate.taking.store import Taking, Takings
from keshou.law.terms import ActKind
from keshou.ledger.entry import Header
from keshou.ledger.events import SEARCH, SERVICE_ENDED, act_of


class AddingUp:
    """What hands came to, as one transaction sees it: what is committed, and what it is about to write."""

    def __init__(self, tx: Transaction, takings: Takings) -> None:
        self._tx = tx
        self._takings = takings
        self._read: dict[tuple[str, str, int, int], int] = {}
        self._waiting: Counter[tuple[str, str]] = Counter()

    def counted(self, view: View, act: Act) -> Act:
        """Return `act` with what it adds up with; each hand is looked up once for each moment."""
        hours, kind = view.window_hours(act.when), counted_as(act)
        if hours < 1 or kind is None:
            return act
        until = to_micros(act.when)
        hand = view.who(act), kind.value
        key = (*hand, until, hours)
        if key not in self._read:
            self._read[key] = view.so_far(self._tx, act, hours)
        return msgspec.structs.replace(act, so_far=self._read[key] + self._waiting[hand])

    def searched(self, view: View, act: Act) -> int:
        """Return how often whoever does `act` searched within the hour before it."""
        until = to_micros(act.when)
        hand = view.who(act), SEARCH
        key = (*hand, until, 1)
        if key not in self._read:
            self._read[key] = self._takings.so_far(self._tx, *hand, until - HOUR, until)
        return self._read[key] + self._waiting[hand]

    def note(self, header: Header, count: int) -> None:
        """Take note of an act that is about to be written."""
        self._waiting[header.who, kind_of(header.event)] += count

    def write(self, rows: Sequence[tuple[int, Header, int]]) -> None:
        """Write down the acts of this transaction that count: place in the log, header, number of users."""
        if rows:
            self._takings.add(
                self._tx, [Taking(place, of.who, kind_of(of.event), of.t, count) for place, of, count in rows]
            )
        self._waiting.clear()
        self._read.clear()


def kind_of(event: str) -> str:
    """Return as which kind counts what an entry tells: of one act, of a table that was judged, of an ended service."""
    kind = act_of(event)
    return ActKind.DESTROY.value if kind == SERVICE_ENDED or kind in ERASING_KINDS else kind
