# SPDX-License-Identifier: Apache-2.0
"""A public key out of a file, as JSON or in PEM. Source: RFC 7517; RFC 7468."""

import json
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from keshou.errors import InputError

_LARGEST = 65_536
_PEM = b"-----BEGIN "
_PRIVATE = b"PRIVATE KEY-----"


def read_jwk(file: Path) -> dict[str, Any]:
    """Return the JSON object in `file`, or the one that its PEM stands for; whether it is taken is for others to say.

    Raises:
        InputError: the file cannot be read, or it holds neither; it holds a private key in PEM.

    """
    try:
        with file.open("rb") as opened:
            held = opened.read(_LARGEST)
    except OSError:
        raise InputError(f"`{file}` cannot be read", hint="check the name") from None
    if _PEM in held and _PRIVATE in held:
        raise InputError("the file holds a private key, which stays with its owner", hint="give its public half")
    try:
        found = _of_pem(held) if _PEM in held else json.loads(held)
    except (ValueError, RecursionError, JoseError, UnsupportedAlgorithm):
        found = None
    if not isinstance(found, dict):
        raise InputError("the file holds no public key", hint="a JWK (a JSON object with `kty`), or PEM")
    return found


def _of_pem(held: bytes) -> dict[str, Any]:
    key = load_pem_public_key(held)
    if isinstance(key, RSAPublicKey):
        return dict(RSAKey.import_key(held).as_dict(private=False))
    if isinstance(key, EllipticCurvePublicKey):
        return dict(ECKey.import_key(held).as_dict(private=False))
    return dict(OKPKey.import_key(held).as_dict(private=False))
