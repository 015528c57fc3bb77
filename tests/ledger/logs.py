# SPDX-License-Identifier: Apache-2.0
"""A signing key of known seed, and logs to try things on."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keshou.db import Database
from keshou.ledger.rows import Head
from keshou.ledger.store import Ledger

ORIGIN = "ledger.example/oplog"
START = 1_377_993_600_000_000


class SeedSigner:
    """The key whose seed is 00 01 .. 1f, or another first byte."""

    def __init__(self, first: int = 0) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(bytes(range(first, first + 32)))
        self.public_key = self.private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Sign with Ed25519."""
        return self.private.sign(message)


def ledger() -> Ledger:
    """Return a log by that key."""
    return Ledger(ORIGIN, SeedSigner())


def entry_of(index: int) -> bytes:
    """Return the entry that stands at `index` in the logs of these tests."""
    return b'{"V":1,"event":"query","t":%d}' % (START + index)


def grow(database: Database, log: Ledger, number: int, *, batch: int = 1000) -> Head:
    """Append `number` entries, a transaction a batch, beginning the log if need be."""
    with database.transaction() as tx:
        head = log.head(tx) if log_exists(database) else log.create(tx)
    end = head.size + number
    while head.size < end:
        with database.transaction() as tx:
            stop = min(end, head.size + batch)
            head = log.append(tx, log.lock(tx), [entry_of(at) for at in range(head.size, stop)], START + stop - 1)
    return head


def log_exists(database: Database) -> bool:
    """Whether the log was begun."""
    with database.reading() as tx:
        return bool(tx.connection.exec_driver_sql("SELECT id FROM log_state").fetchall())


def sign(database: Database, log: Ledger) -> bytes:
    """Sign what is committed."""
    with database.transaction() as tx:
        return log.checkpoint(tx, START)
