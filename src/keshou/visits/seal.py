# SPDX-License-Identifier: Apache-2.0
"""Pseudonyms, digests and sealed ids: what stands in the tables in place of users, tickets, codes and tokens.

Keys are derived from the room's one secret, each for its own purpose. Source: RFC 5869, NIST SP 800-38D.
"""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from keshou.visits.errors import VisitTamperedError

_SIZE, _NONCE = 32, 12


class Seal:
    """Digests and seals under keys derived from `secret` (32 bytes)."""

    def __init__(self, secret: bytes) -> None:
        self._users = _derive(secret, b"users")
        self._digests = _derive(secret, b"digests")
        self._box = AESGCM(_derive(secret, b"seal"))

    def pseudonym(self, user: str) -> bytes:
        """Return what stands for `user` in the tables, 32 bytes."""
        return hmac.digest(self._users, user.encode(), "sha256")

    def digest(self, kind: str, *parts: str) -> bytes:
        """Return the digest of `parts`, 32 bytes; another for each kind, and for each way of splitting the parts."""
        # what comes from outside may hold halves of surrogate pairs
        framed = b"".join(len(raw).to_bytes(8, "big") + raw for raw in (p.encode("utf-8", "replace") for p in parts))
        return hmac.digest(self._digests, kind.encode() + b"\0" + framed, "sha256")

    def close(self, user: str, pseudonym: bytes) -> bytes:
        """Return the id of a user sealed and bound to the pseudonym: ``nonce 12 | ciphertext | tag 16``."""
        nonce = os.urandom(_NONCE)
        return nonce + self._box.encrypt(nonce, user.encode(), pseudonym)

    def open(self, sealed: bytes, pseudonym: bytes) -> str:
        """Return the id that was sealed for `pseudonym`.

        Raises:
            VisitTamperedError: it was not, or it was altered.

        """
        try:
            return self._box.decrypt(sealed[:_NONCE], sealed[_NONCE:], pseudonym).decode()
        except (InvalidTag, ValueError):
            raise VisitTamperedError from None


def _derive(secret: bytes, label: bytes) -> bytes:
    return HKDFExpand(hashes.SHA256(), _SIZE, b"visits: " + label).derive(secret)
