# SPDX-License-Identifier: Apache-2.0
"""Sealing what waits in the outbox and the secrets of receivers, and standing in for users who may not be named."""

import hmac

from keshou.sealing import Box, derive
from keshou.suite import INTERNATIONAL, Suite
from keshou.webhooks.errors import OutboxTamperedError

_REF_BYTES = 16


class Seal:
    """Seals in `suite` and opens under keys derived from `secret` (32 bytes)."""

    def __init__(self, secret: bytes, suite: Suite = INTERNATIONAL) -> None:
        self._box = Box(derive(secret, "webhooks: sealing"), OutboxTamperedError, suite)
        self._names = derive(secret, "webhooks: pseudonyms")

    def close(self, value: bytes, context: str) -> bytes:
        """Return `value` sealed and bound to `context`."""
        return self._box.close(value, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return what was sealed for `context`.

        Raises:
            OutboxTamperedError: it was not, or it was altered.

        """
        return self._box.open(sealed, context.encode())

    def pseudonym(self, receiver: str, user: str) -> str:
        """Return what stands for `user` towards one receiver: the same each time, and another for each receiver."""
        said = f"{receiver}\0{user}".encode()
        return hmac.digest(self._names, said, "sha256")[:_REF_BYTES].hex()
