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
]
"""Routers of the authorization protocol, the API, and what surrounds them."""
