# SPDX-License-Identifier: Apache-2.0
"""How many users each hand exported, copied or destroyed, and when; so that many small acts add up to one bulk act.

Deletions and ended services stand here as destructions, which they are.

A row goes with each permitted act of these kinds that no review covered. Who was touched is not in it. Each search by
hand has a row too, of the kind ``search`` and for one user whoever it found: a hand searches only so often.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa

from keshou.db import Transaction, metadata

bulk_taking = sa.Table(
    "bulk_taking",
    metadata,
    sa.Column("entry", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("users", sa.BigInteger, nullable=False),
    sa.Index("bulk_taking_hand", "who", "kind", "at", "users"),
)
"""`entry` is the act's place in the log; `at` is in microseconds, UTC."""

_COLUMNS = tuple(bulk_taking.columns.keys())
_ROWS = sa.select(bulk_taking).order_by(bulk_taking.c.entry)


class Taking(NamedTuple):
    """One act that counts."""

    entry: int
    who: str
    kind: str
    at: int
    users: int


class Takings:
    """Keeps the rows and adds them up."""

    def add(self, tx: Transaction, rows: Iterable[Taking]) -> None:
        """Note acts that were permitted without a review."""
        tx.insert(bulk_taking, _COLUMNS, list(rows))

    def so_far(self, tx: Transaction, who: str, kind: str, after: int, until: int) -> int:
        """Return how many users the acts of one hand and kind come to that were later than `after`, up to `until`.

        Read from the index alone. There are never more rows between the two than users that make a bulk act, or
        searches of an hour, since from there on nothing is permitted without a review, and no search done.
        """
        here = (bulk_taking.c.who == who) & (bulk_taking.c.kind == kind)
        within = (bulk_taking.c.at > after) & (bulk_taking.c.at <= until)
        found = tx.execute(sa.select(sa.func.coalesce(sa.func.sum(bulk_taking.c.users), 0)).where(here & within))
        return int(found.scalar() or 0)

    def span(self, tx: Transaction, who: str, kind: str, after: int) -> tuple[int, int, int]:
        """Return the users of one hand and kind later than `after`, and when the first and last act of it was.

        All are 0 when there is none.
        """
        at = bulk_taking.c.at
        here = (bulk_taking.c.who == who) & (bulk_taking.c.kind == kind) & (at > after)
        added = sa.select(sa.func.sum(bulk_taking.c.users), sa.func.min(at), sa.func.max(at)).where(here)
        row: Any = tx.execute(added).one()
        return int(row[0] or 0), int(row[1] or 0), int(row[2] or 0)

    def rows(self, tx: Transaction) -> Iterator[Taking]:
        """Stream every row in the order of entries."""
        with tx.connection.execute(_ROWS, execution_options={"yield_per": 10_000}) as found:
            yield from (Taking(*row) for row in found)
