# SPDX-License-Identifier: Apache-2.0
"""Whether acts get through: a process that stopped in the middle of one holds the log, and all others wait for it.

Looking tells nothing of it, since whoever reads waits for nobody. So it is tried now and then whether the log is free;
that it is held is as it should be while it grows.
"""

import contextlib
import sqlite3
import threading

from keshou.app import clock
from keshou.db import Database
from keshou.ledger.rows import is_free, read_head
from keshou.turn import PATIENCE

_PAUSE = 1.0
"""Seconds between two tries at least, however often it is asked."""


class Door:
    """Watches one database; may be used by several threads.

    `after`: seconds for which the log may be held and not grow, before it is said to be stuck. So long acts wait.
    """

    def __init__(self, database: Database, *, after: float = PATIENCE, pause: float = _PAUSE) -> None:
        self._database, self._after, self._pause = database, after, pause
        self._lock = threading.Lock()
        self._tried: float | None = None
        self._held: tuple[float, int] | None = None
        """Since when it has been found held at each try, and the size of the log all the while."""

    def is_stuck(self) -> bool:
        """Say whether the log has been found held for so long, and has not grown; it takes two tries to know it.

        Raises:
            UnreachableError: the database does not answer.

        """
        with self._lock:
            now = clock.stopwatch()
            if self._tried is None or now - self._tried >= self._pause:
                self._tried = now
                self._try(now)
            return self._held is not None and now - self._held[0] >= self._after

    def _try(self, now: float) -> None:
        if self._is_free():
            self._held = None
            return
        with self._database.reading() as tx:
            size = read_head(tx).size
        if self._held is None or self._held[1] != size:
            self._held = now, size

    def _is_free(self) -> bool:
        if self._database.postgresql:
            with self._database.transaction() as tx:
                return is_free(tx)
        path = str(self._database.url.database)
        with contextlib.closing(sqlite3.connect(path, timeout=0.0, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            connection.execute("ROLLBACK")
            return True
