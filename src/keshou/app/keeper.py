# SPDX-License-Identifier: Apache-2.0
"""What is done with a site's keys while it runs: look at them, give each level new ones, destroy old ones.

Every change is written into the log before it begins.
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from keshou.acts.request import Done, Job, KeysChanged
from keshou.app.keys import open_keys
from keshou.app.settings import Settings
from keshou.vault.keys import FileKeys
from keshou.vault.masters.shares import Split


class MasterShown(NamedTuple):
    """A master key as it may be shown."""

    number: int
    source: str
    created: dt.datetime


class Keeper:
    """The keeper of one site's keys."""

    def __init__(
        self, home: Path, settings: Settings, keys: FileKeys, do: Callable[[Job], Done], now: Callable[[], dt.datetime]
    ) -> None:
        self._home = home
        self._settings = settings
        self._keys = keys
        self._do = do
        self._now = now

    def masters(self) -> list[MasterShown]:
        """Return the master keys: one as a rule, two when a rotation was broken off."""
        found = [self._keys.masters.described(number) for number in self._keys.masters.numbers()]
        return [MasterShown(each.number, each.source, each.created) for each in found]

    @property
    def epochs(self) -> tuple[int, ...]:
        """Numbers of the epochs that live, oldest first."""
        self._keys.look_again()
        return self._keys.epochs

    def rotate_master(self, source: str, by: str, split: Split | None = None) -> MasterShown:
        """Put a new master key in place of the old one, in `source`; return it.

        `by` is who answers for it. With source ``shares``, `split` says how many holders there are and where their
        shares are written. Broken off, it goes on when it is asked for again.

        Raises:
            KeyMissingError: a place of a master key cannot be reached.
            KeyFileError: a place is not set up, or another process changes the keys.

        """
        self._do(KeysChanged(by=by, level="master"))
        keys = open_keys(self._settings, self._home, split)
        number = keys.rotate_master(source, self._now())
        return next(each for each in self.masters() if each.number == number)
