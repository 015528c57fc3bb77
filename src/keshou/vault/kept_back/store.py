# SPDX-License-Identifier: Apache-2.0
"""Which users have service information that would be gone, had no hold kept it."""

import sqlalchemy as sa

from keshou.db import Transaction, metadata
from keshou.vault.rows import chunks, each, select

kept_back = sa.Table(
    "kept_back",
    metadata,
    sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("since", sa.BigInteger, nullable=False),
)
"""`user` is the surrogate key, `since` when the service ended (microseconds, UTC). Which hold it was is computed."""


class KeptBack:
    """Keeps the list; why something is kept follows from the facts."""

    def add(self, tx: Transaction, user: int, since: int) -> None:
        """Note a user, once."""
        if not select(tx, 'SELECT 1 FROM kept_back WHERE "user" = ?', user):
            tx.insert(kept_back, ("user", "since"), [(user, since)])

    def drop(self, tx: Transaction, user: int) -> None:
        """Note that nothing of a user is kept back any more."""
        each(tx, 'DELETE FROM kept_back WHERE "user" = ?', [(user,)])

    def after(self, tx: Transaction, user: int, limit: int) -> list[int]:
        """Return up to `limit` users kept back, after `user` in order."""
        sql = 'SELECT "user" FROM kept_back WHERE "user" > ? ORDER BY "user" LIMIT ?'
        return [found for (found,) in select(tx, sql, user, limit)]


def names_of(tx: Transaction, users: list[int]) -> dict[int, str]:
    """Return what stands for users in grounds and holds, of those who can still be found."""
    found: dict[int, str] = {}
    for chunk in chunks(users):
        rows = select(tx, 'SELECT "user", ref FROM vault_user WHERE "user" @ AND ref IS NOT NULL', list(chunk))
        found |= {user: bytes(ref).hex() for user, ref in rows}
    return found
