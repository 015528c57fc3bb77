# SPDX-License-Identifier: Apache-2.0
"""Files that verbs write: whole or not at all."""

from pathlib import Path

from keshou.app.in_place import write_over
from keshou.errors import UnreachableError


def write(path: Path, data: str | bytes, mode: int = 0o666) -> None:
    """Write a file whole or not at all; whatever it holds meanwhile is open to no more than `mode` and the umask say.

    Raises:
        UnreachableError: it cannot be written.

    """
    try:
        write_over(path, data.encode() if isinstance(data, str) else data, mode)
    except OSError as error:
        raise UnreachableError(f"`{path}` cannot be written: {error.strerror}") from error
