# SPDX-License-Identifier: Apache-2.0
"""Legal hold: information that is kept from erasure while a matter is open, and what of a user it covers.

A hold permits nothing. It stands between information and its erasure, whether a time of retention is over, the user
asks for it or the service ends; when it ends, what was due meanwhile becomes due.
"""

import datetime as dt
from collections.abc import Collection, Container
from typing import Literal, NamedTuple

from keshou.gate.facts import SiteFact
from keshou.law.terms import RetentionClass

Ground = Literal["dispute", "case", "authority", "law"]
"""Why information is kept: a dispute, a case before a court, a demand of an authority, another provision."""
Ending = Literal["settled", "closed", "withdrawn", "mistaken"]
"""Why a hold is lifted: the dispute was settled, the case closed, the demand withdrawn, or it was never due."""
CLASSES = (RetentionClass.SERVICE, RetentionClass.REGISTRATION)
"""The classes of information that a hold can name; the record of acts is kept as long as anything is."""


class HoldSet(SiteFact, frozen=True, kw_only=True, tag="hold_set"):
    """Information is kept from erasure; whoever it names (else everybody), what it names of them (else all)."""

    hold: str
    ground: Ground
    document: str
    """Id of the paper it rests on, in the operator's own books; never words about anybody."""
    by: str
    cite: str = ""
    """The provision relied on, as the operator cites it."""
    until: dt.datetime | None = None
    """None: until it is lifted."""
    users: frozenset[str] = frozenset()
    """Ids of the users concerned; empty: everybody, and then it names purposes."""
    classes: frozenset[RetentionClass] = frozenset()
    purposes: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    """What any rules need for these purposes and keep in these classes, as they stood when it was set; empty:
    all."""
    silent: bool = False
    """Whether the users concerned are not told of it."""


class HoldLifted(SiteFact, frozen=True, kw_only=True, tag="hold_lifted"):
    """A hold ended before its time, or had none."""

    hold: str
    by: str
    reason: Ending


class Asked(NamedTuple):
    """A hold as it is asked for."""

    ground: Ground
    document: str
    cite: str = ""
    until: dt.datetime | None = None
    users: Collection[str] = ()
    classes: Collection[RetentionClass] = ()
    purposes: Collection[str] = ()
    silent: bool = False


def is_kept(hold: HoldSet, item: str, class_: RetentionClass) -> bool:
    """Say whether `hold` keeps an item that lies in a class, of the users whom it concerns.

    Items that stand in the hold decide alone: later rules may put one into another class, which must let nothing go.
    What is kept as a record is of the class of services, for a hold names that or registration.
    """
    if hold.items:
        return item in hold.items
    seen = class_ if class_ is RetentionClass.REGISTRATION else RetentionClass.SERVICE
    return not hold.classes or seen in hold.classes


def touches(hold: HoldSet, items: Collection[str], registration: Container[str]) -> bool:
    """Say whether `hold` keeps any of `items`; those in `registration` are kept as registration information."""
    return any(
        is_kept(hold, item, RetentionClass.REGISTRATION if item in registration else RetentionClass.SERVICE)
        for item in items
    )


def concerns(hold: HoldSet, names: Collection[str]) -> bool:
    """Say whether `hold` concerns a user, who is called by any of `names`."""
    return not hold.users or not hold.users.isdisjoint(names)
