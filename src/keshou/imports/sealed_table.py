# SPDX-License-Identifier: Apache-2.0
"""A table put down sealed while it waits: a file without a name, under a key that is kept nowhere.

The file is gone with the process, and whoever reads the disk meanwhile or later finds nothing: the key never leaves
memory. It begins with the four bytes that say how it is sealed, and is sealed in parts, each bound to those, to its
place, and the last one marked, so that none can be altered, moved or cut off unseen. The nonces count the parts: the
key serves this one table. Source: NIST SP 800-38D, RFC 8998; the framing is that of STREAM (Hoang, Reyhanitabar,
Rogaway, Vizár 2015).
"""

import io
import os
import tempfile
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag

from keshou.errors import UnreachableError
from keshou.imports.errors import ImportTamperedError
from keshou.sealing import TABLE, header
from keshou.suite import INTERNATIONAL, Aead, Suite

_PART = 1 << 16
_TAG = 16
_KEY = 32
_MORE, _LAST = b"\0", b"\1"


class SealedTable:
    """A table that is written once, from its beginning, and then read as often as need be.

    Raises:
        UnreachableError: the folder cannot be written, or is full.

    """

    def __init__(self, folder: Path, suite: Suite = INTERNATIONAL) -> None:
        self._aead = suite.cipher(os.urandom(_KEY))
        self._header = header(TABLE, suite)
        self._rest = b""
        self._parts = 0
        self.size = 0
        """Bytes put down so far."""
        try:
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - closed by `close`
        except OSError as error:
            raise _full() from error
        self._append(self._header)

    def write(self, data: bytes) -> None:
        """Put more of the table down."""
        self.size += len(data)
        whole = self._rest + data
        kept = len(whole) - (len(whole) % _PART or _PART) if whole else 0
        for start in range(0, kept, _PART):
            self._put(whole[start : start + _PART], _MORE)
        self._rest = whole[kept:]

    def finish(self) -> None:
        """Put down what is left; from now on it can be read."""
        self._put(self._rest, _LAST)
        self._rest = b""

    def opened(self) -> IO[bytes]:
        """Return the table from its beginning, as bytes; read one at a time."""
        return io.BufferedReader(_Reader(self._file.fileno(), self._aead, self._header, self._parts), _PART)

    def close(self) -> None:
        """Let it be gone."""
        self._file.close()

    def _put(self, part: bytes, mark: bytes) -> None:
        sealed = self._aead.encrypt(self._parts.to_bytes(12), part, self._header + mark)
        self._parts += 1
        self._append(sealed)

    def _append(self, sealed: bytes) -> None:
        try:
            while sealed:
                sealed = sealed[self._file.write(sealed) :]
        except OSError as error:
            raise _full() from error


class _Reader(io.RawIOBase):
    def __init__(self, file: int, aead: Aead, told: bytes, parts: int) -> None:
        self._descriptor, self._aead, self._header, self._parts = file, aead, told, parts
        self._place = 0
        self._open = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        if not self._open and self._place < self._parts:
            self._open = self._next()
        size = min(len(view), len(self._open))
        view[:size] = self._open[:size]
        self._open = self._open[size:]
        return size

    def _next(self) -> bytes:
        start = len(self._header) + self._place * (_PART + _TAG)
        sealed = os.pread(self._descriptor, _PART + _TAG, start)
        mark = _LAST if self._place == self._parts - 1 else _MORE
        try:
            found = self._aead.decrypt(self._place.to_bytes(12), sealed, self._header + mark)
        except (InvalidTag, ValueError):
            raise ImportTamperedError from None
        self._place += 1
        return found


def _full() -> UnreachableError:
    return UnreachableError("a table cannot be put down", hint="see that the site's folder can be written and has room")
