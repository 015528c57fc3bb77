# SPDX-License-Identifier: Apache-2.0
"""Questions that are asked at once are judged at once: what one hand asks of many users in one request is one list.

A list that would need a review does not go without one because each of its lines, asked about alone, would not need it.
Source: miit24:13.1.3
"""

from collections.abc import Callable, Sequence

import msgspec

from keshou.gate.act import Act
from keshou.law.terms import BULK_KINDS

UsersOf = Callable[[Sequence[int]], int]
"""How many different users the acts at some places are about."""
_Group = tuple[str, str, str, str, str]
"""Hand, kind of act, purpose, recipient, review: acts alike in these are one list."""


def together(
    acts: Sequence[Act], users_of: UsersOf, who: Callable[[Act], str],
    is_reviewed: Callable[[Act], bool],
) -> Sequence[Act]:  # fmt: skip
    """Return `acts`, those of kinds of which many make a bulk act with the users that their list comes to.

    `users_of` tells how many different users the acts at some places of `acts` are about; `who` under which name an
    act's hand stands in the log; `is_reviewed` whether an approved review covers an act. What lists of the same hand
    and kind come to that none covers counts beside each.
    """
    lists: dict[_Group, list[int]] = {}
    for place, act in enumerate(acts):
        if act.kind in BULK_KINDS:
            lists.setdefault((who(act), act.kind.value, act.purpose, act.recipient, act.review), []).append(place)
    if not lists:
        return acts
    found = list(acts)
    sizes, counting = {}, {}
    for group, places in lists.items():
        sizes[group] = max(users_of(places), *(acts[place].count for place in places))
        whole = [msgspec.structs.replace(acts[place], count=sizes[group]) for place in places]
        counting[group] = 0 if all(map(is_reviewed, whole)) else sizes[group]
    for group, places in lists.items():
        beside = sum(size for other, size in counting.items() if other[:2] == group[:2] and other != group)
        for place in places:
            act = acts[place]
            found[place] = msgspec.structs.replace(act, count=sizes[group], so_far=act.so_far + beside)
    return found
