# SPDX-License-Identifier: Apache-2.0
"""Where the master key lives: a folder of files for the owner alone.

The master key wraps every other key. Data keys are wrapped by the key of an *epoch*; destroying an epoch makes every
data key wrapped under it dead, in backups too. The key of the blind index and the seed that signs the log are apart
from both.
"""

import datetime as dt
import hmac
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from keshou.vault import key_file
from keshou.vault.errors import KeyFileError, KeyMissingError, SealBrokenError
from keshou.vault.key_file import KeyFile
from keshou.vault.wrapping import WrappingKey, join

_MASTER, _EPOCH, _INDEX, _LOG = "master", "epoch", "index", "log"
_EPOCH_NAME = re.compile(r"epoch-(\d{6})\.key")
_SIZE = 32
_SITE_BYTES = 255


class LogSigner:
    """Signs the log's checkpoints with Ed25519."""

    __slots__ = ("_key", "public_key")

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the signature, 64 bytes."""
        return self._key.sign(message)


class FileKeys:
    """The keys of one site, read from its folder; made by `create` and `open`."""

    def __init__(self, folder: Path, site: str, master: bytes) -> None:
        self.folder = folder
        self.site = site
        self._master = WrappingKey(master)
        self._epochs: dict[int, WrappingKey] = {}
        self._mac_keys: dict[str, bytes] = {}
        self._index = b""

    @classmethod
    def create(cls, folder: Path, site: str, now: dt.datetime) -> Self:
        """Make new keys for `site` in `folder`, which must not exist or be empty.

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
            cls._fill(made, site, now)
            made.rename(folder)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        key_file.sync_folder(folder.parent)
        return cls.open(folder, site)

    @classmethod
    def _fill(cls, folder: Path, site: str, now: dt.datetime) -> None:
        master = os.urandom(_SIZE)
        key_file.write(folder / "master.key", KeyFile(site, _MASTER, 0, now, master))
        keys = cls(folder, site, master)
        for purpose, number, name in ((_EPOCH, 1, _epoch_name(1)), (_INDEX, 0, "index.key"), (_LOG, 0, "log.key")):
            keys._write_wrapped(name, purpose, number, now)

    @classmethod
    def open(cls, folder: Path, site: str) -> Self:
        """Read the keys of `site` from `folder`.

        Raises:
            KeyMissingError: the folder or a file is not there.
            KeyFileError: a file or the folder is open to others, a link, garbled, or of another site.

        """
        key_file.check_folder(folder)
        keys = cls(folder, site, key_file.read(folder / "master.key", site, _MASTER, 0).value)
        keys._index = keys._read_wrapped("index.key", _INDEX, 0)
        keys.signer = LogSigner(keys._read_wrapped("log.key", _LOG, 0))
        numbers = [int(match[1]) for path in folder.iterdir() if (match := _EPOCH_NAME.fullmatch(path.name))]
        if not numbers:
            raise KeyMissingError(f"there is no epoch key in `{folder}`", hint="restore the key files")
        keys._epochs = {number: keys._read_epoch(number) for number in sorted(numbers)}
        return keys

    signer: LogSigner
    """Signs the log's checkpoints."""

    @property
    def epochs(self) -> tuple[int, ...]:
        """Numbers of the epochs that live, oldest first."""
        return tuple(sorted(self._epochs))

    @property
    def current_epoch(self) -> int:
        """Number of the epoch under which new data keys are wrapped."""
        return max(self._epochs)

    def new_epoch(self, now: dt.datetime) -> int:
        """Start an epoch and return its number."""
        number = self.current_epoch + 1
        self._write_wrapped(_epoch_name(number), _EPOCH, number, now)
        self._epochs[number] = self._read_epoch(number)
        return number

    def destroy_epoch(self, number: int) -> None:
        """Destroy the key of an epoch: every data key still wrapped under it is dead from now on, everywhere.

        Raises:
            KeyFileError: it is the current epoch.
            KeyMissingError: there is no such epoch.

        """
        if number == self.current_epoch:
            raise KeyFileError(
                f"epoch {number} is the current one", hint="start a new epoch and rewrap the data keys that must live"
            )
        key_file.destroy(self.folder / _epoch_name(number))
        self._epochs.pop(number, None)

    def wrap(self, key: bytes, context: bytes) -> tuple[int, bytes]:
        """Wrap a data key under the current epoch, bound to `context`; return the epoch and the wrapped key."""
        epoch = self.current_epoch
        return epoch, self._epochs[epoch].wrap(key, self._bind(epoch, context))

    def unwrap(self, epoch: int, wrapped: bytes, context: bytes) -> bytes:
        """Return the data key that was wrapped under `epoch` for `context`.

        Raises:
            SealBrokenError: it was not, it was altered, or the epoch is destroyed.

        """
        if epoch not in self._epochs:
            self._find_epoch(epoch)
        return self._epochs[epoch].unwrap(wrapped, self._bind(epoch, context))

    def mac(self, label: str, data: bytes) -> bytes:
        """Return HMAC-SHA-256 of `data`, 32 bytes, under the index key derived for `label`."""
        key = self._mac_keys.get(label)
        if key is None:
            derive = HKDFExpand(hashes.SHA256(), _SIZE, join((b"blind index", self.site.encode(), label.encode())))
            key = self._mac_keys[label] = derive.derive(self._index)
        return hmac.digest(key, data, "sha256")

    def secret(self, label: str) -> bytes:
        """Return a secret of 32 bytes for `label`, the same for ever, apart from every other label and every index."""
        context = join((b"secret", self.site.encode(), label.encode()))
        return HKDFExpand(hashes.SHA256(), _SIZE, context).derive(self._index)

    def __repr__(self) -> str:
        return f"FileKeys(folder={str(self.folder)!r}, site={self.site!r}, epochs={self.epochs})"

    def _bind(self, epoch: int, context: bytes) -> bytes:
        return join((self.site.encode(), epoch.to_bytes(4), context))

    def _find_epoch(self, number: int) -> None:
        """Take up an epoch that another process started since this one read the folder."""
        try:
            self._epochs[number] = self._read_epoch(number)
        except KeyMissingError:
            raise SealBrokenError from None

    def _read_epoch(self, number: int) -> WrappingKey:
        return WrappingKey(self._read_wrapped(_epoch_name(number), _EPOCH, number))

    def _read_wrapped(self, name: str, purpose: str, number: int) -> bytes:
        found = key_file.read(self.folder / name, self.site, purpose, number)
        try:
            return self._master.unwrap(found.value, _purpose_context(self.site, purpose, number))
        except SealBrokenError:
            raise KeyFileError(
                f"`{self.folder / name}` was not made under this master key", hint="restore all key files together"
            ) from None

    def _write_wrapped(self, name: str, purpose: str, number: int, now: dt.datetime) -> None:
        value = self._master.wrap(os.urandom(_SIZE), _purpose_context(self.site, purpose, number))
        key_file.write(self.folder / name, KeyFile(self.site, purpose, number, now, value))


def _epoch_name(number: int) -> str:
    return f"epoch-{number:06}.key"


def _purpose_context(site: str, purpose: str, number: int) -> bytes:
    return join((b"key file", site.encode(), purpose.encode(), number.to_bytes(4)))
