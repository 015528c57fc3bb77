# SPDX-License-Identifier: Apache-2.0
"""The two suites of cryptography, each a cipher, a hash and a keyed hash; a site chooses one, a key belongs to one.

International: AES-256-GCM, SHA-256, HMAC-SHA-256. Chinese commercial cryptography: SM4-GCM, SM3, HMAC-SM3.

The vault's keys are of a suite, and so is what other rooms seal.

Source: NIST SP 800-38D; RFC 2104, 5869; GB/T 32905-2016 (SM3), GB/T 32907-2016 (SM4), RFC 8998 (SM4-GCM).
"""

import hashlib
import hmac
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as keyed
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_TAG = 16
_SM4_KEY = 16


class Aead(Protocol):
    """An authenticated cipher with its key inside."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Seal `data`."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Open `data`, or raise `InvalidTag`."""


class Sm4Gcm:
    """SM4-GCM with nonces of 12 bytes and tags of 16; `key` has 16 bytes."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Return the ciphertext and after it the tag."""
        work = Cipher(self._key, modes.GCM(nonce)).encryptor()
        if associated_data:
            work.authenticate_additional_data(associated_data)
        return work.update(data) + work.finalize() + work.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Return the plaintext, or raise `InvalidTag`.

        Raises:
            InvalidTag: it is not what was sealed with this key, nonce and data beside it.

        """
        if len(data) < _TAG:
            raise InvalidTag
        work = Cipher(self._key, modes.GCM(nonce, data[-_TAG:])).decryptor()
        if associated_data:
            work.authenticate_additional_data(associated_data)
        return work.update(data[:-_TAG]) + work.finalize()


def sm3(data: bytes) -> bytes:
    """Return the SM3 hash, 32 bytes; not of `hashlib`, which has it only where the system's OpenSSL does."""
    work = hashes.Hash(hashes.SM3())
    work.update(data)
    return work.finalize()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """Return HMAC-SM3, 32 bytes."""
    work = keyed.HMAC(key, hashes.SM3())
    work.update(data)
    return work.finalize()


class Suite(NamedTuple):
    """One suite. Its secrets have 32 bytes; what they are used for is derived from them."""

    name: str
    algorithm: int
    """The id that stands in records and wrapped keys."""
    cipher: Callable[[bytes], Aead]
    """Makes the cipher of records from a secret of 32 bytes."""
    digest: Callable[[bytes], bytes]
    mac: Callable[[bytes, bytes], bytes]
    """Keyed hash of a key and data, 32 bytes."""
    block: Callable[[bytes], BlockCipherAlgorithm]
    """Makes the cipher of single blocks, 16 bytes each, from a secret of 32 bytes."""

    def expand(self, secret: bytes, info: bytes) -> bytes:
        """Return 32 bytes for the use `info` names (HKDF-Expand, RFC 5869 section 2.3).

        Of 32 bytes it is, with a hash of 32 bytes, the first and only block.
        """
        return self.mac(secret, info + b"\x01")


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _sm4_gcm(secret: bytes) -> Aead:
    return Sm4Gcm(hmac_sm3(secret, b"keshou:sm4-gcm\x01")[:_SM4_KEY])


def _sm4_block(secret: bytes) -> BlockCipherAlgorithm:
    return algorithms.SM4(hmac_sm3(secret, b"keshou:sm4-block\x01")[:_SM4_KEY])


INTERNATIONAL = Suite("international", 1, AESGCM, _sha256, partial(hmac.digest, digest="sha256"), algorithms.AES256)
CHINESE = Suite("chinese", 2, _sm4_gcm, sm3, hmac_sm3, _sm4_block)
SUITES = {each.name: each for each in (INTERNATIONAL, CHINESE)}
"""Every suite by its name in the settings."""
