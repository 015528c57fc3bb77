# SPDX-License-Identifier: Apache-2.0
"""The files that stand for master keys: one as a rule, two while one takes the other's place."""

import datetime as dt
import re
from pathlib import Path

from keshou.suite import SUITES, Suite
from keshou.vault import key_file
from keshou.vault.errors import KeyFileError
from keshou.vault.key_file import KeyFile
from keshou.vault.masters.source import Master, Sources, source_of

_PURPOSE = "master"
_NAME = re.compile(r"master-(\d{6})\.key")


class Masters:
    """The master keys of a folder, opened when they are needed."""

    def __init__(self, folder: Path, site: str, sources: Sources, suite: Suite) -> None:
        self._folder = folder
        self._site = site
        self._sources = sources
        self._suite = suite
        self._opened: dict[int, Master] = {}

    def numbers(self) -> tuple[int, ...]:
        """Return the numbers of those that stand in the folder, oldest first; the first of a site has number 0."""
        found = {int(match[1]) for path in self._folder.iterdir() if (match := _NAME.fullmatch(path.name))}
        return tuple(sorted(found | ({0} if self.has(0) else set())))

    def has(self, number: int) -> bool:
        """Say whether there is a file for this master key."""
        return (self._folder / _name(number)).is_symlink() or (self._folder / _name(number)).exists()

    @property
    def newest(self) -> int:
        """Number of the newest."""
        return max(self.numbers(), default=0)

    def described(self, number: int) -> KeyFile:
        """Return what stands in the file of this master key.

        Raises:
            KeyMissingError: there is none.
            KeyFileError: it is open to others, garbled, or of another site.

        """
        return key_file.read(self._folder / _name(number), self._site, _PURPOSE, number)

    def get(self, number: int) -> Master:
        """Return this master key.

        Raises:
            KeyMissingError: there is none, or the place where it lives cannot be reached.
            KeyFileError: its file is not as it must be, or what is given to reach it is wrong.

        """
        master = self._opened.get(number)
        if master is None:
            found = self.described(number)
            master = self._opened[number] = source_of(self._sources, found.source).open(found.value, suite_of(found))
        return master

    def make(self, source: str, now: dt.datetime) -> int:
        """Make one in the source of this name; return its number, the next."""
        numbers = self.numbers()
        number = max(numbers) + 1 if numbers else 0
        place = source_of(self._sources, source)
        value = place.make(self._site, number)
        made = KeyFile(self._site, _PURPOSE, number, now, value, source=source, suite=self._suite.name)
        key_file.write(self._folder / _name(number), made)
        return number

    def destroy(self, number: int) -> None:
        """Destroy one, where it lives and here."""
        found = self.described(number)
        source_of(self._sources, found.source).destroy(found.value)
        key_file.destroy(self._folder / _name(number))
        self._opened.pop(number, None)


def suite_of(key: KeyFile) -> Suite:
    """Return the suite that a key is for.

    Raises:
        KeyFileError: this version has none of that name.

    """
    found = SUITES.get(key.suite)
    if found is None:
        raise KeyFileError(
            "a key is for a suite that this version does not have", hint="use the version it was made by"
        )
    return found


def _name(number: int) -> str:
    return f"master-{number:06}.key" if number else "master.key"
