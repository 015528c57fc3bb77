# SPDX-License-Identifier: Apache-2.0
"""The office over the wire: who holds which post, agents, suspensions, grounds, and what writing them down came to."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from keshou.gate.facts import GroundRecorded, SuspensionOrdered
from keshou.gate.tenure import Held
from keshou.law.terms import ActKind, Rank
from keshou.wire.words import Id, Items, Moment, NoId, SomeItems, UserId

_Kinds = Annotated[list[ActKind], Meta(max_length=64)]
_SomeKinds = Annotated[list[ActKind], Meta(min_length=1, max_length=64)]


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """Something was written down."""

    entry: int
    """Place of its entry in the log."""
    revision: int
    """From which it holds."""
    id: str = ""
    """Of what was made; empty where nothing has an id."""
    repeated: bool = False
    """Whether this request had been answered before; then nothing was done now."""


class AppointmentRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person or program is to hold a post."""

    post: Id
    branch: NoId = ""
    """Empty: everywhere."""
    until: Moment | None = None


class RemovalRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person or program is to hold a post no longer."""

    post: Id


class HeldShape(msgspec.Struct, frozen=True, kw_only=True):
    """A post that somebody holds."""

    post: str
    branch: str
    since: dt.datetime
    until: dt.datetime | None
    confirmed_by: str
    """Who confirmed it last; empty: nobody yet."""
    due: dt.datetime | None
    """When it lapses unless it is confirmed."""


class StaffShape(msgspec.Struct, frozen=True, kw_only=True):
    """A person or program, and every post held now."""

    id: str
    posts: list[HeldShape]


class AgentShape(msgspec.Struct, frozen=True, kw_only=True):
    """An agent that the rules declare, and whether it was found unfit."""

    id: str
    suspended: bool


class SuspensionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the authority asks to stop; what is not named is all."""

    kinds: _Kinds = []
    purposes: SomeItems = []


class SuspensionShape(msgspec.Struct, frozen=True, kw_only=True):
    """A suspension that stands."""

    id: str
    since: dt.datetime
    kinds: list[ActKind]
    purposes: list[str]


class GroundRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A law or administrative regulation provides otherwise, for just these acts (Order 24 Art. 9(5))."""

    cite: Annotated[str, Meta(min_length=1, max_length=256)]
    """The higher provision relied on, as it is cited."""
    rank: Rank
    kinds: _SomeKinds
    purposes: Items
    items: Items
    until: Moment
    users: Annotated[list[UserId], Meta(max_length=1000)] = []
    """Whose information; none: everybody's."""
    recipient: NoId = ""


class GroundShape(msgspec.Struct, frozen=True, kw_only=True):
    """A ground that holds; whose information it is about is told by number only."""

    id: str
    cite: str
    rank: str
    recorded_by: str
    since: dt.datetime
    until: dt.datetime
    kinds: list[ActKind]
    purposes: list[str]
    items: list[str]
    users: int
    """0: everybody's."""
    recipient: str


def staff_shape(staff: str, held: list[Held]) -> StaffShape:
    """Return who holds which posts as it is told."""
    return StaffShape(
        id=staff,
        posts=[
            HeldShape(
                post=each.appointment.post, branch=each.appointment.branch, since=each.appointment.at,
                until=each.appointment.until, confirmed_by=each.confirmed_by, due=each.due,
            )
            for each in held
        ],
    )  # fmt: skip


def suspension_shape(fact: SuspensionOrdered) -> SuspensionShape:
    """Return a suspension as it is told."""
    return SuspensionShape(
        id=fact.suspension, since=fact.at, kinds=sorted(fact.kinds), purposes=sorted(fact.purposes)
    )  # fmt: skip


def ground_shape(fact: GroundRecorded) -> GroundShape:
    """Return a ground as it is told."""
    return GroundShape(
        id=fact.ground, cite=fact.cite, rank=fact.rank, recorded_by=fact.recorded_by, since=fact.at, until=fact.until,
        kinds=sorted(fact.kinds), purposes=sorted(fact.purposes), items=sorted(fact.items), users=len(fact.users),
        recipient=fact.recipient,
    )  # fmt: skip
