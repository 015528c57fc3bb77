# SPDX-License-Identifier: Apache-2.0
"""class Moments: the moment up to which lapses were told, so that each is told once, by one process."""

import datetime as dt

import sqlalchemy as sa

from keshou.db import Transaction, from_micros, metadata, to_micros

moment_table = sa.Table(
    "webhook_moment",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("told_until", sa.BigInteger, nullable=False),
    sa.CheckConstraint("id = 1", name="webhook_moment_one_row"),
)
_M = moment_table.c


class Moments:
    """Keeps it."""

    def advance(self, tx: Transaction, now: dt.datetime) -> dt.datetime:
        """Go on to `now`; return from when on nothing was told yet: `now` itself the first time, and never later.

        Of two processes at once the second waits, and goes on from where the first came to.
        """
        moment = to_micros(now)
        tx.change("INSERT INTO webhook_moment (id, told_until) VALUES (1, ?) ON CONFLICT (id) DO NOTHING", (moment,))
        chosen = sa.select(_M.told_until).where(_M.id == 1).with_for_update()
        since = int(tx.execute(chosen).scalar_one())
        if since < moment:
            tx.execute(sa.update(moment_table).values(told_until=moment))
        return from_micros(min(since, moment))
