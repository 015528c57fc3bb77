# SPDX-License-Identifier: Apache-2.0
"""Stored rows, read in the fewest steps: pages of entries, tiles, and the tree's nodes out of them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from keshou.db import Transaction
from keshou.errors import UnreachableError
from keshou.ledger.errors import LedgerError
from keshou.ledger.merkle import HASH_SIZE, Frontier, NodeSource, chunks, fold
from keshou.ledger.tile import HEIGHT, WIDTH

_PAGE = 16 * WIDTH
T = TypeVar("T")


class Head(NamedTuple):
    """Where the log stands: its size, its frontier, and the time of its last entry (microseconds).

    With it whoever writes is told which keys the database has come to, so that nothing is sealed under older ones.
    """

    size: int
    frontier: tuple[bytes, ...]
    last_time: int
    epoch: int = 1
    """Number of the epoch under which data keys are wrapped."""
    index_key: int = 0
    """Number of the key under which what finds users is made."""

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

    Raises:
        UnreachableError: the connection broke.

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
    sql = "SELECT size, frontier, last_time, epoch, index_key FROM log_state WHERE id = 1"
    rows = ask(tx, sql + " FOR UPDATE" if lock and tx.postgresql else sql)
    if not rows:
        raise LedgerError("this database has no log yet", hint="create it first")
    size, frontier, *rest = rows[0]
    return Head(size, tuple(chunks(frontier)), *rest)


def read_root(tx: Transaction) -> tuple[int, bytes]:
    """Return size and root of the log, by the columns that every schema has ever had.

    Raises:
        LedgerError: there is no log yet.

    """
    rows = ask(tx, "SELECT size, frontier FROM log_state WHERE id = 1")
    if not rows:
        raise LedgerError("this database has no log yet", hint="create it first")
    size, frontier = rows[0]
    return size, Frontier(size, tuple(chunks(frontier))).root()


def come_to(tx: Transaction, *, epoch: int | None = None, index_key: int | None = None) -> None:
    """Tell whoever writes from the end of `tx` on which keys the database has come to; hold the log's lock."""
    sql = "UPDATE log_state SET epoch = COALESCE(?, epoch), index_key = COALESCE(?, index_key) WHERE id = 1"
    change(tx, sql, (epoch, index_key))


def server_time(tx: Transaction) -> int:
    """Return what time it is by a PostgreSQL server's clock (microseconds)."""
    return int(ask(tx, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")[0][0])


def is_free(tx: Transaction) -> bool:
    """Say whether nobody else is appending to the log, on PostgreSQL; waits for nobody."""
    return bool(ask(tx, "SELECT id FROM log_state WHERE id = 1 FOR UPDATE SKIP LOCKED"))


def read_leaves(tx: Transaction, start: int, stop: int) -> bytes:
    """Return the stored leaf hashes `start` to `stop`, joined."""
    rows = ask(tx, "SELECT leaf FROM log_entry WHERE idx >= ? AND idx < ? ORDER BY idx", (start, stop))
    return b"".join(row[0] for row in rows)


def read_edge(tx: Transaction, level: int) -> bytes:
    """Return the partial tile of a level above 0."""
    rows = ask(tx, "SELECT hashes FROM log_edge WHERE level = ?", (level,))
    return rows[0][0] if rows else b""


Place = tuple[int, int]
"""A tile: its level and its number."""

_LEAVES = -1
"""Where a level stands, in what `read_tiles` asks: a leaf that is in no full tile yet."""


def read_tiles(tx: Transaction, places: Collection[Place], size: int) -> dict[Place, bytes]:
    """Return tiles of a log that now has `size` entries, full or as far as they go, in one step for all of them.

    A tile that is not there is missing in the answer.
    """
    parts: list[str] = []
    values: list[int] = []
    partial: dict[int, Place] = {}
    for level, number in places:
        if number < size // WIDTH ** (level + 1):
            parts.append("SELECT level, n, hashes FROM log_tile WHERE level = ? AND n = ?")
            values += (level, number)
            continue
        partial[level] = (level, number)
        if level:
            parts.append("SELECT level, -1, hashes FROM log_edge WHERE level = ?")
            values.append(level)
        else:
            parts.append(f"SELECT {_LEAVES}, idx, leaf FROM log_entry WHERE idx >= ? AND idx < ?")  # noqa: S608 - ours
            values += (number * WIDTH, size)
    rows = ask(tx, " UNION ALL ".join(parts), tuple(values)) if parts else []
    leaves = b"".join(hash_ for _, hash_ in sorted(row[1:] for row in rows if row[0] == _LEAVES))
    found = {(level, number) if number >= 0 else partial[level]: hashes for level, number, hashes in rows if level >= 0}
    return found | ({partial[0]: leaves} if leaves else {})


class _Asked:
    """A node source that only notes which tiles it is asked for."""

    def __init__(self) -> None:
        self.places: set[Place] = set()

    def __call__(self, height: int, index: int) -> bytes:
        """Return something in the node's place."""
        self.places.add(_place(height, index)[0])
        return b""


class StoredNodes:
    """A node source over stored tiles."""

    def __init__(self, tiles: Mapping[Place, bytes]) -> None:
        self._tiles = tiles

    def __call__(self, height: int, index: int) -> bytes:
        """Return the root of the complete subtree; see `keshou.ledger.merkle`.

        Raises:
            LedgerError: a tile that it needs is missing or too short.

        """
        place, at, width = _place(height, index)
        held = self._tiles.get(place, b"")[at * HASH_SIZE : (at + width) * HASH_SIZE]
        if len(held) != HASH_SIZE * width:
            raise LedgerError(
                f"tile {place[1]} of level {place[0]} is missing or too short", hint="run the audit of the log"
            )
        return fold(chunks(held))


def _place(height: int, index: int) -> tuple[Place, int, int]:
    """Return where a node lies: its tile, its place there, and how many of the tile's hashes it stands on."""
    level, low = divmod(height, HEIGHT)
    number, at = divmod(index << low, WIDTH)
    return (level, number), at, 1 << low


def out_of_nodes(tx: Transaction, size: int, make: Callable[[NodeSource], T]) -> T:
    """Return what `make` makes of the nodes of a log that now has `size` entries.

    It is run twice: to see which tiles it asks for, and on those tiles, read in one step.
    """
    asked = _Asked()
    make(asked)
    return make(StoredNodes(read_tiles(tx, asked.places, size)))


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


class About(NamedTuple):
    """An entry about a user."""

    place: int
    body: bytes
    refused: tuple[str, ...] | None
    """Of an act on many in which some were refused: the provisions under which this user was; nothing, let through.

    None: what the entry says holds of this user, or was never kept user by user.
    """


def payload_rows(tx: Transaction, *, sealed: bool) -> Iterator[tuple[int, int, bytes, str | None]]:
    """Stream index, user, sealed bytes (empty unless asked for) and refusal of each payload, in entries' order."""
    what = "sealed" if sealed else "NULL"
    sql = f'SELECT idx, "user", {what}, refused FROM log_payload ORDER BY idx, "user"'  # noqa: S608 - no input
    with tx.connection.exec_driver_sql(sql, execution_options={"yield_per": _PAGE}) as found:
        yield from ((index, user, bytes(held or b""), refused) for index, user, held, refused in found)


def count_payloads(tx: Transaction) -> int:
    """Return how many payloads are stored."""
    return int(ask(tx, "SELECT COUNT(*) FROM log_payload")[0][0])
