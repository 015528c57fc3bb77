# SPDX-License-Identifier: Apache-2.0
"""Questions that are asked at once are judged at once: what one hand asks of many users in one request is one list.

A list that would need a review does not go without one because each of its lines, asked about alone, would not need it.
Source: miit24:13.1.3
"""

from collections.abc import Callable, Sequence

import msgspec

from keshou.gate.act import Act, counted_as
from keshou.law.terms import ActKind

UsersOf = Callable[[Sequence[Sequence[int]]], Sequence[int]]
"""How many different users each of some lists is about; a list is places of acts, and no place is in two."""
Listed = Callable[[Act, Sequence[int]], str]
"""What stands for the users of a list, where the review that an act of it names is of one list; else empty."""
_Group = tuple[str, ActKind, str, str, str]
"""Hand, kind of act, purpose, recipient, review: acts alike in these are one list."""


def together(
    acts: Sequence[Act], users_of: UsersOf, who: Callable[[Act], str],
    is_reviewed: Callable[[Act], bool], listed: Listed = lambda _act, _places: "",
) -> Sequence[Act]:  # fmt: skip
    """Return `acts`, those of kinds of which many make a bulk act with the users that their list comes to.

    `users_of` is asked once, about all lists; `who` tells under which name an act's hand stands in the log;
    `is_reviewed` whether an approved review covers an act; `listed` what stands for a list's users, worked out for no
    more lists than there are approved reviews of one. What lists of the same hand come to that none covers counts
    beside each of those that add up with them. The work grows as the acts do, however many lists they make: texts of a
    question tell lists apart, and whoever asks chooses them.
    """
    lists: dict[_Group, list[int]] = {}
    sums: dict[_Group, tuple[str, ActKind]] = {}
    """The hand of each list, and as which kind it counts."""
    for place, act in enumerate(acts):
        if (kind := counted_as(act)) is not None:
            group = who(act), act.kind, act.purpose, act.recipient, act.review
            if group not in lists:
                lists[group], sums[group] = [], (group[0], kind)
            lists[group].append(place)
    if not lists:
        return acts
    found = list(acts)
    counting: dict[_Group, tuple[int, int, str]] = {}
    """What each list comes to, how much of it counts beside others, and what stands for its users."""
    totals = dict.fromkeys(sums.values(), 0)
    for (group, places), users in zip(lists.items(), users_of(list(lists.values())), strict=True):
        size = max(users, *[acts[place].count for place in places])
        if not group[-1]:
            counting[group] = size, size, ""
            totals[sums[group]] += size
            continue
        whole = (msgspec.structs.replace(acts[place], count=size) for place in places)
        name = next(filter(None, (listed(act, places) for act in whole)), "")
        whole = (msgspec.structs.replace(acts[place], count=size, listed=name) for place in places)
        counts = 0 if all(map(is_reviewed, whole)) else size
        counting[group] = size, counts, name
        totals[sums[group]] += counts
    for group, places in lists.items():
        size, counts, name = counting[group]
        beside = totals[sums[group]] - counts
        for place in places:
            act = acts[place]
            found[place] = msgspec.structs.replace(act, count=size, so_far=act.so_far + beside, listed=name)
    return found
