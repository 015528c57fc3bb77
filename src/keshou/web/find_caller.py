# SPDX-License-Identifier: Apache-2.0
"""Whom a token proves: each kind of token goes to the room that made it."""

import datetime as dt

from keshou.app.site import Site
from keshou.db import Transaction
from keshou.programs import key
from keshou.programs.grant import Proven
from keshou.web.caller import Find
from keshou.wire.caller import Caller, CallerKind


def finder(site: Site) -> Find:
    """Return what finds the caller that a token of this site proves."""

    def find(tx: Transaction, token: str, _binding: str, now: dt.datetime) -> Caller | None:
        if token.startswith(f"{key.KEY}_"):
            return _program(site.programs.find_key(tx, token, now))
        if token.count(".") == 2:
            return _program(site.programs.find_token(tx, token, now))
        return None

    return find


def _program(proven: Proven | None) -> Caller | None:
    if proven is None:
        return None
    return Caller(
        id=proven.program,
        kind=CallerKind.PROGRAM,
        credential=proven.credential,
        scopes=proven.scopes,
        purposes=proven.purposes,
        acts=proven.acts,
        until=proven.until,
    )
