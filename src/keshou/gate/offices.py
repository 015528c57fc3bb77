# SPDX-License-Identifier: Apache-2.0
"""Who holds which office: what people and programs may do in administering, by the posts they hold."""

import datetime as dt

from keshou.declaration.model import Declaration, Office
from keshou.gate.act import OWN_HAND
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
    posts = serving_posts(state, declaration, staff, when)
    if declaration is None:
        return bool(posts)
    agents = {post.id: post.agent for post in declaration.posts}
    entrusted = {each.id: each.purposes for each in declaration.agents}
    return any(not agents.get(post) or purpose in entrusted.get(agents[post], ()) for post in posts)
