# SPDX-License-Identifier: Apache-2.0
"""Signed tokens (JWS, compact) as strangers send them: what one says, or None; nothing in one ever raises.

Source: RFC 7515, RFC 7519, RFC 8725.
"""

from collections.abc import Collection, Mapping
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key

_HOSTILE = (JoseError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What a parser makes of hostile bytes: each says that the token proves nothing."""


def header_of(token: str, longest: int) -> Mapping[str, Any] | None:
    """Return what a token of at most `longest` characters says of its signature; None when it is no such token.

    Nothing is proven by it. ``alg`` is text, whatever else is or is not there.
    """
    if len(token) > longest or token.count(".") != 2 or not token.isascii():
        return None
    try:
        header: object = jws.extract_compact(token.encode("ascii")).headers()
    except _HOSTILE:
        return None
    return header if isinstance(header, dict) and isinstance(header.get("alg"), str) else None


def claims_of(
    token: str, key: Key, algorithms: Collection[str], registry: jws.JWSRegistry | None = None
) -> Mapping[str, Any] | None:
    """Return what a token says that `key` signed by one of `algorithms`; None when it did not."""
    try:
        return jwt.decode(token, key, algorithms=algorithms, registry=registry).claims
    except _HOSTILE:
        return None
