# SPDX-License-Identifier: Apache-2.0
"""Passwords: which are good enough, and how they are stored.

A password counts as it was typed, whatever it is made of. Refused is what is short, known from leaks, or made of
little. Source: NIST SP 800-63B 5.1.1; OWASP ASVS 5.0 6.2; RFC 9106.
"""

import base64
import bisect
import hashlib
import itertools
import re
import threading
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from importlib import resources
from typing import NamedTuple

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
_STORED = re.compile(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=1\$([A-Za-z0-9+/]+)\$")
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


class Cost(NamedTuple):
    """What one hash costs."""

    memory_kib: int
    passes: int

    @property
    def head(self) -> str:
        """What every hash of this cost begins with."""
        return f"$argon2id$v=19$m={self.memory_kib},t={self.passes},p=1$"


class Checked(NamedTuple):
    """What the check of a password came to."""

    right: bool
    anew: str = ""
    """Of a right one that was hashed at another cost than now: what is to be stored instead."""


class Hashes:
    """Hashes passwords with argon2id at one cost, and checks them at whatever cost they were hashed."""

    def __init__(self, memory_kib: int, passes: int) -> None:
        self.cost = Cost(memory_kib, passes)
        self._at_once = threading.BoundedSemaphore(_AT_ONCE)

    @cached_property
    def nobodys(self) -> str:
        """A hash that no password has: checked for whoever has none, so that the work is the same."""
        return self.hasher(self.cost).hash("")

    def make(self, password: str) -> str:
        """Return what is stored of `password`."""
        with self._at_once:
            return self.hasher(self.cost).hash(password)

    def fits(self, password: str, stored: str, others: Iterable[str] = ()) -> Checked:
        """Say whether `stored` was made of `password`, and what is to be stored of it now.

        The work is the same whichever it is of `others`, the hashes that others have, or nobody's: the password is
        hashed once at each cost that any of them has.
        """
        nobodys = self.nobodys
        of, beside = _cost(stored) or self.cost, {self.cost, *filter(None, map(_cost, others))}
        with self._at_once:
            right = self.hasher(of).verify(password, stored)
            # By the same salt, two who sign in at once come to the same hash, and the second is not taken for wrong.
            made = {each: self.hasher(each).hash(password, salt=_salt(stored)) for each in sorted(beside - {of})}
        right = right and stored != nobodys
        return Checked(right=right, anew=made.get(self.cost, "") if right else "")

    def hasher(self, cost: Cost) -> Argon2Hasher:
        """Return what hashes a password once at `cost`."""
        return Argon2Hasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=1)


def _cost(stored: str) -> Cost | None:
    """Return what it took to make `stored`; None when it is no hash of ours, which no password fits."""
    found = _STORED.match(stored)
    return Cost(int(found[1]), int(found[2])) if found else None


def _salt(stored: str) -> bytes | None:
    found = _STORED.match(stored)
    return base64.b64decode(found[3] + "=" * (-len(found[3]) % 4)) if found else None
