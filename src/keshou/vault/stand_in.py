# SPDX-License-Identifier: Apache-2.0
"""What stands for a value where a party needs to know whose it is and not what it is: ``party~code``.

The code is one block of the suite's cipher over the user's surrogate number and eight zero bytes, under a key of the
party's and the item's own: the same for the same user, another for every party, so that no two can lay their tables
together by it. Nothing of the value is in it, so a value that is corrected keeps its stand-in, and of one that is
erased nothing is left in what a party still holds. That the zeros come out is what tells one that was made here: of
codes made up, one in 2**64 passes.

Source: NIST FIPS 197 (AES), GB/T 32907-2016 (SM4); encode, then encipher: Bellare and Rogaway, ASIACRYPT 2000.
"""

import base64
import re
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, modes

from keshou.db import Transaction
from keshou.rows import select
from keshou.vault.keys import FileKeys

_FORM = re.compile(r"([a-z][a-z0-9_]{0,63})~([a-z2-7]{26})")
_BYTES = 8
_ZEROS = bytes(_BYTES)
_PADDING = "======"
_HELD = 'SELECT "user" FROM vault_value WHERE "user" = ? AND item = ?'


class Behind(NamedTuple):
    """Whose value a stand-in stands for."""

    party: str
    """Id of the agent or recipient it was made for."""
    user: int
    """Surrogate key of the user."""


class StandIns:
    """Makes and reads the stand-ins of one site. They stay the same whichever keys are made anew."""

    def __init__(self, keys: FileKeys) -> None:
        self._keys = keys
        self._ciphers: dict[tuple[str, str], Cipher[modes.ECB]] = {}

    def make(self, party: str, item: str, user: int) -> str:
        """Return what stands for the value that `user` (a surrogate key) has of `item`, for `party`."""
        work = self._cipher(party, item).encryptor()
        code = work.update(user.to_bytes(_BYTES) + _ZEROS) + work.finalize()
        return f"{party}~{base64.b32encode(code).decode().rstrip('=').lower()}"

    def read(self, item: str, text: str) -> Behind | None:
        """Return whose value of `item` `text` stands for; None where it is no stand-in that this site made."""
        form = _FORM.fullmatch(text.strip().lower())
        if form is None:
            return None
        party, code = form.groups()
        block = base64.b32decode(code.upper() + _PADDING)
        work = self._cipher(party, item).decryptor()
        plain = work.update(block) + work.finalize()
        if plain[_BYTES:] != _ZEROS or self.make(party, item, user := int.from_bytes(plain[:_BYTES])) != form[0]:
            return None
        return Behind(party, user)

    def held(self, tx: Transaction, item: str, user: int) -> list[int]:
        """Return `user` when a value of `item` is held, else nobody."""
        return [int(found) for (found,) in select(tx, _HELD, user, item)]

    def _cipher(self, party: str, item: str) -> "Cipher[modes.ECB]":
        found = self._ciphers.get((party, item))
        if found is None:
            block = self._keys.root_suite.block(self._keys.secret(f"stand-in {party} {item}"))
            # One block alone is enciphered, so there is no pattern of blocks that this mode could show.
            found = self._ciphers[party, item] = Cipher(block, modes.ECB())  # noqa: S305
        return found
