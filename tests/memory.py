# SPDX-License-Identifier: Apache-2.0
"""Where tests put files that need not outlive them: in memory, where a machine has a folder there with room enough."""

import os
import shutil
from pathlib import Path

_FOLDER = Path("/dev/shm")  # noqa: S108 - what is made in it has a name of its own
_ROOM = 4 * 2**30
"""Bytes that must be free: what many processes of tests have open at once takes less than a quarter of it."""


def folder(*, programs: bool = False) -> Path | None:
    """Return the folder in memory, where `programs` may be run on demand; nothing where there is none that would do."""
    if not _FOLDER.is_dir() or not os.access(_FOLDER, os.W_OK | os.X_OK):
        return None
    if programs and os.statvfs(_FOLDER).f_flag & os.ST_NOEXEC:
        return None
    return _FOLDER if shutil.disk_usage(_FOLDER).free >= _ROOM else None
