# SPDX-License-Identifier: Apache-2.0
"""One data key per user and retention class, wrapped by a master key; one sealed record per value.

A record is ``fmt 1 | alg 1 | key version 2 | nonce 12 | ciphertext | tag 16``. What it is about (site, table, item,
class, user, value version, key) is authenticated and not stored, so a record opens only where it was written.
"""

import hmac
import os
import struct
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag

from keshou.suite import CHINESE, INTERNATIONAL, Aead, Suite
from keshou.vault.errors import SealBrokenError
from keshou.vault.wrapping import join

NONCE = 12
KEY_SIZE = 32
KID = 16
_FORMAT = 1
_KEY_VERSION = 1
_HEADER = struct.Struct(">BBH")
_tail = struct.Struct(">HQHIH16s").pack
"""User, version of the value, and id of the key, each after its length."""
_BUCKET = 32
_LENGTH = 4
_NONCE_AT = _HEADER.size
_BODY_AT = _NONCE_AT + NONCE
_SHORTEST = _BODY_AT + _BUCKET + 16
_SUITES = (INTERNATIONAL, CHINESE)
_CONTEXT_HEAD = join((b"data key",)) + (8).to_bytes(2)
"""What the context of a wrapped data key begins with: its user follows, in eight bytes."""


class Nonces:
    """Fresh nonces from the operating system, each handed out once; nobody can bring one of their own.

    They are random and not counted: a machine set back to a snapshot, or a process that forked, repeats none.
    """

    __slots__ = ("_left",)

    def __init__(self, count: int) -> None:
        noise = os.urandom(NONCE * count)
        self._left = [noise[start : start + NONCE] for start in range(0, NONCE * count, NONCE)]

    def take(self) -> bytes:
        """Return one and keep none of it; `IndexError` when none is left."""
        return self._left.pop()


class DataKey:
    """The key of one user and retention class, unwrapped, for one suite. Never shown, never stored."""

    __slots__ = ("_derived", "_secret", "cipher", "kid", "suite")
    cipher: Aead
    """The cipher of records under this key."""

    def __init__(self, secret: bytes, suite: Suite = INTERNATIONAL, kid: bytes = b"") -> None:
        self._secret = secret
        self.suite = suite
        self.kid = kid or key_id(secret, suite)
        self._derived: dict[bytes, bytes] = {}

    def __getattr__(self, name: str) -> Aead:
        """Make `cipher` when it is asked for the first time; from then on it is found without coming here."""
        if name != "cipher":
            raise AttributeError(name)
        cipher = self.cipher = self.suite.cipher(self._secret)
        return cipher

    def derive(self, label: bytes) -> bytes:
        """Return 32 bytes for the use `label` names, independent of every other use (HKDF, RFC 5869 section 2.3)."""
        found = self._derived.get(label)
        if found is None:
            found = self._derived[label] = self.suite.expand(self._secret, b"keshou:" + label)
        return found


def key_id(secret: bytes, suite: Suite = INTERNATIONAL) -> bytes:
    """Return the 16 bytes that commit to a key and its suite.

    The record's tag alone would not: GCM opens under crafted pairs of keys.
    """
    return suite.digest(b"kid" + secret)[:KID]


def checked_key(secret: bytes, kid: bytes, suites: Sequence[Suite] = _SUITES) -> DataKey:
    """Return the data key, after recomputing its id; the id tells of which of `suites` it is.

    Raises:
        SealBrokenError: `kid` is not the key's.

    """
    for suite in suites:
        if hmac.compare_digest(key_id(secret, suite), kid):
            return DataKey(secret, suite, kid)
    raise SealBrokenError


class Envelope:
    """Seals and opens the records of one site; pure, without a database.

    A record has the algorithm of its key's suite and no other, so none can be passed off as one of a weaker suite.
    """

    def __init__(self, site: str) -> None:
        self._site = site.encode()
        self._contexts: dict[tuple[int, tuple[str, str, str]], tuple[bytes, bytes]] = {}
        """By algorithm and what a record is about: how it begins, and the constant part of what is authenticated."""

    def seal(
        self, key: DataKey, about: tuple[str, str, str], user: int, version: int, plaintext: bytes, *, nonces: Nonces
    ) -> bytes:
        """Return the record of `plaintext`, under the next of `nonces`.

        `about` is table, item and class; `version` is the value's.
        """
        name, nonce, size = (key.suite.algorithm, about), nonces.take(), len(plaintext)
        header, context = self._contexts.get(name) or self._context(*name)
        body = size.to_bytes(_LENGTH) + plaintext + bytes(-(size + _LENGTH) % _BUCKET)
        return header + nonce + key.cipher.encrypt(nonce, body, context + _tail(8, user, 4, version, KID, key.kid))

    def open(self, key: DataKey, about: tuple[str, str, str], user: int, version: int, record: bytes) -> bytes:
        """Return the plaintext of a record sealed with the same arguments.

        Raises:
            SealBrokenError: for every cause.

        """
        name = (key.suite.algorithm, about)
        header, context = self._contexts.get(name) or self._context(*name)
        if len(record) < _SHORTEST or record[:_NONCE_AT] != header:
            raise SealBrokenError
        context += _tail(8, user, 4, version, KID, key.kid)
        try:
            body = key.cipher.decrypt(record[_NONCE_AT:_BODY_AT], record[_BODY_AT:], context)
        except InvalidTag:
            raise SealBrokenError from None
        return body[_LENGTH : _LENGTH + int.from_bytes(body[:_LENGTH])]

    def _context(self, algorithm: int, about: tuple[str, str, str]) -> tuple[bytes, bytes]:
        header = _HEADER.pack(_FORMAT, algorithm, _KEY_VERSION)
        found = header, join((header, self._site, *(part.encode() for part in about)))
        self._contexts[algorithm, about] = found
        return found


def key_context(user: int, class_: str) -> bytes:
    """Return what a wrapped data key is bound to, beside its site and epoch: ``data key``, user, class, joined."""
    return _CONTEXT_HEAD + user.to_bytes(8) + _joined(class_)


@lru_cache(maxsize=64)
def _joined(class_: str) -> bytes:
    return join((class_.encode(),))
