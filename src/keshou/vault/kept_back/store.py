# SPDX-License-Identifier: Apache-2.0
"""Whom holds name, and of whom they kept service information that would be gone otherwise.

What stands for a user in holds follows from the operator's own id alone, and never from the surrogate key; so both
are noted together while the id is known. Which hold keeps what is computed from facts.
"""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from keshou.db import Transaction, metadata
from keshou.rows import chunks, each, select

kept_back = sa.Table(
    "kept_back",
    metadata,
    sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("since", sa.BigInteger, nullable=False),
)
"""`user` is the surrogate key, `name` what stands for the user in holds, `since` when the service ended (microseconds,
UTC) of whom something was kept back then; 0: nothing is."""


class KeptBack:
    """Keeps the list."""

    def note(self, tx: Transaction, users: Iterable[tuple[int, str]]) -> None:
        """Note users whom a hold names: surrogate key, and what stands for them."""
        for user, name in users:
            if not self._is_noted(tx, user):
                tx.insert(kept_back, ("user", "name", "since"), [(user, name, 0)])

    def add(self, tx: Transaction, user: int, name: str, since: int) -> None:
        """Note that something is kept back of a user."""
        self.note(tx, [(user, name)])
        each(tx, 'UPDATE kept_back SET since = ? WHERE "user" = ?', [(since, user)])

    def drop(self, tx: Transaction, user: int) -> None:
        """Note that nothing is kept back of a user any more."""
        each(tx, 'UPDATE kept_back SET since = 0 WHERE "user" = ?', [(user,)])

    def drop_as_of(self, tx: Transaction, found: Iterable[tuple[int, int]]) -> None:
        """Do the same for users and since when; of whom more was kept back meanwhile, that stays."""
        each(tx, 'UPDATE kept_back SET since = 0 WHERE "user" = ? AND since = ?', list(found))

    def forget(self, tx: Transaction, user: int) -> None:
        """Leave nothing of a user who was erased."""
        each(tx, 'DELETE FROM kept_back WHERE "user" = ?', [(user,)])

    def after(self, tx: Transaction, user: int, limit: int) -> dict[int, int]:
        """Return up to `limit` users of whom something is kept back, after `user` in order, and since when."""
        sql = 'SELECT "user", since FROM kept_back WHERE "user" > ? AND since > 0 ORDER BY "user" LIMIT ?'
        return dict(select(tx, sql, user, limit))

    def names_of(self, tx: Transaction, users: Sequence[int]) -> dict[int, str]:
        """Return what stands in holds for those of `users` who are noted."""
        found: dict[int, str] = {}
        for chunk in chunks(users):
            found |= dict(select(tx, 'SELECT "user", name FROM kept_back WHERE "user" @', list(chunk)))
        return found

    @staticmethod
    def _is_noted(tx: Transaction, user: int) -> bool:
        return bool(select(tx, 'SELECT 1 FROM kept_back WHERE "user" = ?', user))
