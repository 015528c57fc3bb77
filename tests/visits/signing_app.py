# SPDX-License-Identifier: Apache-2.0
"""The operator's apps as they sign: keys of every kind, and tokens good and bad."""

import base64
import datetime as dt
import json
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

NOW = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)
URL = "https://keshou.example"
SECRET = bytes(range(32))
SERVICES = {"mobile", "broadband"}
ED25519 = OKPKey.generate_key("Ed25519")
P256 = ECKey.generate_key("P-256")
RSA = RSAKey.generate_key(2048)
Key = OKPKey | ECKey | RSAKey


def public(key: Key, **more: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), **more}


def claims(**more: Any) -> dict[str, Any]:
    """Return good claims with `more` instead; None leaves a claim out."""
    moment = int(NOW.timestamp())
    good = {"iss": "mobile", "aud": URL, "sub": "A-1", "iat": moment, "exp": moment + 300, "jti": "t-1"}
    return {name: value for name, value in {**good, **more}.items() if value is not None}


def signed(key: Key, algorithm: str, said: object = None, **header: Any) -> str:
    """Return a token as an app signs it."""
    whole = {"alg": algorithm, "typ": "JWT", "kid": key.thumbprint(), **header}
    text = f"{part(whole)}.{part(claims() if said is None else said)}"
    method = JWSRegistry.algorithms["Ed25519" if algorithm == "EdDSA" else algorithm]
    return f"{text}.{encoded(method.sign(text.encode(), key))}"


def part(value: object) -> str:
    return encoded(json.dumps(value).encode())


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
