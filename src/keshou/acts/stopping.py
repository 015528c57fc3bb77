# SPDX-License-Identifier: Apache-2.0
"""Destruction that the authority asked to stop: what stays while it does, whatever else is due. Source: miit24:14.2."""

from collections.abc import Iterable
from typing import NamedTuple

from keshou.declaration.model import Declaration
from keshou.gate.conditions import ERASING_KINDS
from keshou.gate.site import SiteState


class Stopped(NamedTuple):
    """What the authority asks not to destroy."""

    items: frozenset[str] = frozenset()
    """All that any rules need for a purpose it names, whatever else it is needed for."""
    everything: bool = False
    """Whether it names no purpose: then what no rules need stays as well."""

    def keeps(self, item: str) -> bool:
        """Say whether an item stays for now."""
        return self.everything or item in self.items


def stopped(state: SiteState, declared: Iterable[Declaration]) -> Stopped:
    """Return what the authority asks not to destroy, by whatever name of the kind of act.

    `declared` are all rules that there ever were.
    """
    asked = [each for each in state.suspensions() if not each.kinds or not each.kinds.isdisjoint(ERASING_KINDS)]
    if not asked:
        return Stopped()
    named = {purpose for each in asked for purpose in each.purposes}
    everything = any(not each.purposes for each in asked)
    purposes = (each for rules in declared for each in rules.purposes if everything or each.id in named)
    return Stopped(frozenset(need.item for each in purposes for need in each.needs), everything)
