# SPDX-License-Identifier: Apache-2.0
"""Sealed small secrets, for rooms that must read again what they store; users' information is the vault's alone.

Each use has a key of its own, derived from its room's one secret. Source: RFC 5869, NIST SP 800-38D.
"""

import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from keshou.errors import KeshouError

_SIZE, _NONCE = 32, 12


def derive(secret: bytes, label: str) -> bytes:
    """Return the key (32 bytes) that `secret` (32 bytes) has for the use that `label` names."""
    return HKDFExpand(hashes.SHA256(), _SIZE, label.encode()).derive(secret)


class Box:
    """Seals and opens under `key` (32 bytes, for this alone); `broken` makes the error that tells what was altered."""

    def __init__(self, key: bytes, broken: Callable[[], KeshouError]) -> None:
        self._aead = AESGCM(key)
        self._broken = broken

    def close(self, value: bytes, context: bytes) -> bytes:
        """Return `value` sealed and bound to `context`: ``nonce 12 | ciphertext | tag 16``."""
        nonce = os.urandom(_NONCE)
        return nonce + self._aead.encrypt(nonce, value, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Return what was sealed for `context`; raises the error given when it was not, or was altered."""
        try:
            return self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], context)
        except (InvalidTag, ValueError):
            raise self._broken() from None
