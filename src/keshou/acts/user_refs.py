# SPDX-License-Identifier: Apache-2.0
"""What stands for users in recorded grounds and holds, given to acts where it may matter: keyed, so not for nothing."""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from keshou.gate.act import Act
from keshou.gate.conditions import ERASING_KINDS
from keshou.gate.decide import Gate

Blind = Callable[[str], str]
"""From a user's id to what may stand on record for it; keyed."""


def named(blind: Blind, act: Act) -> Act:
    """Return `act` with what stands for its user, where a ground or a hold may ask for it."""
    if not act.user or not (act.ground or act.kind in ERASING_KINDS):
        return act
    return msgspec.structs.replace(act, user_ref=blind(act.user))


def all_named(blind: Blind, gate: Gate, acts: Sequence[Act]) -> Sequence[Act]:
    """Return `acts`, each with what stands for its user, where a ground or a hold that `gate` knows may ask for it."""
    found: list[Act] | None = None
    for place in [place for place, act in enumerate(acts) if act.kind in ERASING_KINDS or act.ground]:
        act = acts[place]
        if gate.timeline.at(act.when).names_users(act):
            found = list(acts) if found is None else found
            found[place] = named(blind, act)
    return acts if found is None else found


def named_of(blind: Blind, gate: Gate, act: Act, users: Iterable[str]) -> dict[str, str]:
    """Return whom of `users` the ground of `act`, or a hold, names: what stands for the user there -> the user."""
    names = {name: place for place, name in enumerate(gate.timeline.at(act.when).named(act))}
    found = {name: user for user in users if (name := blind(user)) in names} if names else {}
    return dict(sorted(found.items(), key=lambda each: names[each[0]]))
