# SPDX-License-Identifier: Apache-2.0
"""How far log and access have come: looked at before every answer, so that none is older than its question.

A look begins after it was asked for. What was committed by whatever process before the question is therefore seen:
memory that stands at that size may serve, and no consent is used that was withdrawn before.

SQLite is looked at where the question is: two rows of a page in memory cost two microseconds, less than asking
another thread would. PostgreSQL is asked by one thread for all who wait; who comes while it asks waits for the next
time it does.
"""

import contextlib
import os
import queue
import select
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import psycopg
from psycopg import pq

from keshou.app.bell import Bells
from keshou.app.wal_index import WalIndex
from keshou.db import Database
from keshou.errors import UnreachableError

_WITHIN = 5.0
"""Seconds that a database may take to answer a look; then nothing is permitted."""
_LOOK = "SELECT log_state.size, access_state.change, log_state.last_time FROM log_state, access_state"
_NAME = b"keshou_look"


class Seen(NamedTuple):
    """What one look saw."""

    size: int
    """Size of the log: a decision that stands on facts of this revision is as new as the look."""
    access: int
    """How often anything changed by which callers are judged."""


class _Eye(Protocol):
    """A connection of its own that looks when told to."""

    def at_once(self) -> Seen | None:
        """Look without waiting for anybody; None when that cannot be done."""

    def look(self) -> Seen:
        """Look, and wait for the database as long as it may take."""

    def watch(self) -> None:
        """Notice more quickly that nothing changed, if there is a way."""

    def close(self) -> None:
        """Give the connection up."""


Settle = Callable[[Seen | None, BaseException | None], None]
Note = Callable[[int], None]


def _unnoted(_: int) -> None:
    pass


class Pulse:
    """Looks at one database for every caller of this process; safe from any thread and event loop.

    `within` is how long the database may take to answer (seconds). Nothing is connected before the first look. `note`
    is told the time of the newest entry (microseconds) before whoever asked is told that there is one.
    """

    def __init__(self, database: Database, *, within: float = _WITHIN, note: Note = _unnoted) -> None:
        self._eye: _Eye = (_PostgresqlEye if database.postgresql else _SqliteEye)(database, within, note)
        self._bells = Bells()
        self._wanted: queue.SimpleQueue[Settle | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._open = True
        self._process = os.getpid()

    def watch(self) -> None:
        """From now on notice without asking the database that nothing was committed, where that can be seen.

        For a process that serves one site until it ends (`wal_index` says why).
        """
        self._eye.watch()

    async def look(self) -> Seen:
        """Return what a look saw that began after this was called.

        Raises:
            UnreachableError: the database does not answer; then there is no permission.

        """
        self._refuse()
        seen = self._eye.at_once()
        if seen is not None:
            return seen
        future, bell = self._bells.here()
        self._want(lambda seen, error: bell.put(future, seen, error))
        return await future  # type: ignore[no-any-return]

    def look_at_once(self) -> Seen | None:
        """Return what a look sees that needs to wait for nobody; None when it would have to.

        Raises:
            UnreachableError: the site is closed.

        """
        self._refuse()
        return self._eye.at_once()

    def look_now(self) -> Seen:
        """Return what a look saw that began after this was called; blocks meanwhile.

        Raises:
            UnreachableError: the database does not answer; then there is no permission.

        """
        self._refuse()
        seen = self._eye.at_once()
        if seen is not None:
            return seen
        found: Future[Seen] = Future()

        def settle(seen: Seen | None, error: BaseException | None) -> None:
            if seen is None:
                found.set_exception(error)
            else:
                found.set_result(seen)

        self._want(settle)
        return found.result()

    def close(self) -> None:
        """Answer who waits, then look no more."""
        with self._lock:
            if not self._open:
                return
            self._open = False
            if self._thread is not None:
                self._wanted.put(None)
        if self._thread is not None:
            self._thread.join()
        self._eye.close()

    def _refuse(self) -> None:
        if not self._open:
            raise UnreachableError("this site is closed")
        if os.getpid() != self._process:
            raise UnreachableError("this site was opened by another process", hint="open it anew after a fork")

    def _want(self, settle: Settle) -> None:
        with self._lock:
            self._refuse()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="keshou-pulse", daemon=True)
                self._thread.start()
            self._wanted.put(settle)

    def _run(self) -> None:
        while (first := self._wanted.get()) is not None:
            waiting, last = self._gather(first)
            try:
                _tell(waiting, self._eye.look(), None)
            except BaseException as error:
                _tell(waiting, None, error)
            if last:
                return

    def _gather(self, first: Settle) -> tuple[list[Settle], bool]:
        """Return whoever asked before the look that begins now, and whether nobody comes after them."""
        waiting = [first]
        with contextlib.suppress(queue.Empty):
            while (settle := self._wanted.get_nowait()) is not None:
                waiting.append(settle)
            return waiting, True
        return waiting, False


def _tell(waiting: Sequence[Settle], seen: Seen | None, error: BaseException | None) -> None:
    for settle in waiting:
        settle(seen, error)


class _SqliteEye:
    """Looks at a SQLite file by a connection that does nothing else; between looks it holds no lock."""

    def __init__(self, database: Database, within: float, note: Note) -> None:
        self._path = str(database.url.database)
        self._within, self._note = within, note
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._patience = 0.0
        self._watches = False
        self._index: WalIndex | None = None
        self._last: tuple[bytes, Seen] | None = None
        """The header of the wal-index before the last look, and what that look saw."""

    def watch(self) -> None:
        """Compare the header of the wal-index before looking into the file."""
        self._watches = True

    def at_once(self) -> Seen | None:
        """Look without waiting for whoever holds the file, or looks already."""
        index, last = self._index, self._last
        if index is not None and last is not None and index.header() == last[0]:
            return last[1]
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return self._look(0.0)
        except (sqlite3.Error, UnreachableError):
            return None
        finally:
            self._lock.release()

    def look(self) -> Seen:
        """Look, and wait for whoever holds the file."""
        try:
            with self._lock:
                return self._look(self._within)
        except sqlite3.Error as error:
            raise _silent() from error

    def _look(self, patience: float) -> Seen:
        connection = self._connection
        if connection is None:
            connection = self._connection = self._connect()
        if patience != self._patience:
            connection.execute(f"PRAGMA busy_timeout={round(patience * 1000)}")
            self._patience = patience
        before = self._index.header() if self._index is not None else None
        # All rows are taken, so that the statement ends and no reader stands in the way of a checkpoint.
        seen = _seen(connection.execute(_LOOK).fetchall(), self._note)
        self._last = (before, seen) if before is not None else None
        if self._watches and self._index is None:
            self._index = WalIndex.of(Path(self._path))
        return seen

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=0.0, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only=ON")
        self._patience = 0.0
        return connection

    def close(self) -> None:
        """Give the connection up."""
        with self._lock:
            self._index = self._last = None
            if self._connection is not None:
                self._connection.close()
                self._connection = None


class _PostgresqlEye:
    """Asks a PostgreSQL server over a connection that does nothing else; a lost one is made anew.

    It speaks to libpq itself: a cursor's round trip costs twice as much, and knows no time limit.
    """

    def __init__(self, database: Database, within: float, note: Note) -> None:
        self._arguments = database.url.get_dialect()().create_connect_args(database.url)
        self._within, self._note = within, note
        self._connection: psycopg.Connection[Any] | None = None

    def watch(self) -> None:
        """Nothing is known without asking the server."""

    def at_once(self) -> Seen | None:
        """Nothing is known without asking the server."""
        return None

    def look(self) -> Seen:
        """Ask the server; once more over a new connection when the old one turns out to be gone."""
        try:
            if self._connection is not None:
                with contextlib.suppress(psycopg.Error):
                    return self._ask(self._connection.pgconn)
                self.close()
            return self._ask(self._connect().pgconn)
        except psycopg.Error as error:
            self.close()
            raise _silent() from error

    def _connect(self) -> psycopg.Connection[Any]:
        given, options = self._arguments
        limit = {"connect_timeout": max(2, round(self._within))}
        self._connection = psycopg.connect(*given, **{**limit, **options, "autocommit": True})
        self._connection.pgconn.send_prepare(_NAME, _LOOK.encode())
        self._answer(self._connection.pgconn, pq.ExecStatus.COMMAND_OK)
        return self._connection

    def _ask(self, server: pq.abc.PGconn) -> Seen:
        server.send_query_prepared(_NAME, None)
        result = self._answer(server, pq.ExecStatus.TUPLES_OK)
        rows = [[int(result.get_value(row, place) or 0) for place in range(3)] for row in range(result.ntuples)]
        return _seen(rows, self._note)

    def _answer(self, server: pq.abc.PGconn, status: pq.ExecStatus) -> pq.abc.PGresult:
        """Return the one result of what was sent."""
        until = time.monotonic() + self._within
        server.flush()
        poll = select.poll()
        poll.register(server.socket, select.POLLIN)
        while server.is_busy():
            if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
                raise psycopg.OperationalError("no answer in time")
            server.consume_input()
        result = server.get_result()
        if result is None or result.status != status:
            raise psycopg.OperationalError("the server refused to be looked at")
        server.get_result()
        return result

    def close(self) -> None:
        """Give the connection up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _seen(rows: Sequence[Sequence[int]], note: Note) -> Seen:
    if len(rows) != 1:
        raise UnreachableError("the database holds no site", hint="check that `database` is the site's own")
    size, access, last_time = rows[0]
    note(last_time)
    return Seen(size, access)


def _silent() -> UnreachableError:
    return UnreachableError(
        "the database does not answer; nothing is permitted meanwhile", hint="check that it runs and can be reached"
    )
