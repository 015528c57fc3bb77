# SPDX-License-Identifier: Apache-2.0
"""A shared link: what it opens, for whom, for how long and how often."""

import datetime as dt

import msgspec

from keshou.errors import InputError

LONGEST_MINUTES = 24 * 60
"""What lasts longer is no link for a moment but a recipient to hand files to."""
MOST_OPENINGS = 100


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What one link opens; whose record it is stands sealed in its row."""

    purpose: str
    items: tuple[str, ...]
    recipient: str
    by: str
    """Who made it: each opening is that person's act, judged anew."""
    post: str = ""
    where: str = ""
    ground: str = ""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link as its maker sees it; its token is shown once and kept nowhere."""

    id: str
    shared: Shared
    made: dt.datetime
    until: dt.datetime
    most: int
    """How often it opens at most."""
    opened: int = 0
    """How often it was opened, in vain or not."""
    entries: tuple[int, ...] = ()
    """Places in the log of those openings' entries."""
    revoked: dt.datetime | None = None


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A link that is being opened: one opening is already counted."""

    id: str
    user: str
    shared: Shared
    left: int
    until: dt.datetime


class LinkError(InputError):
    """A link that cannot be made, or is not there."""


def check_span(minutes: int, most: int) -> None:
    """Refuse a link for too long or too often.

    Raises:
        LinkError: it is.

    """
    if not 0 < minutes <= LONGEST_MINUTES or not 0 < most <= MOST_OPENINGS:
        raise LinkError(
            f"a link holds for 1 to {LONGEST_MINUTES} minutes and opens 1 to {MOST_OPENINGS} times",
            hint="for more, hand a file over with `keshou export`",
        )
