# SPDX-License-Identifier: Apache-2.0
"""The checkpoint signed last, kept beside the database and not in it.

A database put back from an old copy knows nothing of what was signed since. Before anything is signed, the log must
extend what this file says; else one key would sign two histories.
"""

import os
import tempfile
from pathlib import Path

from keshou.errors import UnreachableError

FILE = "log.checkpoint"


def read(home: Path) -> bytes | None:
    """Return the checkpoint signed last in this folder; None when none was.

    Raises:
        UnreachableError: the file cannot be read.

    """
    try:
        return (home / FILE).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnreachableError(f"{home / FILE} cannot be read: {error.strerror}") from error


def keep(home: Path, note: bytes) -> None:
    """Keep `note` in place of the one before, whole or not at all.

    Raises:
        UnreachableError: the file cannot be written.

    """
    try:
        handle, made = tempfile.mkstemp(prefix=f".{FILE}-", dir=home)
        with os.fdopen(handle, "wb") as file:
            file.write(note)
        Path(made).replace(home / FILE)
    except OSError as error:
        raise UnreachableError(f"{home / FILE} cannot be written: {error.strerror}") from error
