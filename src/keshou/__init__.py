# SPDX-License-Identifier: Apache-2.0
"""Keshou 恪守: users' personal information, held and used only as the law allows, and provably so."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keshou.app.site import Site

__version__ = "0.1.0"


def open(home: Path | str | None = None) -> "Site":  # noqa: A001 - `keshou.open` is how embedders begin
    """Open the site in the folder `home` (else ``KESHOU_HOME``, else the working folder).

    Close it, or use it as a context manager.

    Raises:
        InputError: there is no site, or its settings are wrong.
        UnreachableError: its database or keys cannot be reached.

    """
    from keshou.app.site import Site  # noqa: PLC0415 - rooms are imported one by one without assembling all

    return Site.open(home)
