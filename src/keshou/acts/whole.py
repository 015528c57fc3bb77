# SPDX-License-Identifier: Apache-2.0
"""May all that is held of a user be destroyed? Each thing is judged under a purpose that needs it.

No purpose need need everything: a record is needed for one, what registration keeps for another. The gate's own rules
stay as they are, and whatever they deny of one thing denies the whole. Source: npcsc2012:8, miit24:9.3
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from keshou.declaration.model import Purpose
from keshou.gate.act import Act
from keshou.gate.decide import Gate
from keshou.gate.decision import Decision, Deny, Ground, Permit, Reason


class Whole(NamedTuple):
    """What the gate says of erasing all of it."""

    decision: Decision
    purposes: Mapping[str, str]
    """Item -> the purpose under which it was judged, where that of the act alone did not do; else nothing."""


def decide_whole(gate: Gate, act: Act) -> Whole:
    """Decide an act of erasure on everything that is held of its user.

    1. for the purpose of the act, when that needs it all and nothing else denies it
    2. else item by item: for the purpose of the act where that needs the item or no purpose does, else for the first
       that needs it and permits it
    3. permitted when every item is, on the grounds of all; denied for the reasons of all that is not
    """
    alone = gate.decide(act)
    edition = gate.timeline.at(act.when).edition
    declared = edition.published.declaration.purposes if edition.published else ()
    if isinstance(alone, Permit) or act.purpose not in {each.id for each in declared}:
        return Whole(alone, {})
    reasons: dict[Reason, None] = {}
    grounds: dict[Ground, None] = {}
    purposes: dict[str, str] = {}
    for item in sorted(act.items):
        purposes[item], found = _of_one(gate, act, item, declared)
        if isinstance(found, Deny):
            reasons |= dict.fromkeys(found.reasons)
        else:
            grounds |= dict.fromkeys(found.grounds)
    if not purposes:
        return Whole(alone, {})
    if reasons:
        return Whole(Deny(tuple(reasons), alone.rules, alone.revision), {})
    return Whole(Permit(tuple(grounds), alone.rules, alone.revision, full=False), purposes)


def _of_one(gate: Gate, act: Act, item: str, declared: tuple[Purpose, ...]) -> tuple[str, Decision]:
    """Return what is said of one item, and for which purpose; of several that are denied, for the first."""
    needing = [each.id for each in declared if any(need.item == item for need in each.needs)]
    first: tuple[str, Decision] | None = None
    for purpose in sorted(needing, key=lambda each: each != act.purpose) or [act.purpose]:
        found = gate.decide(msgspec.structs.replace(act, items=frozenset({item}), purpose=purpose))
        if isinstance(found, Permit):
            return purpose, found
        first = first or (purpose, found)
    return first or (act.purpose, gate.decide(act))
