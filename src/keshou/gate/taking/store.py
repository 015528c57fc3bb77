# SPDX-License-Identifier: Apache-2.0
"""How many users each hand exported, copied or destroyed, and when; so that many small acts add up to one bulk act.

Deletions and ended services stand here as destructions, which they are.

A row goes with each permitted act of these kinds that no review covered. Who was touched is not in it. Each search by
hand has a row too, of the kind ``search`` and for one user whoever it found: a hand searches only so often.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from keshou.db import Transaction, metadata
from keshou.rows import chunks, select

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
_SPANS = "SELECT who, SUM(users), MIN(at), MAX(at) FROM bulk_taking WHERE kind = ? AND who @ AND at > ? GROUP BY who"
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
        sql = "SELECT SUM(users) FROM bulk_taking WHERE who = ? AND kind = ? AND at > ? AND at <= ?"
        ((found,),) = tx.ask(sql, (who, kind, after, until))
        return int(found or 0)

    def spans(self, tx: Transaction, kind: str, hands: Sequence[str], after: int) -> dict[str, tuple[int, int, int]]:
        """Return for each of `hands` its users of one kind later than `after`, and when the first and last was.

        Who did nothing of the kind is left out.
        """
        found: dict[str, tuple[int, int, int]] = {}
        for some in chunks(hands):
            rows = select(tx, _SPANS, kind, list(some), after)
            found.update((who, (int(users), int(first), int(last))) for who, users, first, last in rows)
        return found

    def rows(self, tx: Transaction) -> Iterator[Taking]:
        """Stream every row in the order of entries."""
        with tx.connection.execute(_ROWS, execution_options={"yield_per": 10_000}) as found:
            yield from (Taking(*row) for row in found)
