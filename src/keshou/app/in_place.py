# SPDX-License-Identifier: Apache-2.0
"""Files get their names whole, for their owner's eyes from the first byte on, and never over another's.

A file is written beside where it goes and then linked there: a link, unlike a rename, takes no name that is taken.
"""

import contextlib
import errno
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

PRIVATE = 0o600
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""What filesystems say that have no links, or no more of them."""


def sync(path: Path) -> None:
    """See a file, or a folder's own list of files, safely on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def beside(path: Path) -> Path:
    """Return a name of its own beside `path`, to write under first; the kind of file stays."""
    return path.with_name(f".{path.stem}.{secrets.token_hex(8)}{path.suffix}")


def make(path: Path, data: bytes = b"", mode: int = PRIVATE) -> None:
    """Make a file that was not there, safely on the disk; it is never open to more than `mode`.

    Raises:
        OSError: it was there, or cannot be written; then what was written of it is gone.

    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def write_over(path: Path, data: bytes, mode: int) -> None:
    """Write a file whole or not at all, in place of what was there.

    Raises:
        OSError: it cannot be written; what was there is there still.

    """
    made = beside(path)
    make(made, data, mode)
    try:
        made.replace(path)
        sync(path.parent)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def put(made: Path, path: Path) -> None:
    """Give a file that was made the name `path` too, unless it is taken; where no links are, instead of its own.

    Raises:
        FileExistsError: the name is taken; what has it was not touched.
        OSError: it cannot be given.

    """
    try:
        os.link(made, path, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _put_unlinked(made, path)
    try:
        sync(path.parent)
    except BaseException:
        _take_back(made, path)
        raise


def _put_unlinked(made: Path, path: Path) -> None:
    make(path)  # of two who take a name at once, one makes the file that holds it
    try:
        made.replace(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def put_all(made: Mapping[Path, Path]) -> None:
    """Give every file that was made its name, or none: what was made -> where it goes, what tells of the rest last.

    Raises:
        FileExistsError: a name is taken; what has it was not touched.
        OSError: one cannot be given.

    """
    given: list[tuple[Path, Path]] = []
    try:
        for each, path in made.items():
            put(each, path)
            given.append((each, path))
    except BaseException:
        for each, path in given:
            _take_back(each, path)
        raise


def _take_back(made: Path, path: Path) -> None:
    with contextlib.suppress(OSError):
        if made.exists():
            path.unlink()
        else:
            path.replace(made)
