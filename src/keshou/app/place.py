# SPDX-License-Identifier: Apache-2.0
"""Where an archive is put back: a site's folder whose database is gone, or a folder that is made whole and then named.

A folder in the making lies beside the one wanted, under a name that begins with a dot; what a killed process
left of it is taken away first.
"""

import contextlib
import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from keshou.app import last_signed, presence
from keshou.app.erasures import backup_keys
from keshou.app.in_place import sync
from keshou.app.keys import open_keys
from keshou.app.settings import SETTINGS_FILE, Settings, named_database, read_settings, without_file
from keshou.backup import erased
from keshou.backup.errors import ArchiveError, NotEmptyError
from keshou.errors import InputError
from keshou.ledger.note import VerifierKey
from keshou.vault.errors import KeyGarbledError
from keshou.vault.key_file import read_private
from keshou.vault.keys import FileKeys

_DATABASE = re.compile(r"""^[ \t]*(["']?)database\1[ \t]*=.*$""", re.MULTILINE)
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


class Place:
    """The folder that a restore fills: `folder` until it is settled, `home` from then on."""

    def __init__(self, home: Path, folder: Path, keys: FileKeys, database: str) -> None:
        self.home, self.folder, self.keys = home, folder, keys
        self.backup_keys = backup_keys(keys)
        self._database = database
        self._list = b""

    @property
    def is_new(self) -> bool:
        """Whether the folder is in the making."""
        return self.folder != self.home

    def begin(self, files: Mapping[str, bytes]) -> Settings:
        """Fill a folder in the making with the archive's files and the keys; return the settings.

        Raises:
            ArchiveError: the archive has no settings.
            InputError: its settings are wrong.

        """
        if not self.is_new:
            return read_settings(self.home)
        if SETTINGS_FILE not in files:
            raise ArchiveError("the archive has no settings", hint="put it back into a folder that has its own")
        for name, data in files.items():
            (self.folder / Path(name).name).write_bytes(data)
        if self._database:
            text = _with_database(files[SETTINGS_FILE].decode(), self._database)
            (self.folder / SETTINGS_FILE).write_text(text, "utf-8")
        settings = read_settings(self.folder)
        if not Path(settings.keys).is_absolute():
            _copy_keys(self.keys.folder, self.folder / settings.keys)
        self.keys = open_keys(settings, self.folder)
        return settings

    def checkpoints(self, lost: str, key: VerifierKey) -> list[bytes]:
        """Return the checkpoints that the folder keeps, those of logs that were lost before among them.

        Raises:
            IntegrityError: one of the files is no checkpoint that `key` signed.

        """
        paths = [self.home / last_signed.FILE, *sorted(self.home.glob(f"{lost}*"))]
        found = [last_signed.read_file(path, key) for path in paths]
        return [note for note in found if note is not None]

    def lists(self, others: Sequence[Path]) -> Iterator[bytes]:
        """Yield the folder's own list of erasures, then `others`."""
        own = self.home / erased.FILE
        for path in (*([own] if own.is_file() else []), *others):
            yield path.read_bytes()

    def keep_list(self, data: bytes) -> None:
        """Have the site go on with this list of erasures."""
        self._list = data

    def settle(self, *, is_older: bool, lost: str) -> None:
        """Let the folder be the site's, with its list; the checkpoint of a log that was lost gets another name."""
        if self._list:
            _write(self.folder / erased.FILE, self._list)
        signed = self.folder / last_signed.FILE
        if is_older and signed.is_file():
            number = sum(1 for _ in self.folder.glob(f"{lost}*")) + 1
            signed.rename(self.folder / f"{lost}{number}")
        sync(self.folder)
        if self.is_new:
            if self.home.exists():
                self.home.rmdir()
            self.folder.rename(self.home)
            sync(self.home.parent)

    def moved(self, path: Path) -> Path:
        """Return where a path of the folder in the making lies once it is settled."""
        inside = self.is_new and path.is_relative_to(self.folder)
        return self.home / path.relative_to(self.folder) if inside else path


@contextlib.contextmanager
def find_place(home: Path, keys: Path | None, database: str) -> Iterator[Place]:
    """Give the place that an archive is to be put back in; a folder in the making is gone when the block fails.

    Raises:
        NotEmptyError: `home` holds something, and is no site.
        InputError: `keys` is missing for a new folder, or others than those of one that has its own; or `database` is
            not the one that the environment names.
        UnreachableError: a process has the site open.

    """
    home = home.absolute()
    if database and named_database() not in {"", database}:
        raise InputError(
            "--database and the environment name two databases",
            hint="say the same in both, or take KESHOU_DATABASE out of the environment: whoever has it reads that one",
        )
    if (home / SETTINGS_FILE).is_file():
        settings = read_settings(home)
        if not _is_its_own(settings, home, keys, database):
            raise InputError(
                f"{home} is a site already, with settings and keys of its own", hint="leave out --keys and --database"
            )
        with presence.alone(home):
            yield Place(home, home, open_keys(settings, home), "")
        return
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise NotEmptyError(f"{home} is not an empty folder", hint="name a new folder, or empty that one first")
    if keys is None:
        raise InputError(
            "the keys are not in the archive",
            hint="name the folder that they were put back in: --keys; or put keshou.toml and the keys into DIR first",
        )
    making = home.with_name(f".{home.name}-restoring")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=_FOLDER_MODE, parents=True)
    try:
        chosen = msgspec.structs.replace(without_file(_site_of(keys)), keys=str(keys.absolute()))
        yield Place(home, making, open_keys(chosen, Path.cwd()), database)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise


def _with_database(text: str, database: str) -> str:
    """Return settings that name `database`, whether or not they named one before.

    Raises:
        ArchiveError: they are not written so that it can be put in.

    """
    told = f"database = {json.dumps(database, ensure_ascii=False)}"
    table = _TABLE.search(text)
    end = table.start() if table else len(text)
    top, replaced = _DATABASE.subn(lambda _: told, text[:end], count=1)
    changed = (top if replaced else f"{told}\n{top}") + text[end:]
    try:
        if tomllib.loads(changed).get("database") == database:
            return changed
    except tomllib.TOMLDecodeError:
        pass
    raise ArchiveError(
        "the archive's settings are not written so that another database can be put in",
        hint="put keshou.toml, with the database that you want, and the keys into DIR first",
    )


def _is_its_own(settings: Settings, home: Path, keys: Path | None, database: str) -> bool:
    """Say whether keys and database, where they are named, are those of a site that is there.

    So it is when a restore into a new folder was killed after the folder had its name and before its database had:
    the same call must do it again.
    """
    if database and database != settings.database:
        return False
    return keys is None or _files(keys) == _files(home / settings.keys)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _site_of(keys: Path) -> str:
    """Return whose keys a folder holds, as its files say; opening them checks it."""
    path = keys / "index.key"
    try:
        return str(tomllib.loads(read_private(path).decode())["site"])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as error:
        raise KeyGarbledError(f"the key file `{path}` is cut short or garbled") from error


def _copy_keys(source: Path, folder: Path) -> None:
    folder.mkdir(mode=_FOLDER_MODE)
    for path in sorted(source.iterdir()):
        _write(folder / path.name, path.read_bytes())
    sync(folder)


def _write(path: Path, data: bytes) -> None:
    """Write a file for its owner's eyes, whole or not at all."""
    made = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _FILE_MODE), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)
