# SPDX-License-Identifier: Apache-2.0
"""Whom a token proves: each kind of token goes to the room that made it."""

import datetime as dt

from keshou.accounts.account import Account, Session
from keshou.accounts.sessions.store import PREFIX
from keshou.app.own_part import purposes_of
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.gate.act import OWN_HAND
from keshou.programs import key
from keshou.programs.grant import Proven
from keshou.visits.store import PREFIX as VISIT
from keshou.visits.visitor import Visitor
from keshou.web.caller import Find
from keshou.wire.caller import Caller, CallerKind


def finder(site: Site) -> Find:
    """Return what finds the caller that a token of this site proves."""

    def find(tx: Transaction, token: str, binding: str, now: dt.datetime) -> Caller | None:
        if token.startswith(f"{key.KEY}_"):
            return _program(site.programs.find_key(tx, token, now))
        if token.startswith(PREFIX):
            return _person(site.accounts.find(tx, token, binding, now))
        if token.startswith(VISIT):
            return user_of(site, tx, site.visits.find(tx, token, binding, now))
        if token.count(".") == 2:
            found = _program(site.programs.find_token(tx, token, now))
            return found or user_of(site, tx, site.visits.find_app_token(tx, token, now))
        return None

    return find


def _person(found: tuple[Account, Session] | None) -> Caller | None:
    if found is None:
        return None
    account, session = found
    return Caller(
        id=account.id,
        kind=CallerKind(account.kind.value),
        agent=account.agent,
        credential=session.id,
        proven_at=session.proven_at,
        limited=session.limited,
        until=session.until,
    )


def user_of(site: Site, tx: Transaction, found: Visitor | None) -> Caller | None:
    """Return the user whose visit was found, limited to what the app that began it serves; None when none was."""
    if found is None:
        return None
    limited = found.services is not None
    return Caller(
        id=OWN_HAND,
        kind=CallerKind.USER,
        user=found.user,
        credential=found.credential,
        proven_at=found.proven_at,
        until=found.until,
        once=found.once,
        services=found.services,
        purposes=purposes_of(site, tx, found.services or ()) if limited else None,
    )


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
