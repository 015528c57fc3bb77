# SPDX-License-Identifier: Apache-2.0
"""What was asked of the server and takes its time: tables that come, exports and backups to be fetched, reviews."""

import datetime as dt
from collections.abc import Callable

from keshou.app.settings import ServerSettings
from keshou.backup.asked.store import BackupJobs
from keshou.db import Transaction
from keshou.handover.store import Orders
from keshou.imports.store import Imports
from keshou.reviews.store import Samples
from keshou.suite import Suite


class Jobs:
    """The stores of all of them; `secret` gives the site's secret for a use, `suite` is what it seals in."""

    def __init__(self, secret: Callable[[str], bytes], suite: Suite) -> None:
        self.imports = Imports()
        self.orders = Orders(secret("exports"), suite)
        self.backups = BackupJobs()
        self.samples = Samples(secret("reviews"), suite)

    def purge(self, tx: Transaction, now: dt.datetime, settings: ServerSettings) -> None:
        """Remove what was kept for its days: what is told of tables, exports with their files, whom to look at."""
        self.imports.purge(tx, now - dt.timedelta(days=settings.table_days))
        self.orders.purge(tx, now - dt.timedelta(days=settings.export_days))
        self.samples.purge(tx, now - dt.timedelta(days=settings.export_days))
