# SPDX-License-Identifier: Apache-2.0
"""What follows from jobs in the same transaction, in tables that are no log: of the erased nothing stays there."""

import datetime as dt
from collections.abc import Sequence

from keshou.acts.request import Erase, Job, Publish, RecordSite
from keshou.acts.work import Pending
from keshou.db import Transaction, touch_access
from keshou.gate.facts import ReviewApproved, ReviewAsked, ReviewRefused
from keshou.links.store import Links
from keshou.reviews.store import Samples
from keshou.visits.store import Visits

_MATTERS = {Erase, Publish, RecordSite}


class Following:
    """Does what follows from jobs that come to the door."""

    def __init__(self, visits: Visits, links: Links, samples: Samples) -> None:
        self._visits, self._links, self._samples = visits, links, samples

    def put(self, tx: Transaction, jobs: Sequence[Job], done: Sequence[Pending], now: dt.datetime) -> None:
        """Drop what is kept of the erased; draw whom the reviewer of a list may look at, and drop them afterwards."""
        kinds = set(map(type, jobs))
        if kinds.isdisjoint(_MATTERS):
            return
        if Publish in kinds:
            touch_access(tx)  # what callers may ask for follows from the rules
        for job, pending in zip(jobs, done, strict=True):
            if isinstance(job, Erase) and pending.draft.shredded:
                self._visits.forget(tx, job.act.user, now)
                self._links.forget(tx, job.act.user)
                self._samples.forget(tx, job.act.user)
            elif isinstance(job, RecordSite) and pending.draft.done is None:
                self._reviews(tx, job, now)

    def _reviews(self, tx: Transaction, job: RecordSite, now: dt.datetime) -> None:
        for fact in job.facts:
            if isinstance(fact, ReviewAsked) and job.users:
                self._samples.keep(tx, fact.review, job.users, now)
            elif isinstance(fact, ReviewApproved | ReviewRefused):
                self._samples.end(tx, fact.review)
