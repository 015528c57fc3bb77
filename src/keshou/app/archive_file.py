# SPDX-License-Identifier: Apache-2.0
"""The file of a backup: held by one process while it is written, named once it is whole, never written over."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

from keshou.app.in_place import put, sync
from keshou.app.settings import DECLARATION_FILE, SETTINGS_FILE
from keshou.backup.errors import NotEmptyError
from keshou.backup.manifest import BackupKeys
from keshou.backup.seal import seal
from keshou.backup.write import Told, archive, count_rows
from keshou.db import Transaction
from keshou.errors import UnreachableError
from keshou.gate.facts import MediumRegistered
from keshou.ledger.store import Ledger
from keshou.migrations.run import revision, tables_at

LIST_SUFFIX = ".erased"
_SUFFIX = ".age"
_CARRIED = (SETTINGS_FILE, DECLARATION_FILE)
_BLOCK = 1 << 20

Progress = Callable[[int, int], None]
"""Told how many rows of how many are done: written and read back count each."""


def file_name(site: str, medium: str) -> str:
    """Return the name that a backup of a site has unless it is given another."""
    return f"keshou-{site}-{medium}{_SUFFIX}"


def path_in(dest: Path, site: str, medium: str) -> Path:
    """Return where a backup goes that is asked for at `dest`: there, or under a name of its own in a folder."""
    return dest / file_name(site, medium) if dest.is_dir() else dest


def list_of(path: Path) -> Path:
    """Return where the list of erasures lies beside a backup."""
    return path.with_name(path.name + LIST_SUFFIX)


def of(tx: Transaction, home: Path, keys: BackupKeys, fact: MediumRegistered) -> Told:
    """Return what an archive of the state that `tx` sees says of itself; of the folder it carries all but keys."""
    files = {name: (home / name).read_bytes() for name in _CARRIED if (home / name).is_file()}
    schema = revision(tx) or ""
    return Told(keys.site, fact.medium, fact.at, version("keshou"), schema, files, tables_at(schema))


def write(
    tx: Transaction, file: BinaryIO, told: Told, ledger: Ledger, keys: BackupKeys, *, to: Sequence[str],
    on_progress: Progress,
) -> None:  # fmt: skip
    """Write the state that `tx` sees into a file, sealed to the site's own key and to `to`; it is on the disk then."""
    rows, done = 2 * count_rows(tx, told.tables), 0

    def advance(some: int) -> None:
        nonlocal done
        done += some
        on_progress(done, rows)

    seal(archive(tx, ledger, told, keys.signer, advance), file, keys.secret, to)
    file.flush()
    os.fsync(file.fileno())


def refuse_taken(path: Path) -> None:
    """Refuse a name that something has already.

    Raises:
        NotEmptyError: it has.

    """
    if path.exists() or path.is_symlink():
        raise _taken(path)


def name(part: Path, path: Path) -> None:
    """Give a backup its name, unless somebody took it while it was made.

    Raises:
        NotEmptyError: somebody did.

    """
    try:
        put(part, path)
    except FileExistsError:
        raise _taken(path) from None
    try:
        part.unlink(missing_ok=True)
        sync(path.parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _taken(path: Path) -> NotEmptyError:
    return NotEmptyError(f"`{path}` is there already", hint="a backup is never written over; name another file")


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Say of what the disk refuses within the block that the backup `path` cannot be written.

    Raises:
        UnreachableError: it was refused.

    """
    try:
        yield
    except OSError as error:
        raise UnreachableError(
            f"the backup `{path}` cannot be written: {error.strerror or 'the disk refused it'}",
            hint="nothing of it was left; make room, or name another place",
        ) from error


@contextlib.contextmanager
def part(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Give a file beside `path`, held by this process alone; it is gone when the block fails.

    What a killed process left there is begun anew.

    Raises:
        NotEmptyError: another process holds it.
        OSError: it cannot be written.

    """
    part = part_of(path)
    with _held(part, path) as file:
        try:
            file.truncate(0)
            yield file, part
        except BaseException:
            part.unlink(missing_ok=True)
            list_of(path).unlink(missing_ok=True)
            raise


def _held(part: Path, path: Path) -> BinaryIO:
    """Open a part and hold it; never what has got its name as a backup meanwhile, which is not to be touched again."""
    while True:
        file = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600), "w+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise NotEmptyError(f"another backup is being written to `{path}`") from None
        if _is_only(file, part):
            return file
        file.close()


def _is_only(file: BinaryIO, part: Path) -> bool:
    """Say whether a file that is held has the name of a part and no other; a part of two names loses this one."""
    held = os.fstat(file.fileno())
    try:
        here = part.lstat()
    except FileNotFoundError:
        return False
    if (held.st_dev, held.st_ino) != (here.st_dev, here.st_ino):
        return False
    if here.st_nlink > 1:
        part.unlink()
        return False
    return True


def part_of(path: Path) -> Path:
    """Return where a backup lies while it is written."""
    return path.with_name(f".{path.name}.part")


def digest(path: Path) -> tuple[int, str]:
    """Return how many bytes a file has, and their SHA-256 in hex."""
    digest, size = sha256(), 0
    with path.open("rb") as file:
        while data := file.read(_BLOCK):
            digest.update(data)
            size += len(data)
    return size, digest.hexdigest()


def lay_beside(source: Path, path: Path) -> None:
    """Copy the list of erasures, whole or not at all."""
    made = part_of(path)
    try:
        with made.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(source.read_bytes())
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
