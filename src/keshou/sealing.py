# SPDX-License-Identifier: Apache-2.0
"""Sealed small secrets, for rooms that must read again what they store; users' information is the vault's alone.

What is sealed says how: ``format 1 | algorithm 1 | key version 2`` before everything else, authenticated with it. The
algorithm is that of the site's suite. Format 1 is one record under a fresh random nonce, as the vault's records are;
format 2 a table in parts, whose nonces count.

Each use has a key of its own, derived from its room's one secret. Source: RFC 5869, NIST SP 800-38D, RFC 8998.
"""

import os
import struct
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from keshou.errors import KeshouError
from keshou.suite import INTERNATIONAL, SUITES, Suite

RECORD, TABLE = 1, 2
"""Formats: one record, a table in parts."""
_SIZE, _NONCE = 32, 12
_KEY_VERSION = 1
_HEADER = struct.Struct(">BBH")


def derive(secret: bytes, label: str) -> bytes:
    """Return the key (32 bytes) that `secret` (32 bytes) has for the use that `label` names."""
    return HKDFExpand(hashes.SHA256(), _SIZE, label.encode()).derive(secret)


def header(form: int, suite: Suite) -> bytes:
    """Return the four bytes that say how something is sealed."""
    return _HEADER.pack(form, suite.algorithm, _KEY_VERSION)


class Box:
    """Seals in `suite` and opens what was sealed in either, under `key` (32 bytes, for this alone).

    `broken` makes the error that tells what was altered.
    """

    def __init__(self, key: bytes, broken: Callable[[], KeshouError], suite: Suite = INTERNATIONAL) -> None:
        self._ciphers = {header(RECORD, each): each.cipher(key) for each in SUITES.values()}
        self._older = self._ciphers[header(RECORD, INTERNATIONAL)]
        self._header = header(RECORD, suite)
        self._broken = broken

    def close(self, value: bytes, context: bytes) -> bytes:
        """Return `value` sealed and bound to `context`: ``header 4 | nonce 12 | ciphertext | tag 16``."""
        nonce = os.urandom(_NONCE)
        return self._header + nonce + self._ciphers[self._header].encrypt(nonce, value, self._header + context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Return what was sealed for `context`; raises the error given when it was not, or was altered.

        What has no header is of the time before there was one: AES-256-GCM, ``nonce 12 | ciphertext | tag 16``.
        """
        told, rest = sealed[: _HEADER.size], sealed[_HEADER.size :]
        try:
            if (cipher := self._ciphers.get(told)) is not None:
                return cipher.decrypt(rest[:_NONCE], rest[_NONCE:], told + context)
        except (InvalidTag, ValueError):
            pass  # an older one may begin so by chance
        try:
            return self._older.decrypt(sealed[:_NONCE], sealed[_NONCE:], context)
        except (InvalidTag, ValueError):
            raise self._broken() from None
