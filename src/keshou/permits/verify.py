# SPDX-License-Identifier: Apache-2.0
"""Check a permit without asking anybody: what is about to be served against what was permitted."""

import datetime as dt
import hmac
from collections.abc import Collection

import msgspec

from keshou.law.terms import ActKind
from keshou.permits import errors as e
from keshou.permits.jws import decode, opened
from keshou.permits.keys import PublicKeys
from keshou.permits.permit import Claims
from keshou.permits.users import digest_of_all, digests_of

LEEWAY = dt.timedelta(seconds=5)
"""By how much the clocks of issuer and checker may differ, unless the caller says otherwise."""

_SALT_BYTES = 16


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """What is about to be served. Every field is held against the permit."""

    audience: str
    """Id of this system, as the rules' holdings name it."""
    kind: ActKind
    users: frozenset[str]
    """Ids of the users whose information it is. All of them, when the permit is for very many."""
    items: frozenset[str]
    purpose: str
    caller: str
    """The program that handed the permit in, as this system knows it; empty for a member of staff."""
    masked: bool = False
    """Whether values are masked before they leave."""
    recipient: str = ""
    """Who is given the information; empty within the operator."""


class Permitted(msgspec.Struct, frozen=True, kw_only=True):
    """What a permit says, checked."""

    permit: str
    """The permit's own name, for redeeming and for this system's records."""
    by: str
    full: bool
    once: bool
    """Whether it must be redeemed before serving."""
    entry: int
    rules: int
    revision: int
    until: dt.datetime
    """UTC; from then on it is refused here, leeway included."""


def verify(
    token: str, keys: PublicKeys, serving: Serving, now: dt.datetime, *, leeway: dt.timedelta = LEEWAY
) -> Permitted:
    """Return what `token` permits, when it covers all of `serving` at `now`.

    1. it is signed by a key of the set, as a permit;
    2. it is of the site that the keys are of, and for this system;
    3. `now` is not before it was issued and before its end, give or take `leeway`;
    4. kind, users, items, purpose, caller, recipient and fullness of what is served are what it names, or less.

    A permit for one use must be redeemed too, right before serving: see `Permits.redeem`.

    Raises:
        PermitError: the class says which of this does not hold.

    """
    claims = read(opened(token, keys.of))
    if claims.iss != keys.issuer:
        raise e.PermitIssuerError
    if claims.aud != serving.audience:
        raise e.PermitAudienceError
    _refuse_other_times(claims, now, leeway)
    beyond = tuple(_beyond(claims, serving))
    if beyond:
        raise e.PermitBeyondError(*beyond)
    return Permitted(
        permit=claims.jti,
        by=claims.by,
        full=claims.full,
        once=claims.once,
        entry=claims.entry,
        rules=claims.rules,
        revision=claims.revision,
        until=dt.datetime.fromtimestamp(claims.exp, dt.UTC) + leeway,
    )


def read(payload: bytes) -> Claims:
    """Return the claims in a payload whose signature was checked.

    Raises:
        PermitMalformedError: they are not a permit's.

    """
    try:
        claims = msgspec.json.decode(payload, type=Claims)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise e.PermitMalformedError from None
    if len(decode(claims.salt)) != _SALT_BYTES or bool(claims.users) == (claims.everyone is not None):
        raise e.PermitMalformedError
    return claims


def _refuse_other_times(claims: Claims, now: dt.datetime, leeway: dt.timedelta) -> None:
    moment, slack = now.timestamp(), leeway.total_seconds()
    if moment < claims.iat - slack:
        raise e.PermitEarlyError
    if moment >= claims.exp + slack or claims.exp <= claims.iat:
        raise e.PermitExpiredError


def _beyond(claims: Claims, serving: Serving) -> list[str]:
    """Return in what `serving` goes beyond the permit; nothing served is beyond it too, since it cannot be checked."""
    within = {
        "kind": serving.kind == claims.kind,
        "users": bool(serving.users) and _covers(claims, serving.users),
        "items": bool(serving.items) and serving.items <= set(claims.items),
        "purpose": serving.purpose == claims.purpose,
        "caller": serving.caller == claims.caller,
        "recipient": serving.recipient == claims.recipient,
        "full values": serving.masked or claims.full,
    }
    return [name for name, holds in within.items() if not holds]


def _covers(claims: Claims, users: Collection[str]) -> bool:
    salt = decode(claims.salt)
    digests = digests_of(salt, users)
    if claims.everyone is None:
        return set(digests) <= {decode(each) for each in claims.users}
    same = hmac.compare_digest(digest_of_all(salt, digests), decode(claims.everyone.digest))
    return same and len(digests) == claims.everyone.count
