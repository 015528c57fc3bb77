# SPDX-License-Identifier: Apache-2.0
"""What a version gives posts more than the one before: grants and their terms, offices, reviewing.

A grant's terms are compared as a whole: what several grants of the old version allowed together is nothing new when one
grant of the new version says it.
"""

import datetime as dt
import functools
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import NamedTuple

from keshou.declaration.compare import covered
from keshou.declaration.defaults import window_hours
from keshou.declaration.model import Agent, Declaration, Grant, Hours, Post
from keshou.law.terms import BULK_KINDS, ActKind

_DAY = 24 * 60
_ALWAYS = frozenset(range(_DAY))
_EVERYWHERE = ""


class Gain(StrEnum):
    """In what a post has more."""

    GRANTS = "grants"
    """An act on an item for a purpose that it was not granted."""
    TERMS = "terms"
    """Full values, longer hours, other branches or more days, for what it was granted."""
    STAND_INS = "stand_ins"
    """Values in place of stand-ins."""
    OFFICES = "offices"
    """An office, or that it is the operator's own and no agent's."""
    REVIEWS = "reviews"
    """Reviewing of bulk acts, or answering for a department or its heads."""
    BULK = "bulk"
    """More users at once without a review, or longer on one approval."""
    KINDS = "kinds"
    """Instruments that may bind no longer, for what is granted: of fewer kinds, or going by guidance no longer."""


class Gained(NamedTuple):
    """That a post has more."""

    post: str
    what: Gain


def gained(old: Declaration, new: Declaration, posts: Collection[str]) -> list[Gained]:
    """Return in what each of `posts` has more under `new` than under `old`, in order.

    That a post is lent in emergencies gives its holders nothing; who may not lend it to themselves is judged when they
    would. Source: miit24:13.1.3
    """
    found = []
    for post in sorted(posts):
        was, now = _Side(old, post), _Side(new, post)
        if now.post is not None:
            found += [Gained(post, what) for what in Gain if _MORE[what](was, now)]
    return found


class _Cell(NamedTuple):
    """The terms on which one grant lets a post do one act on one item."""

    full: bool
    minutes: frozenset[int]
    branches: tuple[str, ...]
    until: dt.date

    def within(self, others: Iterable["_Cell"]) -> bool:
        """Say whether `others` together let it be done whenever and wherever this one does, shown as much."""
        able = [each for each in others if each.full >= self.full and each.until >= self.until]
        for branch in self.branches or (_EVERYWHERE,):
            here = [each.minutes for each in able if not each.branches or branch in each.branches]
            if not self.minutes <= frozenset[int]().union(*here):
                return False
        return True


_Cells = dict[tuple[str, str, ActKind], list[_Cell]]


class _Side:
    """One version as a post has it."""

    def __init__(self, declaration: Declaration, post: str) -> None:
        self.declaration, self.id = declaration, post
        self.post: Post | None = next((each for each in declaration.posts if each.id == post), None)

    @functools.cached_property
    def agent(self) -> Agent | None:
        """The agent whose post it is, if it is one's."""
        name = self.post.agent if self.post else ""
        return next((each for each in self.declaration.agents if each.id == name), None) if name else None

    @functools.cached_property
    def cells(self) -> _Cells:
        """Everything it is granted; of an agent's post, as far as the agent is entrusted with it."""
        found: _Cells = {}
        purposes = {each.id: each for each in self.declaration.purposes}
        last = dt.date.max if self.post is not None and not self.post.agent else _last_day(self.agent)
        for grant in self.declaration.grants if last is not None and self.post is not None else ():
            if grant.post != self.id:
                continue
            cell = _cell(grant, last or dt.date.min)
            for each in covered(purposes, grant):
                if self.agent is None or _entrusted(self.agent, *each):
                    found.setdefault(each, []).append(cell)
        return found

    @property
    def stand_ins(self) -> frozenset[str]:
        """Items of which its holders get stand-ins."""
        return self.declaration.stand_ins().get(self.agent.id, frozenset()) if self.agent else frozenset()

    @property
    def offices(self) -> frozenset[str]:
        """Its offices, and that it is the operator's own."""
        if self.post is None or self.post.agent:
            return frozenset()
        return frozenset({"", *self.post.offices})

    @property
    def answers_for(self) -> frozenset[tuple[str, str]]:
        """What it reviews and whom it confirms: bulk acts, heads, departments."""
        review, access = self.declaration.review, self.declaration.access_review
        bulk = {("bulk", "")} if review and self.id in review.reviewers else set()
        heads = {("heads", "")} if access and self.id in access.heads_by else set()
        led = {("department", each.id) for each in self.declaration.departments if each.responsible == self.id}
        return frozenset(bulk | heads | led)

    @property
    def bulk(self) -> tuple[float, ...]:
        """How much may be done in bulk without a review, or on one: each number larger is more."""
        review = self.declaration.review
        if review is None:
            return (2, 2, 0, 0)
        hours = window_hours(self.declaration)
        return (
            review.bulk_users,
            review.window_users or review.bulk_users,
            -hours if hours else 1,
            review.valid_hours,
        )


def _has_grants(was: _Side, now: _Side) -> bool:
    return bool(now.cells.keys() - was.cells.keys())


def _has_terms(was: _Side, now: _Side) -> bool:
    both = now.cells.keys() & was.cells.keys()
    return any(not cell.within(was.cells[each]) for each in both for cell in now.cells[each])


def _has_values(was: _Side, now: _Side) -> bool:
    return bool((was.stand_ins - now.stand_ins) & {item for _, item, _ in now.cells})


def _has_offices(was: _Side, now: _Side) -> bool:
    own = {""} if was.post is None else set[str]()  # that a post is there is no office
    return bool(now.offices - was.offices - own)


def _has_reviews(was: _Side, now: _Side) -> bool:
    return bool(now.answers_for - was.answers_for)


def _has_bulk(was: _Side, now: _Side) -> bool:
    grows = any(after > before for before, after in zip(was.bulk, now.bulk, strict=True))
    return grows and any(kind in BULK_KINDS for _, _, kind in now.cells)


def _has_kinds(was: _Side, now: _Side) -> bool:
    then, today = was.declaration.operator, now.declaration.operator
    lost = {*then.kinds, *then.adopts} - {*today.kinds, *today.adopts}
    return bool(lost) and bool(now.cells)


_MORE = {
    Gain.GRANTS: _has_grants,
    Gain.TERMS: _has_terms,
    Gain.STAND_INS: _has_values,
    Gain.OFFICES: _has_offices,
    Gain.REVIEWS: _has_reviews,
    Gain.BULK: _has_bulk,
    Gain.KINDS: _has_kinds,
}


def _cell(grant: Grant, last: dt.date) -> _Cell:
    minutes = _ALWAYS if grant.hours is None else _minutes(grant.hours)
    return _Cell(grant.full, minutes, grant.branches, min(grant.until or dt.date.max, last))


@functools.lru_cache(256)
def _minutes(hours: Hours) -> frozenset[int]:
    """Return the minutes of the day, in UTC, of a daily span; one that ends before it begins runs over midnight."""
    start, end, offset = (_minute(each) for each in (hours.from_, hours.to, hours.utc_offset[1:]))
    shift = -offset if hours.utc_offset[0] == "+" else offset
    span = range(start, end) if start <= end else (*range(start, _DAY), *range(end))
    return frozenset((each + shift) % _DAY for each in span)


def _minute(clock: str) -> int:
    told = dt.time.fromisoformat(clock)
    return told.hour * 60 + told.minute


def _entrusted(agent: Agent, purpose: str, item: str, kind: ActKind) -> bool:
    return purpose in agent.purposes and kind in agent.acts and (not agent.items or item in agent.items)


def _last_day(agent: Agent | None) -> dt.date | None:
    """Return the last day on which an agent may serve; None: on none."""
    if agent is None or agent.contract is None or agent.qualification is None or not agent.contract.protection_clause:
        return None
    return min(agent.contract.until, agent.qualification.valid_until)
