# SPDX-License-Identifier: Apache-2.0
"""The register of media over the wire (Order 24 Art. 13(iv))."""

import datetime as dt
from typing import Literal

import msgspec

from keshou.gate.facts import MediumChecked, MediumDestroyed, MediumMoved, MediumRegistered
from keshou.gate.media import Medium, MediumFact
from keshou.wire.words import Id, Moment, SomeItems

_Form = Literal["paper", "optical", "magnetic", "flash", "other"]
_Found = Literal["in_order", "seal_broken", "missing"]
_Manner = Literal["shredded", "burnt", "degaussed", "crushed", "overwritten", "deleted"]


class MediumRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A medium is to be entered into the register."""

    id: Id
    """What is written on it."""
    form: _Form
    place: Id
    holder: Id
    sealed: bool
    """Whether whoever finds it can read nothing: encrypted, or under an unbroken seal."""
    items: SomeItems = []
    """What kinds of information are on it; none: any."""
    until: Moment | None = None
    """By when it is to be destroyed."""


class MoveRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A medium is somewhere else now, or in other hands."""

    place: Id
    holder: Id
    sealed: bool


class CheckRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The caller looked at a medium."""

    found: _Found


class DestructionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The caller destroyed a medium before a witness."""

    manner: _Manner
    witness: Id


class MediumEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was written down of a medium; what does not belong to it is empty."""

    what: Literal["registered", "moved", "checked", "destroyed"]
    at: dt.datetime
    place: str = ""
    holder: str = ""
    by: str = ""
    found: str = ""
    manner: str = ""
    witness: str = ""


class MediumShape(msgspec.Struct, frozen=True, kw_only=True):
    """A medium as it stands, and its history, oldest first."""

    id: str
    form: str
    """As it was registered; ``backup`` for what `keshou backup` wrote."""
    place: str
    holder: str
    sealed: bool
    state: Literal["kept", "open", "missing", "overdue", "destroyed", "not_made"]
    since: dt.datetime
    until: dt.datetime | None
    items: list[str]
    history: list[MediumEvent]


def medium_shape(each: Medium, now: dt.datetime) -> MediumShape:
    """Return a medium as it is told at `now`."""
    first = each.registered
    return MediumShape(
        id=each.id, form=first.form, place=each.place, holder=each.holder, sealed=each.sealed, state=each.state(now),
        since=first.at, until=first.until, items=sorted(first.items), history=list(map(_event, each.history)),
    )  # fmt: skip


def _event(fact: MediumFact) -> MediumEvent:
    match fact:
        case MediumRegistered():
            return MediumEvent(what="registered", at=fact.at, place=fact.place, holder=fact.holder)
        case MediumMoved():
            return MediumEvent(what="moved", at=fact.at, place=fact.place, holder=fact.holder)
        case MediumChecked():
            return MediumEvent(what="checked", at=fact.at, by=fact.by, found=fact.found)
        case MediumDestroyed():
            return MediumEvent(what="destroyed", at=fact.at, by=fact.by, manner=fact.manner, witness=fact.witness)
