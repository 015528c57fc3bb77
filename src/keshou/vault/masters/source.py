# SPDX-License-Identifier: Apache-2.0
"""What every place of a master key can do: make one, open one, destroy one."""

from collections.abc import Mapping
from typing import Protocol

from keshou.suite import Suite
from keshou.vault.errors import KeyFileError


class Master(Protocol):
    """A master key that can be used: it wraps the few keys that stand in the folder, and nothing else."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Wrap `key` for `context`, which must be given again to unwrap it."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return the key that was wrapped for `context`.

        Raises:
            SealBrokenError: it was not wrapped by this key for this context, or was altered.
            KeyMissingError: the place where the master lives cannot be reached.

        """


class KeySource(Protocol):
    """A place where master keys live. Of each, the folder of keys holds a file with what `make` returned."""

    def make(self, site: str, number: int) -> bytes:
        """Make the master key of `site` with this number; return what stands for it in its file.

        Raises:
            KeyMissingError: the place cannot be reached.
            KeyFileError: it is not set up as it must be.

        """

    def open(self, value: bytes, suite: Suite) -> Master:
        """Return the master key for which `value` stands, to wrap by `suite`.

        Raises:
            KeyMissingError: it is not there, or the place cannot be reached.
            KeyFileError: what is given to reach it is wrong.

        """

    def destroy(self, value: bytes) -> None:
        """Destroy the master key for which `value` stands, as far as the place is in reach; its file goes after it."""


Sources = Mapping[str, KeySource]
"""Every source by the name that stands in key files and settings."""


def source_of(sources: Sources, name: str) -> KeySource:
    """Return the source called `name`.

    Raises:
        KeyFileError: there is none of this name.

    """
    found = sources.get(name)
    if found is None:
        raise KeyFileError(f"`{name}` is no source of a master key", hint=f"one of: {', '.join(sorted(sources))}")
    return found
