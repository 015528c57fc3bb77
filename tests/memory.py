# SPDX-License-Identifier: Apache-2.0
"""Where tests put files that need not outlive them: in memory, where a machine has a folder there with room enough."""

import os
import shutil
from pathlib import Path

_FOLDER = Path("/dev/shm")  # noqa: S108 - what is made in it has a name of its own
_ROOM = 4 * 2**30
"""Bytes that must be free: what many processes of tests have open at once takes less than a quarter of it."""


def folder() -> Path | None:
    """Return the folder in memory, or nothing where there is none that would do."""
    usable = _FOLDER.is_dir() and os.access(_FOLDER, os.W_OK | os.X_OK)
    return _FOLDER if usable and shutil.disk_usage(_FOLDER).free >= _ROOM else None
