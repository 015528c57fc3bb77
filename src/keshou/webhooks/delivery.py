# SPDX-License-Identifier: Apache-2.0
"""Receivers, and what waits for them."""

import datetime as dt
from typing import NamedTuple

WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"
ALTERED = "altered"
"""Outcome of a delivery that is not what was put into the outbox."""


class Subscription(NamedTuple):
    """One receiver, and what it is told."""

    id: str
    url: str
    types: frozenset[str]
    """Empty means every type."""
    names_users: bool
    """Whether it is told the operator's own ids of users; else a pseudonym of its own."""
    active: bool
    created_at: dt.datetime
    version: int
    """Counts its changes."""


class Delivery(NamedTuple):
    """One event for one receiver; its body is shown to nobody but the receiver."""

    number: int
    subscription: str
    event: str
    type: str
    state: str
    """``waiting``, ``delivered`` or ``dead``."""
    tries: int
    due_at: dt.datetime
    """When it is tried next, while it waits."""
    outcome: str
    """What the last try came to: an HTTP status, or a word for what failed."""
    created_at: dt.datetime


class Claimed(NamedTuple):
    """A delivery that this process is to try now."""

    number: int
    subscription: str
    event: str
    url: str
    body: bytes
    secrets: tuple[str, ...]
    """Those that sign it, newest first."""
    tries: int
    """Before this one."""
    claim: int
    """By which the claim is known, in microseconds."""
