# SPDX-License-Identifier: Apache-2.0
"""What was asked of the server and is there to be fetched: exports, and backups."""

import datetime as dt
from collections.abc import Callable

from keshou.backup.asked.store import BackupJobs
from keshou.db import Transaction
from keshou.handover.store import Orders


class Jobs:
    """The stores of both; `secret` gives the site's secret for a use."""

    def __init__(self, secret: Callable[[str], bytes]) -> None:
        self.orders = Orders(secret("exports"))
        self.backups = BackupJobs()

    def purge(self, tx: Transaction, now: dt.datetime, days: int) -> None:
        """Remove exports that were asked for more than `days` ago, with their files."""
        self.orders.purge(tx, now - dt.timedelta(days=days))
