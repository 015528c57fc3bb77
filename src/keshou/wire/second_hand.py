# SPDX-License-Identifier: Apache-2.0
"""What waits for a second hand, over the wire."""

import datetime as dt
from typing import Annotated

import msgspec

from keshou.app.second_hand import Seen, Waiting, Way
from keshou.wire.words import Moment

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=r"^[\u0020-\u007e]+$(?!\n)")]


class Confirmation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a second person lets count."""

    way: Way
    id: Name
    """Of the account invited; the provider's subject; of the key."""
    of: Name
    """Account, program or service, as it was listed: of another one it is not confirmed."""
    since: Moment
    """When it was given, as it was listed: what was given anew since is not confirmed."""


class WaitingShape(msgspec.Struct, frozen=True, kw_only=True):
    """A way in that waits for a second hand, or did until now."""

    way: Way
    id: str
    of: str
    """Account, program, or service of the app."""
    by: str
    """Who gave it; they do not confirm it."""
    since: dt.datetime
    until: dt.datetime | None
    """When it is over, confirmed or not; null: never."""


def seen(asked: Confirmation) -> Seen:
    """Return what whoever confirms it saw."""
    return Seen(asked.way, asked.id, asked.of, asked.since)


def waiting_shape(each: Waiting) -> WaitingShape:
    """Return what waits as it is told."""
    return msgspec.convert(msgspec.structs.asdict(each), WaitingShape)
