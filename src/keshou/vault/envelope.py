# SPDX-License-Identifier: Apache-2.0
"""One data key per user and retention class, wrapped by a master key; one sealed record per value.

A record is ``fmt 1 | alg 1 | key version 2 | nonce 12 | ciphertext | tag 16``. What it is about (site, table, item,
class, user, value version, key) is authenticated and not stored, so a record opens only where it was written.
"""

import hashlib
import hmac
import struct
from collections.abc import Callable, Collection
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keshou.vault.errors import SealBrokenError
from keshou.vault.wrapping import join

AES_256_GCM = 1
NONCE = 12
KEY_SIZE = 32
KID = 16
_FORMAT = 1
_KEY_VERSION = 1
_HEADER = struct.Struct(">BBH")
_TAIL = struct.Struct(">HQHIH16s")
_BUCKET = 32
_LENGTH = 4
_SHORTEST = _HEADER.size + NONCE + _BUCKET + 16


class Aead(Protocol):
    """An authenticated cipher with its key inside."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Seal `data`."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Open `data`, or raise `InvalidTag`."""


ALGORITHMS: dict[int, Callable[[bytes], Aead]] = {AES_256_GCM: AESGCM}
"""Every algorithm that can be read, by the id that stands in the record."""


class DataKey:
    """The key of one user and retention class, unwrapped. Never shown, never stored."""

    __slots__ = ("_derived", "_secret", "ciphers", "kid")

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.kid = key_id(secret)
        self.ciphers: dict[int, Aead] = {}
        self._derived: dict[bytes, bytes] = {}

    def cipher(self, algorithm: int) -> Aead:
        """Return the cipher of `algorithm` under this key."""
        cipher = self.ciphers.get(algorithm)
        if cipher is None:
            cipher = self.ciphers[algorithm] = ALGORITHMS[algorithm](self._secret)
        return cipher

    def derive(self, label: bytes) -> bytes:
        """Return 32 bytes for the use `label` names, independent of every other use (HKDF, RFC 5869 section 2.3)."""
        found = self._derived.get(label)
        if found is None:
            # Of 32 bytes, HKDF-Expand with SHA-256 is its first and only block, an HMAC.
            found = self._derived[label] = hmac.digest(self._secret, b"keshou:" + label + b"\x01", "sha256")
        return found


def key_id(secret: bytes) -> bytes:
    """Return the 16 bytes that commit to a key: the record's tag alone would not (GCM opens under crafted pairs)."""
    return hashlib.sha256(b"kid" + secret).digest()[:KID]


def checked_key(secret: bytes, kid: bytes) -> DataKey:
    """Return the data key, after recomputing its id.

    Raises:
        SealBrokenError: `kid` is not the key's.

    """
    key = DataKey(secret)
    if not hmac.compare_digest(key.kid, kid):
        raise SealBrokenError
    return key


class Envelope:
    """Seals and opens the records of one site; pure, without a database.

    `seals_with` is the algorithm of new records; only records of an algorithm in `allowed` are opened, however well
    the code could read others.
    """

    def __init__(self, site: str, *, seals_with: int = AES_256_GCM, allowed: Collection[int] = (AES_256_GCM,)) -> None:
        self._site = site.encode()
        self._algorithm = seals_with
        self._allowed = frozenset(allowed)
        self._header = _HEADER.pack(_FORMAT, seals_with, _KEY_VERSION)
        self._contexts: dict[tuple[bytes, str, str, str], bytes] = {}

    def seal(
        self, key: DataKey, about: tuple[str, str, str], user: int, version: int, plaintext: bytes, *, nonce: bytes
    ) -> bytes:
        """Return the record of `plaintext`.

        `about` is table, item and class; `version` is the value's; `nonce` is 12 bytes from the operating system,
        used for nothing else.
        """
        header = self._header
        context = self._context(header, about) + _TAIL.pack(8, user, 4, version, KID, key.kid)
        size = len(plaintext)
        body = size.to_bytes(_LENGTH) + plaintext + bytes(-(size + _LENGTH) % _BUCKET)
        return header + nonce + key.cipher(self._algorithm).encrypt(nonce, body, context)

    def open(self, key: DataKey, about: tuple[str, str, str], user: int, version: int, record: bytes) -> bytes:
        """Return the plaintext of a record sealed with the same arguments.

        Raises:
            SealBrokenError: for every cause.

        """
        header = record[: _HEADER.size]
        if len(record) < _SHORTEST or not self._readable(header):
            raise SealBrokenError
        context = self._context(header, about) + _TAIL.pack(8, user, 4, version, KID, key.kid)
        start = _HEADER.size + NONCE
        try:
            body = key.cipher(header[1]).decrypt(record[_HEADER.size : start], record[start:], context)
        except InvalidTag:
            raise SealBrokenError from None
        return body[_LENGTH : _LENGTH + int.from_bytes(body[:_LENGTH])]

    def _readable(self, header: bytes) -> bool:
        form, algorithm, key_version = _HEADER.unpack(header)
        return form == _FORMAT and key_version == _KEY_VERSION and algorithm in self._allowed

    def _context(self, header: bytes, about: tuple[str, str, str]) -> bytes:
        name = (header, *about)
        context = self._contexts.get(name)
        if context is None:
            context = self._contexts[name] = join((header, self._site, *(part.encode() for part in about)))
        return context


def key_context(user: int, class_: str) -> bytes:
    """Return what a wrapped data key is bound to, beside its site and epoch."""
    return join((b"data key", user.to_bytes(8), class_.encode()))
