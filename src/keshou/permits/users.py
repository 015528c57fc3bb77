# SPDX-License-Identifier: Apache-2.0
"""Users as a permit names them: salted digests, so that a permit in a log tells nobody whom it is about.

Who knows a user's id can check that it is meant; who does not know it learns nothing but the number of users. The salt
is new for each permit, so two permits about one user cannot be told to be so without the id.
"""

import hashlib
from collections.abc import Collection, Iterable

LISTED = 64
"""Up to so many users are listed one by one; of more, the count and one digest over all of them."""

_SIZE = 4


def digest_of(salt: bytes, user: str) -> bytes:
    """Return the digest of one user's id: SHA-256 over salt, length of the id (4 bytes) and the id in UTF-8."""
    name = user.encode()
    return hashlib.sha256(salt + len(name).to_bytes(_SIZE) + name).digest()


def digests_of(salt: bytes, users: Iterable[str]) -> list[bytes]:
    """Return the digests of users, each once, in ascending order of bytes."""
    return sorted({digest_of(salt, user) for user in users})


def digest_of_all(salt: bytes, digests: Collection[bytes]) -> bytes:
    """Return one digest over many: SHA-256 over salt, their number (4 bytes), and they in ascending order."""
    return hashlib.sha256(salt + len(digests).to_bytes(_SIZE) + b"".join(sorted(digests))).digest()
