# SPDX-License-Identifier: Apache-2.0
"""Reads an ID token and believes none that was not made by our provider, for us, now, for this sign-in.

Source: OpenID Connect Core 1.0 3.1.3.7; RFC 8725.
"""

import datetime as dt
import hmac
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from joserfc.jwk import Key

from keshou.accounts.openid.errors import OpenIdRefusedError, Refusal
from keshou.accounts.openid.flow import Flow, Identity, is_subject
from keshou.accounts.openid.settings import OpenIdSettings
from keshou.signed import claims_of, header_of

KINDS = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "Ed25519": "OKP"}
"""Every algorithm that can be allowed, with the kind of key it takes."""
_LONGEST = 16_384

KeyOf = Callable[[str, str], Key | None]
"""Gives the provider's key of an id and a kind."""


class Header(NamedTuple):
    """What a token says of how it is signed; nothing is proven by it."""

    algorithm: str
    kid: str


def identify(token: str, key_of: KeyOf, flow: Flow, settings: OpenIdSettings, now: dt.datetime) -> Identity:
    """Return whom an ID token proves.

    1. It is signed by a key of the provider's, in a way that is allowed.
    2. The provider made it, for us alone.
    3. It holds now and was made just now, for this sign-in.
    4. It names somebody, who proved themselves anew if that was asked.

    Raises:
        OpenIdRefusedError: any of these is not so; `reason` says which.

    """
    claims = signed(token, key_of, settings)
    check_parties(claims, settings)
    check_times(claims, settings, now)
    nonce = claims.get("nonce")
    if (
        not isinstance(nonce, str)
        or not nonce.isascii()
        or not hmac.compare_digest(nonce.encode(), flow.nonce.encode())
    ):
        raise OpenIdRefusedError(Refusal.NONCE)
    return _identity(claims, flow, settings)


def kind_of(token: str) -> str:
    """Return what kind of token one says it is, in small letters, ``jwt`` when nothing; nothing is proven by it."""
    kind = (header_of(token, _LONGEST) or {}).get("typ", "JWT")
    return kind.lower().removeprefix("application/") if isinstance(kind, str) else ""


def signed(token: str, key_of: KeyOf, settings: OpenIdSettings) -> Mapping[str, Any]:
    """Return what a token says that a key of the provider's signed, in a way that is allowed.

    Raises:
        OpenIdRefusedError: none did.

    """
    header = _header(token)
    kind = KINDS.get(header.algorithm)
    if kind is None or header.algorithm not in settings.algorithms:
        raise OpenIdRefusedError(Refusal.ALGORITHM)
    key = key_of(header.kid, kind)
    if key is None:
        raise OpenIdRefusedError(Refusal.SIGNATURE)
    claims = claims_of(token, key, [header.algorithm])
    if claims is None:
        raise OpenIdRefusedError(Refusal.SIGNATURE)
    return claims


def _header(token: str) -> Header:
    said = header_of(token, _LONGEST)
    kid = "" if said is None else said.get("kid", "")
    if said is None or not isinstance(kid, str):
        raise OpenIdRefusedError(Refusal.NO_TOKEN)
    return Header(said["alg"], kid)


def check_parties(claims: Mapping[str, Any], settings: OpenIdSettings) -> None:
    """Refuse what the provider did not make, or not for us alone.

    Raises:
        OpenIdRefusedError: it is so.

    """
    if claims.get("iss") != settings.issuer:
        raise OpenIdRefusedError(Refusal.ISSUER)
    # A token that is for others too could have been given to us by one of them.
    if claims.get("aud") not in (settings.client_id, [settings.client_id]):
        raise OpenIdRefusedError(Refusal.AUDIENCE)
    if claims.get("azp", settings.client_id) != settings.client_id:
        raise OpenIdRefusedError(Refusal.AUDIENCE)


def check_times(claims: Mapping[str, Any], settings: OpenIdSettings, now: dt.datetime) -> None:
    """Refuse what does not hold now, or was not made just now.

    Raises:
        OpenIdRefusedError: it is so.

    """
    leeway, moment = settings.leeway_seconds, now.timestamp()
    ends, made, begins = (_number(claims.get(name)) for name in ("exp", "iat", "nbf"))
    if ends is None or made is None or (begins is None and "nbf" in claims):
        raise OpenIdRefusedError(Refusal.EXPIRED)
    oldest = moment - settings.token_minutes * 60 - leeway
    if moment >= ends + leeway or not oldest <= made <= moment + leeway or (begins or 0) > moment + leeway:
        raise OpenIdRefusedError(Refusal.EXPIRED)


def _identity(claims: Mapping[str, Any], flow: Flow, settings: OpenIdSettings) -> Identity:
    subject, name = claims.get("sub"), claims.get("preferred_username")
    if not isinstance(subject, str) or not is_subject(subject):
        raise OpenIdRefusedError(Refusal.SUBJECT)
    proven = _number(claims.get("auth_time"))
    if flow.fresh and (proven is None or proven < flow.begun.timestamp() - settings.leeway_seconds):
        raise OpenIdRefusedError(Refusal.STALE)
    session = claims.get("sid")
    return Identity(
        issuer=settings.issuer,
        subject=subject,
        session=session if isinstance(session, str) and is_subject(session) else "",
        name=name if isinstance(name, str) and name.isprintable() else "",
        strong=_is_strong(claims, settings),
        authenticated=None if proven is None else dt.datetime.fromtimestamp(proven, dt.UTC),
    )


def _is_strong(claims: Mapping[str, Any], settings: OpenIdSettings) -> bool:
    methods = claims.get("amr")
    named = {each for each in methods if isinstance(each, str)} if isinstance(methods, list) else set()
    acr = claims.get("acr")
    return (isinstance(acr, str) and acr in settings.strong_acr) or bool(named & set(settings.strong_amr))


def _number(value: Any) -> float | None:
    """Return a time in seconds since the epoch; None when it is none, or none that a clock could show."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 253_402_300_800 else None
