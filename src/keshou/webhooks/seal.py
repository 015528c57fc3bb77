# SPDX-License-Identifier: Apache-2.0
"""Sealing what waits in the outbox and the secrets of receivers, and standing in for users who may not be named.

Keys are derived from the room's one secret, each for its own purpose. Source: NIST SP 800-38D, RFC 5869.
"""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from keshou.webhooks.errors import OutboxTamperedError

_SIZE, _NONCE = 32, 12
_REF_BYTES = 16


class Seal:
    """Seals and opens under keys derived from `secret` (32 bytes)."""

    def __init__(self, secret: bytes) -> None:
        self._box = AESGCM(_derive(secret, b"webhooks: sealing"))
        self._names = _derive(secret, b"webhooks: pseudonyms")

    def close(self, value: bytes, context: str) -> bytes:
        """Return `value` sealed and bound to `context`: ``nonce 12 | ciphertext | tag 16``."""
        nonce = os.urandom(_NONCE)
        return nonce + self._box.encrypt(nonce, value, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return what was sealed for `context`.

        Raises:
            OutboxTamperedError: it was not, or it was altered.

        """
        try:
            return self._box.decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
        except (InvalidTag, ValueError):
            raise OutboxTamperedError from None

    def pseudonym(self, receiver: str, user: str) -> str:
        """Return what stands for `user` towards one receiver: the same each time, and another for each receiver."""
        said = f"{receiver}\0{user}".encode()
        return hmac.digest(self._names, said, "sha256")[:_REF_BYTES].hex()


def _derive(secret: bytes, label: bytes) -> bytes:
    return HKDFExpand(hashes.SHA256(), _SIZE, label).derive(secret)
