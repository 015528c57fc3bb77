# SPDX-License-Identifier: Apache-2.0
"""The ways in which the rules in force let users be found, and what they are called."""

from typing import NamedTuple

from keshou.declaration.findable import FINDABLE, NAMES, Part
from keshou.language import Text
from keshou.web.console.desk import Desk
from keshou.web.console.names import item_names

_WAYS = {
    Part.WHOLE: Text("{item}", "{item}"),
    Part.LAST_FOUR: Text("{item}的后四位", "Last four of {item}"),
    Part.PREFIX: Text("{item}的前{n}位", "First {n} of {item}"),
}
_STAND_IN = Text("{item}的代号", "Stand-in of {item}")


class Way(NamedTuple):
    """One way in which the rules in force let users be found."""

    item: str
    part: Part
    length: int
    """Characters of a beginning."""
    stand_in: bool = False
    """Whether nobody is found by a value, and users are by what an agent or recipient has in its place."""

    @property
    def name(self) -> str:
        """What the form calls it."""
        return f"{self.item}:{self.part}"


def ways(desk: Desk) -> list[Way]:
    """Return every way to find users that the rules in force know, of what their purposes need.

    Of what somebody is given stand-ins, they are found by these.
    """
    if desk.declaration is None:
        return []
    needed = {need.item for each in desk.declaration.purposes for need in each.needs}
    chosen = {each.item: each for each in desk.declaration.finding}
    found = []
    for item in [*FINDABLE, *NAMES]:
        if item not in needed:
            continue
        if item in FINDABLE or item in chosen:
            found.append(Way(item, Part.WHOLE, 0))
        if (more := chosen.get(item)) is not None:
            found += [Way(item, Part.LAST_FOUR, 0)] if more.last_four else []
            found += [Way(item, Part.PREFIX, more.prefix)] if more.prefix else []
    stood_for = frozenset(item for items in desk.declaration.stand_ins().values() for item in items)
    by_these = sorted(stood_for - {each.item for each in found})
    return found + [Way(item, Part.WHOLE, 0, stand_in=True) for item in by_these]


def named_ways(desk: Desk) -> dict[str, str]:
    """Return what each way is called in the reader's language."""
    items = item_names(desk)
    return {
        each.name: (_STAND_IN if each.stand_in else _WAYS[each.part])
        .in_(desk.language)
        .format(item=items.get(each.item, each.item), n=each.length)
        for each in ways(desk)
    }


def a_stand_in(desk: Desk) -> str:
    """Return what a stand-in looks like, of a party that the rules in force give some; empty: none is given any."""
    given = desk.declaration.stand_ins() if desk.declaration else {}
    return next((f"{party}~…" for party, items in given.items() if items), "")
