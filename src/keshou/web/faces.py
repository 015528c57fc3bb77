# SPDX-License-Identifier: Apache-2.0
"""Every face that the server shows, in one list."""

from litestar import Router

from keshou.web import health, oauth
from keshou.web.api import (
    accounts,
    acts,
    app_keys,
    filters,
    log,
    me,
    passkeys,
    programs,
    rules,
    session,
    sign_in,
    user_acts,
    users,
    visits,
    webhooks,
)
from keshou.web.authzen import face as authzen
from keshou.web.frame import choice, static
from keshou.web.frame.navigation import Entry
from keshou.web.public import face as public

FACES: list[Router] = [
    health.FACE,
    authzen.FACE,
    acts.FACE,
    filters.FACE,
    users.FACE,
    user_acts.FACE,
    me.FACE,
    visits.FACE,
    app_keys.FACE,
    sign_in.FACE,
    session.FACE,
    passkeys.FACE,
    accounts.FACE,
    programs.FACE,
    oauth.FACE,
    webhooks.FACE,
    rules.FACE,
    log.FACE,
    static.FACE,
    choice.FACE,
    public.FACE,
]
"""Routers of the authorization protocol, the API, the pages, and what surrounds them."""

NAVIGATION: tuple[Entry, ...] = (*public.ENTRIES,)
"""Where a reader can go from every page; each face of pages adds its own."""
