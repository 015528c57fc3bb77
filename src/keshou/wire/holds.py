# SPDX-License-Identifier: Apache-2.0
"""Legal holds as they are asked for and told over the wire; whose information they keep is told by number only."""

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from keshou.gate.holds import Asked, Ending, Ground, HoldSet
from keshou.gate.site import SiteState
from keshou.law.terms import RetentionClass
from keshou.wire.words import Id, Moment, SomeItems, UserId


class HoldRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Information to be kept from erasure; it names users, or purposes, or both."""

    ground: Ground
    document: Id
    """Id of the paper it rests on, in the operator's own books."""
    cite: Annotated[str, Meta(max_length=256)] = ""
    """The provision relied on; needed for a demand of an authority and for another law."""
    until: Moment | None = None
    """None: until it is lifted."""
    users: Annotated[list[UserId], Meta(max_length=1000)] = []
    """None: everybody, of what the purposes need."""
    classes: Annotated[list[Literal["service", "registration"]], Meta(max_length=2)] = []
    """None: both."""
    purposes: SomeItems = []
    """None: whatever is held of the users."""
    silent: bool = False
    """Whether the users concerned are not told of it."""


class LiftRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A hold is to end."""

    reason: Ending


class HoldShape(msgspec.Struct, frozen=True, kw_only=True):
    """A hold, whether or not it stands."""

    id: str
    state: Literal["stands", "over", "lifted"]
    ground: Ground
    document: str
    cite: str
    set_by: str
    since: dt.datetime
    until: dt.datetime | None
    users: int
    """0: everybody's."""
    classes: list[RetentionClass]
    purposes: list[str]
    items: list[str]
    """What its purposes needed when it was set."""
    silent: bool
    lifted_by: str = ""
    lifted: dt.datetime | None = None
    reason: str = ""


def asked_of(request: HoldRequest) -> Asked:
    """Return what is asked for."""
    return Asked(
        request.ground, request.document, request.cite, request.until, frozenset(request.users),
        frozenset(map(RetentionClass, request.classes)), frozenset(request.purposes), request.silent,
    )  # fmt: skip


def hold_shapes(state: SiteState) -> list[HoldShape]:
    """Return every hold up to now, in the order set."""
    standing = {each.hold for each in state.holds()}
    return [_shape(each, state, stands=each.hold in standing) for each in state.all_holds().values()]


def _shape(hold: HoldSet, state: SiteState, *, stands: bool) -> HoldShape:
    end = state.holds_lifted.get(hold.hold)
    return HoldShape(
        id=hold.hold, state="stands" if stands else "lifted" if end else "over", ground=hold.ground,
        document=hold.document, cite=hold.cite, set_by=hold.by, since=hold.at, until=hold.until, users=len(hold.users),
        classes=sorted(hold.classes), purposes=sorted(hold.purposes), items=sorted(hold.items), silent=hold.silent,
        lifted_by=end.by if end else "", lifted=end.at if end else None, reason=end.reason if end else "",
    )  # fmt: skip
