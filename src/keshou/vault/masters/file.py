# SPDX-License-Identifier: Apache-2.0
"""A master key that stands in its own file, for the owner alone: simple, and as safe as the machine."""

import os

from keshou.suite import Suite
from keshou.vault.masters.source import Master
from keshou.vault.wrapping import KEY, wrapping_key

NAME = "file"


class FileSource:
    """Master keys whose files hold them plain."""

    def make(self, site: str, number: int) -> bytes:
        """Return a new key, 32 bytes from the operating system."""
        return os.urandom(KEY)

    def open(self, value: bytes, suite: Suite) -> Master:
        """Return the key."""
        return wrapping_key(value, suite)

    def destroy(self, value: bytes) -> None:
        """Do nothing: the key goes with its file, which is overwritten."""
