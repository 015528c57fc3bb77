# SPDX-License-Identifier: Apache-2.0
"""Who holds which office: what people and programs may do in administering, by the posts they hold."""

import datetime as dt

from keshou.declaration.model import Declaration, Office
from keshou.gate.act import OWN_HAND
from keshou.gate.site import SiteState


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
