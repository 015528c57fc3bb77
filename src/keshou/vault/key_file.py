# SPDX-License-Identifier: Apache-2.0
"""One key as one small text file, readable by its owner alone, and refused when anything about it is not right."""

import base64
import binascii
import datetime as dt
import errno
import fcntl
import hashlib
import json
import os
import stat
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from keshou.vault.errors import KeyFileError, KeyGarbledError, KeyMissingError

FILE_MODE = 0o600
FOLDER_MODE = 0o700
_CAPTION = "# A key of Keshou: whoever can read this file can read what it protects.\n"
_LARGEST = 4096
_DOOMED = ".destroyed-"


class KeyFile(msgspec.Struct, frozen=True):
    """What stands in a key file; `value` is a key, plain for the master and wrapped for all others."""

    site: str
    purpose: str
    number: int
    created: dt.datetime
    value: bytes
    master: int = 0
    """Number of the master key that wraps `value`; of a master key itself, 0."""
    source: str = "file"
    """Where a master key lives; elsewhere than in its file, `value` only stands for it."""
    suite: str = "international"
    """For which suite of cryptography the key is."""

    def __repr__(self) -> str:
        return f"KeyFile(site={self.site!r}, purpose={self.purpose!r}, number={self.number})"


def write(path: Path, key: KeyFile) -> None:
    """Write a new key file and see it safely on the disk; it appears whole or not at all.

    Raises:
        KeyFileError: there is a file already.

    """
    making = _written(path, key)
    try:
        os.link(making, path)  # refuses to take the place of another, as renaming would not
    except FileExistsError:
        raise KeyFileError(f"`{path}` exists already", hint="a key is never overwritten") from None
    finally:
        making.unlink()
    sync_folder(path.parent)


def replace(path: Path, key: KeyFile) -> None:
    """Put a key file in place of the one that is there; whoever looks meanwhile sees one of both, whole."""
    _written(path, key).rename(path)
    sync_folder(path.parent)


def _written(path: Path, key: KeyFile) -> Path:
    making = path.with_name(f".{path.name}.new")
    making.unlink(missing_ok=True)
    write_private(making, _text(key))
    return making


def write_private(path: Path, content: bytes) -> None:
    """Write a new file for its owner alone, and see it safely on the disk.

    Raises:
        KeyFileError: there is a file already.

    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(path, flags, FILE_MODE)
    except FileExistsError:
        raise KeyFileError(f"`{path}` exists already", hint="a key is never overwritten") from None
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), FILE_MODE)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let nobody else change the folder's keys within the block; what was left half destroyed is destroyed first.

    Raises:
        KeyFileError: somebody is changing them now.

    """
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise KeyFileError(
                f"the keys in `{folder}` are being changed by another process", hint="wait until it is done"
            ) from None
        for left in folder.glob(f"{_DOOMED}*"):
            _overwrite(left)
        for left in folder.glob(".*.key.new"):
            left.unlink()  # not overwritten: it may be the very file that stands under its name by now
        yield
    finally:
        os.close(handle)


def read(path: Path, site: str, purpose: str, number: int) -> KeyFile:
    """Read the key file at `path`, which must be the one of `site`, `purpose` and `number`.

    Raises:
        KeyMissingError: there is none.
        KeyGarbledError: it is cut short or garbled.
        KeyFileError: it is a link, is open to others, or is another key.

    """
    key = _parse(path, read_private(path))
    if key.site != site:
        raise KeyFileError(
            f"`{path}` is a key of site `{key.site}`, not of `{site}`", hint="give each site the folder of its own keys"
        )
    if (key.purpose, key.number) != (purpose, number):
        raise KeyFileError(f"`{path}` holds another key than its name says", hint="restore the key files by name")
    return key


def destroy(path: Path) -> None:
    """Take the file away, overwrite it with zeros, delete it, and see each safely on the disk.

    Broken off, the file is gone under its name, and `locked` ends what was begun.

    Raises:
        KeyMissingError: there is none.

    """
    doomed = path.with_name(f"{_DOOMED}{path.name}")
    try:
        path.rename(doomed)
    except FileNotFoundError:
        raise KeyMissingError(f"there is no key file `{path}`", hint="it may be destroyed already") from None
    sync_folder(path.parent)
    _overwrite(doomed)


def _overwrite(path: Path) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "r+b", buffering=0) as file:
        file.write(bytes(os.fstat(file.fileno()).st_size))
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


def check_folder(folder: Path) -> None:
    """Hold the folder of keys against what it must be.

    Raises:
        KeyMissingError: there is none.
        KeyFileError: it is no folder, or open to others.

    """
    try:
        found = folder.lstat()
    except FileNotFoundError:
        raise KeyMissingError(
            f"there is no key folder `{folder}`", hint="restore it from where the keys are kept, apart from the data"
        ) from None
    if not stat.S_ISDIR(found.st_mode):
        raise KeyFileError(f"`{folder}` is not a folder", hint="name the folder of keys itself and not a link to it")
    _check_access(folder, found, FOLDER_MODE)


def sync_folder(folder: Path) -> None:
    """See the folder's own list of files safely on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_private(path: Path) -> bytes:
    """Return what stands in a file that its owner alone may read.

    Raises:
        KeyMissingError: there is none, or it cannot be read.
        KeyFileError: it is a link, another's, or others may read it.

    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise KeyMissingError(
            f"there is no key file `{path}`", hint="restore it from where the keys are kept, apart from the data"
        ) from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise KeyFileError(f"`{path}` is a link", hint="put the key file itself there") from None
        raise KeyMissingError(
            f"the key file `{path}` cannot be read: {error.strerror}", hint="run as the owner of the keys"
        ) from None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise KeyFileError(f"`{path}` is not a file", hint="restore the key files")
        _check_access(path, found, FILE_MODE)
        return file.read(_LARGEST)


def _check_access(path: Path, found: os.stat_result, mode: int) -> None:
    if found.st_uid != os.geteuid():
        raise KeyFileError(
            f"`{path}` belongs to user number {found.st_uid}, and this process runs as {os.geteuid()}",
            hint=f"run as the owner of the keys, or: chown {os.geteuid()} {path}",
        )
    actual = stat.S_IMODE(found.st_mode)
    if actual & ~mode:
        raise KeyFileError(f"`{path}` has mode {actual:04o}, wider than {mode:04o}", hint=f"chmod {mode:o} {path}")


def _parse(path: Path, content: bytes) -> KeyFile:
    broken = KeyGarbledError(
        f"the key file `{path}` is cut short or garbled", hint="restore it from the keys' own backup"
    )
    try:
        text = content.decode()
        body, mark, _ = text.rpartition("check = ")
        table: dict[str, Any] = tomllib.loads(text)
        if not mark or table.pop("check", None) != _check(body) or table.pop("format", None) != 1:
            raise broken
        table["value"] = base64.b64decode(table["value"], validate=True)
        return msgspec.convert(table, KeyFile)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, binascii.Error, msgspec.ValidationError, KeyError, TypeError):
        raise broken from None


def _text(key: KeyFile) -> bytes:
    text = _CAPTION + "format = 1\n"
    text += f"site = {json.dumps(key.site)}\npurpose = {json.dumps(key.purpose)}\nnumber = {key.number}\n"
    text += f"created = {key.created.astimezone(dt.UTC).isoformat()}\n"
    text += f"master = {key.master}\n" if key.master else ""
    text += f"source = {json.dumps(key.source)}\n" if key.source != "file" else ""
    text += f"suite = {json.dumps(key.suite)}\n" if key.suite != "international" else ""
    text += f"value = {json.dumps(_encode(key.value))}\n"
    return f'{text}check = "{_check(text)}"\n'.encode()


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _check(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
