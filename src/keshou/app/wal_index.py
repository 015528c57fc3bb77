# SPDX-License-Identifier: Apache-2.0
"""Whether anything was committed to a SQLite file since it was last read, without asking SQLite.

All connections of all processes share the *wal-index*, a file beside the database that they map into memory. A commit
becomes visible to others by being written into its header, together with a count of commits; as long as the header is
the same, byte for byte, reading again would read the same. Source: sqlite.org/walformat.html, section 2.

A process that closes any descriptor of that file loses the locks that its connections hold on it (POSIX advisory
locks), so a file that was opened here stays open until the process ends. One that opens many sites had better not.
"""

import mmap
import os
import struct
import threading
from pathlib import Path

_SUFFIX = "-shm"
_HEADER = 96
"""Bytes of the header, which is written twice; a reader that sees two different ones came in between."""
_HALF = 48
_VERSION = 3_007_000
_MAPPED: dict[tuple[int, int], mmap.mmap] = {}
"""By device and inode; never taken away."""
_lock = threading.Lock()


class WalIndex:
    """The wal-index of one database that a connection of this process holds open meanwhile."""

    def __init__(self, mapped: mmap.mmap) -> None:
        self._mapped = mapped

    @classmethod
    def of(cls, database: Path) -> "WalIndex | None":
        """Return the wal-index of a database file; None when there is none, or none that is understood."""
        path = database.with_name(database.name + _SUFFIX)
        try:
            with _lock:
                status = path.stat()
                mapped = _MAPPED.get((status.st_dev, status.st_ino))
                if mapped is None:
                    mapped = _map(path)
                    _MAPPED[status.st_dev, status.st_ino] = mapped
        except (OSError, ValueError):
            return None
        return cls(mapped) if struct.unpack_from("=I", mapped)[0] == _VERSION else None

    def header(self) -> bytes | None:
        """Return the header as it is now; None while somebody writes it, or when nobody has."""
        header = self._mapped[:_HEADER]
        return header if header[:_HALF] == header[_HALF:] and header[12] else None


def _map(path: Path) -> mmap.mmap:
    # The descriptor is not closed, for the reason above.
    return mmap.mmap(os.open(path, os.O_RDONLY | os.O_CLOEXEC), _HEADER, mmap.MAP_SHARED, mmap.PROT_READ)
