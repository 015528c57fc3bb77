# SPDX-License-Identifier: Apache-2.0
"""Proof that an entry is committed: the vault opens nothing without one."""

import itertools

from keshou.vault.errors import ReceiptError


class Receipt:
    """The index of a committed entry, good for as many openings as the entry accounts for.

    Only ``acts`` makes receipts, after the commit. An entry about one user pays for one opening; an entry about a bulk
    act pays for `openings`, the number of users it declares.
    """

    __slots__ = ("_spent", "index", "openings")

    def __init__(self, index: int, openings: int = 1) -> None:
        if isinstance(index, bool) or not isinstance(index, int) or index < 0 or openings < 1:
            raise ReceiptError("a receipt names a committed entry, counted from zero, and at least one opening")
        self.index = index
        self.openings = openings
        self._spent = itertools.count()

    def spend(self) -> None:
        """Pay for one opening; safe from several threads at once.

        Raises:
            ReceiptError: every opening it is good for is spent.

        """
        if next(self._spent) >= self.openings:
            raise ReceiptError(
                f"the receipt of entry {self.index} is spent", hint="record a new act before opening anything more"
            )

    def __repr__(self) -> str:
        return f"Receipt(index={self.index}, openings={self.openings})"
