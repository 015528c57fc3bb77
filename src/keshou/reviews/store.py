# SPDX-License-Identifier: Apache-2.0
"""class Samples: ids of a few users of each list that waits for a review, sealed and bound to it.

The list itself is not kept. Who is looked at is drawn when the review is asked for, and never again: nobody who asks
or reviews chooses, and looking twice shows nobody more.
"""

import datetime as dt
import hmac
import random
from collections.abc import Collection

import sqlalchemy as sa

from keshou.db import Transaction, metadata, to_micros
from keshou.errors import IntegrityError
from keshou.sealing import Box, derive
from keshou.suite import Suite

MOST = 5
"""Users of a list who may be looked at."""

sample_table = sa.Table(
    "review_sample",
    metadata,
    sa.Column("review", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("user", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("asked", sa.BigInteger, nullable=False, index=True),
)
"""`user` is a keyed digest of the user's id, `sealed` the id itself; `asked` is in microseconds, UTC."""
_C = sample_table.c


class SampleTamperedError(IntegrityError):
    """A row of those to be looked at was altered outside Keshou."""

    def __init__(self) -> None:
        super().__init__("those to be looked at were altered in their table", hint="see who can write to the database")


class Samples:
    """Keeps whom a reviewer may look at; `secret` is 32 bytes of the site's."""

    def __init__(self, secret: bytes, suite: Suite) -> None:
        self._users = derive(secret, "reviews: users")
        self._box = Box(derive(secret, "reviews: seal"), SampleTamperedError, suite)

    def keep(self, tx: Transaction, review: str, users: Collection[str], now: dt.datetime) -> None:
        """Draw some of `users`, each as likely as every other, and keep them for the review."""
        every = sorted(set(users))
        drawn = random.SystemRandom().sample(every, min(MOST, len(every)))
        self.end(tx, review)
        asked = to_micros(now)
        rows = [
            (review, number, self._pseudonym(user), self._box.close(user.encode(), _bound(review, number)), asked)
            for number, user in enumerate(drawn)
        ]
        tx.insert(sample_table, ("review", "number", "user", "sealed", "asked"), rows)

    def users(self, tx: Transaction, review: str) -> list[str]:
        """Return whom a reviewer may look at; nobody once the review is answered, or where it is of no list.

        Raises:
            SampleTamperedError: a row was altered.

        """
        chosen = sa.select(_C.number, _C.sealed).where(_C.review == review).order_by(_C.number)
        rows = tx.execute(chosen)
        return [self._box.open(bytes(row.sealed), _bound(review, row.number)).decode() for row in rows]

    def end(self, tx: Transaction, review: str) -> None:
        """Keep nobody for a review any more."""
        tx.execute(sa.delete(sample_table).where(_C.review == review))

    def forget(self, tx: Transaction, user: str) -> None:
        """Keep a user for no review any more."""
        tx.execute(sa.delete(sample_table).where(_C.user == self._pseudonym(user)))

    def purge(self, tx: Transaction, before: dt.datetime) -> None:
        """Keep nobody for reviews that were asked for before a moment and that nobody answered."""
        tx.execute(sa.delete(sample_table).where(_C.asked <= to_micros(before)))

    def _pseudonym(self, user: str) -> bytes:
        return hmac.digest(self._users, user.encode(), "sha256")


def _bound(review: str, number: int) -> bytes:
    """Return what a sealed id is bound to: the review and its place, so that no two can be exchanged."""
    return f"{review}\0{number}".encode()
