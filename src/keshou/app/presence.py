# SPDX-License-Identifier: Apache-2.0
"""Who is at a site: every process that has it open, together; or the one that puts an archive back, alone.

The folder itself is locked, so that nothing is left behind by a process that is killed. On a disk that has no such
locks nobody is seen.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from keshou.db import Database
from keshou.errors import UnreachableError

_PATIENCE, _PAUSE = 3.0, 0.05
"""Seconds within which sessions that were closed are gone from the server, and between two looks."""


def enter(home: Path) -> Callable[[], None]:
    """Take note that this process has the site in `home` open; return what takes that back.

    Raises:
        UnreachableError: an archive is being put back there.

    """
    handle = _locked(home, fcntl.LOCK_SH)
    if handle is None:
        raise UnreachableError("an archive is being put back into this site", hint="wait until it is done")
    held = contextlib.ExitStack()
    held.callback(os.close, handle)
    return held.close


@contextlib.contextmanager
def alone(home: Path) -> Iterator[None]:
    """Let no process open the site in `home` within the block.

    Raises:
        UnreachableError: one has it open.

    """
    handle = _locked(home, fcntl.LOCK_EX)
    if handle is None:
        raise _held("a process has this site open")
    try:
        yield
    finally:
        os.close(handle)


def refuse_sessions(database: Database) -> None:
    """Refuse a PostgreSQL database to which other processes of ours are connected, on whatever machine.

    Raises:
        UnreachableError: some are.

    """
    until = time.monotonic() + _PATIENCE
    while database.sessions():
        if time.monotonic() > until:
            raise _held("processes are connected to this database")
        time.sleep(_PAUSE)


def _held(what: str) -> UnreachableError:
    return UnreachableError(
        f"{what}: what they do would be lost, or done on what they remember",
        hint="stop the servers and every other command first, on every machine; then call again",
    )


def _locked(folder: Path, how: int) -> int | None:
    """Lock a folder at once, and return its handle; None when others hold it otherwise."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:
        pass
    return handle
