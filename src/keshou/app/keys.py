# SPDX-License-Identifier: Apache-2.0
"""A site's keys, opened as its settings say; wherever the master key lives."""

from pathlib import Path

from keshou.app.settings import Settings
from keshou.suite import SUITES
from keshou.vault.key_file import read_private
from keshou.vault.keys import FileKeys
from keshou.vault.masters import file, shares, token
from keshou.vault.masters.shares import Split
from keshou.vault.masters.source import Sources

__all__ = ["Split", "open_keys", "refuse_shared", "sources_of"]


def open_keys(settings: Settings, home: Path, split: Split | None = None) -> FileKeys:
    """Open the keys of the site in `home`; `split` says how a new master key would be split.

    Raises:
        KeyMissingError: a key is not there, or the place of the master key cannot be reached.
        KeyFileError: a key file, a PIN or a share is not as it must be.

    """
    return FileKeys.open(home / settings.keys, settings.site, sources_of(settings, home, split), SUITES[settings.suite])


def refuse_shared(path: Path) -> None:
    """Refuse a file with a secret that is not for its owner alone; a link to it is taken for the file.

    Raises:
        KeyMissingError: it cannot be read.
        KeyFileError: it is another's, or others may read it.

    """
    read_private(path.resolve())


def sources_of(settings: Settings, home: Path, split: Split | None = None) -> Sources:
    """Return every place where a master key of this site may live."""
    master = settings.master
    given = [words for words in master.shares.split(";") if words.strip()]
    files = [home / path for path in master.share_files.split(":") if path]
    if split is not None and split.folder.is_dir():
        files.append(split.folder)
    pin_file = home / master.pin_file if master.pin_file else None
    reached = token.Token(home / master.module, master.token, master.pin, pin_file) if master.module else None
    return {
        file.NAME: file.FileSource(),
        token.NAME: token.TokenSource(reached),
        shares.NAME: shares.SharesSource([*given, *shares.read_shares(files)], split),
    }
