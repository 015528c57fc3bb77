# SPDX-License-Identifier: Apache-2.0
"""What the model of a few users' lives knows: who they are, what is held of them and what it says, what holds it."""

import datetime as dt
import itertools

from house import VALUES

from keshou.law.terms import RetentionClass

USERS = ("u1", "u2", "u3", "u4", "u5")
NUMBERS = ("15499990001", "15499990002", "15488880003")
"""Few, so that users share them."""
CLASS = {item: RetentionClass.REGISTRATION if item in {"user_name", "resident_id_number"} else RetentionClass.SERVICE
         for item in VALUES}  # fmt: skip
SERVICE = {item for item, class_ in CLASS.items() if class_ is RetentionClass.SERVICE}
CHINA = dt.timezone(dt.timedelta(hours=8))
_people = itertools.count()


class Person:
    """What the model knows of one user, from taking in to erasure; who comes again is another."""

    def __init__(self, number: str) -> None:
        self.id = next(_people)
        self.in_use = self.market = True
        self.values = VALUES | {"mobile_number": number}
        self.held = set(VALUES)
        self.kept_back = False
        self.ended: dt.date | None = None


class Hold:
    """What the model knows of one hold."""

    def __init__(self, users: set[str], classes: set[RetentionClass], until: dt.datetime | None) -> None:
        self.users, self.classes, self.until = users, classes, until
        self.lifted = False


class World:
    """All that the model knows, and that goes back to what it was when an archive is put back."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.holds: dict[str, Hold] = {}
