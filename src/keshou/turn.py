# SPDX-License-Identifier: Apache-2.0
"""How long a database is waited for, and who is next: a SQLite file's write lock is taken in turn.

Processes may write without a pause, and one may stop in the middle.
"""

import sqlite3
import time
from collections.abc import Mapping
from typing import Any

PATIENCE, _LOOK_AGAIN = 30, 0.0003
"""Seconds for which a database that others hold is waited for, and between two looks at a SQLite file."""
PATIENT = f"busy_timeout={PATIENCE * 1000}"
"""The same, as a pragma has it."""
_LEFT = 60
"""Seconds after which a PostgreSQL server ends a transaction of ours that writes, and of which it hears nothing: its
process was stopped, or its machine is gone, and everybody else would wait for what it holds. Twice as long as it may
itself wait for others; between two statements of one transaction there are milliseconds."""


def take_turn(driver: Any) -> None:
    """Take a SQLite file's write lock, and wait for whoever holds it.

    SQLite's own waiting sleeps longer and longer while a lock that many want is free for less than a millisecond at a
    time: of two processes that write without a pause it would let one wait for seconds. Ours looks again and again.
    """
    cursor = driver.cursor()
    cursor.execute("PRAGMA busy_timeout=0")
    try:
        left = round(PATIENCE / _LOOK_AGAIN)
        while not _is_taken(cursor, last=not left):
            left -= 1
            time.sleep(_LOOK_AGAIN)
    finally:
        cursor.execute(f"PRAGMA {PATIENT}")
        cursor.close()


def _is_taken(cursor: Any, *, last: bool) -> bool:
    """Try once to take the lock; say whether we have it."""
    try:
        cursor.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def patience_of(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return how long a connection to a PostgreSQL server waits for what; where `query`, its address's, says it, that.

    A lock is waited for as long as a SQLite file is. It is all said when the connection is made, so that no transaction
    is the slower for it. Whoever connects, or hears nothing over the network any more, waits no longer.
    """
    limits = {
        "lock_timeout": f"{round(PATIENCE * 1000)}",
        "idle_in_transaction_session_timeout": f"{round(_LEFT * 1000)}",
    }
    said = " ".join(f"-c {name}={limit}" for name, limit in limits.items())
    network = {
        "connect_timeout": 10, "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4,
        "tcp_user_timeout": round(PATIENCE * 1000),
    }  # fmt: skip
    own = {name: value for name, value in network.items() if name not in query}
    return own | {"options": f"{said} {query.get('options', '')}".rstrip()}
