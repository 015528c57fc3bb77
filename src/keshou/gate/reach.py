# SPDX-License-Identifier: Apache-2.0
"""Who can reach what: the list that a review of access goes through, line by line."""

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from keshou.declaration.compare import covered
from keshou.declaration.model import Agent, Declaration, Grant, Hours, Post
from keshou.gate import calendar
from keshou.gate.act import OWN_HAND
from keshou.gate.site import SiteState
from keshou.gate.tenure import Held
from keshou.gate.view import is_fit
from keshou.law.terms import ActKind


class Reach(NamedTuple):
    """One line: somebody, in one post and place, may do these acts on these items for one purpose."""

    staff: str
    post: str
    branch: str
    """Empty: everywhere."""
    purpose: str
    acts: tuple[ActKind, ...]
    items: tuple[str, ...]
    full: bool
    """Whether full values are shown; otherwise masked."""
    hours: Hours | None
    """The hours of the day; None: all."""
    until: dt.datetime | None
    """When it ends whether or not it is confirmed (UTC); None: it does not."""
    confirmed_by: str
    """Who confirmed it last; empty: nobody yet."""
    due: dt.datetime | None
    """When it lapses unless it is confirmed (UTC); None: it does not, no review of access being declared."""
    emergency: str = ""
    """Id of the emergency that lends it; empty: it comes with the post."""


class _Seat(NamedTuple):
    """Somebody in a post, by appointment or lent."""

    staff: str
    post: str
    branch: str
    until: dt.datetime | None
    confirmed_by: str = ""
    due: dt.datetime | None = None
    emergency: str = ""


def reach(declaration: Declaration, state: SiteState) -> list[Reach]:
    """Return who can reach what at `state.when` under `declaration`, the rules in force then, in order.

    1. each appointment that holds, and each post that an emergency lends; 2. the grants of the post that have not run
    out; 3. of each what the purposes declare; 4. of an agent's post what the agent is entrusted with, and nothing while
    the agent is suspended, unqualified or without contract.

    What older rules needed and these do not is in no line: whoever may erase all that a purpose needs may erase it too,
    and nothing else. The hours of the day are told in the line, and whatever the gate asks beside the grant is left
    aside: consent, notice, service, suspension, review.

    Source: miit24:13.1.3, miit24:13.1.5
    """
    posts = {post.id: post for post in declaration.posts}
    found = {
        line
        for seat in _seats(state)
        if seat.post in posts
        for grant in declaration.grants
        if grant.post == seat.post and (grant.until is None or calendar.day_of(state.when) <= grant.until)
        for line in _lines(declaration, state, seat, posts[seat.post], grant)
    }
    return sorted(found, key=_order)


def due(declaration: Declaration, state: SiteState, now: dt.datetime) -> list[tuple[str, Held]]:
    """Return the appointments to be confirmed by `now`, with whose they are: those that lapse first come first.

    Under rules without a review of access there are none.
    """
    review = declaration.access_review
    if review is None:
        return []
    ahead = dt.timedelta(days=review.remind_days or review.every_days)
    waiting = [
        (staff, each)
        for staff, every in state.holders().items()
        for each in every
        if each.due is not None and each.due - ahead <= now
    ]
    return sorted(waiting, key=lambda pair: (pair[1].due, pair[0], pair[1].appointment.post))


def unanswered(declaration: Declaration, state: SiteState) -> list[str]:
    """Return the departments for which nobody answers, since nobody holds the responsible post; in their order."""
    held = {each.appointment.post for every in state.holders().values() for each in every}
    return [department.id for department in declaration.departments if department.responsible not in held]


def _seats(state: SiteState) -> Iterator[_Seat]:
    for staff, every in state.holders().items():
        if staff == OWN_HAND:
            continue
        for held in every:
            at = held.appointment
            yield _Seat(staff, at.post, at.branch, at.until, held.confirmed_by, held.due)
        lent = state.lent(staff)
        for each in state.emergencies():
            if each.fact.post in lent and each.lends(staff, state.when):
                yield _Seat(staff, each.fact.post, "", each.until, emergency=each.fact.emergency)


def _lines(declaration: Declaration, state: SiteState, seat: _Seat, post: Post, grant: Grant) -> Iterator[Reach]:
    agent = next((each for each in declaration.agents if each.id == post.agent), None)
    if post.agent and (agent is None or agent.id in state.suspended_agents or not is_fit(agent, state.when)):
        return
    until = _earlier(seat.until, calendar.end_of(grant.until) if grant.until else None)
    for branch in _branches(seat, grant):
        for purpose, acts, every in _allowed(declaration, grant, agent):
            for full, items in _shown(every, grant, agent):
                yield Reach(
                    seat.staff, seat.post, branch, purpose, acts, items, full, grant.hours, until, seat.confirmed_by,
                    seat.due, seat.emergency,
                )  # fmt: skip


def _shown(every: tuple[str, ...], grant: Grant, agent: Agent | None) -> Iterator[tuple[bool, tuple[str, ...]]]:
    """Yield the items that are shown in full, and those that are not; of which an agent gets stand-ins never are."""
    hidden = frozenset(agent.stand_ins if agent else ()) if grant.full else frozenset(every)
    for full in (True, False):
        if items := tuple(item for item in every if (item not in hidden) is full):
            yield full, items


def _branches(seat: _Seat, grant: Grant) -> tuple[str, ...]:
    if not seat.branch:
        return grant.branches or ("",)
    return (seat.branch,) if not grant.branches or seat.branch in grant.branches else ()


def _allowed(
    declaration: Declaration, grant: Grant, agent: Agent | None
) -> Iterator[tuple[str, tuple[ActKind, ...], tuple[str, ...]]]:
    """Yield purpose, acts and items, the items of one purpose together that allow the same acts."""
    acts: dict[tuple[str, str], set[ActKind]] = {}
    for purpose, item, kind in covered({each.id: each for each in declaration.purposes}, grant):
        if agent is None or _entrusted(agent, purpose, item, kind):
            acts.setdefault((purpose, item), set()).add(kind)
    together: dict[tuple[str, tuple[ActKind, ...]], list[str]] = {}
    for (purpose, item), kinds in acts.items():
        together.setdefault((purpose, tuple(sorted(kinds))), []).append(item)
    for (purpose, kinds_), items in together.items():
        yield purpose, kinds_, tuple(sorted(items))


def _entrusted(agent: Agent, purpose: str, item: str, kind: ActKind) -> bool:
    return purpose in agent.purposes and kind in agent.acts and (not agent.items or item in agent.items)


def _earlier(one: dt.datetime | None, other: dt.datetime | None) -> dt.datetime | None:
    return min(one, other) if one and other else one or other


def _order(line: Reach) -> tuple[object, ...]:
    hours = line.hours
    span = (hours.from_, hours.to, hours.utc_offset) if hours else ()
    return (*line[:6], line.full, span, str(line.until), line.emergency)
