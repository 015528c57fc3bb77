# SPDX-License-Identifier: Apache-2.0
"""A reviewer looks at a few of those whom a bulk act would be about: each look is an act of the reviewer's own.

1. whom to look at was drawn when the review was asked for, and lies sealed beside it;
2. each is asked for in the reviewer's post, as a query of the review's items for its purpose, masked, and recorded;
3. where no post of the reviewer may ask so of anybody, one query is denied and recorded, and tells why.

Whether a review is answered hangs on none of it. Source: miit24:13.1.3
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from keshou.acts.request import Done, Perform
from keshou.acts.separation import ReviewAnsweredError, SeparationError
from keshou.app.site import Site
from keshou.gate.act import Act
from keshou.gate.decision import Decision, Deny
from keshou.gate.facts import ReviewAsked
from keshou.law.terms import ActKind


class Looked(NamedTuple):
    """What was seen of one user; whose it is stays unsaid."""

    entry: int
    """Place of the look in the log."""
    decision: Decision | None
    """None where it was answered before."""
    values: Mapping[str, str]
    """Item to masked value."""
    repeated: bool = False
    verdict: str = ""
    """As of `Done`."""


class Preview(NamedTuple):
    """What a reviewer saw."""

    looks: tuple[Looked, ...]
    denied: Done | None = None
    """What tells that the reviewer may look at nobody for this purpose."""


def preview(site: Site, asked: ReviewAsked, by: str, name: Callable[[int, Perform], Perform] | None = None) -> Preview:
    """Look at those who were drawn for a review that waits; at nobody where it is of no list.

    `name` may name each look by its number, so that it is recorded once however often it is sent.

    Raises:
        SeparationError: whoever looks asked for the review themselves, or holds no post that reviews.
        ReviewAnsweredError: it was answered; nobody is kept for it any more.
        SampleTamperedError: those drawn were altered in their table.

    """
    if asked.requester == by:
        raise SeparationError(
            "whoever asked for a bulk act may not review it (miit24:13.1.3)", hint="let somebody else review it"
        )
    state, rules = site.state(), site.rules()
    declared = rules.declaration.review if rules else None
    if declared is None or not {each.post for each in state.appointments(by)} & set(declared.reviewers):
        raise SeparationError(
            "whoever looks holds no post that reviews bulk acts (miit24:13.1.3)", hint="see `review` in the rules"
        )
    if asked.review in state.answers:
        raise ReviewAnsweredError
    with site.reading() as tx:
        users = site.jobs.samples.users(tx, asked.review)
    act, may = _seat(site, asked, by)
    looks = []
    for number, user in enumerate(users if may else users[:1]):
        job = Perform(act=msgspec.structs.replace(act, user=user), masked=True)
        done = site.do(name(number, job) if name else job)
        if not may:
            return Preview((), done)
        looks.append(Looked(done.entry, done.decision, done.values, done.repeated, done.verdict))
    return Preview(tuple(looks))


def _seat(site: Site, asked: ReviewAsked, by: str) -> tuple[Act, bool]:
    """Return the query in the first post of `by` that may ask so of anybody, and whether there is one."""
    act = Act(kind=ActKind.QUERY, user="", items=asked.items, purpose=asked.purpose, by=by, when=site.now())
    held = site.state().appointments(by)
    seats = [msgspec.structs.replace(act, post=each.post, where=each.branch) for each in held] or [act]
    found = next((each for each in seats if not isinstance(site.ask(each), Deny)), None)
    return found or seats[0], found is not None
