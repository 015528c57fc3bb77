# SPDX-License-Identifier: Apache-2.0
"""Whom a token proves: each kind of token goes to the room that made it."""

import datetime as dt

from keshou.app.site import Site
from keshou.db import Transaction
from keshou.web.caller import Find
from keshou.wire.caller import Caller


def finder(site: Site) -> Find:
    """Return what finds the caller that a token of this site proves."""
    rooms: tuple[Find, ...] = ()

    def find(tx: Transaction, token: str, binding: str, now: dt.datetime) -> Caller | None:
        for room in rooms:
            caller = room(tx, token, binding, now)
            if caller is not None:
                return caller
        return None

    return find
