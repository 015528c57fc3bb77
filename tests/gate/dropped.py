# SPDX-License-Identifier: Apache-2.0
"""What older rules needed and those in force do not any more, read off the rules themselves."""

from collections.abc import Sequence

from keshou.declaration.model import Declaration
from keshou.gate.act import Act
from keshou.law.terms import ActKind as K


def left_by_older_rules(declared: Declaration | None, older: Sequence[Declaration]) -> set[str]:
    """Return what only `older` rules need."""
    now = {need.item for each in (declared.purposes if declared else ()) for need in each.needs}
    return {need.item for one in older for each in one.purposes for need in each.needs} - now


def needed_by_none_any_more(act: Act, left: set[str], *, own_hand: bool) -> set[str]:
    """Return those items of an act that are left so and are its user's to see, and anybody's with a grant to erase."""
    if act.kind not in {K.DELETE, K.DESTROY} and not (own_hand and act.kind == K.QUERY):
        return set()
    return act.items & left


def serving(act: Act, dropped: set[str], older: Sequence[Declaration]) -> set[str]:
    """Return the purpose of the act, and those of older rules that needed what none does any more."""
    before = [each for one in older for each in one.purposes]
    return {act.purpose, *(each.id for each in before for need in each.needs if need.item in dropped)}
