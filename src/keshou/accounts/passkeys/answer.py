# SPDX-License-Identifier: Apache-2.0
"""What a device answered, held against what it was asked. Source: W3C Web Authentication Level 2, 7.1 and 7.2."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException

ALGORITHMS = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_LONGEST = 16_384
_LONGEST_ID = 1_366
"""Characters of the longest credential id, 1,023 bytes (W3C WebAuthn 4, credential id)."""
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


class Place(NamedTuple):
    """Whose page it must have been."""

    rp_id: str
    """The host's name, e.g. ``keshou.example``."""
    origin: str
    """The page's origin, e.g. ``https://keshou.example``."""
    more: tuple[str, ...] = ()
    """Origins of further pages that are taken."""

    @property
    def origins(self) -> list[str]:
        """Every origin that is taken."""
        return [self.origin, *self.more]


class Made(NamedTuple):
    """A key that a device made."""

    id: str
    """The credential's id, base64url."""
    public_key: bytes
    """COSE key."""
    sign_count: int


def challenge_of(answer: Mapping[str, Any]) -> bytes | None:
    """Return the challenge that an answer says it is to; None when it says none, or is out of all measure."""
    try:
        if len(json.dumps(answer)) > _LONGEST:
            return None
        said = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))
        return base64url_to_bytes(said["challenge"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def credential_of(answer: Mapping[str, Any]) -> str:
    """Return the id of the credential that answers; empty when none is named."""
    name = answer.get("id")
    return name if isinstance(name, str) and len(name) <= _LONGEST_ID and _BASE64URL.fullmatch(name) else ""


def handle_of(answer: Mapping[str, Any]) -> str:
    """Return the user handle (base64url) that the device keeps beside its key; empty when it says none."""
    response = answer.get("response")
    handle = response.get("userHandle") if isinstance(response, Mapping) else None
    return handle.rstrip("=") if isinstance(handle, str) and handle.isascii() else ""


def made(answer: Mapping[str, Any], challenge: bytes, place: Place) -> Made | None:
    """Return the key that an answer to `challenge` registers; None when it proves none.

    The user was verified by the device (by a code or a finger), so that the key is two factors in one.
    """
    try:
        found = verify_registration_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=place.rp_id,
            expected_origin=place.origins,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
    # Whatever the parsers make of hostile bytes, it is an answer that proves nothing.
    except (WebAuthnException, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError):
        return None
    return Made(bytes_to_base64url(found.credential_id), found.credential_public_key, found.sign_count)


def proven(answer: Mapping[str, Any], challenge: bytes, place: Place, public_key: bytes, sign_count: int) -> int | None:
    """Return the device's new count when an answer to `challenge` is signed by the key; None when it is not.

    A count that does not rise tells of a copied key and proves nothing; a device that does not count stays at 0.
    """
    try:
        found = verify_authentication_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=place.rp_id,
            expected_origin=place.origins,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError):
        return None
    return found.new_sign_count
