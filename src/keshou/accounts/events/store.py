# SPDX-License-Identifier: Apache-2.0
"""class Events: who signed in or failed to, and what became of accounts. Source: OWASP ASVS 5.0 16.3.1."""

import datetime as dt
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from keshou.accounts.account import Event, Factor, What
from keshou.db import Transaction, from_micros, metadata, to_micros

event_table = sa.Table(
    "account_event",
    metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("account", sa.Text, nullable=False, index=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("factors", sa.Text, nullable=False),
    sa.Column("known_device", sa.Boolean, nullable=False),
    sa.Column("about", sa.Text, nullable=False, server_default=""),
)
_E = event_table.c


class Events:
    """Keeps what happened for as many days as the settings say."""

    def note(self, tx: Transaction, event: Event) -> None:
        """Write down what happened."""
        tx.execute(
            sa.insert(event_table).values(
                at=to_micros(event.at), account=event.account, what=event.what.value, by=event.by,
                factors=" ".join(event.factors), known_device=event.known_device, about=event.about,
            )
        )  # fmt: skip

    def of(self, tx: Transaction, account: str = "", most: int = 100, *, only: Collection[What] = ()) -> list[Event]:
        """Return what happened to an account, a program or an app, or to all, the latest first; `only`: of these."""
        return [event for _, event in self.listed(tx, account, most=most, only=only)]

    def listed(
        self, tx: Transaction, account: str = "", *, before: int = 0, most: int, only: Collection[What] = ()
    ) -> list[tuple[int, Event]]:
        """Return the same with the number of each, those before number `before` when it is given."""
        chosen = sa.select(event_table).order_by(_E.number.desc()).limit(most)
        chosen = chosen.where(_E.account == account) if account else chosen
        chosen = chosen.where(_E.what.in_([each.value for each in only])) if only else chosen
        return [(row.number, _event(row)) for row in tx.execute(chosen.where(_E.number < before) if before else chosen)]

    def purge(self, tx: Transaction, before: dt.datetime) -> None:
        """Drop what happened before a moment."""
        tx.execute(sa.delete(event_table).where(_E.at <= to_micros(before)))


def _event(row: Any) -> Event:
    return Event(
        at=from_micros(row.at), account=row.account, what=What(row.what), by=row.by,
        factors=tuple(Factor(each) for each in row.factors.split()), known_device=row.known_device,
        about=row.about,
    )  # fmt: skip
