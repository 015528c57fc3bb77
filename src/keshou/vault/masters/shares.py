# SPDX-License-Identifier: Apache-2.0
"""A master key split between holders: any `threshold` of their shares give it, fewer tell nothing about it.

A share is 33 words that can be written on paper (SLIP-39); a word misread is noticed. The key is put together in
memory when the site opens, and stands nowhere.

Source: SatoshiLabs SLIP-0039; A. Shamir, "How to share a secret", 1979.
"""

import logging
import os
import stat
from collections.abc import Sequence
from itertools import chain, combinations, islice
from pathlib import Path
from typing import NamedTuple

import msgspec
from shamir_mnemonic import MnemonicError, Share, combine_mnemonics, generate_mnemonics

from keshou.suite import Suite
from keshou.vault import key_file
from keshou.vault.errors import KeyFileError, KeyMissingError
from keshou.vault.masters.source import Master
from keshou.vault.wrapping import KEY, commitment, wrapping_key

NAME = "shares"
MOST = 16
_SUFFIX = ".share"
_MOST_TRIES = 13_000
"""Of 16 shares any eight, and some more: a try that fails takes about a millisecond."""
_MOST_OTHERS = 20
_log = logging.getLogger(__name__)


class Split(NamedTuple):
    """Among how many holders a new key is split, how many of them give it, and where their shares are written."""

    threshold: int
    holders: int
    folder: Path


class _Described(msgspec.Struct, frozen=True):
    """What stands in the key's file: nothing that helps to find it, enough to know the right one."""

    threshold: int
    holders: int
    commitment: bytes


class SharesSource:
    """Master keys split between holders. `given` are shares at hand; `split` says how a new key is split."""

    def __init__(self, given: Sequence[str] = (), split: Split | None = None) -> None:
        self._given = tuple(" ".join(words.split()).lower() for words in given)
        self._split = split

    def make(self, site: str, number: int) -> bytes:
        """Split a new key, write each holder's share into a file of its own, and read them back.

        Raises:
            KeyFileError: it is not said among whom it is split, or they are too few or too many.

        Side effects: the folder holds one file a holder, mode 0600. They are to be handed out and then removed.
        """
        split = self._split
        if split is None or not 2 <= split.threshold <= split.holders <= MOST:
            raise KeyFileError(
                "it is not said among whom the key is split", hint=f"two to {MOST} holders, and at least two to give it"
            )
        secret = os.urandom(KEY)
        (shares,) = generate_mnemonics(1, [(split.threshold, split.holders)], secret)
        _make_folder(split.folder)
        for place, share in enumerate(shares, 1):
            name = f"{site}-master-{number}-share-{place}-of-{split.holders}{_SUFFIX}"
            key_file.write_private(split.folder / name, (share + "\n").encode())
        self._given = tuple(shares)
        described = _Described(split.threshold, split.holders, commitment(secret))
        for start in range(split.holders):
            some = [shares[(start + each) % split.holders] for each in range(split.threshold)]
            if commitment(combine_mnemonics(some)) != described.commitment:
                raise KeyFileError("the shares do not give the key they were made of", hint="report this; begin anew")
        return msgspec.json.encode(described)

    def open(self, value: bytes, suite: Suite) -> Master:
        """Put the key together from the shares at hand; those of other keys, and false ones, are left aside.

        Raises:
            KeyMissingError: they are too few of this key.
            KeyFileError: one is misread, or they are enough and no so many of them give the key.

        """
        described = _described(value)
        by_key: dict[int, list[Share]] = {}
        for words in dict.fromkeys(self._given):
            share = _read(words)
            by_key.setdefault(share.identifier, []).append(share)
        most = 0
        for shares in by_key.values():
            places = sorted({each.index + 1 for each in shares})
            if len(places) < described.threshold:
                most = max(most, len(places))
                continue
            tried = _tried(shares, described)
            if tried.good:
                for each in _false(shares, tried.good, described):
                    _log.warning("share %d of the master key is false; the others give the key", each.index + 1)
                return wrapping_key(tried.secret, suite)
            if not tried.of_another:
                told = ", ".join(map(str, places))
                raise KeyFileError(
                    f"the shares contradict each other: of {told} no {described.threshold} give the master key",
                    hint="one of them at least is false: add another holder's share, or compare each with its paper",
                )
        raise KeyMissingError(
            f"the master key needs {described.threshold} of {described.holders} shares; of no key there are more than "
            f"{most} at hand",
            hint="name the holders' files in KESHOU_MASTER_SHARE_FILES, or give the words in KESHOU_MASTER_SHARES",
        )

    def destroy(self, value: bytes) -> None:
        """Do nothing: the holders destroy their shares."""


def read_shares(paths: Sequence[Path]) -> list[str]:
    """Return the shares that stand in files; of a folder, in all its ``.share`` files.

    Raises:
        KeyMissingError: a file is not there or cannot be read.
        KeyFileError: others may read it, or it is a link.

    """
    files = [each for path in paths for each in (sorted(path.glob(f"*{_SUFFIX}")) if path.is_dir() else [path])]
    return [key_file.read_private(path).decode(errors="replace").strip() for path in files]


def _described(value: bytes) -> _Described:
    try:
        return msgspec.json.decode(value, type=_Described)
    except msgspec.DecodeError:
        raise KeyFileError(
            "the file of the master key is garbled", hint="restore it from the keys' own backup"
        ) from None


def _read(words: str) -> Share:
    try:
        return Share.from_mnemonic(words)
    except MnemonicError:
        raise KeyFileError("a share is misread", hint="compare its 33 words with the paper, one by one") from None


class _Tried(NamedTuple):
    secret: bytes = b""
    good: tuple[Share, ...] = ()
    """Shares that gave the key; none, when none do."""
    of_another: bool = False
    """Whether some agree with each other, and give another key."""


def _tried(shares: Sequence[Share], described: _Described) -> _Tried:
    """Try whichever of the shares at hand give the key: one false share costs few tries, many cost some seconds."""
    size, others = described.threshold, 0
    for some in islice(chain([tuple(shares[:size]), tuple(shares[-size:])], combinations(shares, size)), _MOST_TRIES):
        secret = _combined(some)
        if secret is not None and commitment(secret) == described.commitment:
            return _Tried(secret, some)
        others += secret is not None
        if others == _MOST_OTHERS:
            break
    return _Tried(of_another=others > 0)


def _false(shares: Sequence[Share], good: Sequence[Share], described: _Described) -> list[Share]:
    """Return which of `shares` do not give the key together with those that do."""
    kept: dict[int, Share] = {each.index: each for each in good}
    found = []
    for share in shares:
        rest = [each for index, each in kept.items() if index != share.index][: described.threshold - 1]
        secret = _combined([*rest, share])
        if secret is None or commitment(secret) != described.commitment:
            found.append(share)
    return found


def _combined(shares: Sequence[Share]) -> bytes | None:
    if len({each.index for each in shares}) < len(shares):
        return None
    try:
        return bytes(combine_mnemonics([each.mnemonic() for each in shares]))
    except MnemonicError:
        return None


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=key_file.FOLDER_MODE, parents=True, exist_ok=True)
    if any(folder.glob(f"*{_SUFFIX}")):
        raise KeyFileError(f"`{folder}` holds shares already", hint="name a new folder; shares are never overwritten")
    if stat.S_IMODE(folder.stat().st_mode) & ~key_file.FOLDER_MODE:
        raise KeyFileError(f"`{folder}` is open to others", hint=f"chmod 700 {folder}")
