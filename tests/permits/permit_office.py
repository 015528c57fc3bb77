# SPDX-License-Identifier: Apache-2.0
"""One permit and what is served on it, for tests to bend."""

import base64
import datetime as dt
import json
from typing import Any

import msgspec

from keshou.gate.act import Act
from keshou.gate.decision import Permit
from keshou.law.terms import ActKind
from keshou.permits.jws import encode, sign
from keshou.permits.keys import PublicKeys, SigningKeys
from keshou.permits.permit import Claims, Issuer
from keshou.permits.verify import Serving

NOW = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)
ORIGIN = "keshou/00112233445566aa"
SECRET = bytes(range(32))
UNIQUE = bytes(range(100, 132))
ISSUER = Issuer(ORIGIN, SigningKeys(SECRET, ORIGIN), dt.timedelta(minutes=5))
ACT = Act(
    kind=ActKind.USE,
    user="A-1",
    items=frozenset({"mobile_number", "tariff_plan"}),
    purpose="service",
    by="biller",
    when=NOW,
)
SERVING = Serving(
    audience="crm",
    kind=ActKind.USE,
    users=frozenset({"A-1"}),
    items=frozenset({"mobile_number"}),
    purpose="service",
    caller="billing",
)


def issued(*users: str, full: bool = True, once: bool = False, now: dt.datetime = NOW, **changes: Any) -> str:
    """Return a permit for `users`, else for the one user."""
    act = msgspec.structs.replace(ACT, **changes)
    return ISSUER.issue(
        act,
        Permit((), 1, 7, full),
        users=users or ("A-1",),
        audience="crm",
        caller="billing",
        entry=6,
        now=now,
        once=once,
        unique=UNIQUE,
    )


def keys(now: dt.datetime = NOW) -> PublicKeys:
    """Return the set published at `now`."""
    return PublicKeys.read(ORIGIN, json.dumps(ISSUER.keys.jwk_set(now)).encode())


def claims_of(token: str) -> Claims:
    """Return what a permit says, unchecked."""
    return msgspec.json.decode(_payload(token), type=Claims)


def resigned(token: str, **changes: Any) -> str:
    """Return the permit with other claims, signed by the true key."""
    return signed_as(json.dumps(json.loads(_payload(token)) | changes).encode())


def signed_as(payload: bytes, now: dt.datetime = NOW) -> str:
    """Return anything signed by the true key."""
    key = ISSUER.keys.current(now)
    return sign(payload, key.kid, key.private.sign)


def with_header(token: str, **members: Any) -> str:
    """Return the permit under another header, signed by the true key all the same."""
    body = token.split(".")[1]
    header = {"alg": "EdDSA", "typ": "keshou-permit+jwt", "kid": ISSUER.keys.current(NOW).kid} | members
    text = f"{encode(json.dumps({k: v for k, v in header.items() if v is not None}).encode())}.{body}"
    return f"{text}.{encode(ISSUER.keys.current(NOW).private.sign(text.encode()))}"


def _payload(token: str) -> bytes:
    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
