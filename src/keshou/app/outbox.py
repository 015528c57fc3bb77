# SPDX-License-Identifier: Apache-2.0
"""From acts to receivers: what a transaction brings is put into the outbox by that very transaction."""

import datetime as dt
from collections.abc import Callable, Sequence

from keshou.acts.request import Job
from keshou.acts.work import Pending
from keshou.db import Transaction
from keshou.webhooks.events import events_of
from keshou.webhooks.store import Webhooks


class Outbox:
    """Puts events beside the entries that they tell of, and rings `wake` once both are committed."""

    def __init__(self, webhooks: Webhooks, wake: Callable[[], None]) -> None:
        self._webhooks = webhooks
        self._wake = wake
        self._filled = False

    def put(self, tx: Transaction, jobs: Sequence[Job], done: Sequence[Pending], now: dt.datetime) -> None:
        """Put what `jobs` brought into the outbox.

        What brings no fact costs a glance; where somebody is told is asked in `tx` itself, so that no event is lost
        that was committed after a subscription, whoever made it.
        """
        if not any(each.draft.user_facts or each.draft.site_facts for each in done):
            return
        if not self._webhooks.anybody(tx):
            return
        # a request that came twice in one transaction is answered twice, from one entry: it is told once
        brought: dict[int, tuple[Job, Pending]] = {}
        for job, pending in zip(jobs, done, strict=True):
            brought.setdefault(pending.place, (job, pending))
        events = [event for each in brought.values() for event in events_of(*each)]
        self._filled = self._webhooks.enqueue(tx, events, now) > 0 or self._filled

    def committed(self) -> None:
        """Have it delivered: the transaction was committed."""
        if self._filled:
            self._filled = False
            self._wake()
