# SPDX-License-Identifier: Apache-2.0
"""The room's own keys: what is stored is a digest where that is enough, and sealed where it must be read again."""

import hmac
import secrets

from keshou.accounts.errors import AccountTamperedError
from keshou.sealing import Box, derive
from keshou.suite import INTERNATIONAL, Suite

_DEVICE = 16


class Secrets:
    """Digests, seals (in `suite`) and signs under keys derived from `secret` (32 bytes)."""

    def __init__(self, secret: bytes, suite: Suite = INTERNATIONAL) -> None:
        self._digests, self._devices = derive(secret, "accounts: digests"), derive(secret, "accounts: devices")
        self._box = Box(derive(secret, "accounts: seal"), AccountTamperedError, suite)

    def digest(self, kind: str, text: str) -> bytes:
        """Return what is stored of a token or code: 32 bytes."""
        return hmac.digest(self._digests, f"{kind}\0{text}".encode(), "sha256")

    def close(self, value: bytes, context: str) -> bytes:
        """Return `value` sealed and bound to `context`."""
        return self._box.close(value, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return what was sealed for `context`.

        Raises:
            AccountTamperedError: it was not, or it was altered.

        """
        return self._box.open(sealed, context.encode())

    def new_device(self, account: str, day: int) -> str:
        """Return what a browser shows to keep a count of its own: ``id.day.mac``."""
        name = secrets.token_hex(_DEVICE)
        return f"{name}.{day}.{self._device(account, name, day)}"

    def device(self, account: str, shown: str, since_day: int) -> str:
        """Return the id of the device that `shown` proves for `account`; empty when it proves none since that day."""
        name, _, rest = shown.partition(".")
        day, _, mac = rest.partition(".")
        if not (day.isascii() and day.isdigit() and len(day) < _DEVICE) or int(day) < since_day:
            return ""
        return name if hmac.compare_digest(mac.encode(), self._device(account, name, int(day)).encode()) else ""

    def _device(self, account: str, name: str, day: int) -> str:
        return hmac.digest(self._devices, f"{account}\0{name}\0{day}".encode(), "sha256").hex()
