# SPDX-License-Identifier: Apache-2.0
"""Users who come: codes they ask for, visits, and the keys of the operator's apps that vouch for them."""

import datetime as dt
from typing import Annotated, Any

import msgspec

from keshou.visits.senders import Channel
from keshou.visits.visitor import AppKey, Visit
from keshou.wire.words import Id, Moment, NoUserId

_Ticket = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern="^[A-Za-z0-9_-]+$")]
Also = Annotated[list[Id], msgspec.Meta(max_length=100)]
_Code = Annotated[str, msgspec.Meta(min_length=1, max_length=16, pattern="^[0-9]+$")]


class CodeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A one-time code, to be sent to what is registered of `user`, or of whoever has `address` registered."""

    user: NoUserId = ""
    """The operator's own id of the user."""
    address: Annotated[str, msgspec.Meta(max_length=320)] = ""
    """Number or mail, as the channel has it. Where several users have it, the message says so and holds no code."""
    channel: Channel


class CodeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The same whoever is asked for: whether a code was sent is not said."""

    ticket: str
    """To be given back with the code."""
    minutes: int
    """For how long a code holds."""


class RedeemRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code given back."""

    ticket: _Ticket
    code: _Code


class VisitBegun(msgspec.Struct, frozen=True, kw_only=True):
    """A visit began; it comes as a cookie."""

    hours: int
    """How long it lasts at most."""
    idle_minutes: int
    """How long it lasts unused."""


class VisitShape(msgspec.Struct, frozen=True, kw_only=True):
    """A visit of the user who asks."""

    id: str
    created: dt.datetime
    used: dt.datetime
    until: dt.datetime
    own: bool
    """Whether it is the one that asks."""


class VisitsEnded(msgspec.Struct, frozen=True, kw_only=True):
    """How many visits were ended."""

    ended: int


class AppKeyRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public key of an app of the operator's, for services of the rules in force."""

    service: Id
    """The one that its tokens name as issuer."""
    also: Also = []
    """Others that the app serves; of what is of no service named here its users see and do nothing."""
    jwk: dict[str, Any]
    """The public key (RFC 7517): Ed25519, P-256, or RSA of 2,048 bits."""
    until: Moment | None = None
    """When it ends; none: as late as the settings let it."""


class AppKeyShape(msgspec.Struct, frozen=True, kw_only=True):
    """A key of an app."""

    id: str
    """Its thumbprint, which tokens name as `kid` (RFC 7638)."""
    service: str
    also: list[str]
    algorithm: str
    created: dt.datetime
    until: dt.datetime
    revoked: dt.datetime | None
    by: str
    """Who registered it; empty of those from before that was kept."""
    waits: bool
    """Whether it vouches for nobody before a second hand confirms it."""


def visit_shape(visit: Visit, own: str) -> VisitShape:
    """Return a visit as it is told; `own` is the id of the one that asks."""
    return VisitShape(id=visit.id, created=visit.created, used=visit.used, until=visit.until, own=visit.id == own)


def app_key_shape(key: AppKey) -> AppKeyShape:
    """Return a key as it is told."""
    return msgspec.convert(msgspec.structs.asdict(key), AppKeyShape)
