# SPDX-License-Identifier: Apache-2.0
"""The check of a permit written straight from docs/reference/permit.md, step by step, sharing nothing with ours."""

import base64
import hashlib
import json
import re
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LEEWAY = 5


class Refused(Exception):  # noqa: N818 - as the page says it
    """A step failed."""

    def __init__(self, code: str, *beyond: str) -> None:
        super().__init__(code)
        self.code, self.beyond = code, list(beyond)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise Refused("malformed")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Refused("malformed") from None
    if b64(data) != text:
        raise Refused("malformed")
    return data


def check(token: str, key_set: dict[str, Any], site: str, served: dict[str, Any], now: float) -> None:
    """Raise `Refused` unless `token` covers what is served."""
    parts = token.split(".")
    if len(token) > 65536 or len(parts) != 3:  # 1
        raise Refused("malformed")
    kid = _key_named(_object(unb64(parts[0])))  # 2
    public = _key_of(key_set, kid)  # 3
    try:  # 4
        signature = unb64(parts[2]) if parts[2] else b""
        Ed25519PublicKey.from_public_bytes(public).verify(signature, (parts[0] + "." + parts[1]).encode())
    except InvalidSignature:
        raise Refused("tampered") from None
    claims = _claims(unb64(parts[1]))  # 5
    if claims["iss"] != site:  # 6
        raise Refused("issuer")
    if claims["aud"] != served["system"]:  # 7
        raise Refused("audience")
    if claims["iat"] > now + LEEWAY:  # 8
        raise Refused("early")
    if now >= claims["exp"] + LEEWAY or claims["exp"] <= claims["iat"]:
        raise Refused("expired")
    if beyond := _beyond(claims, served):  # 9
        raise Refused("beyond", *beyond)


def _key_named(header: dict[str, Any]) -> str:
    if header.get("alg", "") != "EdDSA":
        raise Refused("algorithm")
    if header.get("typ", "") != "keshou-permit+jwt":
        raise Refused("type")
    if set(header) != {"alg", "typ", "kid"} or not isinstance(header["kid"], str):
        raise Refused("malformed")
    return header["kid"]


def _key_of(key_set: dict[str, Any], kid: str) -> bytes:
    for each in key_set["keys"]:
        if [each.get(name) for name in ("kty", "crv", "alg", "use")] == ["OKP", "Ed25519", "EdDSA", "sig"]:
            text = '{"crv":"Ed25519","kty":"OKP","x":"' + each["x"] + '"}'
            if b64(hashlib.sha256(text.encode()).digest()) == kid:
                return unb64(each["x"])
    raise Refused("key")


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        raise Refused("malformed") from None
    if not isinstance(found, dict):
        raise Refused("malformed")
    return found


def _claims(data: bytes) -> dict[str, Any]:
    claims = _object(data)
    texts = ["iss", "aud", "jti", "kind", "purpose", "by", "caller", "salt"]
    numbers = ["iat", "exp", "entry", "rules", "revision"]
    right = (
        all(isinstance(claims.get(name), str) for name in texts)
        and all(type(claims.get(name)) is int for name in numbers)
        and all(isinstance(claims.get(name), bool) for name in ("full", "once"))
        and isinstance(claims.get("items"), list)
        and len(unb64(claims["salt"])) == 16
        and bool(claims.get("users")) != bool(claims.get("everyone"))
    )
    if not right:
        raise Refused("malformed")
    return claims


def _beyond(claims: dict[str, Any], served: dict[str, Any]) -> list[str]:
    beyond = [name for name in ("kind",) if claims[name] != served[name]]
    salt = unb64(claims["salt"])
    digests = sorted({_sha(salt, len(user.encode()), user.encode()) for user in served["users"]})
    if "everyone" in claims:
        whole = claims["everyone"]
        covered = whole["count"] == len(digests) and whole["digest"] == b64(_sha(salt, len(digests), b"".join(digests)))
    else:
        covered = {b64(each) for each in digests} <= set(claims["users"])
    if not served["users"] or not covered:
        beyond.append("users")
    if not served["items"] or not set(served["items"]) <= set(claims["items"]):
        beyond.append("items")
    beyond += [name for name in ("purpose", "caller") if claims[name] != served[name]]
    if claims.get("recipient", "") != served["recipient"]:
        beyond.append("recipient")
    if not claims["full"] and not served["masked"]:
        beyond.append("full values")
    return beyond


def _sha(salt: bytes, count: int, rest: bytes) -> bytes:
    return hashlib.sha256(salt + count.to_bytes(4, "big") + rest).digest()
