# SPDX-License-Identifier: Apache-2.0
"""A data service's own memory of the permits for one use that were used: a file, or a table all its processes share."""

import datetime as dt
from pathlib import Path
from types import TracebackType
from typing import Self

from keshou.db import Database
from keshou.permits.store import Permits


class Redeemer:
    """Remembers uses in the SQLite file `where`, or in the PostgreSQL database of that address.

    All processes of one data service must share it; services on several machines share a PostgreSQL database.
    """

    def __init__(self, where: Path | str) -> None:
        self._database = Database(f"sqlite:///{where}" if isinstance(where, Path) else where)
        self._permits = Permits()
        with self._database.transaction() as tx:
            self._permits.prepare(tx)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._database.close()

    def redeem(self, permit: str, until: dt.datetime, now: dt.datetime) -> None:
        """Use up a permit; when this returns, the use is on disk.

        Raises:
            PermitSpentError: it was used before.
            UnreachableError: the file or database does not answer; then nothing may be served.

        """
        with self._database.transaction() as tx:
            self._permits.redeem(tx, permit, until, now)
