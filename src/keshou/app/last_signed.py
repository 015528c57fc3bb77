# SPDX-License-Identifier: Apache-2.0
"""The checkpoint signed last, kept beside the database and not in it.

A database put back from an old copy knows nothing of what was signed since. Before anything is signed, the log must
extend what this file says; else one key would sign two histories.
"""

from pathlib import Path

from keshou.app.in_place import PRIVATE, write_over
from keshou.errors import IntegrityError, UnreachableError
from keshou.ledger.checkpoint import verify_checkpoint
from keshou.ledger.errors import LedgerError
from keshou.ledger.note import VerifierKey

FILE = "log.checkpoint"


def read(home: Path, key: VerifierKey) -> bytes | None:
    """Return the checkpoint signed last in this folder; None when none was.

    Raises:
        UnreachableError: the file cannot be read.
        IntegrityError: it is no checkpoint that `key` signed.

    """
    return read_file(home / FILE, key)


def read_file(path: Path, key: VerifierKey) -> bytes | None:
    """Return the checkpoint that lies in a file; None when it is not there. Raises as `read`."""
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


def keep(home: Path, note: bytes) -> None:
    """Keep `note` in place of the one before, whole or not at all; it is on the disk when this returns.

    Raises:
        UnreachableError: the file cannot be written.

    """
    try:
        write_over(home / FILE, note, PRIVATE)
    except OSError as error:
        raise UnreachableError(f"{home / FILE} cannot be written: {error.strerror}") from error
