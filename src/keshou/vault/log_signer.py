# SPDX-License-Identifier: Apache-2.0
"""What signs the log, made of a seed among the keys."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class LogSigner:
    """Signs the log's checkpoints with Ed25519."""

    __slots__ = ("_key", "public_key")

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the signature, 64 bytes."""
        return self._key.sign(message)
