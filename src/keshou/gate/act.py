# SPDX-License-Identifier: Apache-2.0
"""The question: who, which kind, whose, which items, what for, when, where."""

import datetime as dt

import msgspec

from keshou.law.terms import ActKind


class Act(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One act on users' personal information, asked before it is done (Order 24 Arts 5, 9, 13(vi)).

    An act that names no `user` is about `count` users at once (a bulk act) and is judged on everything but the
    users' own state; each user's own state is then judged row by row by the batch gate.
    """

    kind: ActKind
    user: str
    """The operator's own id of the user; empty for a bulk act."""
    items: frozenset[str]
    """Ids of the kinds of information touched; never empty in a lawful question."""
    purpose: str
    by: str
    """Id of the staff member, agent's staff member or program; ``user`` when users act on their own information."""
    when: dt.datetime
    """UTC."""
    via: str = ""
    """Id of the program that says `by` does it; empty when `by` was proven to us. It is recorded, and nothing is judged
    by it."""
    where: str = ""
    """Id of the department (branch) or system where it is done."""
    post: str = ""
    """The post in which `by` acts; empty when `by` holds just one."""
    recipient: str = ""
    """Id of the declared recipient, for acts that give information to others."""
    count: int = 1
    """How many users it concerns."""
    so_far: int = 0
    """Of how many users the same hand exported, copied or destroyed without a review within the declared window before
    it; set where acts come in, from the log."""
    review: str = ""
    """Id of the approved review a bulk act relies on."""
    ground: str = ""
    """Id of the recorded ground in higher law that it relies on (Order 24 Art. 9(5))."""
    listed: str = ""
    """What stands for the list of users that it is about, where the review it relies on is of one list; set where acts
    come in."""
    user_ref: str = ""
    """What stands for `user` in recorded grounds and holds, which name users only blinded; set where acts come in."""


OWN_HAND = "user"
"""The value of `Act.by` for users acting on their own information."""
