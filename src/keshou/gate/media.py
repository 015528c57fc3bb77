# SPDX-License-Identifier: Apache-2.0
"""The register of media (Order 24 Art. 13(iv)): the operator's facts folded into where each medium is."""

import datetime as dt
from collections.abc import Iterable
from typing import Literal

import msgspec

from keshou.gate.facts import MediumChecked, MediumDestroyed, MediumMoved, MediumRegistered, SiteFact

State = Literal["kept", "open", "missing", "overdue", "destroyed", "not_made"]
MediumFact = MediumRegistered | MediumMoved | MediumChecked | MediumDestroyed


class Medium(msgspec.Struct, frozen=True, kw_only=True):
    """One medium as it stands, and everything that was written down of it, oldest first."""

    registered: MediumRegistered
    place: str
    holder: str
    sealed: bool
    checked: MediumChecked | None = None
    """The last look at it."""
    destroyed: MediumDestroyed | None = None
    history: tuple[MediumFact, ...] = ()

    @property
    def id(self) -> str:
        """Its id."""
        return self.registered.medium

    def state(self, now: dt.datetime) -> State:
        """Return what it is at `now`: ``destroyed``, ``not_made``, ``missing``, ``overdue``, ``open`` or ``kept``.

        ``overdue``: it should have been destroyed by then; ``open``: neither encrypted nor under an unbroken seal.
        """
        if self.destroyed is not None:
            return "not_made" if self.destroyed.manner == "not_made" else "destroyed"
        if self.checked is not None and self.checked.found == "missing":
            return "missing"
        until = self.registered.until
        if until is not None and until <= now:
            return "overdue"
        return "kept" if self.sealed else "open"


def fold_media(facts: Iterable[SiteFact]) -> dict[str, Medium]:
    """Return every medium by id, in the order registered."""
    found: dict[str, Medium] = {}
    for fact in facts:
        if isinstance(fact, MediumRegistered):
            found[fact.medium] = Medium(
                registered=fact, place=fact.place, holder=fact.holder, sealed=fact.sealed, history=(fact,)
            )
        elif isinstance(fact, MediumMoved | MediumChecked | MediumDestroyed) and fact.medium in found:
            found[fact.medium] = _after(found[fact.medium], fact)
    return found


def _after(medium: Medium, fact: MediumMoved | MediumChecked | MediumDestroyed) -> Medium:
    history = (*medium.history, fact)
    match fact:
        case MediumMoved():
            return msgspec.structs.replace(
                medium, place=fact.place, holder=fact.holder, sealed=fact.sealed, checked=None, history=history
            )
        case MediumChecked():
            sealed = medium.sealed and fact.found != "seal_broken"
            return msgspec.structs.replace(medium, checked=fact, sealed=sealed, history=history)
        case MediumDestroyed():
            return msgspec.structs.replace(medium, destroyed=fact, history=history)
