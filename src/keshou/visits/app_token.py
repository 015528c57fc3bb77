# SPDX-License-Identifier: Apache-2.0
"""Tokens of the operator's own app, which say that this is such a user. Source: RFC 7519, RFC 8725.

Each key is used with one algorithm, settled when it is registered; what a token says of its algorithm is only compared.
"""

import base64
import datetime as dt
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from joserfc import jwk, jws
from joserfc.errors import JoseError

from keshou.signed import claims_of, header_of

_LONGEST = 8192
_LONGEST_NAME = 512
_SMALLEST_RSA = 2048
_MEMBERS = {"OKP": ("crv", "x"), "EC": ("crv", "x", "y"), "RSA": ("n", "e")}
_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
_ALGORITHMS = {"OKP": ("Ed25519",), "EC": ("ES256",), "RSA": ("RS256", "PS256")}
"""What a kind of key may sign with; the first is taken when the key does not say. No `none`, no shared secret."""
_CURVES = {"OKP": "Ed25519", "EC": "P-256", "RSA": None}
_OLD_NAME = "EdDSA"
"""How most libraries still call Ed25519. Source: RFC 9864 2.2."""


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key as it is registered: its thumbprint, the algorithm it is used with, and nothing but its members."""

    kid: str
    algorithm: str
    jwk: str


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says, once it is known to hold."""

    user: str
    jti: str
    until: dt.datetime
    proven_at: dt.datetime | None
    """When the app itself last had a proof of who it is; None when it does not say."""


class _Registry(jws.JWSRegistry):
    def get_alg(self, name: str) -> Any:
        return super().get_alg("Ed25519" if name == _OLD_NAME else name)


def public_key(given: Mapping[str, Any]) -> PublicKey | None:
    """Return a public key for registering; None when it is none that is taken (Ed25519, P-256, RSA of 2,048 bits)."""
    kind = str(given.get("kty"))
    if kind not in _MEMBERS or _PRIVATE & set(given) or given.get("use", "sig") != "sig":
        return None
    members = {name: str(given.get(name, "")) for name in ("kty", *_MEMBERS[kind])}
    if members.get("crv") != _CURVES[kind] or (kind == "RSA" and _bits(members["n"]) < _SMALLEST_RSA):
        return None
    said = given.get("alg", _ALGORITHMS[kind][0])
    algorithm = "Ed25519" if kind == "OKP" and said == _OLD_NAME else said
    if algorithm not in _ALGORITHMS[kind]:
        return None
    try:
        key = jwk.import_key(dict[str, str | list[str]](members))
        key.get_op_key("verify")
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return PublicKey(kid=key.thumbprint(), algorithm=algorithm, jwk=json.dumps(members))


def kid_of(token: str) -> str | None:
    """Return which key a token says it is signed with, which proves nothing yet; None when it is no such token."""
    header = header_of(token, _LONGEST)
    if header is None:
        return None
    kid = header.get("kid")
    return kid if isinstance(kid, str) and header.get("typ", "JWT") in ("JWT", "jwt") else None


def read(
    token: str, key: str, algorithm: str, *, audience: str, issuer: str, now: dt.datetime, longest: dt.timedelta,
    leeway: dt.timedelta,
) -> Claims | None:  # fmt: skip
    """Return what `token` says if the `key` (a JWK) signed it by `algorithm` and it holds at `now`; None otherwise.

    It is for `audience` alone and by `issuer`, was issued by now, and ends within `longest` of that.
    """
    said = claims_of(token, _imported(key), [algorithm], _Registry(algorithms=[algorithm]))
    if said is None or said.get("iss") != issuer or said.get("aud") not in (audience, [audience]):
        return None
    issued, ends, begins = said.get("iat"), said.get("exp"), said.get("nbf", 0)
    user, jti = said.get("sub"), said.get("jti")
    if not (_is_name(user) and _is_name(jti) and all(_is_time(each) for each in (issued, ends, begins))):
        return None
    moment = now.timestamp()
    timely = max(issued, begins) <= moment + leeway.total_seconds() and moment < ends  # type: ignore[operator]
    proven = said.get("auth_time")
    if proven is not None and not (_is_time(proven) and proven <= moment + leeway.total_seconds()):
        return None
    if not timely or not 0 < ends - issued <= longest.total_seconds():  # type: ignore[operator]
        return None
    proven_at = None if proven is None else _moment(proven)
    return Claims(user=str(user), jti=str(jti), until=_moment(ends), proven_at=proven_at)


def _moment(seconds: Any) -> dt.datetime:
    return dt.datetime.fromtimestamp(float(seconds), dt.UTC)


def _bits(number: str) -> int:
    try:
        return int.from_bytes(base64.urlsafe_b64decode(number + "=" * (-len(number) % 4)), "big").bit_length()
    except ValueError:
        return 0


@lru_cache(maxsize=256)
def _imported(key: str) -> Any:
    return jwk.import_key(json.loads(key))


def _is_name(value: object) -> bool:
    # what does not print (line ends, NUL, halves of surrogate pairs) is in nobody's id
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable()


def _is_time(value: object) -> bool:
    """Say whether it is a moment, in seconds since 1970, that a date can hold; NaN and infinity are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11
