# SPDX-License-Identifier: Apache-2.0
"""Keys sealed by keys, with 192-bit random nonces, which suit a key that many users share.

A wrapped key is ``fmt 1 | alg 1 | nonce 24 | ciphertext | tag 16``. Algorithm 1 is XAES-256-GCM. Algorithm 2 does the
same with SM4: half of the nonce makes a key of its own for each wrapping (HMAC-SM3), the other half is SM4-GCM's.

Source: C2SP ``XAES-256-GCM``; NIST SP 800-108r1 (the derivation, with CMAC over AES-256).
"""

import hashlib
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keshou.suite import INTERNATIONAL, Sm4Gcm, Suite, hmac_sm3
from keshou.vault.errors import SealBrokenError

KEY = 32
"""Bytes of a key that wraps others."""
NONCE = 24
_HEADER = 2
"""Bytes that name the format and the algorithm."""
_SM_LABEL, _SM_KEY = b"keshou:wrap", 16
_FIRST, _SECOND = b"\x00\x01X\x00", b"\x00\x02X\x00"
_SHORTEST = _HEADER + NONCE + 16


def join(parts: Iterable[bytes]) -> bytes:
    """Put `parts` one after another, each after its length in two bytes, so that no two lists give the same bytes."""
    return b"".join([len(part).to_bytes(2) + part for part in parts])


def commitment(key: bytes) -> bytes:
    """Return 32 bytes that tell a random key from every other and help nobody to find it."""
    return hashlib.sha256(b"keshou master key" + key).digest()


class _Wraps(ABC):
    """A key that wraps others: what each algorithm does alike."""

    __slots__ = ()
    _header: ClassVar[bytes]

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Wrap `key` for `context`, which must be given again to unwrap it."""
        nonce = os.urandom(NONCE)
        return self._header + nonce + self._inner(nonce).encrypt(nonce[12:], key, self._header + context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return the key that was wrapped for `context`.

        Raises:
            SealBrokenError: it was not wrapped by this key for this context, or was altered.

        """
        if len(wrapped) < _SHORTEST or wrapped[:_HEADER] != self._header:
            raise SealBrokenError
        nonce = wrapped[_HEADER : _HEADER + NONCE]
        try:
            return self._inner(nonce).decrypt(nonce[12:], wrapped[_HEADER + NONCE :], self._header + context)
        except InvalidTag:
            raise SealBrokenError from None

    @abstractmethod
    def _inner(self, nonce: bytes) -> AESGCM | Sm4Gcm:
        """Return what seals under a key that the first half of `nonce` makes; the other half is its own nonce."""


class WrappingKey(_Wraps):
    """A 256-bit key that wraps other keys; safe from several threads at once."""

    __slots__ = ("_block", "_first", "_lock", "_mask", "_second")
    _header = b"\x01\x01"

    def __init__(self, key: bytes) -> None:
        # One block at a time under a key is the pseudo-random function that CMAC is made of, not a mode for messages.
        self._block = Cipher(algorithms.AES256(key), modes.ECB()).encryptor()  # noqa: S305
        self._lock = threading.Lock()
        start = int.from_bytes(self._block.update(bytes(16)))
        doubled = (start << 1) & ((1 << 128) - 1)
        mask = doubled ^ (0x87 if start >> 127 else 0)
        # The blocks differ in their first four bytes alone; what the mask makes of these is the same for every nonce.
        self._first, self._second = ((int.from_bytes(head) ^ mask >> 96).to_bytes(4) for head in (_FIRST, _SECOND))
        self._mask = mask & ((1 << 96) - 1)

    def encrypt(self, nonce: bytes, plaintext: bytes, context: bytes) -> bytes:
        """Encrypt under a nonce of 24 bytes, never used before; `context` is authenticated with it."""
        return self._inner(nonce).encrypt(nonce[12:], plaintext, context)

    def _inner(self, nonce: bytes) -> AESGCM:
        half = (int.from_bytes(nonce[:12]) ^ self._mask).to_bytes(12)
        with self._lock:
            return AESGCM(self._block.update(self._first + half + self._second + half))


class SmWrappingKey(_Wraps):
    """A key of 32 bytes that wraps others by SM4-GCM, each under a key of its own that the nonce makes."""

    __slots__ = ("_key",)
    _header = b"\x01\x02"

    def __init__(self, key: bytes) -> None:
        self._key = key

    def _inner(self, nonce: bytes) -> Sm4Gcm:
        return Sm4Gcm(hmac_sm3(self._key, _SM_LABEL + nonce[:12])[:_SM_KEY])


def wrapping_key(key: bytes, suite: Suite) -> WrappingKey | SmWrappingKey:
    """Return what wraps by `key` (32 bytes) in a suite."""
    return WrappingKey(key) if suite is INTERNATIONAL else SmWrappingKey(key)
