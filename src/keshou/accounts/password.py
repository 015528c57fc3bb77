# SPDX-License-Identifier: Apache-2.0
"""Passwords: which are good enough, and how they are stored.

A password counts as it was typed, whatever it is made of. Refused is what is short, known from leaks, or made of
little. Source: NIST SP 800-63B 5.1.1; OWASP ASVS 5.0 6.2; RFC 9106.
"""

import bisect
import hashlib
import itertools
import re
import threading
from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib import resources

from pwdlib.hashers.argon2 import Argon2Hasher

from keshou.accounts.errors import WeakPasswordError

MOST = 256
"""The most characters of a password."""
_AT_ONCE = 4
"""Passwords checked at once in a process; each takes as much memory as the settings say."""
_DIGEST = 6
_FEWEST_DIFFERENT = 5
_OWN_SHARE = 8
"""Characters that must be left beside a word of the account's own, digits at the ends not counted."""
_TAIL = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def refuse_weak(password: str, fewest: int, words: Sequence[str]) -> None:
    """Do nothing when `password` is good enough; `words` are what somebody would guess of this account first.

    Raises:
        WeakPasswordError: it is short, long beyond reason, known, or leans on one of `words`.

    """
    if not fewest <= len(password) <= MOST:
        raise WeakPasswordError(f"{fewest} to {MOST} characters")
    plain = password.casefold()
    core = _TAIL.sub("", plain)
    if len(set(plain)) < _FEWEST_DIFFERENT or _unit(plain) or _runs(plain):
        raise WeakPasswordError("it repeats itself, or counts")
    if any(_is_common(each) for each in {plain, core, _unit(core) or core}):
        raise WeakPasswordError("it is among those tried first")
    for word in words:
        if word and word.casefold() in plain and len(_TAIL.sub("", plain.replace(word.casefold(), ""))) < _OWN_SHARE:
            raise WeakPasswordError("it leans on a word that belongs to the account or the operator")


def _unit(text: str) -> str:
    """Return what `text` repeats; empty when it repeats nothing."""
    at = (text + text).find(text, 1)
    return text[:at] if text and at < len(text) else ""


def _runs(text: str) -> bool:
    """Say whether nearly all of `text` counts up or down, like 123456789."""
    steps = [ord(after) - ord(before) for before, after in itertools.pairwise(text)]
    return sum(1 for each in steps if each in (-1, 0, 1)) > len(steps) * 3 // 4


def _is_common(word: str) -> bool:
    known = _common()
    digest = hashlib.sha256(word.encode()).digest()[:_DIGEST]
    at = bisect.bisect_left(known, digest)
    return at < len(known) and known[at] == digest


@lru_cache(maxsize=1)
def _common() -> list[bytes]:
    """Return digests of the twenty thousand most frequent passwords of past leaks, sorted."""
    data = resources.files("keshou.accounts").joinpath("common.bin").read_bytes()
    return [data[start : start + _DIGEST] for start in range(0, len(data), _DIGEST)]


class Hashes:
    """Hashes passwords with argon2id at one cost, and checks them at whatever cost they were hashed."""

    def __init__(self, memory_kib: int, passes: int) -> None:
        self._hasher = Argon2Hasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._at_once = threading.BoundedSemaphore(_AT_ONCE)

    @cached_property
    def nobodys(self) -> str:
        """A hash that no password has: checked for whoever has none, so that the work is the same."""
        return self._hasher.hash("")

    def make(self, password: str) -> str:
        """Return what is stored of `password`."""
        with self._at_once:
            return self._hasher.hash(password)

    def fits(self, password: str, stored: str) -> bool:
        """Say whether `stored` was made of `password`; the work is the same when `stored` is nobody's."""
        nobodys = self.nobodys
        with self._at_once:
            right = self._hasher.verify(password, stored)
        return right and stored != nobodys

    def is_outdated(self, stored: str) -> bool:
        """Say whether `stored` was made at another cost than now."""
        return self._hasher.check_needs_rehash(stored)
