# SPDX-License-Identifier: Apache-2.0
"""What was done and is no fact of its own -> what is told of it: a backup that is whole, a link that was opened."""

import datetime as dt
from collections.abc import Sequence

from keshou.webhooks.events import BACKUP_MADE, LINK_OPENED, LINK_USED_UP, Event

_NO_ENTRY = -1


def backup_made(
    at: dt.datetime, medium: str, *, by: str, place: str, size: int, sha256: str, to: Sequence[str] = ()
) -> Event:
    """Return the event of an archive that was written and read back; `size` in bytes, `sha256` as hex."""
    data = {"medium": medium, "by": by, "place": place, "size": size, "sha256": sha256, "to": list(to)}
    return Event(f"evt_backup_{medium}", BACKUP_MADE, at, _NO_ENTRY, data)


def link_opened(
    at: dt.datetime, link: str, entry: int, *, recipient: str, purpose: str, shown: bool, left: int
) -> list[Event]:
    """Return the events of one opening of a link, whose act stands at `entry`; never whose record it opens."""
    of: dict[str, object] = {"link": link, "recipient": recipient, "purpose": purpose}
    found = [Event(f"evt_{entry}_opened", LINK_OPENED, at, entry, of | {"shown": shown, "left": left})]
    if not left:
        found.append(Event(f"evt_{entry}_used_up", LINK_USED_UP, at, entry, of))
    return found
