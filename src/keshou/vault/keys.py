# SPDX-License-Identifier: Apache-2.0
"""The keys of a site: a folder of files for the owner alone, each wrapped by the master key, wherever that lives.

The master key wraps the keys of this folder. Data keys are wrapped by the key of an *epoch*; destroying an epoch makes
every data key wrapped under it dead, in backups too. The root of what is derived, the keys of the blind index and the
seed that signs the log are apart from both. The root is the first key of the index too, until a rotation makes another.
"""

import datetime as dt
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from keshou.suite import INTERNATIONAL, Suite
from keshou.vault import key_file
from keshou.vault.errors import KeyFileError, KeyMissingError, SealBrokenError
from keshou.vault.key_file import KeyFile
from keshou.vault.key_names import EPOCHS, INDEXES, context_of, epoch_name, index_name, matching, not_here, numbers_in
from keshou.vault.log_signer import LogSigner
from keshou.vault.master_files import Masters, suite_of
from keshou.vault.masters import file
from keshou.vault.masters.source import Sources
from keshou.vault.wrapping import KEY, SmWrappingKey, WrappingKey, join, wrapping_key

_EPOCH, _INDEX, _LOG = "epoch", "index", "log"
_SITE_BYTES = 255
ROOT = 0
"""Number of the index key that a site begins with, from which its secrets and its users' names on record come too."""
FILES_ALONE: Sources = {file.NAME: file.FileSource()}
"""The one source that needs no setting up."""


Destroy = Callable[[Sequence[int], Sequence[int]], None]
"""Destroys epochs and index keys, by their numbers."""


class _IndexKey(NamedTuple):
    """One key of the blind index, and the suite it was made for."""

    secret: bytes
    suite: Suite


class FileKeys:
    """The keys of one site, read from its folder; made by `create` and `open`."""

    def __init__(self, folder: Path, site: str, sources: Sources, suite: Suite) -> None:
        self.folder = folder
        self.site = site
        self.suite = suite
        """The suite of new keys."""
        self.masters = Masters(folder, site, sources, suite)
        self._epochs: dict[int, WrappingKey | SmWrappingKey] = {}
        self._mac_keys: dict[tuple[int, str, str], bytes] = {}
        self._heads: dict[int, bytes] = {}
        self._indexes: dict[int, _IndexKey] = {}
        self._seen: frozenset[str] = frozenset()
        self._at = (0, -1)
        self._following = threading.Lock()

    @classmethod
    def create(cls, folder: Path, site: str, now: dt.datetime, suite: Suite = INTERNATIONAL) -> Self:
        """Make new keys for `site` in `folder`, which must not exist or be empty; the master key is a file.

        Side effects: the folder appears whole or not at all.

        Raises:
            KeyFileError: the folder holds something already, or `site` is not a name.

        """
        if not site or len(site.encode()) > _SITE_BYTES or not site.isprintable():
            raise KeyFileError("the site has no proper name", hint="a short printable word, e.g. `main`")
        if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
            raise KeyFileError(f"`{folder}` is not empty", hint="keys are never overwritten; name a new folder")
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".keys-", dir=folder.parent))
        try:
            cls._fill(made, site, now, suite)
            made.rename(folder)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        key_file.sync_folder(folder.parent)
        return cls.open(folder, site, suite=suite)

    @classmethod
    def _fill(cls, folder: Path, site: str, now: dt.datetime, suite: Suite) -> None:
        keys = cls(folder, site, FILES_ALONE, suite)
        keys.masters.make(file.NAME, now)
        for purpose, number, name in (
            (_EPOCH, 1, epoch_name(1)),
            (_INDEX, ROOT, index_name(ROOT)),
            (_LOG, 0, "log.key"),
        ):
            keys._write_wrapped(name, purpose, number, now)

    @classmethod
    def open(cls, folder: Path, site: str, sources: Sources | None = None, suite: Suite = INTERNATIONAL) -> Self:
        """Read the keys of `site` from `folder`; `sources` say where master keys may live, else in files alone.

        New keys are made for `suite`; those that are there are for the suite that stands with each.

        Raises:
            KeyMissingError: the folder or a file is not there, or the master key cannot be reached.
            KeyFileError: a file or the folder is open to others, a link, garbled, or of another site.

        """
        key_file.check_folder(folder)
        keys = cls(folder, site, FILES_ALONE if sources is None else sources, suite)
        keys._indexes = {number: keys._read_index(number) for number in (ROOT, *numbers_in(INDEXES, folder))}
        keys.signer = LogSigner(keys._read_wrapped("log.key", _LOG, 0))
        numbers = numbers_in(EPOCHS, folder)
        if not numbers:
            raise KeyMissingError(f"there is no epoch key in `{folder}`", hint="restore the key files")
        keys._epochs = {number: keys._read_epoch(number) for number in numbers}
        return keys

    signer: LogSigner
    """Signs the log's checkpoints."""

    @property
    def epochs(self) -> tuple[int, ...]:
        """Numbers of the epochs that live, oldest first."""
        return tuple(sorted(self._epochs))

    @property
    def current_epoch(self) -> int:
        """Number of the epoch under which new data keys are wrapped: the one that the database has come to.

        Raises:
            KeyMissingError: it is not here; under an older one they would be lost with it.

        """
        epoch, newest = self._at[0], max(self._epochs)
        if epoch > newest:
            raise not_here(epoch_name(epoch))
        return epoch if epoch in self._epochs else newest

    @property
    def index_numbers(self) -> tuple[int, ...]:
        """Numbers of the keys under which tags may lie, newest first; the last is the root."""
        return tuple(sorted(self._indexes, reverse=True))

    @property
    def index_files(self) -> tuple[int, ...]:
        """Numbers of the keys of the index that lie in the folder now, newest first; the last is the root."""
        return (*reversed(numbers_in(INDEXES, self.folder)), ROOT)

    @property
    def current_index(self) -> int:
        """Number of the key under which new tags are made: the one that the database has come to.

        Raises:
            KeyMissingError: it is not here.

        """
        index_key = self._at[1]
        if index_key < 0:
            return max(self._indexes)
        if index_key not in self._indexes:
            raise not_here(index_name(index_key))
        return index_key

    @property
    def root_suite(self) -> Suite:
        """The suite that the site began with, in which what never changes is made, whatever the site has now."""
        return self._indexes[ROOT].suite

    def follow(self, epoch: int, index_key: int) -> None:
        """Make keys and tags from now on under what the database has come to, as its log's head tells.

        Raises:
            KeyMissingError: a key of these is not here: what is written would be lost, and users taken for unknown.

        """
        if epoch > self._at[0] or index_key > self._at[1]:
            with self._following:  # whoever sees an older state of the database does not lead back to it
                self._at = (max(epoch, self._at[0]), max(index_key, self._at[1]))
        if self.lacking():
            self.look_again()
            for name in self.lacking():
                raise not_here(name)

    def lacking(self) -> tuple[str, ...]:
        """Return the names of the files that the database has come to, as far as is known, and that are not here."""
        epoch, index_key = self._at
        epochs = () if epoch <= max(self._epochs) else (epoch_name(epoch),)
        return (*epochs, index_name(index_key)) if index_key >= 0 and index_key not in self._indexes else epochs

    def new_epoch(self, now: dt.datetime) -> int:
        """Start an epoch and return its number."""
        with key_file.locked(self.folder):
            number = max(numbers_in(EPOCHS, self.folder), default=0) + 1
            self._write_wrapped(epoch_name(number), _EPOCH, number, now)
        self._epochs[number] = self._read_epoch(number)
        return number

    def new_index(self, now: dt.datetime) -> int:
        """Make a key for the blind index, in the suite of new keys, and return its number."""
        with key_file.locked(self.folder):
            number = max(numbers_in(INDEXES, self.folder), default=ROOT) + 1
            self._write_wrapped(index_name(number), _INDEX, number, now)
        self._indexes = {**self._indexes, number: self._read_index(number)}
        return number

    def look_again(self) -> bool:
        """Take up epochs and index keys that other processes made; let go of epochs that they destroyed.

        Return whether there is an index key that was not known. One that was destroyed is kept until the process
        ends: a reader who began before may still meet a tag under it.
        """
        names = frozenset(os.listdir(self.folder))  # noqa: PTH208 - asked at each writing
        if names == self._seen:
            return False
        epochs, indexes = matching(EPOCHS, names), matching(INDEXES, names)
        for number in self._epochs.keys() - epochs:
            del self._epochs[number]
        self._epochs |= {number: self._read_epoch(number) for number in sorted(epochs - self._epochs.keys())}
        new = {number: self._read_index(number) for number in sorted(indexes - self._indexes.keys())}
        self._indexes = self._indexes | new
        self._seen = names
        return bool(new)

    @contextmanager
    def destroying(self) -> Iterator[Destroy]:
        """Let nobody else change the folder's keys within the block; give what destroys keys there.

        What it is told are numbers of epochs, under which every data key still wrapped is dead from then on,
        everywhere; and of index keys, by whose tags nobody is found any more, in backups either.

        Raises:
            KeyFileError: somebody is changing them now; or, of what destroys, an epoch or index key is the current
                one, or the root, from which more than tags is derived.
            KeyMissingError: of what destroys, there is no such key.

        """
        with key_file.locked(self.folder):
            self.look_again()
            yield self._destroy

    def _destroy(self, epochs: Sequence[int], indexes: Sequence[int]) -> None:
        if self.current_epoch in epochs:
            raise KeyFileError(
                f"epoch {self.current_epoch} is the current one",
                hint="start a new epoch and rewrap the data keys that must live",
            )
        for number in indexes:
            if number in (self.current_index, ROOT):
                raise KeyFileError(f"index key {number} is in use", hint="make a new one and write all tags anew first")
        for number in epochs:
            key_file.destroy(self.folder / epoch_name(number))
            self._epochs.pop(number, None)
        for number in indexes:
            key_file.destroy(self.folder / index_name(number))
            self._indexes = {each: key for each, key in self._indexes.items() if each != number}

    def rotate_master(self, source: str, now: dt.datetime) -> int:
        """Make a new master key in `source`, wrap every key of the folder by it, destroy the older ones.

        1. A rotation that was broken off goes on where it stood; a master that wraps nothing yet is given up.
        2. Each key is wrapped anew and put in place of the old file, one by one; readers may read all the while.
        3. All are read back under the new master alone.
        4. The older masters are destroyed. Return the number of the new one.

        Raises:
            KeyMissingError: a source cannot be reached; what is not done yet can be done by asking again.
            KeyFileError: another process changes the folder's keys.

        """
        with key_file.locked(self.folder):
            files = self._wrapped_files()
            used = {self._read(*each).master for each in files}
            for number in self.masters.numbers():
                if number > max(used):
                    self.masters.destroy(number)
            newest = max(used) if len(used) > 1 or len(self.masters.numbers()) > 1 else self.masters.make(source, now)
            for name, purpose, number in files:
                found = self._read(name, purpose, number)
                if found.master != newest:
                    secret = self._unwrap(name, found)
                    key_file.replace(self.folder / name, self._wrapped(found, newest, secret))
            for each in files:
                if self._read(*each).master != newest or not self._read_wrapped(*each):
                    raise KeyFileError("a key was not wrapped by the new master", hint="ask again")
            for number in self.masters.numbers():
                if number != newest:
                    self.masters.destroy(number)
        return newest

    def wrap(self, key: bytes, context: bytes) -> tuple[int, bytes]:
        """Wrap a data key under the current epoch, bound to `context`; return the epoch and the wrapped key."""
        epoch = self.current_epoch
        return epoch, self._epochs[epoch].wrap(key, self._bind(epoch, context))

    def unwrap(self, epoch: int, wrapped: bytes, context: bytes) -> bytes:
        """Return the data key that was wrapped under `epoch` for `context`.

        Raises:
            SealBrokenError: it was not, it was altered, or the epoch is destroyed.
            KeyMissingError: the epoch was begun elsewhere, and its file is not here.

        """
        if epoch not in self._epochs:
            self._find_epoch(epoch)
        return self._epochs[epoch].unwrap(wrapped, self._bind(epoch, context))

    def mac(self, label: str, data: bytes, suite: Suite | None = None, number: int = ROOT) -> bytes:
        """Return the keyed hash of `data`, 32 bytes, under what index key `number` and a suite derive for `label`.

        Without a suite it is the one that this index key was made for, whatever the site has now.

        Raises:
            KeyMissingError: there is no such index key.

        """
        index = self._indexes.get(number)
        if index is None:
            raise KeyMissingError(f"there is no index key {number}", hint="restore the key files")
        chosen = suite or index.suite
        key = self._mac_keys.get((number, label, chosen.name))
        if key is None:
            context = join((b"blind index", self.site.encode(), label.encode()))
            key = self._mac_keys[number, label, chosen.name] = chosen.expand(index.secret, context)
        return chosen.mac(key, data)

    def secret(self, label: str) -> bytes:
        """Return a secret of 32 bytes for `label`, the same for ever, apart from every other label and every index."""
        context = join((b"secret", self.site.encode(), label.encode()))
        return HKDFExpand(hashes.SHA256(), KEY, context).derive(self._indexes[ROOT].secret)

    def __repr__(self) -> str:
        return f"FileKeys(folder={str(self.folder)!r}, site={self.site!r}, epochs={self.epochs})"

    def _bind(self, epoch: int, context: bytes) -> bytes:
        head = self._heads.get(epoch)
        if head is None:
            head = self._heads[epoch] = join((self.site.encode(), epoch.to_bytes(4)))
        return head + len(context).to_bytes(2) + context

    def _find_epoch(self, number: int) -> None:
        """Take up an epoch that another process started since this one read the folder.

        One that the database came to and that is newer than any here was made elsewhere; any other was destroyed, or
        never was.
        """
        if number not in numbers_in(EPOCHS, self.folder):
            raise not_here(epoch_name(number)) if self._is_elsewhere(number) else SealBrokenError
        self._epochs[number] = self._read_epoch(number)

    def _is_elsewhere(self, number: int) -> bool:
        return max(self._epochs) < number <= self._at[0]

    def _wrapped_files(self) -> list[tuple[str, str, int]]:
        """Return name, purpose and number of every file whose key a master wraps."""
        epochs = [(epoch_name(number), _EPOCH, number) for number in numbers_in(EPOCHS, self.folder)]
        indexes = [(index_name(number), _INDEX, number) for number in (ROOT, *numbers_in(INDEXES, self.folder))]
        return [*indexes, ("log.key", _LOG, 0), *epochs]

    def _read_index(self, number: int) -> _IndexKey:
        suite = suite_of(self._read(index_name(number), _INDEX, number))
        return _IndexKey(self._read_wrapped(index_name(number), _INDEX, number), suite)

    def _read_epoch(self, number: int) -> WrappingKey | SmWrappingKey:
        suite = suite_of(self._read(epoch_name(number), _EPOCH, number))
        return wrapping_key(self._read_wrapped(epoch_name(number), _EPOCH, number), suite)

    def _read_wrapped(self, name: str, purpose: str, number: int) -> bytes:
        found = self._read(name, purpose, number)
        if not self.masters.has(found.master):  # it was wrapped anew since, by another process
            found = self._read(name, purpose, number)
        return self._unwrap(name, found)

    def _read(self, name: str, purpose: str, number: int) -> KeyFile:
        return key_file.read(self.folder / name, self.site, purpose, number)

    def _unwrap(self, name: str, found: KeyFile) -> bytes:
        context = context_of(self.site, found.purpose, found.number)
        try:
            return self.masters.get(found.master).unwrap(found.value, context)
        except SealBrokenError:
            raise KeyFileError(
                f"`{self.folder / name}` was not made under this master key", hint="restore all key files together"
            ) from None

    def _write_wrapped(self, name: str, purpose: str, number: int, now: dt.datetime) -> None:
        made = KeyFile(self.site, purpose, number, now, b"", suite=self.suite.name)
        key_file.write(self.folder / name, self._wrapped(made, self.masters.newest, os.urandom(KEY)))

    def _wrapped(self, key: KeyFile, master: int, secret: bytes) -> KeyFile:
        value = self.masters.get(master).wrap(secret, context_of(self.site, key.purpose, key.number))
        return msgspec.structs.replace(key, value=value, master=master)
