# SPDX-License-Identifier: Apache-2.0
"""class Tally: the counts, kept, and brought up to date with the log by whoever wants to read them.

Nothing is written with an act: what is counted can be counted again out of log and facts, so acts do not wait for it.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa

from keshou.db import Transaction, metadata
from keshou.ledger.store import Ledger
from keshou.tally.count import DAY_MICROS, OFFSET_MICROS, count

AT_ONCE: Final = 1024
"""Entries that are counted in one transaction, so that an act waits for some hundredths of a second at most."""
CONSENTS: Final = ("consent_given", "consent_withdrawn", "consent_voided")

state_table = sa.Table(
    "tally_state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.CheckConstraint("id = 1", name="tally_state_one_row"),
)
"""One row: how many entries of the log are counted."""
act_table = sa.Table(
    "tally_act",
    metadata,
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("event", sa.Text, primary_key=True),
    sa.Column("decision", sa.Text, primary_key=True),
    sa.Column("n", sa.BigInteger, nullable=False),
)
cite_table = sa.Table(
    "tally_cite",
    metadata,
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("cite", sa.Text, primary_key=True),
    sa.Column("n", sa.BigInteger, nullable=False),
)
denied_table = sa.Table(
    "tally_denied",
    metadata,
    sa.Column("cite", sa.Text, primary_key=True),
    sa.Column("idx", sa.BigInteger, primary_key=True, autoincrement=False),
)
"""Where each denial under a provision stands in the log; under the empty provision, every denial."""
consent_table = sa.Table(
    "tally_consent",
    metadata,
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("n", sa.BigInteger, nullable=False),
)


class Acts(NamedTuple):
    """How many acts of one day came to one decision."""

    day: int
    event: str
    decision: str
    n: int


class Consents(NamedTuple):
    """How many consents to one purpose were given or ended on one day."""

    day: int
    kind: str
    purpose: str
    n: int


class Tally:
    """Keeps the counts of one site."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def size(self, tx: Transaction) -> int:
        """Return how many entries of the log are counted."""
        return int(tx.ask("SELECT size FROM tally_state WHERE id = 1")[0][0])

    def catch_up(self, tx: Transaction, most: int = AT_ONCE) -> int:
        """Count at most `most` further entries; return how many are left."""
        lock = " FOR UPDATE" if tx.postgresql else ""
        size = int(tx.ask(f"SELECT size FROM tally_state WHERE id = 1{lock}")[0][0])  # noqa: S608 - no input
        whole = self._ledger.head(tx).size
        stop = min(whole, size + most)
        if stop <= size:
            return 0
        found = count(self._ledger.entries(tx, size, stop))
        _add(tx, "tally_act", ("day", "event", "decision"), [(*key, n) for key, n in sorted(found.acts.items())])
        _add(tx, "tally_cite", ("day", "cite"), [(*key, n) for key, n in sorted(found.cites.items())])
        tx.insert(denied_table, ("cite", "idx"), found.denied)
        _add(tx, "tally_consent", ("day", "kind", "purpose"), _told(tx, size, stop))
        tx.change("UPDATE tally_state SET size = ? WHERE id = 1", (stop,))
        return whole - stop

    def acts(self, tx: Transaction, first: int, last: int) -> list[Acts]:
        """Return the counts of acts of days `first` to `last`, by day."""
        sql = "SELECT day, event, decision, n FROM tally_act WHERE day >= ? AND day <= ? ORDER BY day, event, decision"
        return [Acts(*row) for row in tx.ask(sql, (first, last))]

    def cites(self, tx: Transaction, first: int, last: int) -> list[tuple[str, int]]:
        """Return the provisions that denied on days `first` to `last`, with how often; what denied most first."""
        sql = "SELECT cite, SUM(n) FROM tally_cite WHERE day >= ? AND day <= ? GROUP BY cite ORDER BY SUM(n) DESC, cite"
        return [(cite, int(n)) for cite, n in tx.ask(sql, (first, last))]

    def denied(self, tx: Transaction, cite: str, since: int, before: int, most: int) -> list[int]:
        """Return places of denials under a provision (empty: any), the latest first, from `since` to below `before`."""
        sql = "SELECT idx FROM tally_denied WHERE cite = ? AND idx >= ? AND idx < ? ORDER BY idx DESC LIMIT ?"
        return [int(row[0]) for row in tx.ask(sql, (cite, since, before, most))]

    def consents(self, tx: Transaction, first: int, last: int) -> list[Consents]:
        """Return the counts of consents given, withdrawn and voided on days `first` to `last`, by day."""
        sql = "SELECT day, kind, purpose, n FROM tally_consent WHERE day >= ? AND day <= ? ORDER BY day, kind, purpose"
        return [Consents(*row) for row in tx.ask(sql, (first, last))]


def _told(tx: Transaction, size: int, stop: int) -> list[tuple[object, ...]]:
    """Return how many consents the entries `size` to `stop` tell of; a fact's revision is its entry's place and one."""
    kinds = ", ".join("?" for _ in CONSENTS)
    sql = (
        f"SELECT (at + {OFFSET_MICROS}) / {DAY_MICROS}, kind, purpose, COUNT(*) FROM user_fact "  # noqa: S608 - no input
        f"WHERE revision > ? AND revision <= ? AND kind IN ({kinds}) GROUP BY 1, kind, purpose"
    )
    return [tuple(row) for row in tx.ask(sql, (size, stop, *CONSENTS))]


def _add(tx: Transaction, table: str, keys: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    names = ", ".join(keys)
    marks = ", ".join("?" for _ in keys)
    sql = (
        f"INSERT INTO {table} ({names}, n) VALUES ({marks}, ?) "  # noqa: S608 - names are our own
        f"ON CONFLICT ({names}) DO UPDATE SET n = {table}.n + excluded.n"
    )
    tx.put_each(sql, rows)
