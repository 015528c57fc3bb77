# SPDX-License-Identifier: Apache-2.0
"""A signed text in three parts: header, payload, signature. One algorithm and one type, nothing to negotiate.

Source: RFC 7515 (compact serialisation), RFC 8037 (EdDSA with Ed25519).
"""

import base64
import binascii
import re
from collections.abc import Callable

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keshou.permits import errors as e

ALGORITHM = "EdDSA"
TYPE = "keshou-permit+jwt"
LONGEST = 1 << 16
"""Characters; longer ones are refused unread."""

_PART = re.compile(r"[A-Za-z0-9_-]+")


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the header may hold, and nothing else: a key or an address in it would be the sender's own choice."""

    alg: str
    typ: str
    kid: str


class _Named(msgspec.Struct, frozen=True):
    """The part of any header that tells what kind of token it is."""

    alg: str = ""
    typ: str = ""


def encode(data: bytes) -> str:
    """Return `data` as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes of base64url without padding; each value has one form only.

    Raises:
        PermitMalformedError: it is not that.

    """
    if not _PART.fullmatch(text):
        raise e.PermitMalformedError
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise e.PermitMalformedError from None
    if encode(data) != text:
        raise e.PermitMalformedError
    return data


def sign(payload: bytes, kid: str, signed: Callable[[bytes], bytes]) -> str:
    """Return `payload` signed by the key called `kid`; `signed` makes its signature."""
    header = msgspec.json.encode(_Header(ALGORITHM, TYPE, kid))
    text = f"{encode(header)}.{encode(payload)}"
    return f"{text}.{encode(signed(text.encode('ascii')))}"


def opened(token: str, key_of: Callable[[str], Ed25519PublicKey | None]) -> bytes:
    """Return the payload of `token`.

    1. it has three parts of base64url, and is not too long;
    2. its header names this algorithm, this type and a key, and nothing else;
    3. the key is one that `key_of` knows;
    4. the signature is that key's over the first two parts.

    Raises:
        PermitMalformedError: step 1, or the header is no such header.
        PermitAlgorithmError: step 2, the algorithm.
        PermitTypeError: step 2, the type.
        PermitKeyError: step 3.
        PermitTamperedError: step 4.

    """
    parts = token.split(".")
    if len(token) > LONGEST or len(parts) != 3:
        raise e.PermitMalformedError
    kid = _key_named(decode(parts[0]))
    key = key_of(kid)
    if key is None:
        raise e.PermitKeyError
    if not parts[2]:
        raise e.PermitTamperedError
    try:
        key.verify(decode(parts[2]), f"{parts[0]}.{parts[1]}".encode("ascii"))
    except (InvalidSignature, UnicodeEncodeError):
        raise e.PermitTamperedError from None
    return decode(parts[1])


def key_named(token: str) -> str:
    """Return the name of the key that `token` says it is signed by; nothing is proven by it.

    Raises:
        PermitError: it does not look like a permit.

    """
    if len(token) > LONGEST:
        raise e.PermitMalformedError
    return _key_named(decode(token.partition(".")[0]))


def _key_named(header: bytes) -> str:
    try:
        named = msgspec.json.decode(header, type=_Named)
        if named.alg != ALGORITHM:
            raise e.PermitAlgorithmError
        if named.typ != TYPE:
            raise e.PermitTypeError
        return msgspec.json.decode(header, type=_Header).kid
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise e.PermitMalformedError from None
