# SPDX-License-Identifier: Apache-2.0
"""class Destroyed: the ids of keys that were destroyed together, by the entry that tells of it."""

from collections.abc import Sequence

import sqlalchemy as sa

from keshou.db import Transaction, metadata
from keshou.rows import chunks, select

KID = 16
_destroyed = sa.Table(
    "vault_destroyed",
    metadata,
    sa.Column("entry", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kids", sa.LargeBinary, nullable=False),
)
"""`kids` are the ids one after the other, in the order of the tree whose root the entry names."""


class Destroyed:
    """Keeps them; an id is nobody's information, and outlives its key."""

    def keep(self, tx: Transaction, rows: Sequence[tuple[int, bytes]]) -> None:
        """Keep the ids that entries destroyed: place of the entry, ids joined."""
        if rows:
            tx.insert(_destroyed, ("entry", "kids"), rows)

    def of(self, tx: Transaction, entry: int) -> list[bytes]:
        """Return the ids that were kept for an entry; none where it names them itself, or is older than the table."""
        rows = select(tx, "SELECT kids FROM vault_destroyed WHERE entry = ?", entry)
        joined = bytes(rows[0][0]) if rows else b""
        return [joined[start : start + KID] for start in range(0, len(joined), KID)]

    def at(self, tx: Transaction, moment: int) -> list[bytes]:
        """Return the ids of all keys that were destroyed at a moment (microseconds), by user and class."""
        sql = 'SELECT kid FROM vault_shredded WHERE at = ? ORDER BY "user", class'
        return [bytes(kid) for (kid,) in select(tx, sql, moment)]

    def alive(self, tx: Transaction, kids: Sequence[bytes]) -> bool:
        """Say whether any data key with one of these ids is in the key table."""
        sql = "SELECT 1 FROM vault_key WHERE kid @ LIMIT 1"
        return any(select(tx, sql, list(some)) for some in chunks(kids))
