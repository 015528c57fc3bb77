# SPDX-License-Identifier: Apache-2.0
"""A declaration as canonical bytes and their digest: equal declarations, equal bytes."""

import datetime as dt
import hashlib

import msgspec

from keshou.declaration.errors import DeclarationError
from keshou.declaration.model import Declaration


def encode(declaration: Declaration) -> bytes:
    """Return canonical JSON: keys sorted, UTF-8, no white space, defaults left out, the effective time in UTC."""
    in_utc = msgspec.structs.replace(declaration, effective=declaration.effective.astimezone(dt.UTC))
    return msgspec.json.encode(in_utc, order="sorted")


def decode(data: bytes) -> Declaration:
    """Read a declaration back.

    Raises:
        DeclarationError: `data` is not a declaration.

    """
    try:
        return msgspec.json.decode(data, type=Declaration)
    except msgspec.DecodeError as error:
        raise DeclarationError("a stored declaration cannot be read", hint="restore it from a backup") from error


def digest(declaration: Declaration) -> str:
    """Return the SHA-256 of the canonical bytes, lower-case hex."""
    return hashlib.sha256(encode(declaration)).hexdigest()
