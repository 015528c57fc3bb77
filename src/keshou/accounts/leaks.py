# SPDX-License-Identifier: Apache-2.0
"""Passwords that leaked somewhere, in a file that the operator keeps: asked without a network and without reading it.

The file is that of Pwned Passwords ordered by hash: a line each of SHA-1 in capital hex, and ``:COUNT`` or nothing. It
may have gigabytes; a look-up reads some thirty places of it. Source: OWASP ASVS 5.0 6.2.12; NIST SP 800-63B 5.1.1.
"""

import hashlib
import os
import re
from io import FileIO
from pathlib import Path

from keshou.errors import InputError, UnreachableError

_LINE = re.compile(rb"^([0-9A-F]{40})(:\d+)?\r?$")
_LONGEST = 128
"""Bytes that a line fits into."""


class Leaks:
    """One such file.

    Raises:
        UnreachableError: there is none.
        InputError: its first or last line is not as it should be, or they are the wrong way round.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._opened() as file:
            first, last = self._line(file.fileno(), 0)[0], self._last(file.fileno())
        if first > last:
            raise self._not_one()

    def has(self, password: str) -> bool:
        """Say whether the file has `password`, as it was typed.

        Raises:
            UnreachableError: the file is gone; then no password is good enough.
            InputError: it is not ordered by hash, or a line is not as it should be.

        """
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
        with self._opened() as file:
            low, high = 0, os.fstat(file.fileno()).st_size
            while low < high:
                middle = (low + high) // 2
                found, start, end = self._at(file.fileno(), middle)
                if found == wanted:
                    return True
                if found < wanted:
                    low = end
                else:
                    high = start
        return False

    def _opened(self) -> FileIO:
        try:
            return self._path.open("rb", buffering=0)
        except OSError as error:
            raise UnreachableError(
                f"the file of leaked passwords cannot be read: {error.strerror}",
                hint="put it back, or mend `leaked_passwords` in [accounts]",
            ) from error

    def _at(self, file: int, place: int) -> tuple[bytes, int, int]:
        """Return the hash of the line that `place` lies in, where the line begins, and where the next one does."""
        before = max(0, place - _LONGEST)
        start = before + os.pread(file, place - before, before).rfind(b"\n") + 1
        found, length = self._line(file, start)
        return found, start, start + length

    def _line(self, file: int, start: int) -> tuple[bytes, int]:
        """Return the hash of the line that begins at `start`, and how long it is with its end."""
        data = os.pread(file, _LONGEST, start)
        line, end, _ = data.partition(b"\n")
        fits = _LINE.match(line)
        if fits is None or len(line) == _LONGEST:
            raise self._not_one()
        return fits[1], len(line) + len(end)

    def _last(self, file: int) -> bytes:
        return self._at(file, os.fstat(file).st_size - 1)[0]

    def _not_one(self) -> InputError:
        return InputError(
            "the file of leaked passwords is not ordered lines of SHA-1 in hex",
            hint="take that of Pwned Passwords, ordered by hash",
        )
