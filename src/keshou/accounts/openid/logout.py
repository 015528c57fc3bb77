# SPDX-License-Identifier: Apache-2.0
"""Reads a logout token, by which the provider says that somebody signed out there.

Source: OpenID Connect Back-Channel Logout 1.0 2.4, 2.6.
"""

import datetime as dt

import msgspec

from keshou.accounts.openid.errors import OpenIdRefusedError, Refusal
from keshou.accounts.openid.flow import is_subject
from keshou.accounts.openid.settings import OpenIdSettings
from keshou.accounts.openid.token import KeyOf, check_parties, check_times, kind_of, signed

_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_KINDS = ("logout+jwt", "jwt")
_LONGEST = 255


class Logout(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed out at the provider."""

    issuer: str
    subject: str = ""
    """Whom the provider calls so; empty when only a session is named."""
    session: str = ""
    """The provider's own id of the session (`sid`); empty: every session of the subject."""
    jti: str
    """Names the token: it counts once."""
    until: dt.datetime
    """When the token ends; UTC."""


def read_logout(token: str, key_of: KeyOf, settings: OpenIdSettings, now: dt.datetime) -> Logout:
    """Return who signed out.

    1. It is signed by a key of the provider's, for us alone, and holds now, as an ID token is.
    2. It says that it is of a logout, and is no ID token: it has no nonce.
    3. It names a subject or a session, and itself.

    Raises:
        OpenIdRefusedError: any of these is not so; `reason` says which.

    """
    claims = signed(token, key_of, settings)
    check_parties(claims, settings)
    check_times(claims, settings, now)
    events = claims.get("events")
    of_logout = isinstance(events, dict) and isinstance(events.get(_EVENT), dict)
    if not of_logout or "nonce" in claims or kind_of(token) not in _KINDS:
        raise OpenIdRefusedError(Refusal.NO_TOKEN)
    subject, session, jti = (claims.get(name, "") for name in ("sub", "sid", "jti"))
    named = [each for each in (subject, session) if each != ""]
    if not named or not all(isinstance(each, str) and is_subject(each) for each in named):
        raise OpenIdRefusedError(Refusal.SUBJECT)
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST:
        raise OpenIdRefusedError(Refusal.NO_TOKEN)
    until = dt.datetime.fromtimestamp(claims["exp"] + settings.leeway_seconds, dt.UTC)
    return Logout(issuer=settings.issuer, subject=subject, session=session, jti=jti, until=until)
