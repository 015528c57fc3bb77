# SPDX-License-Identifier: Apache-2.0
"""The conditions that prohibitions read: each true or false of one act, one bit of a word.

A *word* is an unsigned integer with one bit a condition, in the order below. The first group is about the user, the
second about the act, the operator and the law of the day. The same names are seen over one word or over millions at
once: every condition is an array of truth values, one a word, so prohibitions combine them with ``&``, ``|``, ``~``.
"""

from collections.abc import Mapping
from typing import Self

import numpy as np
import numpy.typing as npt

from keshou.law.terms import ActKind

Condition = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]


class UserConditions:
    """What is true of the user whose information is touched; all taken as met when the act names no user."""

    user_known: Condition
    """The user is known and was not erased."""
    noticed: Condition
    """The user was shown a complete notice that covers these items, this kind of act and this post."""
    consented: Condition
    """Consent of the kind the purpose asks for covers every item, under a version that this one does not widen."""
    consented_expressly: Condition
    """Express (or a guardian's) consent covers every item."""
    sensitive_expressly: Condition
    """Express (or a guardian's) consent covers every sensitive item touched."""
    sensitive_by_guardian: Condition
    """A guardian's consent covers every sensitive item touched."""
    deceived: Condition
    """The consent to the purpose was found to be had by deceit, misleading or coercion, and none was given since."""
    service_in_use: Condition
    """The user uses at least one of the services the purpose serves."""
    capacity_limited: Condition
    """The user is a minor under the guidance's age, or otherwise of limited capacity."""
    messages_requested: Condition
    """The user asked for commercial messages and did not refuse since."""
    messages_refused: Condition
    """The user refused commercial messages and did not ask for them since."""
    registration_over: Condition
    """Every service of the user ended so long ago that registration information need not be retained."""


class Conditions(UserConditions):
    """All conditions over a number of words."""

    published: Condition
    """Rules are published and in force."""
    notice_complete: Condition
    """The rules in force say all that a notice must."""
    purpose_known: Condition
    """The rules in force declare the purpose."""
    items_known: Condition
    """The act names items, and each is a kind of information that the taxonomy or the declaration has."""
    kind_declared: Condition
    """The purpose declares this kind of act."""
    within_need: Condition
    """The purpose needs every item for this kind of act."""
    serves_users: Condition
    """At least one service of the purpose faces users."""
    provides_service: Condition
    """The purpose is part of providing the service."""
    sends_messages: Condition
    """The purpose sends commercial messages, and this kind of act is a step of it."""
    declared_ground: Condition
    """The purpose stands on a law or administrative regulation in place of consent."""
    collects: Condition
    uses: Condition
    """Use, provision, export or copy."""
    sells: Condition
    discloses: Condition
    gives: Condition
    """Provision, or any act that names a recipient."""
    erases: Condition
    """Deletion or destruction."""
    touches_registration: Condition
    """An item is one that some purpose of the rules in force keeps as registration information."""
    touches_sensitive: Condition
    """An item is sensitive in the guidance's sense."""
    own_hand: Condition
    """Users query, correct or delete their own information."""
    actor_known: Condition
    """Whoever acts holds a post just now, or it is the user's own hand."""
    post_clear: Condition
    """The post in which they act is one that they hold, and one only."""
    granted: Condition
    """The post may do this to every item, here, at this hour."""
    agent_acts: Condition
    """The post belongs to an agent."""
    agent_fit: Condition
    """The agent is qualified, not suspended, and under contract with a clause on protection."""
    within_contract: Condition
    """The contract covers the purpose, the kind of act and every item."""
    recipient_declared: Condition
    """The recipient is one that the purpose declares."""
    recipient_overseas: Condition
    recipient_based: Condition
    """A law or an approval provides for the recipient."""
    bulk: Condition
    """An export, copy, deletion, destruction, or providing at once, of so many users' information that it is a bulk
    act; never their own."""
    reviewed: Condition
    """An approved review, unused and in time, covers the act."""
    suspended: Condition
    """The authority asked that acts of this kind for this purpose stop."""
    higher_law: Condition
    """A recorded ground in a law or administrative regulation covers exactly this act."""
    held: Condition
    """A hold keeps something of it from erasure."""

    @classmethod
    def of(cls, words: Words) -> Self:
        """See the conditions of each of `words`."""
        seen = cls()
        for name, bit in BITS.items():
            setattr(seen, name, (words & np.uint64(bit)) != 0)
        return seen


NAMES: tuple[str, ...] = (*UserConditions.__annotations__, *Conditions.__annotations__)
"""Every condition, lowest bit first."""

BITS: Mapping[str, int] = {name: 1 << place for place, name in enumerate(NAMES)}
"""Name of a condition -> its bit."""

NO_USER_BITS = sum(
    BITS[name]
    for name in (
        *("user_known", "noticed", "consented", "consented_expressly", "sensitive_expressly"),
        *("sensitive_by_guardian", "service_in_use", "messages_requested", "registration_over"),
    )
)
"""The user's conditions when the act names no user: all as the law would have them."""

ERASING_KINDS = frozenset({ActKind.DELETE, ActKind.DESTROY})
"""The kinds after which information is gone."""
