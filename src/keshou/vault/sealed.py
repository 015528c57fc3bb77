# SPDX-License-Identifier: Apache-2.0
"""What is fetched and not yet opened, and what was destroyed: ciphertext and names, never plaintext."""

from typing import NamedTuple

from keshou.law.terms import RetentionClass


class SealedValue(NamedTuple):
    """One sealed value with the wrapped key that opens it."""

    item: str
    class_: str
    version: int
    record: bytes
    kid: bytes
    epoch: int
    wrapped: bytes


class Sealed(NamedTuple):
    """What the vault holds about one user, still sealed."""

    user: int
    values: tuple[SealedValue, ...]


class SealedRecord(NamedTuple):
    """A sealed ledger payload with the wrapped key that opens it."""

    user: int
    record: bytes
    kid: bytes
    epoch: int
    wrapped: bytes


class Shredded(NamedTuple):
    """A data key that was destroyed."""

    user: int
    class_: RetentionClass
    kid: bytes
