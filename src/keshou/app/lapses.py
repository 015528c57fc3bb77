# SPDX-License-Identifier: Apache-2.0
"""The passing of time, told: what lapsed since the last look is put into the outbox, once for all processes."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager

from keshou.acts.known import Known
from keshou.db import Transaction
from keshou.ledger.store import Ledger
from keshou.webhooks.lapsed import lapsed
from keshou.webhooks.moments.store import Moments
from keshou.webhooks.store import Webhooks

Opened = Callable[[], AbstractContextManager[Transaction]]


class Lapses:
    """Looks for one site; `writing` opens a transaction, `now` gives the moment."""

    def __init__(
        self, webhooks: Webhooks, known: Known, ledger: Ledger, writing: Opened, *, now: Callable[[], dt.datetime]
    ) -> None:
        self._webhooks, self._known, self._ledger = webhooks, known, ledger
        self._writing, self._now = writing, now
        self._moments = Moments()

    def tell(self) -> int:
        """Put what lapsed since the last look into the outbox; return how many deliveries that made."""
        now = self._now()
        with self._writing() as tx:
            since = self._moments.advance(tx, now)
            if since >= now or not self._webhooks.anybody(tx):
                return 0
            view = self._known.view(tx, self._ledger.head(tx))
            rules = view.rules_at(now)
            declared = rules.declaration.review if rules else None
            valid = None if declared is None else dt.timedelta(hours=declared.valid_hours)
            events = lapsed(view.gate.timeline.at(now).state, since, now, valid)
            return self._webhooks.enqueue(tx, events, now)
