# SPDX-License-Identifier: Apache-2.0
"""Permits for one use that were used, kept until their time is over."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from keshou.db import Transaction, metadata, to_micros
from keshou.permits.errors import PermitSpentError

redeemed = sa.Table(
    "permit_redeemed",
    metadata,
    sa.Column("permit", sa.String(64), primary_key=True),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Index("permit_redeemed_until", "until"),
)


class Permits:
    """Remembers which permits were used. The same on the server and beside a data service."""

    def redeem(self, tx: Transaction, permit: str, until: dt.datetime, now: dt.datetime) -> None:
        """Use up a permit called `permit` that is accepted until `until`; serve only after the transaction's commit.

        Of two that redeem the same at once, the database lets one through: the row's key decides, not a look before.

        Side effects: permits whose time is over by now are forgotten.

        Raises:
            PermitSpentError: it was used before.

        """
        insert = postgresql.insert if tx.postgresql else sqlite.insert
        row = {"permit": permit, "until": to_micros(until)}
        added = insert(redeemed).values(**row).on_conflict_do_nothing().returning(redeemed.c.permit)
        if tx.execute(added).first() is None:
            raise PermitSpentError
        tx.execute(sa.delete(redeemed).where(redeemed.c.until < to_micros(now), redeemed.c.permit != permit))

    def prepare(self, tx: Transaction) -> None:
        """Make the table, in a database that is not a site's own, when it is not there."""
        redeemed.create(tx.connection, checkfirst=True)
