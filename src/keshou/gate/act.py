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
    """Of how many users the same hand did what adds up with it (see `counted_as`) without a review within the declared
    window before it; set where acts come in, from the log."""
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

OWN_HAND_KINDS = frozenset({ActKind.QUERY, ActKind.CORRECT, ActKind.DELETE})
"""What users may do to their own information without a grant (Order 24 Art. 9(2), Decision item 8)."""

_COUNTED_AS = {
    ActKind.EXPORT: ActKind.EXPORT,
    ActKind.COPY: ActKind.COPY,
    ActKind.DELETE: ActKind.DESTROY,
    ActKind.DESTROY: ActKind.DESTROY,
}


def is_own_hand(act: Act) -> bool:
    """Say whether users do it to their own information, as they may without a grant."""
    return act.by == OWN_HAND and bool(act.user) and act.count == 1 and act.kind in OWN_HAND_KINDS


def gives_many(act: Act) -> bool:
    """Say whether it provides the information of many users at once: that exports it, by whatever name."""
    return act.kind is ActKind.PROVIDE and act.count > 1


def counted_as(act: Act) -> ActKind | None:
    """Return as which kind an act counts towards a bulk act; None: it is none, of however many users.

    What staff and programs delete is as gone as what they destroy, so both come to one sum. What users delete of
    their own comes to none. Source: miit24:13.1.3
    """
    kind = _COUNTED_AS.get(act.kind)
    return None if kind is ActKind.DESTROY and act.by == OWN_HAND and is_own_hand(act) else kind
