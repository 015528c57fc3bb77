# SPDX-License-Identifier: Apache-2.0
"""What a user's proof says, and what is listed of keys and visits."""

import datetime as dt

import msgspec


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """A user of the operator, proven."""

    user: str
    services: frozenset[str] | None
    """The services whose app vouches for the user; None when a code did, which holds for every service."""
    credential: str
    """Id of the app's key, or of the visit."""
    proven_at: dt.datetime | None
    """When the user proved themselves: a code was given, or what the app says; None when it does not say. UTC."""
    until: dt.datetime
    """When the proof ends at the latest; UTC."""
    once: bool = False
    """Whether the proof is good for one request alone."""


class AppKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key of the operator's app, for the services that the app serves."""

    id: str
    """Its thumbprint, which tokens name as `kid`. Source: RFC 7638."""
    service: str
    """The one that its tokens name as issuer."""
    also: tuple[str, ...] = ()
    """Those that it serves beside it."""
    algorithm: str
    """The one algorithm it is used with."""
    created: dt.datetime
    until: dt.datetime
    revoked: dt.datetime | None = None
    by: str = ""
    """Who registered it; empty of those from before that was kept."""
    waits: bool = False
    """Whether it vouches for nobody before a second hand confirms it."""


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """A code that was asked for."""

    ticket: str
    """Goes back to whoever asked, with nothing said about whether a code was sent."""
    code: str | None
    """To be sent, and then forgotten; None when nothing is to be sent: no such user, or too many codes lately."""

    def __repr__(self) -> str:
        return "Started(...)"


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A visit as its user sees it listed."""

    id: str
    created: dt.datetime
    used: dt.datetime
    """When it was last used, to within the setting."""
    until: dt.datetime
