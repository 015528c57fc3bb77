# SPDX-License-Identifier: Apache-2.0
"""When each value was collected, by which its time of retention runs, held against the entries that collected it.

The moment lies in plain beside what is sealed. A value is of the moment of the last entry that collected its item of
its user: so none may be dated before such an entry, and each is of the moment of one.
"""

from keshou.acts.audit_payload import FactsTamperedError
from keshou.db import Transaction
from keshou.law.terms import ActKind
from keshou.ledger.entry import Header
from keshou.vault.lookup import count_values, moments_of

_AT_ONCE = 500


class Values:
    """What was found of the moments of values so far."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._waiting: list[tuple[int, Header, int]] = []
        self._moment = -1
        self._of_the_moment: set[tuple[int, str]] = set()
        self._explained = 0

    def entry(self, index: int, header: Header, user: int | None) -> None:
        """Take note of an entry and of the one user whose payload lies under it."""
        if header.event == ActKind.COLLECT and header.decision == "permit" and user is not None:
            self._waiting.append((index, header, user))
            if len(self._waiting) == _AT_ONCE:
                self._look()

    def finish(self, size: int) -> None:
        """Refuse values of whose moment no entry tells.

        Raises:
            FactsTamperedError: there are some; it is told at the log's end.

        """
        self._look()
        if (untold := count_values(self._tx) - self._explained) > 0:
            raise FactsTamperedError(size, f"no entry tells that values were collected when they say: {untold}")

    def _look(self) -> None:
        held = moments_of(self._tx, {user for _, _, user in self._waiting})
        for index, header, user in self._waiting:
            for item in header.items:
                since = held.get((user, item))
                if since is not None and since < header.t:
                    raise FactsTamperedError(index, "a value that was collected is dated before that")
                if since == header.t:
                    self._explain(header.t, (user, item))
        self._waiting = []

    def _explain(self, moment: int, place: tuple[int, str]) -> None:
        """Count a value once, however often it was collected in one transaction."""
        if moment != self._moment:
            self._moment, self._of_the_moment = moment, set()
        self._explained += place not in self._of_the_moment
        self._of_the_moment.add(place)
