# SPDX-License-Identifier: Apache-2.0
"""Shared links as they are asked for, told and opened over the wire."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from keshou.links.link import LONGEST_MINUTES, MOST_OPENINGS, Link
from keshou.wire.words import Id, Items, NoId, Revision, UserId


class LinkRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link to one user's record, for one purpose and recipient."""

    user: UserId
    items: Items
    purpose: Id
    recipient: NoId
    """One that the rules declare; a link for nobody is refused."""
    minutes: Annotated[int, Meta(ge=1, le=LONGEST_MINUTES)]
    """For how long it holds."""
    openings: Annotated[int, Meta(ge=1, le=MOST_OPENINGS)] = 1
    """How often it opens."""
    post: NoId = ""
    where: NoId = ""
    ground: NoId = ""


class LinkMadeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A link was made."""

    id: str
    token: str
    """What opens it; told this once."""
    until: dt.datetime
    openings: int
    revision: Revision


class LinkOpening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What opens a link."""

    token: Annotated[str, Meta(min_length=1, max_length=128, pattern="^[A-Za-z0-9_-]+$")]


class LinkOpened(msgspec.Struct, frozen=True, kw_only=True):
    """What a link shows."""

    purpose: str
    recipient: str
    values: dict[str, str]
    """Item to value, masked unless the maker's grant is for full values."""
    stand_ins: list[str] = []
    """Items of which `values` has stand-ins."""
    until: dt.datetime
    left: int
    """How often it opens still."""
    entry: Revision


class LinkShape(msgspec.Struct, frozen=True, kw_only=True):
    """A link as its maker sees it; whose record it opens is not told again."""

    id: str
    by: str
    purpose: str
    items: list[str]
    recipient: str
    made: dt.datetime
    until: dt.datetime
    openings: int
    opened: int
    entries: list[int]
    """Places in the log of its openings."""
    revoked: dt.datetime | None


def link_shape(link: Link) -> LinkShape:
    """Return a link as it is told."""
    shared = link.shared
    return LinkShape(
        id=link.id, by=shared.by, purpose=shared.purpose, items=sorted(shared.items), recipient=shared.recipient,
        made=link.made, until=link.until, openings=link.most, opened=link.opened, entries=list(link.entries),
        revoked=link.revoked,
    )  # fmt: skip
