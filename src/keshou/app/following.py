# SPDX-License-Identifier: Apache-2.0
"""What follows from jobs in the same transaction, in tables that are no log: of the erased nothing stays there."""

import datetime as dt
from collections.abc import Sequence

from keshou.acts.request import Erase, Job, Opening, Publish, RecordSite
from keshou.acts.work import Pending
from keshou.db import Transaction, touch_access
from keshou.gate.facts import LinkMade, LinkRevoked, ReviewApproved, ReviewAsked, ReviewRefused, SiteFact
from keshou.links.link import Link, Shared
from keshou.links.store import Links
from keshou.reviews.store import Samples
from keshou.visits.store import Visits

_MATTERS = {Erase, Publish, RecordSite}


class Following:
    """Does what follows from jobs that come to the door."""

    def __init__(self, visits: Visits, links: Links, samples: Samples) -> None:
        self._visits, self._links, self._samples = visits, links, samples

    def put(self, tx: Transaction, jobs: Sequence[Job], done: Sequence[Pending], now: dt.datetime) -> None:
        """Drop what is kept of the erased; keep and end links; keep whom a reviewer may look at, for as long."""
        kinds = set(map(type, jobs))
        if kinds.isdisjoint(_MATTERS):
            return
        if Publish in kinds:
            touch_access(tx)  # what callers may ask for follows from the rules
        dealt: set[int] = set()
        for job, pending in zip(jobs, done, strict=True):
            if isinstance(job, Erase) and pending.draft.shredded:
                self._visits.forget(tx, job.act.user, now)
                self._links.forget(tx, job.act.user)
                self._samples.forget(tx, job.act.user)
            elif isinstance(job, RecordSite) and pending.draft.done is None and pending.place not in dealt:
                dealt.add(pending.place)  # a request that came twice in one transaction is done once
                for fact in job.facts:
                    self._follow(tx, job, fact, now)

    def _follow(self, tx: Transaction, job: RecordSite, fact: SiteFact, now: dt.datetime) -> None:
        match fact:
            case ReviewAsked() if job.users:
                self._samples.keep(tx, fact.review, job.users, now)
            case ReviewApproved() | ReviewRefused():
                self._samples.end(tx, fact.review)
            case LinkMade() if job.opens is not None:
                self._links.add(tx, job.opens.user, _link(fact, job.opens), job.opens.token)
            case LinkRevoked():
                self._links.revoke(tx, fact.link, now)


def _link(fact: LinkMade, opens: Opening) -> Link:
    shared = Shared(
        purpose=fact.purpose, items=tuple(sorted(fact.items)), recipient=fact.recipient, by=fact.by,
        post=opens.post, where=opens.where, ground=opens.ground,
    )  # fmt: skip
    return Link(id=fact.link, shared=shared, made=fact.at, until=fact.until, most=fact.most)
