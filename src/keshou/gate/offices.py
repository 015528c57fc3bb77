# SPDX-License-Identifier: Apache-2.0
"""Who holds which office: what people and programs may do in administering, by the posts they hold."""

import datetime as dt

from keshou.declaration.model import Declaration, Office, Purpose
from keshou.gate.act import OWN_HAND
from keshou.gate.facts import CapacityFull, CapacityLimited, MessagesRequested, ServiceStarted, UserFact
from keshou.gate.site import SiteState
from keshou.gate.view import is_fit


def offices_of(state: SiteState, declaration: Declaration | None, staff: str, when: dt.datetime) -> frozenset[Office]:
    """Return the offices that `staff` (id of a person or program) holds at `when` (UTC) under `declaration`.

    Offices come with posts held at `when`, in whatever branch. An agent's post holds none, whatever was declared;
    nobody holds any before rules are in force (`declaration` is None then), and users themselves never do.

    Source: miit24:13.1.1, miit24:13.1.3
    """
    if declaration is None or staff == OWN_HAND:
        return frozenset()
    held = {each.post for each in state.appointments(staff, when)}
    own = (post for post in declaration.posts if post.id in held and not post.agent)
    return frozenset(office for post in own for office in post.offices)


def serving_posts(state: SiteState, declaration: Declaration | None, staff: str, when: dt.datetime) -> frozenset[str]:
    """Return the posts that `staff` holds at `when` and in which they may serve users.

    An agent's post is none of them while the agent is suspended, unqualified or without contract.

    Source: miit24:11, miit24:13.1.3
    """
    held = {each.post for each in state.appointments(staff, when)}
    if declaration is None:
        return frozenset(held)
    agents = {each.id: each for each in declaration.agents}
    idle = {
        post.id
        for post in declaration.posts
        if post.agent
        and (post.agent not in agents or post.agent in state.suspended_agents or not is_fit(agents[post.agent], when))
    }
    return frozenset(held - idle)


def may_tell_of(state: SiteState, declaration: Declaration | None, staff: str, purpose: str, when: dt.datetime) -> bool:
    """Say whether `staff` may write down what users say of a purpose: an agent's, of what the agent was entrusted with.

    Source: miit24:11
    """
    entrusted = _entrusted(state, declaration, staff, when)
    return entrusted is None or any(each.id == purpose for each in entrusted)


def may_tell(state: SiteState, declaration: Declaration | None, staff: str, fact: UserFact, when: dt.datetime) -> bool:
    """Say whether `staff` may write down that `fact` came true of a user.

    The operator's own may, in any post. An agent's may as far as the agent was entrusted: what has a purpose, with the
    purpose; that a service began, with one that provides it; that messages are wanted, with one that sends them. A
    refusal of messages whoever serves users takes down, since it only narrows; what a user is capable of, only the
    operator's own.

    Source: miit24:11, npcsc2012:7
    """
    entrusted = _entrusted(state, declaration, staff, when)
    if entrusted is None:
        return True
    match fact:
        case MessagesRequested():
            return any(each.commercial_messages for each in entrusted)
        case ServiceStarted(service=service):
            return any(each.provides_service and service in each.services for each in entrusted)
        case CapacityFull() | CapacityLimited():
            return False
    purpose = getattr(fact, "purpose", "")
    return not purpose or any(each.id == purpose for each in entrusted)


def _entrusted(
    state: SiteState, declaration: Declaration | None, staff: str, when: dt.datetime
) -> tuple[Purpose, ...] | None:
    """Return the purposes that `staff` look after for agents; None where a post of the operator's own lets them all."""
    posts = serving_posts(state, declaration, staff, when)
    if declaration is None:
        return None if posts else ()
    agents = {post.id: post.agent for post in declaration.posts}
    if any(not agents.get(post) for post in posts):
        return None
    serving = {agents[post] for post in posts}
    given = {purpose for each in declaration.agents if each.id in serving for purpose in each.purposes}
    return tuple(each for each in declaration.purposes if each.id in given)
