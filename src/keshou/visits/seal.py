# SPDX-License-Identifier: Apache-2.0
"""Pseudonyms, digests and sealed ids: what stands in the tables in place of users, tickets, codes and tokens."""

import hmac

from keshou.sealing import Box, derive
from keshou.suite import INTERNATIONAL, Suite
from keshou.visits.errors import VisitTamperedError


class Seal:
    """Digests, and seals in `suite`, under keys derived from `secret` (32 bytes)."""

    def __init__(self, secret: bytes, suite: Suite = INTERNATIONAL) -> None:
        self._users = derive(secret, "visits: users")
        self._digests = derive(secret, "visits: digests")
        self._box = Box(derive(secret, "visits: seal"), VisitTamperedError, suite)
        self._forms = Box(derive(secret, "visits: forms"), VisitTamperedError, suite)

    def pseudonym(self, user: str) -> bytes:
        """Return what stands for `user` in the tables, 32 bytes."""
        return hmac.digest(self._users, user.encode(), "sha256")

    def digest(self, kind: str, *parts: str) -> bytes:
        """Return the digest of `parts`, 32 bytes; another for each kind, and for each way of splitting the parts."""
        # what comes from outside may hold halves of surrogate pairs
        framed = b"".join(len(raw).to_bytes(8, "big") + raw for raw in (p.encode("utf-8", "replace") for p in parts))
        return hmac.digest(self._digests, kind.encode() + b"\0" + framed, "sha256")

    def close(self, user: str, pseudonym: bytes) -> bytes:
        """Return the id of a user sealed and bound to the pseudonym."""
        return self._box.close(user.encode(), pseudonym)

    def open(self, sealed: bytes, pseudonym: bytes) -> str:
        """Return the id that was sealed for `pseudonym`.

        Raises:
            VisitTamperedError: it was not, or it was altered.

        """
        return self._box.open(sealed, pseudonym).decode()

    def close_form(self, body: bytes) -> bytes:
        """Return what was typed into a form, sealed."""
        return self._forms.close(body, b"form")

    def open_form(self, sealed: bytes) -> bytes:
        """Return what was sealed of a form.

        Raises:
            VisitTamperedError: it was not, or it was altered.

        """
        return self._forms.open(sealed, b"form")
