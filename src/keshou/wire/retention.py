# SPDX-License-Identifier: Apache-2.0
"""What may be erased soon, over the wire: days, counts and kinds of information; nobody is named."""

import datetime as dt

import msgspec

from keshou.app.retention import Preview
from keshou.language import Text
from keshou.law.terms import RetentionClass

CLASS = {
    RetentionClass.SERVICE: Text("服务信息", "service"),
    RetentionClass.REGISTRATION: Text("登记资料", "registration papers"),
    RetentionClass.RECORD: Text("记录", "record"),
}
"""Class of information -> what it is called."""


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


class OverShape(msgspec.Struct, frozen=True, kw_only=True):
    """What no purpose needs any more from one day on; what is over already is told with the first day."""

    day: dt.date
    """In China."""
    purpose: str
    """The one that needed it last."""
    class_: RetentionClass = msgspec.field(name="class")
    users: int
    items: dict[str, int]
    """Of how many of these users each kind of information is held."""
    by_itself: bool
    """Whether it goes by the clock; else it waits for somebody's act."""


class RetentionShape(msgspec.Struct, frozen=True, kw_only=True):
    """What may be erased within a span of days, both ends included."""

    since: dt.date
    until: dt.date
    under: str
    """The provision whose time is over then; empty when none binds."""
    users: int
    overdue: int
    """Users of whom it might have been erased before the span, and was not."""
    days: list[DueShape]
    held: list[HeldBackShape]
    """What would go, did no hold keep it."""
    over: list[OverShape]
    """What no purpose needs any more."""


def retention_shape(found: Preview) -> RetentionShape:
    """Return a preview as it goes over the wire."""
    return RetentionShape(
        since=found.since, until=found.until, under=found.under, users=found.users, overdue=found.overdue,
        days=[DueShape(day=each.day, users=each.users, items=each.items) for each in found.days],
        held=[HeldBackShape(**each._asdict()) for each in found.held],
        over=[OverShape(**each._asdict(), by_itself=each.class_ in found.by_itself) for each in found.over],
    )  # fmt: skip
