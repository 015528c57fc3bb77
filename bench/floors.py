# SPDX-License-Identifier: Apache-2.0
"""What a machine can do at all, in a fifth of a second: times a second, by what."""

import hashlib
import statistics
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_DATA = bytes(300)
_ROUNDS, _TIMES = 20, 2_000


def floors() -> dict[str, float]:
    """Return how many times a second this machine hashes and seals 300 bytes."""
    cipher, nonce = AESGCM(bytes(32)), bytes(12)
    return {
        "SHA-256": _rate(lambda: hashlib.sha256(_DATA).digest()),
        "AES-256-GCM": _rate(lambda: cipher.encrypt(nonce, _DATA, b"")),
    }


def _rate(do: Callable[[], object]) -> float:
    taken = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        for _ in range(_TIMES):
            do()
        taken.append(time.perf_counter() - start)
    return _TIMES / statistics.median(taken)
