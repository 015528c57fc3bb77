# SPDX-License-Identifier: Apache-2.0
"""Every face that the server shows, in one list."""

from litestar import Router

from keshou.web import health, oauth
from keshou.web.api import acts, filters, me, programs, user_acts, users
from keshou.web.authzen import face as authzen

FACES: list[Router] = [
    health.FACE,
    authzen.FACE,
    acts.FACE,
    filters.FACE,
    users.FACE,
    user_acts.FACE,
    me.FACE,
    programs.FACE,
    oauth.FACE,
]
"""Routers of the authorization protocol, the API, and what surrounds them."""
