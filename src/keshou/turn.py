# SPDX-License-Identifier: Apache-2.0
"""A SQLite file's write lock: taken in turn by processes that write without a pause."""

import sqlite3
import time
from typing import Any

PATIENCE, _LOOK_AGAIN = 30, 0.0003
"""Seconds for which a SQLite file that others hold is waited for, and between two looks at it."""
PATIENT = f"busy_timeout={PATIENCE * 1000}"
"""The same, as a pragma has it."""


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
