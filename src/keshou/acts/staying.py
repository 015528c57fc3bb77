# SPDX-License-Identifier: Apache-2.0
"""What must stay for now, whatever else is due: what holds keep, and what the authority asked not to destroy.

Source: miit24:10, miit24:14.2.
"""

from collections.abc import Iterable
from typing import NamedTuple

from keshou.declaration.model import Declaration
from keshou.gate.conditions import ERASING_KINDS
from keshou.gate.holds import HoldSet, concerns, is_kept
from keshou.gate.site import SiteState
from keshou.law.terms import RetentionClass


class Suspended(NamedTuple):
    """What the authority asks not to destroy."""

    items: frozenset[str] = frozenset()
    """All that any rules need for a purpose it names, whatever else it is needed for."""
    everything: bool = False
    """Whether it names no purpose: then what no rules need stays as well."""

    def keeps(self, item: str) -> bool:
        """Say whether an item stays for now."""
        return self.everything or item in self.items


class Staying(NamedTuple):
    """What stands between information and its going."""

    holds: tuple[HoldSet, ...]
    """Those that stand, in the order set."""
    suspended: Suspended

    def holding(self, name: str, item: str, class_: RetentionClass) -> list[HoldSet]:
        """Return the holds that keep an item of a class, of whom `name` stands for in holds."""
        return [each for each in self.holds if concerns(each, (name,)) and is_kept(each, item, class_)]

    def keeps(self, name: str, item: str, class_: RetentionClass) -> bool:
        """Say whether such an item stays for now: a hold keeps it, or the authority asked that it not be destroyed."""
        return self.suspended.keeps(item) or bool(self.holding(name, item, class_))


def staying(state: SiteState, declared: Iterable[Declaration]) -> Staying:
    """Return what stays as things stand; `declared` are all rules that there ever were."""
    return Staying(tuple(state.holds()), suspended(state, declared))


def suspended(state: SiteState, declared: Iterable[Declaration]) -> Suspended:
    """Return what the authority asks not to destroy, by whatever name of the kind of act.

    `declared` are all rules that there ever were.
    """
    asked = [each for each in state.suspensions() if not each.kinds or not each.kinds.isdisjoint(ERASING_KINDS)]
    if not asked:
        return Suspended()
    named = {purpose for each in asked for purpose in each.purposes}
    everything = any(not each.purposes for each in asked)
    purposes = (each for rules in declared for each in rules.purposes if everything or each.id in named)
    return Suspended(frozenset(need.item for each in purposes for need in each.needs), everything)
