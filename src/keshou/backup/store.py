# SPDX-License-Identifier: Apache-2.0
"""What was erased, numbered, in the database: written by the very transaction that erases.

The database tells what a copy of it knows; the list beside it (`erased`) tells what came after the copy.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from keshou.db import Transaction, metadata

_AT_ONCE = 5_000

erasure_table = sa.Table(
    "erasure",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("user", sa.BigInteger, nullable=False),
    sa.Column("class", sa.Text, nullable=False),
    sa.Column("kid", sa.LargeBinary, nullable=False),
    sa.Column("item", sa.Text, nullable=False),
)


class Erasure(NamedTuple):
    """One thing that was erased of a user, known by a surrogate number alone.

    A key (`class_`, `kid`), a value (`item`), or the user as a whole (none of them).
    """

    revision: int
    user: int
    class_: str = ""
    kid: bytes = b""
    item: str = ""


class Erasures:
    """Keeps what was erased, in order."""

    def write(self, tx: Transaction, rows: Sequence[Erasure]) -> None:
        """Number `rows` and keep them; the caller holds the log's lock."""
        if rows:
            first = self.last(tx) + 1
            tx.insert(erasure_table, _COLUMNS, [(number, *row) for number, row in enumerate(rows, first)])

    def last(self, tx: Transaction) -> int:
        """Return the number of the last one; 0 when nothing was ever erased."""
        return int(tx.ask("SELECT COALESCE(MAX(number), 0) FROM erasure")[0][0])

    def after(self, tx: Transaction, number: int) -> Iterator[tuple[int, Erasure]]:
        """Yield those after `number`, with their numbers, in order."""
        sql = 'SELECT number, revision, "user", class, kid, item FROM erasure WHERE number > ? ORDER BY number LIMIT ?'
        while rows := tx.ask(sql, (number, _AT_ONCE)):
            for place, revision, user, class_, kid, item in rows:
                yield place, Erasure(revision, user, class_, bytes(kid), item)
            number = rows[-1][0]


_COLUMNS = tuple(erasure_table.columns.keys())
