# SPDX-License-Identifier: Apache-2.0
"""Parts, one after another, as a tar archive has them, so that other tools can list and take them apart.

Source: POSIX.1-1988 (ustar).
"""

import tarfile
from collections.abc import Callable, Iterator

from keshou.backup.errors import ArchiveError

_BLOCK = 512
_LARGEST = 512 * 1024 * 1024
END = bytes(2 * _BLOCK)
"""What follows the last part."""

Take = Callable[[str, bytes], None]
"""Told the name and the bytes of each part, in order."""


def part(name: str, data: bytes) -> Iterator[bytes]:
    """Yield the bytes of one part of the archive."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    yield info.tobuf(tarfile.USTAR_FORMAT)
    yield data
    yield bytes(-len(data) % _BLOCK)


class Taken:
    """What the bytes of an archive are written to; it hands out each part once it is whole."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._waiting = bytearray()
        self._name: str | None = None
        self._size = 0
        self._ended = False

    def write(self, data: bytes) -> int:
        """Take some more bytes.

        Raises:
            ArchiveError: they are not those of an archive.

        """
        self._waiting += data
        while self._step():
            pass
        return len(data)

    def flush(self) -> None:
        """Nothing waits but what is not whole yet."""

    def finish(self) -> None:
        """Refuse an archive that ends early.

        Raises:
            ArchiveError: it does.

        """
        if not self._ended:
            raise ArchiveError("the archive is cut short")

    def _step(self) -> bool:
        """Take the next header or part out of what waits; say whether there may be more."""
        if self._ended:
            if any(self._waiting):
                raise ArchiveError("the archive goes on after its end")
            self._waiting.clear()
            return False
        if self._name is None:
            return self._header()
        whole = self._size + -self._size % _BLOCK
        if len(self._waiting) < whole:
            return False
        name, self._name = self._name, None
        data = bytes(memoryview(self._waiting)[: self._size])
        del self._waiting[:whole]
        self._take(name, data)
        return True

    def _header(self) -> bool:
        if len(self._waiting) < _BLOCK:
            return False
        block = bytes(self._waiting[:_BLOCK])
        del self._waiting[:_BLOCK]
        if not any(block):
            self._ended = True
            return True
        try:
            info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
        except (tarfile.HeaderError, UnicodeDecodeError) as error:
            raise ArchiveError("the archive has a part without a proper head") from error
        if not info.isreg() or not 0 <= info.size <= _LARGEST:
            raise ArchiveError("the archive has a part that is none of its kind")
        self._name, self._size = info.name, info.size
        return True
