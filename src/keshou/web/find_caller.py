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
from keshou.wire.caller import Caller, CallerKind

_DOTS = 2
"""Between the parts of a signed token."""


class Finder:
    """Finds the caller that a token of one site proves."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __call__(self, tx: Transaction, token: str, binding: str, now: dt.datetime) -> Caller | None:
        """Return who calls; None when nobody. That a token was used is written down in `tx`."""
        site = self._site
        if token.startswith(f"{key.KEY}_"):
            return _program(site.programs.find_key(tx, token, now))
        if token.startswith(PREFIX):
            return _person(site.accounts.find(tx, token, binding, now))
        if token.startswith(VISIT):
            return user_of(site, tx, site.visits.find(tx, token, binding, now))
        if token.count(".") == _DOTS:
            found = _program(site.programs.find_token(tx, token, now))
            return found or user_of(site, tx, site.visits.find_app_token(tx, token, now))
        return None

    def is_given(self, tx: Transaction, token: str, now: dt.datetime) -> bool:
        """Say whether `token` is one that was given out, so that it is worth a look; nothing is written."""
        site = self._site
        if token.startswith(f"{key.KEY}_"):
            return site.programs.is_given(tx, token)
        if token.startswith(PREFIX):
            return site.accounts.sessions.is_given(tx, token)
        if token.startswith(VISIT):
            return site.visits.is_given(tx, token)
        if token.count(".") == _DOTS:
            return site.programs.tokens.read(token, now) is not None or site.visits.keys.signed(tx, token, now)
        return False


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
