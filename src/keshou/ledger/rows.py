# SPDX-License-Identifier: Apache-2.0
"""Stored rows, read in the fewest steps: pages of entries, tiles, and the tree's nodes out of them."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from keshou.db import Transaction
from keshou.errors import UnreachableError
from keshou.ledger.errors import LedgerError
from keshou.ledger.merkle import HASH_SIZE, Frontier, chunks, fold
from keshou.ledger.tile import HEIGHT, WIDTH

_PAGE = 16 * WIDTH


class Head(NamedTuple):
    """Where the log stands: its size, its frontier, and the time of its last entry (microseconds)."""

    size: int
    frontier: tuple[bytes, ...]
    last_time: int

    @property
    def root(self) -> bytes:
        """The root over all `size` entries."""
        return Frontier(self.size, self.frontier).root()


def ask(tx: Transaction, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return all rows of a query written with ``?`` for each value."""
    return tx.ask(sql, values)


def change(tx: Transaction, sql: str, values: tuple[Any, ...]) -> int:
    """Run a statement written with ``?`` for each value; return how many rows it changed."""
    return tx.change(sql, values)


def pages(tx: Transaction, start: int, stop: int) -> Iterator[list[tuple[int, bytes, bytes]]]:
    """Yield the stored entries `start` to `stop` in pages that begin at multiples of 256: index, leaf, body.

    Missing rows are simply not there. Memory does not grow with the log.
    """
    driver = tx.connection.connection.driver_connection
    if driver is None:
        raise UnreachableError("the database connection is gone")
    cursor = driver.cursor(binary=True) if tx.postgresql else driver.cursor()
    mark = "%s" if tx.postgresql else "?"
    sql = f"SELECT idx, leaf, body FROM log_entry WHERE idx >= {mark} AND idx < {mark} ORDER BY idx"  # noqa: S608 - no input
    try:
        while start < stop:
            end = min(stop, start - start % WIDTH + _PAGE)
            yield cursor.execute(sql, (start, end)).fetchall()
            start = end
    finally:
        cursor.close()


def read_head(tx: Transaction, *, lock: bool = False) -> Head:
    """Return where the log stands, on PostgreSQL with its row locked if asked.

    Raises:
        LedgerError: there is no log yet.

    """
    sql = "SELECT size, frontier, last_time FROM log_state WHERE id = 1"
    rows = ask(tx, sql + " FOR UPDATE" if lock and tx.postgresql else sql)
    if not rows:
        raise LedgerError("this database has no log yet", hint="create it first")
    size, frontier, last_time = rows[0]
    return Head(size, tuple(chunks(frontier)), last_time)


def read_leaves(tx: Transaction, start: int, stop: int) -> bytes:
    """Return the stored leaf hashes `start` to `stop`, joined."""
    rows = ask(tx, "SELECT leaf FROM log_entry WHERE idx >= ? AND idx < ? ORDER BY idx", (start, stop))
    return b"".join(row[0] for row in rows)


def read_edge(tx: Transaction, level: int) -> bytes:
    """Return the partial tile of a level above 0."""
    rows = ask(tx, "SELECT hashes FROM log_edge WHERE level = ?", (level,))
    return rows[0][0] if rows else b""


def read_tile(tx: Transaction, level: int, number: int, size: int) -> bytes:
    """Return a tile of a log that now has `size` entries, full or as far as it goes."""
    if number < size // WIDTH ** (level + 1):
        rows = ask(tx, "SELECT hashes FROM log_tile WHERE level = ? AND n = ?", (level, number))
        return rows[0][0] if rows else b""
    if level:
        return read_edge(tx, level)
    return read_leaves(tx, number * WIDTH, size)


class StoredNodes:
    """A node source over the stored tiles of a log that now has `size` entries; reads each tile once."""

    def __init__(self, tx: Transaction, size: int) -> None:
        self._tx = tx
        self._size = size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def __call__(self, height: int, index: int) -> bytes:
        """Return the root of the complete subtree; see `keshou.ledger.merkle`.

        Raises:
            LedgerError: a tile that it needs is missing or too short.

        """
        level, low = divmod(height, HEIGHT)
        number, at = divmod(index << low, WIDTH)
        held = self._tile(level, number)[at * HASH_SIZE : (at + (1 << low)) * HASH_SIZE]
        if len(held) != HASH_SIZE << low:
            raise LedgerError(
                f"tile {number} of level {level} is missing or too short", hint="run the audit of the log"
            )
        return fold(chunks(held))

    def _tile(self, level: int, number: int) -> bytes:
        key = (level, number)
        if key not in self._tiles:
            self._tiles[key] = read_tile(self._tx, level, number, self._size)
        return self._tiles[key]


def bodies(tx: Transaction, start: int, stop: int) -> Iterator[Sequence[bytes]]:
    """Yield the bodies of entries `start` to `stop` in pages.

    Raises:
        LedgerError: a row is missing.

    """
    at = start
    for page in pages(tx, start, stop):
        for index, _leaf, _body in page:
            if index != at:
                break
            at += 1
        else:
            yield [row[2] for row in page]
            continue
        break
    if at != stop:
        raise LedgerError(f"entry {at} is missing", hint="run the audit of the log")


def payload_rows(tx: Transaction, *, sealed: bool) -> Iterator[tuple[int, int, bytes]]:
    """Stream index, user and sealed bytes (empty unless asked for) of every payload, in the order of entries."""
    what = "sealed" if sealed else "NULL"
    sql = f'SELECT idx, "user", {what} FROM log_payload ORDER BY idx, "user"'  # noqa: S608 - no input
    with tx.connection.exec_driver_sql(sql, execution_options={"yield_per": _PAGE}) as found:
        yield from ((index, user, bytes(held or b"")) for index, user, held in found)


def count_payloads(tx: Transaction) -> int:
    """Return how many payloads are stored."""
    return int(ask(tx, "SELECT COUNT(*) FROM log_payload")[0][0])
