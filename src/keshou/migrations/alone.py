# SPDX-License-Identifier: Apache-2.0
"""A database to oneself: a transaction that is begun, and committed, only while no other process has it open."""

import contextlib
from collections.abc import Iterator

from keshou.db import Database, Transaction
from keshou.errors import UnreachableError
from keshou.refused import HeldError

_LOCK = (
    "SET LOCAL idle_in_transaction_session_timeout = 0",  # a backup is written meanwhile, and the log read
    "SET LOCAL lock_timeout = '2s'",
    "LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE",
    "RESET lock_timeout",
)
_OTHERS = """SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user
 AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""


class HeldOpenError(UnreachableError):
    """Another process has the database open."""

    def __init__(self) -> None:
        super().__init__(
            "another process has the site's database open; nothing was done",
            hint="stop every server and command of this site, on every machine, then call again",
        )


@contextlib.contextmanager
def alone(url: str) -> Iterator[Transaction]:
    """Open a transaction on a database that nobody else has open; who comes meanwhile waits, or is refused.

    On SQLite the file is locked as a whole. On PostgreSQL the table is locked that every process reads first, and
    sessions of the same role are counted, now and before the commit.

    Raises:
        HeldOpenError: somebody has it open; nothing was done.

    """
    try:
        with contextlib.closing(Database(url, alone=True)) as database, database.transaction() as tx:
            if tx.postgresql:
                for statement in _LOCK:
                    tx.put(statement, ())
                _refuse_others(tx)
            yield tx
            if tx.postgresql:
                _refuse_others(tx)
    except HeldError as error:
        raise HeldOpenError from error


def _refuse_others(tx: Transaction) -> None:
    if tx.ask(_OTHERS)[0][0]:
        raise HeldOpenError
