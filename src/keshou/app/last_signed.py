# SPDX-License-Identifier: Apache-2.0
"""The checkpoint signed last, kept beside the database and not in it.

A database put back from an old copy knows nothing of what was signed since. Before anything is signed, the log must
extend what this file says; else one key would sign two histories. Of processes that share a folder one signs at a
time, and the file says so before the database does: so it never goes back, and nothing is signed that it does not know.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keshou.app.in_place import PRIVATE, write_over
from keshou.db import Database, Transaction
from keshou.errors import IntegrityError, UnreachableError
from keshou.ledger.checkpoint import verify_checkpoint
from keshou.ledger.errors import ForkError, LedgerError
from keshou.ledger.note import VerifierKey
from keshou.ledger.store import Ledger

FILE = "log.checkpoint"
_LOCK = ".log.checkpoint.lock"


def sign(tx: Transaction, ledger: Ledger, home: Path, at_micros: int) -> bytes | None:
    """Sign the log as it stands, keep the checkpoint in the folder and in the database; None while the log is empty.

    Call it in a transaction that began after the appends committed.

    1. the log's lock is taken, then the folder's
    2. the log must extend what the folder says was signed last
    3. it is signed, and the folder says so before the transaction commits. Were it never to commit, the same would be
       signed again

    Raises:
        ForkError: the log does not extend what was signed last, in the database or in the folder.
        IntegrityError: what the folder keeps is no checkpoint.
        UnreachableError: the folder cannot be read or written; nothing was signed.

    """
    if not ledger.lock(tx).size and not (home / FILE).exists():
        return None
    with _alone(home):
        kept = read(home, ledger.key)
        if kept is not None:
            ledger.agree_with(tx, kept)
        note = ledger.checkpoint(tx, at_micros)
        if note != kept:
            _keep(home, note)
        return note


def is_due(tx: Transaction, ledger: Ledger, home: Path) -> bool:
    """Say whether there is something to sign: entries that neither folder nor database says are signed.

    Nothing is locked or written, so that who only reads waits for nobody.

    Raises:
        ForkError: the log is as long as what was signed, and not the same.
        IntegrityError: what the folder keeps is no checkpoint.
        UnreachableError: the folder cannot be read.

    """
    kept, size = read(home, ledger.key), ledger.head(tx).size
    if kept is None:
        return size > 0
    if kept != ledger.last_checkpoint(tx) or verify_checkpoint(kept, ledger.key).size != size:
        return True
    ledger.agree_with(tx, kept)
    return False


def refuse_older(database: Database, ledger: Ledger, home: Path) -> None:
    """Refuse a database whose log does not begin with what the folder says was signed last.

    Raises:
        ForkError: it was put back from an older copy, or its log was written anew.
        IntegrityError: what the folder keeps is no checkpoint.
        UnreachableError: the folder or the database cannot be read.

    """
    kept = read(home, ledger.key)  # first: what is read after it has at least the entries that were signed
    if kept is None:
        return
    with database.reading() as tx:
        try:
            ledger.agree_with(tx, kept)
        except ForkError as error:
            raise ForkError(
                str(error),
                hint="take this database away, and keep it; put back the one that was signed, or an archive with "
                "`keshou restore`: where that is older too, somebody answers for what is lost",
            ) from error


def read(home: Path, key: VerifierKey) -> bytes | None:
    """Return the checkpoint signed last in this folder; None when none was.

    Raises:
        UnreachableError: the file cannot be read.
        IntegrityError: it is no checkpoint that `key` signed.

    """
    return read_file(home / FILE, key)


def read_file(path: Path, key: VerifierKey) -> bytes | None:
    """Return the checkpoint that lies in a file; None when it is not there.

    Raises:
        UnreachableError: the file cannot be read.
        IntegrityError: it is no checkpoint that `key` signed.

    """
    try:
        note = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnreachableError(f"{path} cannot be read: {error.strerror}") from error
    try:
        verify_checkpoint(note, key)
    except LedgerError as error:
        raise IntegrityError(
            f"{path} is no checkpoint of this log: {error}",
            hint="put back the copy of it that was kept elsewhere; without one, take the file away, but only where the "
            "database is surely no older copy: nothing shows it then",
        ) from error
    return note


def _keep(home: Path, note: bytes) -> None:
    """Keep `note` in place of the one before, whole or not at all; it is on the disk when this returns."""
    try:
        write_over(home / FILE, note, PRIVATE)
    except OSError as error:
        raise UnreachableError(f"{home / FILE} cannot be written: {error.strerror}") from error


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Let no other process or thread sign in this folder within the block; one that dies lets go."""
    try:
        handle = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE)
    except OSError as error:
        raise UnreachableError(f"{home / _LOCK} cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
