# SPDX-License-Identifier: Apache-2.0
"""What may be told of an act without telling anything of its user: whoever may do it to nobody learns of nobody."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from keshou.gate.act import OWN_HAND, Act
from keshou.gate.columns import Numbers
from keshou.gate.conditions import BITS, NO_USER_BITS, Words
from keshou.gate.decide import Gate
from keshou.gate.decision import Decision, Deny, Reason
from keshou.gate.prohibitions.registry import PROHIBITIONS
from keshou.gate.view import Prepared, View

_OF_NOBODY = "act_without_consent"
_OF_NO_SERVICE = "act_after_service_ended"


def of_hand_alone(gate: Gate, act: Act) -> Deny | None:
    """Return the denial that `act` meets whoever its user is; None when it may be done to some.

    It names every article that stands in the way of whoever does the act, its purpose and its kind: all that would be
    met if the user had agreed to everything and used every service. Users themselves are asked about as they are.
    """
    if act.by == OWN_HAND:
        return None
    view = gate.timeline.at(act.when)
    answer = view.edition.answers.of(_whoever(view.prepare(act)))
    return Deny(answer.reasons, view.edition.version, gate.revision) if answer.code else None


def told_alike(gate: Gate, act: Act, decision: Decision) -> Decision:
    """Return `decision` on `act`, or what is so of everybody where it is a denial whoever the user is."""
    return (of_hand_alone(gate, act) if isinstance(decision, Deny) else None) or decision


def all_alike(gate: Gate, acts: Iterable[Act], decisions: Iterable[Decision]) -> list[Decision]:
    """Return what `told_alike` does of each of `decisions` on `acts`."""
    return [told_alike(gate, act, decision) for act, decision in zip(acts, decisions, strict=True)]


def codes_alike(view: View, acts: Sequence[Act], prepared: Sequence[Prepared], which: Numbers, codes: Words) -> Words:
    """Return `codes` of rows as `told_alike` has it of each; row `i` asks `acts[which[i]]`, which `prepared` holds."""
    of_hand = view.edition.answers.codes(np.array([_whoever(each) for each in prepared], np.uint64))
    of_hand[np.array([act.by == OWN_HAND for act in acts], np.bool_)] = 0
    told = of_hand[which]
    return np.where((codes != 0) & (told != 0), told, codes)


def _whoever(prepared: Prepared) -> int:
    return prepared.word & ~BITS["held"] | NO_USER_BITS


def of_nobody(gate: Gate, when: dt.datetime) -> Deny:
    """Return the denial of what is told at `when` of somebody who is not on record."""
    return _denial(gate, when, _OF_NOBODY, "user")


def of_no_service(gate: Gate, when: dt.datetime) -> Deny:
    """Return the denial of an end, told at `when`, of a service that its user does not use."""
    return _denial(gate, when, _OF_NO_SERVICE, "service")


def of_no_act(missing: Literal["kind", "item", "staff"]) -> Deny:
    """Return the denial of a question that is about no act: no `kind` of act, nothing that is an `item`, no `staff`.

    It is denied whatever the rules say and whatever is on record, so it names no version and no revision of either.
    """
    return _OF_NO_ACT[missing]


def _denial(gate: Gate, when: dt.datetime, prohibition: str, missing: str) -> Deny:
    return Deny((_reason(prohibition, missing),), gate.timeline.at(when).edition.version, gate.revision)


def _reason(prohibition: str, missing: str) -> Reason:
    return Reason(prohibition, PROHIBITIONS[prohibition].cite, missing)


_OF_NO_ACT = {
    "kind": Deny((_reason("use_beyond_purpose", "kind"),), 0, 0),
    "item": Deny((_reason("use_beyond_purpose", "item"),), 0, 0),
    "staff": Deny((_reason("act_without_grant", "staff"),), 0, 0),
}
"""What is missing -> the denial; 0 is no version and no revision."""
