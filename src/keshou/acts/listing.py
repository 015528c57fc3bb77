# SPDX-License-Identifier: Apache-2.0
"""A review is of one list of users: what stands for the list on record, and whether an act is about that list.

The list itself is on record nowhere. What stands for it is keyed, and another for each review, so that nobody learns
from the log that two reviews were of the same users, nor tries out who was on one. Source: miit24:13.1.3
"""

from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec

from keshou.acts.request import ActError
from keshou.acts.together import Listed, UsersOf
from keshou.gate.act import Act
from keshou.gate.decide import Gate
from keshou.gate.facts import ReviewAsked, SiteFact
from keshou.law.terms import BULK_KINDS

Blind = Callable[[str], str]
"""From a text to what may stand on record for it; keyed."""
UsersAt = Callable[[Sequence[int]], Collection[str]]
"""The different users whom acts in some places are about."""


def list_name(blind: Blind, review: str, users: Iterable[str]) -> str:
    """Return what stands for a list of users under a review: the same whatever their order, and however often named."""
    return blind(f"list {review} {msgspec.json.encode(sorted(set(users))).decode()}")


def of_its_list(gate: Gate, blind: Blind, act: Act, users: Iterable[str]) -> Act:
    """Return `act`, which is about `users`, with what stands for them where its review is of one list."""
    if not _is_of_a_list(gate, act):
        return act
    return msgspec.structs.replace(act, listed=list_name(blind, act.review, users))


def list_of(gate: Gate, blind: Blind, users_at: UsersAt) -> Listed:
    """Return what tells, of an act and the places of its list, what stands for the users there; see `together`."""

    def listed(act: Act, places: Sequence[int]) -> str:
        return list_name(blind, act.review, users_at(places)) if _is_of_a_list(gate, act) else ""

    return listed


def reviewed_by(gate: Gate) -> Callable[[Act], bool]:
    """Return what says whether a review approved on the facts of `gate` covers an act."""
    return lambda act: gate.timeline.at(act.when).is_reviewed(act)


def users_in(acts: Sequence[Act]) -> UsersAt:
    """Return what tells the different users of some of `acts`."""
    return lambda places: {acts[place].user for place in places} - {""}


def counts(users_at: UsersAt) -> UsersOf:
    """Return what counts the users of lists one by one."""
    return lambda lists: [len(users_at(places)) for places in lists]


def asked_of(fact: SiteFact, users: Sequence[str], blind: Blind) -> SiteFact:
    """Return a review that is asked for, bound to the list of `users`; any other fact, and one of no list, as it is.

    Raises:
        ActError: the list is not what the review says, or there is no review to be bound to it.

    """
    if not users:
        return fact
    if not isinstance(fact, ReviewAsked):
        raise ActError("a list of users where there is no review to be asked for")
    if fact.count != len(set(users)):
        raise ActError("the count is not that of the users listed", hint="leave it out, or list them all")
    return msgspec.structs.replace(fact, listed=list_name(blind, fact.review, users))


def _is_of_a_list(gate: Gate, act: Act) -> bool:
    return act.kind in BULK_KINDS and bool(act.review) and gate.timeline.at(act.when).is_of_a_list(act)
