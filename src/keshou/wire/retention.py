# SPDX-License-Identifier: Apache-2.0
"""What may be erased soon, over the wire: days, counts and kinds of information; nobody is named."""

import datetime as dt

import msgspec


class DueShape(msgspec.Struct, frozen=True, kw_only=True):
    """What may be erased from one day on."""

    day: dt.date
    """In China."""
    users: int
    items: dict[str, int]
    """Of how many of these users each kind of information is held."""


class HeldBackShape(msgspec.Struct, frozen=True, kw_only=True):
    """What a hold keeps from going within the span, or until some day of it."""

    hold: str
    ground: str
    cite: str
    until: dt.datetime | None
    """None: until it is lifted."""
    users: int
    items: dict[str, int]
    """Of how many of these users each kind of information is kept."""


class RetentionShape(msgspec.Struct, frozen=True, kw_only=True):
    """What may be erased within a span of days, both ends included."""

    since: dt.date
    until: dt.date
    under: str
    """The provision whose time is over then."""
    users: int
    overdue: int
    """Users of whom it might have been erased before the span, and was not."""
    days: list[DueShape]
    held: list[HeldBackShape]
    """What would go, did no hold keep it."""
