# SPDX-License-Identifier: Apache-2.0
"""Every face that the server shows, in one list."""

from litestar import Router

from keshou.web import health, oauth
from keshou.web.api import (
    access,
    accounts,
    acts,
    app_keys,
    backups,
    exports,
    filters,
    holds,
    imports,
    law,
    links,
    log,
    me,
    media,
    office,
    openid,
    orders,
    passkeys,
    programs,
    recipients,
    retention,
    reviews,
    rules,
    searches,
    second_hand,
    session,
    sign_in,
    tables,
    user_acts,
    users,
    visits,
    webhooks,
)
from keshou.web.authzen import face as authzen
from keshou.web.console import face as console
from keshou.web.frame import choice, static
from keshou.web.frame.navigation import Entry
from keshou.web.portal import face as portal
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
    openid.FACE,
    openid.RETURN,
    accounts.FACE,
    second_hand.FACE,
    programs.FACE,
    programs.CREDENTIALS,
    oauth.FACE,
    webhooks.FACE,
    rules.FACE,
    log.FACE,
    retention.FACE,
    searches.FACE,
    static.FACE,
    choice.FACE,
    public.FACE,
    portal.FACE,
    console.DOOR,
    console.FACE,
    law.FACE,
    office.FACE,
    orders.FACE,
    holds.FACE,
    media.FACE,
    access.FACE,
    reviews.FACE,
    links.FACE,
    exports.FACE,
    recipients.FACE,
    backups.FACE,
    tables.FACE,
    imports.FACE,
]
"""Routers of the authorization protocol, the API, the pages, and what surrounds them."""

NAVIGATION: tuple[Entry, ...] = (*public.ENTRIES, *portal.ENTRIES, *console.ENTRIES)
"""Where a reader can go from every page; each face of pages adds its own."""
SAMPLE_NAVIGATION: tuple[Entry, ...] = (*public.SAMPLE_ENTRIES, *NAVIGATION)
"""The same on a sample site."""
