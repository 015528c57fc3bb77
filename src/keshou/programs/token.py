# SPDX-License-Identifier: Apache-2.0
"""Access tokens: what is issued for a client secret or a signed assertion. Source: RFC 9068, RFC 7523, RFC 9864."""

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwk, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from keshou.signed import claims_of, header_of

ALGORITHM = "Ed25519"
ASSERTION_ALGORITHMS = ["Ed25519", "ES256", "RS256"]
"""What programs may sign with; there is no `none` and no shared secret among them."""
TYPE = "at+jwt"
_LONGEST = 8192
_SMALLEST_RSA = 2048


class TokenSigner:
    """Signs and reads the site's access tokens; `seed` is 32 bytes, the same in every process of the site."""

    def __init__(self, seed: bytes, issuer: str) -> None:
        key = OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(seed))
        self._kid = key.thumbprint()
        self._key = key
        self.issuer = issuer

    def sign(self, claims: Mapping[str, Any], now: dt.datetime, until: dt.datetime) -> str:
        """Return a token that carries `claims` from `now` to `until`."""
        times = {"iat": int(now.timestamp()), "exp": int(until.timestamp()), "jti": secrets.token_hex(16)}
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": self._kid}
        whole = {**claims, **times, "iss": self.issuer, "aud": self.issuer}
        return jwt.encode(header, whole, self._key, algorithms=[ALGORITHM])

    def read(self, token: str, now: dt.datetime) -> Mapping[str, Any] | None:
        """Return the claims of a token of this site that holds at `now`; None when it does not."""
        header = header_of(token, _LONGEST)
        if header is None or header.get("typ") != TYPE or header.get("kid") != self._kid:
            return None
        claims = claims_of(token, self._key, [ALGORITHM])
        if claims is None or not claims.get("iss") == claims.get("aud") == self.issuer:
            return None
        until = claims.get("exp")
        return claims if isinstance(until, int) and now.timestamp() < until else None

    def jwks(self) -> dict[str, Any]:
        """Return the public key set by which anybody can check the tokens. Source: RFC 7517."""
        public = self._key.as_dict(private=False)
        return {"keys": [{**public, "kid": self._kid, "use": "sig", "alg": ALGORITHM}]}


def public_jwk(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a program's public key for registering, with its thumbprint as its id; None when it cannot be one."""
    if given.get("kty") not in ("OKP", "EC", "RSA"):
        return None
    if given["kty"] == "RSA" and len(str(given.get("n", ""))) * 6 < _SMALLEST_RSA:
        return None
    try:
        key = jwk.import_key(dict(given))
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if key.is_private:
        return None
    if key.as_dict(private=False).get("crv") not in (None, "Ed25519", "P-256"):
        return None
    return {**key.as_dict(private=False), "kid": key.thumbprint()}


def assertion_header(text: str) -> Mapping[str, Any] | None:
    """Return the header of an assertion, which proves nothing yet; None when it is no signed token."""
    return header_of(text, _LONGEST)


def assertion_claims(text: str, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what an assertion says when `key` signed it; None otherwise."""
    return claims_of(text, jwk.import_key(dict(key)), ASSERTION_ALGORITHMS)
